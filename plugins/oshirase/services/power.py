"""What a campaign has to learn from: how many people a season draws, and how many respond without a message."""

from datetime import datetime

from sqlalchemy import Engine

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HELD_OUT, Campaign, City
from oshirase.domain.power import Volume
from oshirase.domain.season import SeasonReport, report_season
from oshirase.errors import OshiraseError
from oshirase.services.measurement import list_seasons, measure_season

# Of fewer held out, their rate says little.
FEWEST_HELD_OUT = 50


class UnknownVolume(OshiraseError):
    """Neither the ledger nor the person who asks says what there is to learn from."""


def find_volume(
    engine: Engine,
    campaign: Campaign,
    city: City,
    now: datetime,
    rate: float | None = None,
    per_season: int | None = None,
) -> Volume:
    """The campaign's volume: as given, else as the ledger has it of the latest season with enough of it.

    Raises:
        UnknownVolume: what is missing, and how to give it.
    """
    reports = []
    if rate is None or per_season is None:
        seasons = list_seasons(engine, campaign)
        reports = [report_season(measure_season(engine, campaign, city, year), city.office()) for year, _ in seasons]
        per_season = per_season or _people(reports)
        rate = _rate(reports) if rate is None else rate
    if not per_season:
        raise UnknownVolume(f"the ledger has no season of {campaign.name} yet: say how many with --per-season")
    if rate is None:
        raise UnknownVolume(
            f"fewer than {FEWEST_HELD_OUT} were held out of {campaign.name} whose response is known: say with --rate"
            " which share responds without a message, as 0.35"
        )
    return Volume(rate, per_season, _occurrences(campaign, city, now))


def _people(reports: list[SeasonReport]) -> int:
    """Drawn in the season that drew most: the present one has not come to its end."""
    return max((sum(arm.units for arm in report.arms.values()) for report in reports), default=0)


def _rate(reports: list[SeasonReport]) -> float | None:
    """Share of the hold-out that responded, of the latest season in which it is known."""
    for report in reports:
        tally = report.tally(HELD_OUT, report.rules.primary())
        if tally.units >= FEWEST_HELD_OUT:
            return tally.rate
    return None


def _occurrences(campaign: Campaign, city: City, now: datetime) -> int:
    """Planned in the season of the latest occurrence."""
    occurrences = campaign.occurrences(city)
    season = occurrences.season_of(occurrences.latest_until(now).astimezone(JST).date())
    return sum(1 for _ in occurrences.days_of_season(season))
