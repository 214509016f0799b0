"""Which occurrences the demo plays: read off the timetables, in the order in which they are triggered."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from oshirase.adapters.settings import campaign_names
from oshirase.domain.calendar import JST
from sandbox import clock
from sandbox.demo.days import Days
from sandbox.demo.playbill import by_moment, list_plays
from sandbox.stack.scene import DAGS, OPENS_AT

NOON = datetime(2026, 10, 2, 12, 0, tzinfo=JST)


def test_every_campaign_is_played_once_in_the_first_week_of_october() -> None:
    plays = [
        (play.name, f"{play.occurrence_at:%m-%d %H:%M}", f"{play.plays_at:%m-%d %H:%M}")
        for play in list_plays(OPENS_AT)
    ]
    assert plays == [
        ("nhi_overdue", "10-02 10:00", "10-02 10:00"),
        ("health_check", "09-29 10:00", "10-02 10:00"),
        ("late_elderly_overdue", "10-05 10:00", "10-05 10:00"),
        ("public_notice", "10-05 10:00", "10-05 10:00"),
        ("plan_default", "10-07 10:00", "10-07 10:00"),
    ]
    assert [play.name for play in list_plays(OPENS_AT) if play.was_missed] == ["health_check"]


def test_what_is_triggered_at_the_same_moment_is_played_together() -> None:
    together = [[play.name for play in plays] for _, plays in by_moment(list_plays(OPENS_AT))]
    assert together == [
        ["nhi_overdue", "health_check"], ["late_elderly_overdue", "public_notice"], ["plan_default"],
    ]  # fmt: skip


def test_every_campaign_is_unpaused_where_the_sandbox_runs() -> None:
    assert set(campaign_names()) < set(DAGS)


class Bookings:
    """A ledger that knows bookings only."""

    def __init__(self, *minutes: int) -> None:
        self.at = [NOON + timedelta(minutes=minute) for minute in minutes]

    def next_bookings(self, now: datetime, most: int) -> list[datetime]:
        return [at for at in self.at if at > now][:most]


@pytest.mark.parametrize(
    ("minutes", "until", "stops"),
    [
        pytest.param([], None, [], id="nothing booked"),
        pytest.param(range(60, 240), None, ["12:45", "13:45", "14:45", "15:45", "16:15"], id="one a minute"),
        pytest.param(range(60, 120, 10), None, ["12:45", "13:45", "14:15"], id="sparse"),
        pytest.param(sorted([*range(5, 65)] * 3), None, ["12:30", "13:00", "13:30"], id="three a minute"),
        pytest.param([60, 300], NOON + timedelta(hours=2), ["12:45", "13:45"], id="until the next occurrence"),
    ],
)
def test_time_stops_before_the_first_booking_and_then_in_steps(
    minutes: Sequence[int], until: datetime | None, stops: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOON]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    days = Days(None, None, Bookings(*minutes), print)  # type: ignore[arg-type]
    seen = []
    for stop in days.stops(until):
        now[0] = stop
        seen.append(f"{stop:%H:%M}")
    assert seen == stops
