"""Occurrences of both kinds of timetable, and which one a run means."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oshirase.domain.calendar import JST, InstalmentCalendar, MonthDay, OfficeCalendar, UnknownYear
from oshirase.domain.occurrences import DueDateTimetable, NoSuchOccurrence, Occurrences, SeasonTimetable

TIMETABLE = DueDateTimetable(InstalmentCalendar(6, 10), 2, time(10))
SUMMER = SeasonTimetable((1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10))
WINTER = MonthDay(12, 1), MonthDay(2, 28)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def test_two_business_days_after_each_due_date() -> None:
    found = list(TIMETABLE.between(at("2026-09-01"), at("2027-01-31")))
    assert found == [
        at(day) for day in (
            "2026-09-02T10:00", "2026-10-02T10:00", "2026-11-05T10:00", "2026-12-02T10:00", "2027-01-06T10:00",
        )
    ]  # fmt: skip


def test_both_ends_of_a_range_count() -> None:
    occurrence = at("2026-10-02T10:00")
    assert list(TIMETABLE.between(occurrence, occurrence)) == [occurrence]


def test_the_season_of_instalments_ends_with_the_last_one_in_april() -> None:
    assert TIMETABLE.season_of(date(2027, 4, 2)) == 2026
    assert TIMETABLE.season_of(date(2026, 7, 2)) == 2026
    assert TIMETABLE.season_of(date(2026, 7, 1)) == 2025
    assert TIMETABLE.left_of_season(date(2026, 7, 2)) == 10
    assert TIMETABLE.left_of_season(date(2027, 4, 2)) == 1


def test_a_season_that_wraps_the_year_is_one() -> None:
    winter = SeasonTimetable((1, 4), *WINTER, time(10))
    assert winter.season_of(date(2027, 1, 5)) == winter.season_of(date(2026, 12, 1)) == 2026
    assert SUMMER.left_of_season(date(2026, 9, 25)) == 2


def test_next_and_latest_meet_at_the_occurrence() -> None:
    occurrence, second = at("2026-10-02T10:00"), timedelta(seconds=1)
    assert TIMETABLE.latest_until(occurrence) == occurrence
    assert TIMETABLE.next_after(occurrence - second) == occurrence
    assert TIMETABLE.latest_until(occurrence - second) == at("2026-09-02T10:00")
    assert TIMETABLE.next_after(occurrence) == at("2026-11-05T10:00")


def test_no_occurrence_between_april_and_june() -> None:
    assert TIMETABLE.next_after(at("2026-04-02T10:00")) == at("2026-07-02T10:00")


@pytest.mark.parametrize(
    ("day", "logical_date", "now", "expected"),
    [
        pytest.param(None, "2026-10-02T10:00", "2026-10-02T10:01", "2026-10-02T10:00", id="scheduled"),
        pytest.param(None, "2026-09-02T10:00", "2026-10-02T10:01", "2026-09-02T10:00", id="backfill"),
        pytest.param(None, None, "2026-10-09T15:00", "2026-10-02T10:00", id="manual without a date"),
        pytest.param(None, "2026-10-09T15:00", "2026-10-09T15:00", "2026-10-02T10:00", id="manual, button pressed"),
        pytest.param(None, "2026-11-20T15:00", "2026-10-09T15:00", "2026-10-02T10:00", id="manual, date ahead"),
        pytest.param(date(2026, 9, 2), None, "2026-10-09T15:00", "2026-09-02T10:00", id="manual, day named"),
    ],
)
def test_the_occurrence_that_a_run_means(day: date | None, logical_date: str | None, now: str, expected: str) -> None:
    assert TIMETABLE.resolve(day, at(logical_date) if logical_date else None, at(now)) == at(expected)


@pytest.mark.parametrize(
    ("day", "logical_date", "message"),
    [
        (date(2026, 10, 5), None, "no planned date; the one before it is 2026-10-02"),
        (date(2026, 11, 5), None, "has not come yet"),
        (None, "2026-11-05T10:00", "has not come yet"),
    ],
)
def test_an_occurrence_that_there_is_not(day: date | None, logical_date: str | None, message: str) -> None:
    with pytest.raises(NoSuchOccurrence, match=message):
        TIMETABLE.resolve(day, at(logical_date) if logical_date else None, at("2026-10-09T15:00"))


# Tuesdays and Fridays of August and September that are holidays, by the law on national holidays: 11 August, the
# autumn equinox, and a weekday between it and the third Monday of September.
SKIPPED = {
    2024: [], 2025: ["09-23"], 2026: ["08-11", "09-22"], 2027: [], 2028: ["08-11", "09-22"], 2029: [],
    2030: [], 2031: ["09-23"], 2032: ["09-21"], 2033: ["09-23"], 2034: ["08-11"], 2035: [],
}  # fmt: skip


@pytest.mark.parametrize(("year", "skipped"), SKIPPED.items())
def test_a_season_has_its_weekdays_but_for_holidays(year: int, skipped: list[str]) -> None:
    days = [date(year, 8, 1) + timedelta(days=n) for n in range(61)]
    expected = [at(f"{day}T10:00") for day in days if day.weekday() in {1, 4} and f"{day:%m-%d}" not in skipped]
    assert list(SUMMER.between(at(f"{year}-01-01"), at(f"{year}-12-31"))) == expected


@pytest.mark.parametrize(
    ("weekday", "year", "days"),
    [
        pytest.param(0, 2024, "12-02 12-09 12-16 12-23 01-06 01-20 01-27 02-03 02-10 02-17", id="30 December, in lieu"),
        pytest.param(1, 2024, "12-03 12-10 12-17 12-24 01-07 01-14 01-21 01-28 02-04 02-18 02-25", id="31 December"),
        pytest.param(4, 2026, "12-04 12-11 12-18 12-25 01-08 01-15 01-22 01-29 02-05 02-12 02-19 02-26", id="New Year"),
        pytest.param(3, 2023, "12-07 12-14 12-21 12-28 01-04 01-11 01-18 01-25 02-01 02-08 02-15 02-22", id="29 Feb"),
    ],
)
def test_a_season_may_wrap_over_the_years_end(weekday: int, year: int, days: str) -> None:
    timetable = SeasonTimetable((weekday,), *WINTER, time(10))
    expected = [at(f"{year + (day < '06-01')}-{day}T10:00") for day in days.split()]
    assert list(timetable.between(at(f"{year}-06-01"), at(f"{year + 1}-06-01"))) == expected
    assert [f"{day:%m-%d}" for day in timetable.days_of_season(year)] == days.split()


@pytest.mark.parametrize("year", range(2024, 2036))
def test_a_holiday_in_lieu_is_skipped_and_not_moved(year: int) -> None:
    # 11 August on a Sunday makes Monday, the 12th, a holiday; on a Monday it is one itself.
    in_lieu, mountain_day = {2024: 12, 2030: 12}, {2025: 11, 2031: 11}
    closed = {**in_lieu, **mountain_day}.get(year)
    mondays = [day for day in range(1, 32) if date(year, 8, day).weekday() == 0 and day != closed]
    august = SeasonTimetable((0,), MonthDay(8, 1), MonthDay(8, 31), time(10))
    assert [o.day for o in august.between(at(f"{year}-01-01"), at(f"{year}-12-31"))] == mondays


def test_the_first_and_the_last_day_of_a_season_count() -> None:
    one_day = SeasonTimetable((0, 1, 2, 3, 4), MonthDay(8, 4), MonthDay(8, 4), time(10))
    assert list(one_day.between(at("2025-01-01"), at("2026-12-31"))) == [at("2025-08-04T10:00"), at("2026-08-04T10:00")]


def seasons() -> st.SearchStrategy[SeasonTimetable]:
    """Seasons of three weeks or more: closures never take a weekday three times in a row."""

    def season(weekdays: set[int], first: date, days: int) -> SeasonTimetable:
        last = date(2023, 1, 1) + timedelta(days=((first - date(2023, 1, 1)).days + days) % 365)
        begins, ends = MonthDay(first.month, first.day), MonthDay(last.month, last.day)
        return SeasonTimetable(tuple(sorted(weekdays)), begins, ends, time(10))

    first_days = st.dates(date(2023, 1, 1), date(2023, 12, 31))
    return st.builds(season, st.sets(st.integers(0, 4), min_size=1), first_days, st.integers(20, 364))


def offices() -> st.SearchStrategy[OfficeCalendar]:
    """Offices with closures of their own, weeks in a row even."""
    closed = st.lists(st.dates(date(2024, 1, 1), date(2035, 12, 31)), max_size=40).map(tuple)
    weeks = st.dates(date(2024, 1, 1), date(2035, 12, 31)).map(
        lambda first: tuple(first + timedelta(days=n) for n in range(35))
    )
    return st.builds(OfficeCalendar, st.just(MonthDay(12, 27)), st.just(MonthDay(1, 5)), closed | weeks)


def due_dates() -> st.SearchStrategy[DueDateTimetable]:
    instalments = st.integers(4, 12), st.integers(2, 12)
    calendars = st.builds(InstalmentCalendar, *instalments) | st.builds(InstalmentCalendar, *instalments, offices())
    return st.builds(DueDateTimetable, calendars, st.integers(1, 20), st.just(time(10)))


# Without a deadline: the first one to ask for a year's holidays has to calculate them.
@settings(deadline=None)
@given(seasons() | due_dates(), st.dates(date(2024, 1, 1), date(2035, 12, 31)), st.times())
def test_next_and_latest_agree_with_the_range(timetable: Occurrences, day: date, clock: time) -> None:
    moment, second = datetime.combine(day, clock, JST), timedelta(seconds=1)
    following, latest = timetable.next_after(moment), timetable.latest_until(moment)
    assert latest <= moment < following
    assert list(timetable.between(latest, following)) == [latest, following]
    assert timetable.latest_until(following) == timetable.next_after(following - second) == following
    assert timetable.next_after(latest) == following
    assert timetable.on(latest.date()) == latest


def test_a_year_that_the_holidays_library_does_not_know_is_an_error() -> None:
    assert SUMMER.latest_until(at("2100-03-01")) == at("2099-09-29T10:00")
    with pytest.raises(UnknownYear, match="2100"):
        SUMMER.next_after(at("2099-10-01"))
    with pytest.raises(UnknownYear, match="2100"):
        list(SUMMER.between(at("2099-08-01"), at("2100-12-31")))
    with pytest.raises(UnknownYear, match="2100"):
        SUMMER.on(date(2100, 8, 3))


def test_a_season_of_closed_days_has_no_occurrence() -> None:
    golden_week = SeasonTimetable((2, 3), MonthDay(5, 3), MonthDay(5, 5), time(10))
    with pytest.raises(NoSuchOccurrence, match="no occurrence after 2026-01-01"):
        golden_week.next_after(at("2026-01-01"))
    with pytest.raises(NoSuchOccurrence, match="no occurrence until 2026-01-01"):
        golden_week.latest_until(at("2026-01-01"))


@pytest.mark.parametrize(
    ("day", "logical_date", "expected"),
    [
        pytest.param(None, "2026-08-14T10:00", "2026-08-14T10:00", id="scheduled or backfill"),
        pytest.param(None, None, "2026-09-29T10:00", id="manual, out of season"),
        pytest.param(date(2026, 8, 14), None, "2026-08-14T10:00", id="manual, day named"),
    ],
)
def test_the_occurrence_of_a_season_that_a_run_means(day: date | None, logical_date: str | None, expected: str) -> None:
    found = SUMMER.resolve(day, at(logical_date) if logical_date else None, at("2026-11-20T09:00"))
    assert found == at(expected)


OWN = OfficeCalendar(also_closed=(date(2026, 10, 1), date(2026, 8, 4)))


def test_a_day_of_closure_moves_what_follows_a_due_date() -> None:
    own = DueDateTimetable(InstalmentCalendar(6, 10, OWN), 2, time(10))
    span = at("2026-09-30"), at("2026-11-30")
    assert list(TIMETABLE.between(*span)) == [at("2026-10-02T10:00"), at("2026-11-05T10:00")]
    assert list(own.between(*span)) == [at("2026-10-05T10:00"), at("2026-11-05T10:00")]


def test_a_day_of_closure_is_left_out_of_a_season() -> None:
    own = SeasonTimetable((1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10), OWN)
    span = at("2026-08-01"), at("2026-09-30")
    assert set(SUMMER.between(*span)) - set(own.between(*span)) == {at("2026-08-04T10:00")}
    assert own.left_of_season(date(2026, 8, 7)) == SUMMER.left_of_season(date(2026, 8, 7))


def test_a_closure_of_weeks_loses_no_occurrence() -> None:
    closed = tuple(date(2026, 9, 30) + timedelta(days=n) for n in range(90))
    timetable = DueDateTimetable(InstalmentCalendar(6, 10, OfficeCalendar(also_closed=closed)), 2, time(10))
    # 29 December to 3 January follows: all three instalments fall due on 4 January.
    assert list(timetable.between(at("2026-09-03"), at("2027-01-31"))) == [at("2027-01-06T10:00")]


@pytest.mark.parametrize("year", range(2024, 2036))
def test_every_instalment_has_its_occurrence_on_an_open_day(year: int) -> None:
    calendar = InstalmentCalendar(4, 12)
    timetable = DueDateTimetable(calendar, 2, time(10))
    found = list(timetable.between(at(f"{year}-04-15"), at(f"{year + 1}-04-14")))
    assert [o.date() for o in found] == [_open_days_after(due)[1] for due in calendar.due_dates(year)]


def _open_days_after(due: date) -> list[date]:
    days = (due + timedelta(days=n) for n in range(1, 15))
    return [day for day in days if OfficeCalendar().is_open(day)]


def test_a_holiday_of_the_season_is_no_planned_date() -> None:
    with pytest.raises(NoSuchOccurrence, match="no planned date; the one before it is 2026-08-07"):
        SUMMER.resolve(date(2026, 8, 11), None, at("2026-11-20T09:00"))


@pytest.mark.parametrize(
    ("timetable", "words"),
    [
        (TIMETABLE, "各納期限の2営業日後 10:00"),
        (SUMMER, "8月1日から9月30日までの火曜日・金曜日 10:00（休業日を除く）"),
        (SeasonTimetable((0,), *WINTER, time(9, 30)), "12月1日から翌年2月28日までの月曜日 09:30（休業日を除く）"),
    ],
)
def test_a_timetable_says_in_words_what_it_does(timetable: Occurrences, words: str) -> None:
    assert timetable.in_words() == words


@pytest.mark.parametrize("text", ["", "8-1", "08-1", "13-01", "04-31", "02-30", "00-10", "0801", "W01-1", "０８-０１"])
def test_what_is_no_day_of_the_year(text: str) -> None:
    with pytest.raises(ValueError, match="暦にある月と日を 08-01 のように書いてください"):
        MonthDay.parse(text)


def test_29_february_is_not_in_every_year() -> None:
    with pytest.raises(ValueError, match="02-29 は毎年ある日ではありません"):
        MonthDay.parse("02-29")
    assert MonthDay.parse("02-28") == (2, 28)
