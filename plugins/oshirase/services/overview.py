"""Overview: every campaign that has a settings file, what it will do next and what it did last."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import Engine

from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import UnknownYear
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.occurrences import NoSuchOccurrence
from oshirase.errors import BadSettings
from oshirase.services.preview import occurrences_after

SHOWN = 3


@dataclass(frozen=True)
class LastRun:
    """The last run of a campaign in the ledger, and its messages that have left or may yet leave."""

    occurrence_on: date
    composed_at: datetime | None
    closed_as: str | None
    messages: int


@dataclass(frozen=True)
class Overview:
    """A campaign; of one whose settings cannot be read, its name and the error."""

    name: str
    campaign: Campaign | None = None
    section: str = ""
    timetable: str = ""
    next: tuple[datetime, ...] = ()
    last_run: LastRun | None = None
    error: str | None = None


def list_campaigns(
    now: datetime, last_runs: Mapping[str, LastRun], among: Collection[str] | None = None
) -> list[Overview]:
    """All of them by name, or some; the settings of one do not stop the others."""
    return [_overview(name, now, last_runs.get(name)) for name in campaign_names() if among is None or name in among]


def list_last_runs(engine: Engine) -> dict[str, LastRun]:
    """The last run of each campaign that ever had one."""
    with engine.connect() as connection:
        rows = connection.execute(statement("campaign_run/list_last_runs")).all()
    return {row.campaign: LastRun(row.occurrence_on, row.composed_at, row.closed_as, row.messages) for row in rows}


def _overview(name: str, now: datetime, last_run: LastRun | None) -> Overview:
    try:
        campaign, city = load_campaign(name), load_city()
    except BadSettings as error:
        return Overview(name, last_run=last_run, error=str(error))
    section, timetable = city.sections[campaign.section].name, campaign.occurrences(city).in_words()
    following = tuple(islice(_following(campaign, city, now), SHOWN))
    return Overview(name, campaign, section, timetable, following, last_run)


def _following(campaign: Campaign, city: City, now: datetime) -> Iterator[datetime]:
    try:
        yield from occurrences_after(campaign.occurrences(city), now)
    except (NoSuchOccurrence, UnknownYear):
        return  # as far as the calendar is known
