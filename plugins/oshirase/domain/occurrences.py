"""Occurrences: the JST moments for which a campaign's timetable plans its runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from oshirase.domain.calendar import JST, InstalmentCalendar, add_business_days
from oshirase.errors import OshiraseError


class NoSuchOccurrence(OshiraseError):
    """Somebody asked for an occurrence that the timetable does not have, or whose time has not come."""


# A due date and its occurrence never lie further apart than this: business days, and the longest closure.
_REACH = timedelta(days=60)
_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class DueDateTimetable:
    """N business days after each due date of a scheme's calendar, at a time of day (JST)."""

    calendar: InstalmentCalendar
    business_days_after_due: int
    at: time

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Occurrences from `first` to `last`, both included, in order."""
        earliest_due = first.astimezone(JST).date() - _REACH
        for due in self.calendar.due_dates_between(earliest_due, last.astimezone(JST).date()):
            moment = self.of_due_date(due)
            if first <= moment <= last:
                yield moment

    def of_due_date(self, due_on: date) -> datetime:
        """The occurrence that follows a due date."""
        return datetime.combine(add_business_days(due_on, self.business_days_after_due), self.at, JST)

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment`."""
        return next(o for o in self.between(moment, moment + _YEAR) if o > moment)

    def latest_until(self, moment: datetime) -> datetime:
        """The last occurrence not later than `moment`."""
        return list(self.between(moment - _YEAR, moment))[-1]

    def on(self, day: date) -> datetime | None:
        """The occurrence of a JST date; None when the date has none."""
        first = datetime.combine(day, time.min, JST)
        return next(self.between(first, first + timedelta(days=1, microseconds=-1)), None)

    def resolve(self, day: date | None, logical_date: datetime | None, now: datetime) -> datetime:
        """The occurrence that a run means.

        The day that a person named; else the logical date when it is an occurrence (scheduled runs and backfills);
        else the latest one due by then.

        Raises:
            NoSuchOccurrence: no occurrence on the named day, or its time has not come.
        """
        if day is not None:
            if (named := self.on(day)) is None:
                nearest = self.latest_until(datetime.combine(day, time.max, JST))
                raise NoSuchOccurrence(f"{day} is no planned date; the one before it is {nearest:%Y-%m-%d}")
            return _due(named, now)
        if logical_date is None:
            return self.latest_until(now)
        if (latest := self.latest_until(logical_date)) == logical_date:
            return _due(latest, now)
        return self.latest_until(min(logical_date, now))


def _due(occurrence: datetime, now: datetime) -> datetime:
    if occurrence > now:
        raise NoSuchOccurrence(f"the occurrence of {occurrence:%Y-%m-%d %H:%M} JST has not come yet")
    return occurrence
