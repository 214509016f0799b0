"""The timetable as Airflow's scheduler asks it."""

from datetime import time

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from oshirase.domain.calendar import InstalmentCalendar
from oshirase.domain.occurrences import DueDateTimetable
from oshirase.orchestration.timetables import AfterDueDateTimetable

TIMETABLE = AfterDueDateTimetable(DueDateTimetable(InstalmentCalendar(6, 10), 2, time(10)))
TOKYO = pendulum.timezone("Asia/Tokyo")


def at(text: str) -> pendulum.DateTime:
    return pendulum.parse(text, tz=TOKYO)  # type: ignore[return-value]


def runs(earliest: str, latest: str) -> list[str]:
    """Every run that catching up over a range would make."""
    restriction = TimeRestriction(at(earliest), at(latest), catchup=True)
    last, found = None, []
    while info := TIMETABLE.next_dagrun_info(last_automated_data_interval=last, restriction=restriction):
        last = info.data_interval
        found.append(info.logical_date.in_tz(TOKYO).format("YYYY-MM-DD HH:mm"))
    return found


def test_a_range_yields_exactly_its_occurrences() -> None:
    assert runs("2026-10-02T10:00", "2026-12-02T10:00") == [
        "2026-10-02 10:00", "2026-11-05 10:00", "2026-12-02 10:00",
    ]  # fmt: skip


def test_a_range_that_ends_at_midnight_utc_misses_that_days_run() -> None:
    assert runs("2026-11-01T00:00", "2026-11-05T09:00") == []


def test_logical_date_interval_and_run_moment_are_the_occurrence() -> None:
    info = TIMETABLE.next_dagrun_info(
        last_automated_data_interval=DataInterval.exact(at("2026-10-02T10:00")),
        restriction=TimeRestriction(None, None, catchup=True),
    )
    assert info is not None
    assert info.run_after == info.logical_date == at("2026-11-05T10:00")
    assert info.data_interval == DataInterval.exact(at("2026-11-05T10:00"))


def test_without_catching_up_the_latest_due_one_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pendulum, "now", lambda _: at("2026-11-23T12:00"))
    info = TIMETABLE.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(at("2026-04-01T00:00"), None, catchup=False),
    )
    assert info is not None
    assert info.logical_date == at("2026-11-05T10:00")


def test_it_survives_serialisation() -> None:
    again = AfterDueDateTimetable.deserialize(TIMETABLE.serialize())
    assert again.occurrences == TIMETABLE.occurrences


def test_it_says_in_words_what_it_does() -> None:
    assert TIMETABLE.summary == TIMETABLE.description == "各納期限の2営業日後 10:00"
