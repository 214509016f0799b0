"""The city's calendar."""

from datetime import date, time, timedelta

import pytest

from oshirase.domain.calendar import (
    InstalmentCalendar,
    MonthDay,
    OfficeCalendar,
    UnknownYear,
    fiscal_year,
    is_within,
    last_day_of_month,
)
from oshirase.domain.sending import SendWindow

USUAL = OfficeCalendar()
# Closed on 1 October 2026, a Thursday, and longer at the year's end.
OWN = OfficeCalendar(MonthDay(12, 28), MonthDay(1, 5), (date(2026, 10, 1),))
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
    assert USUAL.is_open(day) == is_open


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        pytest.param(date(2026, 10, 1), False, id="closed on a day of its own"),
        pytest.param(date(2025, 10, 1), True, id="the same day of another year"),
        pytest.param(date(2026, 12, 25), True, id="before the year's end"),
        pytest.param(date(2026, 12, 28), False, id="the first day of the year's end"),
        pytest.param(date(2027, 1, 5), False, id="the last day of the year's end"),
        pytest.param(date(2027, 1, 6), True, id="after the year's end"),
    ],
)
def test_a_city_says_when_its_office_is_closed(day: date, is_open: bool) -> None:
    assert OWN.is_open(day) == is_open


def test_a_year_end_may_lie_within_one_year() -> None:
    office = OfficeCalendar(MonthDay(12, 29), MonthDay(12, 31))
    days = [date(2025, 12, 26) + timedelta(days=n) for n in range(11)]
    # 1 January is a national holiday, 3 and 4 January 2026 are a weekend.
    assert [f"{day:%m-%d}" for day in days if office.is_open(day)] == ["12-26", "01-02", "01-05"]


def test_closing_on_a_day_that_is_closed_anyway_changes_nothing() -> None:
    sports_day, saturday, new_year = date(2026, 10, 12), date(2026, 10, 3), date(2026, 1, 1)
    office = OfficeCalendar(also_closed=(sports_day, saturday, new_year))
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [office.is_open(day) for day in days] == [USUAL.is_open(day) for day in days]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("12-30", "01-02", "12-30 12-31 01-01 01-02"),
        ("12-31", "12-31", "12-31"),
        ("01-01", "01-03", "01-01 01-02 01-03"),
    ],
)
def test_a_part_of_the_year_may_lead_over_new_year(first: str, last: str, days: str) -> None:
    around = [date(2026, 12, 1) + timedelta(days=n) for n in range(62)]
    within = [day for day in around if is_within(day, MonthDay.parse(first), MonthDay.parse(last))]
    assert " ".join(f"{day:%m-%d}" for day in within) == days


def test_no_sms_leaves_on_a_day_of_closure() -> None:
    window = SendWindow(time(9), time(17), OWN)
    assert window.on(date(2026, 10, 1)) is None
    assert window.on(date(2026, 12, 28)) is None
    assert window.on(date(2026, 10, 2)) is not None
    assert SendWindow(time(9), time(17)).on(date(2026, 10, 1)) is not None


def test_an_instalment_is_due_on_the_last_day_of_its_month_or_the_next_business_day() -> None:
    assert [f"{due:%m-%d}" for due in NHI.due_dates(2026)] == [
        "06-30", "07-31", "08-31", "09-30", "11-02", "11-30", "01-04", "02-01", "03-01", "03-31",
    ]  # fmt: skip


# Ends of months on which the office is closed: weekends, 31 December, and 30 April 2029 and 2035, holidays in lieu of
# Showa Day on a Sunday. By the rule alone, not by the library.
MOVED = {
    2024: "07-01 09-02 12-02 01-06",
    2025: "06-02 09-01 12-01 01-05 02-02 03-02",
    2026: "06-01 11-02 01-04 02-01 03-01",
    2027: "08-02 11-01 01-04",
    2028: "05-01 10-02 01-04 04-02",
    2029: "05-01 07-02 10-01 01-04 04-01",
    2030: "07-01 09-02 12-02 01-06",
    2031: "06-02 09-01 12-01 01-05 02-02 03-01",
    2032: "08-02 11-01 01-04",
    2033: "05-02 08-01 01-04",
    2034: "05-01 10-02 01-04 04-02",
    2035: "05-01 07-02 10-01 01-04",
}


@pytest.mark.parametrize(("year", "moved"), MOVED.items())
def test_due_dates_move_past_weekends_holidays_and_the_years_end(year: int, moved: str) -> None:
    ends = [last_day_of_month(year + month // 12, month % 12 + 1) for month in range(3, 15)]
    due = InstalmentCalendar(first_month=4, instalments=12).due_dates(year)
    assert " ".join(f"{day:%m-%d}" for day, end in zip(due, ends, strict=True) if day != end) == moved
    assert all(0 <= (day - end).days <= 6 for day, end in zip(due, ends, strict=True))


def test_due_dates_move_past_the_citys_own_closures() -> None:
    office = OfficeCalendar(MonthDay(12, 29), MonthDay(1, 5), (date(2026, 6, 30), date(2026, 7, 1)))
    own = InstalmentCalendar(6, 10, office).due_dates(2026)
    assert own[0] == date(2026, 7, 2)
    assert own[6] == date(2027, 1, 6)
    assert own[1:6] == NHI.due_dates(2026)[1:6]


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
    assert USUAL.add_business_days(day, count) == expected


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        pytest.param(date(2026, 9, 24), 1, date(2026, 9, 18), id="over a weekend and three holidays"),
        pytest.param(date(2026, 1, 5), 2, date(2025, 12, 25), id="over the year's end"),
        pytest.param(date(2026, 10, 3), 1, date(2026, 10, 2), id="from a Saturday"),
        pytest.param(date(2026, 10, 3), 0, date(2026, 10, 3), id="none"),
    ],
)
def test_business_days_are_counted_backwards(day: date, count: int, expected: date) -> None:
    assert USUAL.business_days_before(day, count) == expected


def test_business_days_are_the_citys_own() -> None:
    assert OWN.next_open(date(2026, 10, 1)) == date(2026, 10, 2)
    assert OWN.add_business_days(date(2026, 9, 30), 1) == date(2026, 10, 2)
    assert OWN.business_days_before(date(2026, 10, 2), 1) == date(2026, 9, 30)


def test_due_dates_between_two_days_cross_the_fiscal_year() -> None:
    assert NHI.due_dates_between(date(2026, 3, 1), date(2026, 6, 30)) == [
        date(2026, 3, 2), date(2026, 3, 31), date(2026, 6, 30),
    ]  # fmt: skip


def test_the_fiscal_year_begins_in_april() -> None:
    assert (fiscal_year(date(2027, 3, 31)), fiscal_year(date(2027, 4, 1))) == (2026, 2027)


def test_a_year_that_the_library_does_not_know_is_an_error() -> None:
    with pytest.raises(UnknownYear, match="2150"):
        USUAL.next_open(date(2150, 5, 1))
