"""Occurrences of a due-date timetable, and which one a run means."""

from datetime import date, datetime, time, timedelta

import pytest

from oshirase.domain.calendar import JST, InstalmentCalendar
from oshirase.domain.occurrences import DueDateTimetable, NoSuchOccurrence

TIMETABLE = DueDateTimetable(InstalmentCalendar(6, 10), 2, time(10))


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
