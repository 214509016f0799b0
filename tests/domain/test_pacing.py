"""Slots: the pace inside the send window."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Pacing, Section
from oshirase.domain.pacing import Booked, Pace, occurrence_limit, slots
from oshirase.domain.sending import SendWindow

WINDOW = SendWindow(time(9), time(17))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def pace(per_hour: int | None = None, *, calls_per_day: int | None = None, **pacing: float) -> Pace:
    """Without inquiries unless a call rate is given; the section takes 12 calls an hour."""
    settings = Pacing(**{"call_rate": 0, "per_occurrence": 1_000, "per_hour": per_hour, **pacing})
    return Pace(settings, Section(name="係", phone="03-0000-1234", calls_per_hour=12, calls_per_day=calls_per_day))


def starts(
    earliest: str, per_hour: int | Pace, needed: int, booked: Mapping[datetime, Booked] | None = None
) -> list[tuple[str, int]]:
    how = per_hour if isinstance(per_hour, Pace) else pace(per_hour)
    found = slots(at(earliest), WINDOW, how, booked or {}, needed)
    return [(f"{s.starts_at:%m-%d %H:%M}", s.capacity) for s in found]


def test_slots_hold_what_is_needed_and_no_more() -> None:
    assert starts("2026-10-02T12:00", 80, 100) == [("10-02 12:00", 80), ("10-02 13:00", 80)]


def test_the_last_slot_of_a_day_is_cut_at_closing_time() -> None:
    assert starts("2026-10-02T16:30", 80, 100) == [("10-02 16:30", 40), ("10-05 09:00", 80)]


def test_a_slot_too_short_for_one_is_left_out() -> None:
    assert starts("2026-10-02T16:59", 30, 1) == [("10-05 09:00", 30)]


def test_closed_days_have_no_slots() -> None:
    assert starts("2026-10-09T17:00", 10, 1) == [("10-13 09:00", 10)]


def test_before_opening_the_first_slot_is_at_opening() -> None:
    assert starts("2026-10-02T02:00", 10, 1) == [("10-02 09:00", 10)]


def test_no_slot_lies_beyond_the_gateways_booking_horizon() -> None:
    moment = datetime(2026, 10, 2, 12, tzinfo=JST)
    assert max(s.ends_at for s in slots(moment, WINDOW, pace(1), {}, 10_000)) <= moment + timedelta(days=30)


def test_nothing_needed_is_no_slot() -> None:
    assert starts("2026-10-02T12:00", 10, 0) == []


def test_slots_end_with_the_clock_hour() -> None:
    assert starts("2026-10-02T12:20", 60, 100) == [("10-02 12:20", 40), ("10-02 13:00", 60)]


def test_the_hours_are_paced_by_the_inquiries_that_the_section_can_take() -> None:
    assert starts("2026-10-02T12:00", pace(call_rate=0.15), 100) == [("10-02 12:00", 80), ("10-02 13:00", 80)]


def test_the_smaller_of_both_limits_counts() -> None:
    assert starts("2026-10-02T12:00", pace(30, call_rate=0.15), 30) == [("10-02 12:00", 30)]
    assert starts("2026-10-02T12:00", pace(90, call_rate=0.15), 30) == [("10-02 12:00", 80)]


def test_a_full_day_goes_on_with_the_next() -> None:
    limited = pace(80, per_day=100)
    assert starts("2026-10-02T12:00", limited, 150) == [
        ("10-02 12:00", 80), ("10-02 13:00", 20), ("10-05 09:00", 80),
    ]  # fmt: skip


def test_the_sections_day_counts_in_calls() -> None:
    assert starts("2026-10-02T12:00", pace(call_rate=0.5, calls_per_day=20), 50) == [
        ("10-02 12:00", 24), ("10-02 13:00", 16), ("10-05 09:00", 24),
    ]  # fmt: skip


def test_what_other_campaigns_of_the_section_booked_takes_room() -> None:
    booked = {at("2026-10-02T12:00"): Booked(0, 9.0), at("2026-10-02T13:00"): Booked(0, 12.0)}
    assert starts("2026-10-02T12:00", pace(call_rate=0.15), 90, booked) == [("10-02 12:00", 20), ("10-02 14:00", 80)]


def test_the_campaigns_own_bookings_count_against_its_own_limits() -> None:
    booked = {at("2026-10-02T09:00"): Booked(70, 0), at("2026-10-02T12:00"): Booked(25, 0)}
    assert starts("2026-10-02T12:00", pace(30, per_day=100), 6, booked) == [("10-02 12:00", 5), ("10-05 09:00", 30)]


def test_a_call_for_each_message_still_lets_some_leave() -> None:
    assert starts("2026-10-02T12:00", pace(call_rate=1), 5) == [("10-02 12:00", 12)]


@given(
    call_rate=st.floats(0.01, 1),
    calls=st.integers(1, 60),
    taken=st.floats(0, 60),
    minute=st.integers(0, 59),
)
def test_no_hour_gets_more_inquiries_than_the_section_can_take(
    call_rate: float, calls: int, taken: float, minute: int
) -> None:
    section = Section(name="係", phone="03-0000-1234", calls_per_hour=calls)
    how = Pace(Pacing(call_rate=call_rate, per_occurrence=10), section)
    booked = {at("2026-10-02T12:00"): Booked(0, taken)}
    for slot in slots(at(f"2026-10-02T12:{minute:02}"), WINDOW, how, booked, 500):
        before = taken if slot.starts_at.hour == 12 and slot.starts_at.day == 2 else 0
        assert before + slot.capacity * call_rate <= calls + 1e-6


@pytest.mark.parametrize(
    ("quota", "sent", "left", "limit"),
    [
        (None, 5_000, 3, 200),
        (1_800, 0, 18, 100),
        (1_800, 1_000, 8, 100),
        (1_800, 1_001, 8, 100),
        (1_800, 0, 3, 200),
        (1_800, 1_800, 3, 0),
        (1_800, 2_000, 3, 0),
        (1_800, 1_750, 0, 50),
    ],
)
def test_the_seasons_quota_is_shared_by_the_occurrences_that_are_left(
    quota: int | None, sent: int, left: int, limit: int
) -> None:
    pacing = Pacing(call_rate=0.2, per_occurrence=200, season_quota=quota)
    assert occurrence_limit(pacing, sent, left) == limit
