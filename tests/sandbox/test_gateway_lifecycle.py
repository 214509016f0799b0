"""The life of a message, and that SQL and Python read it alike."""

from collections import Counter

import pytest

from sandbox.gateway import lifecycle
from sandbox.gateway.lifecycle import OUTCOMES, Life, Message, count_parts, plan_life
from sandbox.gateway.store import Store
from sandbox.gateway.validation import MessageQuery

SEED = b"test"


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("", 1),
        ("あ" * 70, 1),
        ("あ" * 71, 2),
        ("あ" * 134, 2),
        ("あ" * 135, 3),
        ("あ" * 660, 10),
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
        ("あ" * 66 + "𠮷" + "あ" * 66, 3),  # 134 units, but no cut through the pair
    ],
)
def test_count_parts(body: str, parts: int) -> None:
    assert count_parts(body) == parts


def test_every_profile_shares_out_all_messages() -> None:
    assert {name: sum(outcome.share for outcome in profile) for name, profile in OUTCOMES.items()} == dict.fromkeys(
        OUTCOMES, 1000
    )


def test_a_life_depends_on_seed_number_and_id_only() -> None:
    def life(seed: bytes = SEED, message_id: str = "id") -> Life:
        return plan_life(message_id, "09000010001", 1000, None, outcomes=OUTCOMES["realistic"], seed=seed)

    assert life() == life()
    assert len({life(message_id=str(number)) for number in range(50)}) > 10


def test_the_realistic_profile_keeps_its_shares() -> None:
    lives = [
        plan_life(str(number), "09000010001", 0, None, outcomes=OUTCOMES["realistic"], seed=SEED)
        for number in range(4000)
    ]
    ends = Counter(life.conclusion for life in lives)
    assert 0.95 < ends["received"] / 4000 < 0.98
    assert set(ends) == {"received", "unknown", "error"}


# Booked for 100, out of range at 110, received at 200.
TRAVELLER = Message("a", 1, "09000010001", "本文", "[]", False, 100, None, 0, 100, False, 110, 200, "received", "au", 1)
EXPIRED = TRAVELLER._replace(id="b", is_expired=True, unconnected_at=None, concluded_at=None, conclusion="none")
CANCELED = TRAVELLER._replace(id="c", canceled_at=50)


@pytest.mark.parametrize(
    ("message", "now", "status", "sent_result", "result", "carrier", "updated_at"),
    [
        (TRAVELLER, 99, "waiting", "none", "processing", "checking", 0),
        (TRAVELLER, 100, "done", "none", "processing", "au", 100),
        (TRAVELLER, 110, "done", "unconnected", "processing", "au", 110),
        (TRAVELLER, 199, "done", "unconnected", "processing", "au", 110),
        (TRAVELLER, 200, "done", "received", "done", "au", 200),
        (EXPIRED, 99, "waiting", "none", "processing", "checking", 0),
        (EXPIRED, 100, "error", "none", "done", "unknown", 100),
        (CANCELED, 60, "canceled", "none", "done", "unknown", 50),
        (CANCELED, 300, "canceled", "none", "done", "unknown", 50),
    ],
)
def test_what_shows_when(
    message: Message, now: int, status: str, sent_result: str, result: str, carrier: str, updated_at: int
) -> None:
    assert lifecycle.status_at(message, now) == status
    assert lifecycle.sent_result_at(message, now) == sent_result
    assert lifecycle.result_at(message, now) == result
    assert lifecycle.carrier_at(message, now) == carrier
    assert lifecycle.updated_at(message, now) == updated_at


@pytest.mark.parametrize("now", [0, 50, 99, 100, 109, 110, 199, 200, 10**6])
def test_sql_and_python_agree(now: int) -> None:
    store = Store(":memory:")
    unknown = TRAVELLER._replace(id="d", conclusion="unknown")
    messages = [TRAVELLER, EXPIRED, CANCELED, unknown, TRAVELLER._replace(id="e", unconnected_at=None)]
    for message in messages:
        store.add(message)
    read = {"status": lifecycle.status_at, "sent_result": lifecycle.sent_result_at, "result": lifecycle.result_at}
    for name, read_state in read.items():
        for state in {read_state(message, now) for message in messages}:
            found, _ = store.find(MessageQuery({name: state}), now)
            assert found[::-1] == [message for message in messages if read_state(message, now) == state]
    assert sum(store.count_by_state(now).values()) == len(messages)
