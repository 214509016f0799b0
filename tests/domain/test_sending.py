"""Slots: the pace inside the send window."""

from datetime import datetime, time, timedelta

from oshirase.domain.calendar import JST
from oshirase.domain.sending import SendWindow, slots

WINDOW = SendWindow(time(9), time(17))


def starts(earliest: str, per_hour: int, needed: int) -> list[tuple[str, int]]:
    moment = datetime.fromisoformat(earliest).replace(tzinfo=JST)
    return [(f"{s.starts_at:%m-%d %H:%M}", s.capacity) for s in slots(moment, WINDOW, per_hour, needed)]


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
    assert max(s.ends_at for s in slots(moment, WINDOW, 1, 10_000)) <= moment + timedelta(days=30)


def test_nothing_needed_is_no_slot() -> None:
    assert starts("2026-10-02T12:00", 10, 0) == []
