"""What is made of a run's tally: sums, hours, days, cost."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from oshirase.domain.calendar import JST
from oshirase.domain.notice import NoticeState
from oshirase.services.run_course import (
    Cost,
    SettledDay,
    count_cost,
    count_texts,
    list_booked_hours,
    list_received_hours,
    list_settled_days,
)
from oshirase.services.run_funnel import Branch, build_funnel
from oshirase.services.run_tally import Heap, Tally

TEN, ELEVEN = datetime(2026, 10, 2, 10, tzinfo=JST), datetime(2026, 10, 2, 11, tzinfo=JST)
TEXT = UUID(int=1)
HEAP = Heap(
    "planned", None, "plain", TEXT, None, TEN, None, 1, 0, 0, 0, TEN, ELEVEN, None, None, TEN, TEN, parts_each=2
)


def heap(state: str, notices: int = 1, **values: object) -> Heap:
    return replace(HEAP, state=state, notices=notices, **values)  # type: ignore[arg-type]


def flat(branch: Branch) -> list[Branch]:
    return [branch, *(below for one in branch.branches for below in flat(one))]


@pytest.mark.parametrize("state", NoticeState)
def test_every_state_is_in_the_funnel_once(state: NoticeState) -> None:
    funnel = build_funnel(Tally([heap(state, 3), heap(state, 4, reason="settled", carrier="au")]), is_approved=True)
    (leaf,) = [branch for branch in flat(funnel) if branch.kind == state and not branch.reason and not branch.carrier]
    assert (funnel.notices, funnel.parts, leaf.notices) == (7, 14, 7)
    assert sorted(funnel.states) == sorted(NoticeState)
    assert [branch.notices for branch in leaf.branches] == [4]
    assert not leaf.is_divided


def test_a_funnel_of_nobody() -> None:
    funnel = build_funnel(Tally([]), is_approved=False)
    assert {branch.notices for branch in flat(funnel)} == {0}


def test_bookings_that_have_left_or_may_yet_leave() -> None:
    heaps = [heap("planned", 2), heap("delivered", 3, handed_over=3), heap("cancelled", 9), heap("expired", 9)]
    hours = list_booked_hours(Tally([*heaps, heap("accepted", 4, handed_over=4, booked_hour=ELEVEN)]))
    assert [(hour.starts_at, hour.booked, hour.handed_over) for hour in hours] == [(TEN, 5, 3), (ELEVEN, 4, 4)]


def test_receipts_add_up_over_the_hours() -> None:
    heaps = [
        heap("failed", 1, received_hour=ELEVEN), heap("delivered", 5, received_hour=TEN),
        heap("delivered", 2, received_hour=ELEVEN), heap("accepted", 9),
    ]  # fmt: skip
    hours = list_received_hours(Tally(heaps))
    assert [(hour.received, hour.delivered_so_far, hour.not_delivered_so_far) for hour in hours] == [
        (5, 5, 0),
        (3, 7, 1),
    ]


def test_settlements_in_the_order_of_days() -> None:
    assert list_settled_days({3: 2, -1: 1, 0: 4}) == [SettledDay(-1, 1, 1), SettledDay(0, 4, 5), SettledDay(3, 2, 7)]


@pytest.mark.parametrize(
    ("heaps", "cost"),
    [
        ([], Cost(0, 0, 0, 0, 0)),
        ([heap("planned", 5), heap("cancelled", 5)], Cost(0, 0, 0, 0, 0)),
        ([heap("accepted", 5)], Cost(5, 10, 0, 0, 0)),
        ([heap("delivered", 5, charged_notices=4, charged_parts=9)], Cost(5, 10, 4, 8, 9)),
        # What did not go out is charged all the same.
        ([heap("cancelled", 1, charged_notices=1, charged_parts=2)], Cost(1, 2, 1, 2, 2)),
    ],
)
def test_counted_against_charged(heaps: list[Heap], cost: Cost) -> None:
    assert count_cost(Tally(heaps)) == cost


def test_texts_and_arms() -> None:
    heaps = [
        heap("delivered", 3, handed_over=3), heap("planned", 2), heap("held_out", 4, arm="hold_out", text_id=None),
        heap("deferred", 1, text_id=None),
    ]  # fmt: skip
    notices, handed_over, arms = count_texts(Tally(heaps))
    assert (notices[TEXT], handed_over[TEXT], dict(arms)) == (5, 3, {"plain": 6, "hold_out": 4})


def test_the_first_and_the_last_booking_of_what_may_leave() -> None:
    tally = Tally([heap("planned"), heap("expired", last_booked_at=datetime(2027, 1, 1, tzinfo=JST))])
    assert tally.booked_between == (TEN, ELEVEN)
    assert tally.handed_over_between is None
