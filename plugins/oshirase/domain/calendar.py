"""The city's calendar: business days, fiscal years and the due dates of premium instalments."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

JST = ZoneInfo("Asia/Tokyo")
FISCAL_YEAR_STARTS = 4
WEEKDAYS = "月火水木金土日"


class UnknownYear(ValueError):
    """The holiday library does not know this year: the calendar must not guess."""


@lru_cache(maxsize=64)
def _national_holidays(year: int) -> frozenset[date]:
    japan = holidays.country_holidays("JP", years=year)
    if not japan.start_year <= year <= japan.end_year:
        raise UnknownYear(f"national holidays of {year} are not known to the holidays library; upgrade it")
    return frozenset(japan)


def is_business_day(day: date) -> bool:
    """Whether the ward office is open: not a weekend, a national holiday or 29 December to 3 January.

    Source: shared practice of Japanese city offices; national holidays, in lieu ones too, from the library `holidays`.
    """
    if day.weekday() >= 5 or (day.month, day.day) in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}:
        return False
    return day not in _national_holidays(day.year)


def next_business_day(day: date) -> date:
    """The day itself when the office is open, else the first one after it that is."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def add_business_days(day: date, count: int) -> date:
    """The `count`-th business day after `day` (count 0: the day itself, or the next business day)."""
    day = next_business_day(day) if count == 0 else day
    for _ in range(count):
        day = next_business_day(day + timedelta(days=1))
    return day


def business_days_before(day: date, count: int) -> date:
    """The `count`-th business day before `day` (count 0: the day itself)."""
    for _ in range(count):
        day -= timedelta(days=1)
        while not is_business_day(day):
            day -= timedelta(days=1)
    return day


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

    def due_dates(self, year: int) -> tuple[date, ...]:
        """Due dates of a fiscal year's instalments, first one first.

        Each is the last day of its month, or the next business day when the office is closed on it (December's falls
        in January). Source: the city's premium ordinance, the ward bills June to March.
        """
        months = (self.first_month - 1 + k for k in range(self.instalments))
        return tuple(next_business_day(last_day_of_month(year + m // 12, m % 12 + 1)) for m in months)

    def due_dates_between(self, first: date, last: date) -> list[date]:
        """Due dates from `first` to `last`, both included, in order."""
        years = range(fiscal_year(first) - 1, fiscal_year(last) + 1)
        return [due for year in years for due in self.due_dates(year) if first <= due <= last]


def moment_in_words(moment: datetime) -> str:
    """A moment as staff write it: 10月2日（金）12:00."""
    local = moment.astimezone(JST)
    return f"{local.month}月{local.day}日（{WEEKDAYS[local.weekday()]}）{local:%H:%M}"
