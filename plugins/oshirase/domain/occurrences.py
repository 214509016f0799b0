"""Occurrences: the JST moments for which a campaign's timetable plans its runs."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from oshirase.domain.calendar import JST, WEEKDAYS, InstalmentCalendar, MonthDay, OfficeCalendar, is_within
from oshirase.errors import OshiraseError


class NoSuchOccurrence(OshiraseError):
    """Somebody asked for an occurrence that the timetable does not have, or whose time has not come."""


class Occurrences(ABC):
    """What every timetable answers; one kind differs from another in the days that it chooses and in its words."""

    # Two occurrences in a row never lie further apart than this.
    longest_gap: ClassVar[timedelta]
    at: time

    @abstractmethod
    def days_between(self, first: date, last: date) -> Iterator[date]:
        """JST dates of the occurrences from `first` to `last`, both included, in order."""

    @abstractmethod
    def days_of_season(self, year: int) -> Iterator[date]:
        """JST dates of the season that begins in a year, in order."""

    @abstractmethod
    def in_words(self) -> str:
        """What the timetable does, in Japanese."""

    def season_of(self, day: date) -> int:
        """The year in which the season of an occurrence's date begins.

        Raises:
            NoSuchOccurrence: the date lies before every season.
        """
        for year in (day.year, day.year - 1, day.year - 2):
            first = next(self.days_of_season(year), None)
            if first is not None and first <= day:
                return year
        raise NoSuchOccurrence(f"no season has begun by {day}: {self.in_words()}")

    def left_of_season(self, day: date) -> int:
        """How many occurrences the season of an occurrence's date still has, that one included."""
        return sum(1 for other in self.days_of_season(self.season_of(day)) if other >= day)

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Occurrences from `first` to `last`, both included, in order."""
        for day in self.days_between(first.astimezone(JST).date(), last.astimezone(JST).date()):
            moment = datetime.combine(day, self.at, JST)
            if first <= moment <= last:
                yield moment

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment`.

        Raises:
            NoSuchOccurrence: the timetable has none.
            UnknownYear: the holidays of its year are not known.
        """
        following = (o for o in self.between(moment, moment + self.longest_gap) if o > moment)
        if (occurrence := next(following, None)) is None:
            raise NoSuchOccurrence(f"no occurrence after {moment:%Y-%m-%d}: {self.in_words()}")
        return occurrence

    def latest_until(self, moment: datetime) -> datetime:
        """The last occurrence not later than `moment`.

        Raises:
            NoSuchOccurrence: the timetable has none.
            UnknownYear: the holidays of its year are not known.
        """
        if not (past := list(self.between(moment - self.longest_gap, moment))):
            raise NoSuchOccurrence(f"no occurrence until {moment:%Y-%m-%d}: {self.in_words()}")
        return past[-1]

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


@dataclass(frozen=True)
class DueDateTimetable(Occurrences):
    """N business days after each due date of a scheme's calendar, at a time of day (JST)."""

    # A scheme may have one instalment a year, and closures move it by some days.
    longest_gap = timedelta(days=400)

    calendar: InstalmentCalendar
    business_days_after_due: int
    at: time

    def days_between(self, first: date, last: date) -> Iterator[date]:
        """The days that follow due dates."""
        # What fell due before this has its day before `first`.
        earliest = self.calendar.office.business_days_before(first, self.business_days_after_due)
        days = self._days_after(self.calendar.due_dates_between(earliest, last))
        return (day for day in days if first <= day <= last)

    def days_of_season(self, year: int) -> Iterator[date]:
        """The days that follow the due dates of a fiscal year's instalments."""
        return self._days_after(self.calendar.due_dates(year))

    def in_words(self) -> str:
        """As in 各納期限の2営業日後 10:00."""
        return f"各納期限の{self.business_days_after_due}営業日後 {self.at:%H:%M}"

    def _days_after(self, dues: Iterable[date]) -> Iterator[date]:
        # A closure of weeks may give two due dates the same day.
        office, count = self.calendar.office, self.business_days_after_due
        return iter(dict.fromkeys(office.add_business_days(due, count) for due in dues))


@dataclass(frozen=True)
class SeasonTimetable(Occurrences):
    """Given weekdays (0 is Monday) within a season of every year, at a time of day (JST).

    Days on which the office is closed are skipped, not moved. A season whose last day comes before its first one in
    the year ends in the next year.
    """

    # From early in one year's season to late in the next one's.
    longest_gap = timedelta(days=2 * 366)

    weekdays: tuple[int, ...]
    first: MonthDay
    last: MonthDay
    at: time
    office: OfficeCalendar = field(default_factory=OfficeCalendar)

    def days_between(self, first: date, last: date) -> Iterator[date]:
        """The business days among the season's weekdays."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        of_season = (day for day in days if day.weekday() in self.weekdays and is_within(day, self.first, self.last))
        return (day for day in of_season if self.office.is_open(day))

    def days_of_season(self, year: int) -> Iterator[date]:
        """The days of the season that begins in a year."""
        return self.days_between(date(year, *self.first), date(year + self._wraps, *self.last))

    def in_words(self) -> str:
        """As in 8月1日から9月30日までの火曜日・金曜日 10:00（休業日を除く）."""
        weekdays = "・".join(f"{WEEKDAYS[weekday]}曜日" for weekday in self.weekdays)
        until = "翌年" * self._wraps + self.last.in_words()
        return f"{self.first.in_words()}から{until}までの{weekdays} {self.at:%H:%M}（休業日を除く）"

    @property
    def _wraps(self) -> bool:
        return self.last < self.first
