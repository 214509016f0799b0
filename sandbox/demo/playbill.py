"""Which occurrence of each campaign the demo plays, and when: read off the campaigns' own timetables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City

PLAYED_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Play:
    """One occurrence of a campaign, and when its run is triggered: at its time, or later when that was missed."""

    campaign: Campaign
    occurrence_at: datetime
    plays_at: datetime

    @property
    def name(self) -> str:
        """The campaign's name, which is its DAG's too."""
        return self.campaign.name

    @property
    def occurrence_on(self) -> date:
        """The occurrence's date in Japan."""
        return self.occurrence_at.astimezone(JST).date()

    @property
    def was_missed(self) -> bool:
        """Whether it is recovered after its time."""
        return self.occurrence_at < self.plays_at


def list_plays(opens_at: datetime) -> list[Play]:
    """The first occurrence of every campaign in the week from a moment on; without one there, the last one missed.

    What was missed is recovered when the first of the others is played. In the order in which they are triggered: of
    the same moment payments first, as the city's minimum gap leaves a telephone to whoever plans first.
    """
    city = load_city()
    plays = [_play(load_campaign(name), city, opens_at) for name in campaign_names()]
    first_at = min((play.plays_at for play in plays if not play.was_missed), default=opens_at)
    recovered = [Play(play.campaign, play.occurrence_at, first_at) if play.was_missed else play for play in plays]
    return sorted(recovered, key=lambda play: (play.plays_at, play.campaign.kind != "payment", play.name))


def _play(campaign: Campaign, city: City, opens_at: datetime) -> Play:
    occurrences = campaign.occurrences(city)
    following = next(occurrences.between(opens_at, opens_at + PLAYED_FOR), None)
    if following is not None:
        return Play(campaign, following, following)
    return Play(campaign, occurrences.latest_until(opens_at), opens_at)


def by_moment(plays: Sequence[Play]) -> Iterator[tuple[datetime, list[Play]]]:
    """Plays that are triggered at the same moment, together."""
    for moment, group in groupby(plays, key=lambda play: play.plays_at):
        yield moment, list(group)
