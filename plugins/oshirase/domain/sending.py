"""When the SMS of a run leave: send windows and the pace inside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from oshirase.domain.calendar import JST, is_business_day

LONGEST_BOOKING = timedelta(days=30)


@dataclass(frozen=True)
class SendWindow:
    """The hours of a business day, JST, in which SMS may leave."""

    opens: time
    closes: time

    def on(self, day: date) -> tuple[datetime, datetime] | None:
        """Opening and closing moment of a day; None when the office is closed."""
        if not is_business_day(day):
            return None
        return datetime.combine(day, self.opens, JST), datetime.combine(day, self.closes, JST)


@dataclass(frozen=True)
class Slot:
    """A stretch of a send window that takes a number of bookings, spread evenly over it."""

    starts_at: datetime
    ends_at: datetime
    limited_at: datetime
    capacity: int


def slots(earliest: datetime, window: SendWindow, per_hour: int, needed: int) -> Iterator[Slot]:
    """Slots of up to an hour from `earliest` on, over as many business days as it takes to hold `needed` bookings.

    Ends early when the gateway's booking horizon (30 days) is reached.
    """
    day = earliest.astimezone(JST).date()
    while needed > 0 and day < (earliest + LONGEST_BOOKING).astimezone(JST).date():
        for slot in _slots_of_day(day, earliest, window, per_hour):
            yield slot
            needed -= slot.capacity
            if needed <= 0:
                return
        day += timedelta(days=1)


def _slots_of_day(day: date, earliest: datetime, window: SendWindow, per_hour: int) -> Iterator[Slot]:
    if (hours := window.on(day)) is None:
        return
    opens, closes = hours
    start = max(opens, earliest.astimezone(JST))
    while start < closes:
        end = min(start + timedelta(hours=1), closes)
        capacity = int(per_hour * ((end - start) / timedelta(hours=1)))
        if capacity:
            yield Slot(start, end, closes, capacity)
        start = end
