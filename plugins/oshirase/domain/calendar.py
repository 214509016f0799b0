"""The city's calendar: the office's business days, fiscal years and the due dates of premium instalments."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

JST = ZoneInfo("Asia/Tokyo")
FISCAL_YEAR_STARTS = 4
WEEKDAYS = "月火水木金土日"
SATURDAY = 5


class UnknownYear(ValueError):
    """The holiday library does not know this year: the calendar must not guess."""


@lru_cache(maxsize=64)
def _national_holidays(year: int) -> frozenset[date]:
    japan = holidays.country_holidays("JP", years=year)
    if not japan.start_year <= year <= japan.end_year:
        raise UnknownYear(f"national holidays of {year} are not known to the holidays library; upgrade it")
    return frozenset(japan)


class MonthDay(NamedTuple):
    """A day of every year; 29 February is none."""

    month: int
    day: int

    @classmethod
    def parse(cls, text: str) -> "MonthDay":
        """The day that a text like `08-01` means.

        Raises:
            ValueError: it means none; the message is a sentence for staff.
        """
        if text == "02-29":
            raise ValueError("02-29 は毎年ある日ではありません。02-28 か 03-01 にしてください")
        try:
            # A common year: the days that it has are those of every year.
            day = date.fromisoformat(f"2023-{text}" if re.fullmatch("[0-9]{2}-[0-9]{2}", text) else "")
        except ValueError:
            raise ValueError("暦にある月と日を 08-01 のように書いてください") from None
        return cls(day.month, day.day)

    def in_words(self) -> str:
        """As in 8月1日."""
        return f"{self.month}月{self.day}日"


YEAR_END_FIRST, YEAR_END_LAST = MonthDay(12, 29), MonthDay(1, 3)


def is_within(day: date, first: MonthDay, last: MonthDay) -> bool:
    """Whether a day lies in a part of the year, both ends included.

    A part whose last day comes before its first one leads over New Year.
    """
    begun, not_over = first <= (day.month, day.day), (day.month, day.day) <= last
    return begun or not_over if last < first else begun and not_over


@dataclass(frozen=True)
class OfficeCalendar:
    """On which days a city office is open: not on weekends, national holidays, the year's end and days of its own.

    Source: article 4-2 of the Local Autonomy Act, and the ordinances on it, which say the year's end and may add days;
    national holidays, in lieu ones too, from the library `holidays`. Deadlines move past all of them.
    """

    # Both included.
    year_end_first: MonthDay = YEAR_END_FIRST
    year_end_last: MonthDay = YEAR_END_LAST
    also_closed: tuple[date, ...] = ()

    def is_open(self, day: date) -> bool:
        """Whether a day is a business day.

        Raises:
            UnknownYear: the national holidays of its year are not known.
        """
        if day.weekday() >= SATURDAY or day in self.also_closed:
            return False
        return not is_within(day, self.year_end_first, self.year_end_last) and day not in _national_holidays(day.year)

    def next_open(self, day: date) -> date:
        """The day itself when the office is open, else the first one after it that is."""
        while not self.is_open(day):
            day += timedelta(days=1)
        return day

    def add_business_days(self, day: date, count: int) -> date:
        """The `count`-th business day after `day` (count 0: the day itself, or the next business day)."""
        day = self.next_open(day) if count == 0 else day
        for _ in range(count):
            day = self.next_open(day + timedelta(days=1))
        return day

    def business_days_before(self, day: date, count: int) -> date:
        """The `count`-th business day before `day` (count 0: the day itself)."""
        for _ in range(count):
            day -= timedelta(days=1)
            while not self.is_open(day):
                day -= timedelta(days=1)
        return day


USUAL_OFFICE = OfficeCalendar()


def fiscal_year(day: date) -> int:
    """The Japanese fiscal year (April to March) that a day lies in."""
    return day.year if day.month >= FISCAL_YEAR_STARTS else day.year - 1


def last_day_of_month(year: int, month: int) -> date:
    """The last calendar day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


@dataclass(frozen=True)
class InstalmentCalendar:
    """When the instalments (期) of one scheme fall due in a fiscal year."""

    first_month: int
    instalments: int
    office: OfficeCalendar = field(default_factory=OfficeCalendar)

    def due_dates(self, year: int) -> tuple[date, ...]:
        """Due dates of a fiscal year's instalments, first one first.

        Each is the last day of its month, or the next business day when the office is closed on it (December's falls
        in January). Source: the city's premium ordinance, the ward bills June to March.
        """
        months = (self.first_month - 1 + k for k in range(self.instalments))
        return tuple(self.office.next_open(last_day_of_month(year + m // 12, m % 12 + 1)) for m in months)

    def due_dates_between(self, first: date, last: date) -> list[date]:
        """Due dates from `first` to `last`, both included, in order."""
        years = range(fiscal_year(first) - 1, fiscal_year(last) + 1)
        return [due for year in years for due in self.due_dates(year) if first <= due <= last]


def moment_in_words(moment: datetime) -> str:
    """A moment as staff write it: 10月2日（金）12:00."""
    local = moment.astimezone(JST)
    return f"{local.month}月{local.day}日（{WEEKDAYS[local.weekday()]}）{local:%H:%M}"
