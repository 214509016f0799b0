"""The city's calendar."""

from datetime import date

import pytest

from oshirase.domain.calendar import (
    InstalmentCalendar,
    UnknownYear,
    add_business_days,
    fiscal_year,
    is_business_day,
    next_business_day,
)

NHI = InstalmentCalendar(first_month=6, instalments=10)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        pytest.param(date(2026, 10, 2), True, id="an ordinary Friday"),
        pytest.param(date(2026, 10, 3), False, id="Saturday"),
        pytest.param(date(2026, 10, 12), False, id="Sports Day"),
        pytest.param(date(2026, 9, 22), False, id="the day between two holidays"),
        pytest.param(date(2024, 8, 12), False, id="a holiday in lieu"),
        pytest.param(date(2026, 12, 28), True, id="the last day of work"),
        pytest.param(date(2026, 12, 29), False, id="the year's end"),
        pytest.param(date(2025, 1, 3), False, id="3 January, a Friday"),
        pytest.param(date(2027, 1, 4), True, id="the first day of work"),
    ],
)
def test_the_office_is_open_on_business_days(day: date, is_open: bool) -> None:
    assert is_business_day(day) == is_open


def test_an_instalment_is_due_on_the_last_day_of_its_month_or_the_next_business_day() -> None:
    assert [f"{due:%m-%d}" for due in NHI.due_dates(2026)] == [
        "06-30", "07-31", "08-31", "09-30", "11-02", "11-30", "01-04", "02-01", "03-01", "03-31",
    ]  # fmt: skip


def test_decembers_instalment_falls_due_in_january_every_year() -> None:
    for year in range(2024, 2036):
        due = NHI.due_dates(year)[6]
        assert (due.year, due.month) == (year + 1, 1)
        assert is_business_day(due)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 9, 30), 2, date(2026, 10, 2)),
        (date(2026, 11, 2), 2, date(2026, 11, 5)),
        (date(2025, 12, 26), 2, date(2026, 1, 6)),
        (date(2026, 10, 3), 0, date(2026, 10, 5)),
    ],
)
def test_business_days_are_counted_over_holidays(day: date, count: int, expected: date) -> None:
    assert add_business_days(day, count) == expected


def test_due_dates_between_two_days_cross_the_fiscal_year() -> None:
    assert NHI.due_dates_between(date(2026, 3, 1), date(2026, 6, 30)) == [
        date(2026, 3, 2), date(2026, 3, 31), date(2026, 6, 30),
    ]  # fmt: skip


def test_the_fiscal_year_begins_in_april() -> None:
    assert (fiscal_year(date(2027, 3, 31)), fiscal_year(date(2027, 4, 1))) == (2026, 2027)


def test_a_year_that_the_library_does_not_know_is_an_error() -> None:
    with pytest.raises(UnknownYear, match="2150"):
        next_business_day(date(2150, 5, 1))
