"""When the SMS of a run leave: as many an hour and a day as the section can answer the telephone for."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Pacing, Section
from oshirase.domain.sending import SendWindow

# The gateway takes bookings this far ahead.
LONGEST_BOOKING = timedelta(days=30)
HOUR = timedelta(hours=1)
# Shares of a number that would be whole but for the way computers write fractions.
_TINY = 1e-9


@dataclass(frozen=True)
class Booked:
    """What is booked already: messages of the campaign itself, and the inquiries that all of its section will cause."""

    messages: int = 0
    calls: float = 0.0

    def __add__(self, other: "Booked") -> "Booked":
        return Booked(self.messages + other.messages, self.calls + other.calls)


@dataclass(frozen=True)
class Slot:
    """A stretch of a send window that takes a number of bookings, spread evenly over it."""

    starts_at: datetime
    ends_at: datetime
    limited_at: datetime
    capacity: int


@dataclass(frozen=True)
class Pace:
    """How many messages of a campaign may leave, by its own limits and by what its section can take."""

    pacing: Pacing
    section: Section

    def room_in_hour(self, booked: Booked, share: float = 1.0) -> int:
        """Messages for which a share of an hour has room, beside what is booked in that hour."""
        whole = self._room(self.pacing.per_hour, self.section.calls_per_hour, Booked())
        left = self._room(self.pacing.per_hour, self.section.calls_per_hour, booked)
        return int(max(0, min(whole * share, left)) + _TINY)

    def room_in_day(self, booked: Booked) -> float:
        """Messages for which a day has room; infinite when nothing limits the day."""
        return max(0, self._room(self.pacing.per_day, self.section.calls_per_day, booked))

    def _room(self, messages: int | None, calls: int | None, booked: Booked) -> float:
        room = math.inf if messages is None else messages - booked.messages
        if calls is not None and self.pacing.call_rate > 0:
            room = min(room, math.floor((calls - booked.calls) / self.pacing.call_rate + _TINY))
        return room


def occurrence_limit(pacing: Pacing, sent_in_season: int, occurrences_left: int) -> int:
    """The most messages of one occurrence: its own limit, and an even share of what the season's quota has left.

    `occurrences_left` counts the occurrence itself; one that lies outside of every season takes all that is left.
    """
    if pacing.season_quota is None:
        return pacing.per_occurrence
    left = max(0, pacing.season_quota - sent_in_season)
    return min(pacing.per_occurrence, math.ceil(left / max(1, occurrences_left)))


def slots(
    earliest: datetime, window: SendWindow, pace: Pace, booked: Mapping[datetime, Booked], needed: int
) -> Iterator[Slot]:
    """Slots within clock hours from `earliest` on, over as many business days as it takes to hold `needed` bookings.

    `booked`: what is booked already, by the beginning of the clock hour. Ends early at the gateway's booking horizon.
    """
    day = earliest.astimezone(JST).date()
    while needed > 0 and day < (earliest + LONGEST_BOOKING).astimezone(JST).date():
        for slot in _slots_of_day(day, earliest, window, pace, booked):
            yield slot
            needed -= slot.capacity
            if needed <= 0:
                return
        day += timedelta(days=1)


def _slots_of_day(
    day: date, earliest: datetime, window: SendWindow, pace: Pace, booked: Mapping[datetime, Booked]
) -> Iterator[Slot]:
    if (hours := window.on(day)) is None:
        return
    opens, closes = hours
    of_day = (what for hour, what in booked.items() if hour.astimezone(JST).date() == day)
    room = pace.room_in_day(sum(of_day, Booked()))
    start = max(opens, earliest.astimezone(JST))
    while start < closes:
        hour = start.replace(minute=0, second=0, microsecond=0)
        end = min(hour + HOUR, closes)
        capacity = int(min(room, pace.room_in_hour(booked.get(hour, Booked()), (end - start) / HOUR)))
        if capacity:
            yield Slot(start, end, closes, capacity)
            room -= capacity
        start = end
