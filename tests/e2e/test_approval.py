"""What a person decides: approve, reject, and nobody in time."""

from datetime import timedelta

import pytest

from sandbox import clock
from tests.e2e.rehearsal import APPROVAL, Rehearsal

# For the scheduled run to come as far as its question.
UNTIL_CLOSING = timedelta(seconds=35)
MINUTE = timedelta(minutes=1)


def test_approved(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(3)
    run = rehearsal.begin()
    rehearsal.approve(rehearsal.question(run), code="WRONG")
    question = rehearsal.question(run)
    assert rehearsal.sent() == 0
    rehearsal.approve(question, code=question.code)
    rehearsal.finish(run)
    assert rehearsal.sent() == 3
    assert rehearsal.states() == {"accepted": 3}


def test_rejected(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(3)
    run = rehearsal.begin()
    rehearsal.reject(rehearsal.question(run), "文面を見直すため")
    rehearsal.finish(run)
    rehearsal.clerk.clear_run(rehearsal.name, run)
    assert rehearsal.ask(run) is None
    rehearsal.finish(run)
    assert rehearsal.sent() == 0
    assert rehearsal.states() == {"expired/rejected": 3}


def test_marked_as_success_instead(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(3)
    run = rehearsal.begin()
    rehearsal.question(run)
    rehearsal.clerk.mark_success(rehearsal.name, run, APPROVAL)
    rehearsal.finish(run)
    assert rehearsal.sent() == 0
    assert rehearsal.states() == {"planned": 3}


@pytest.mark.campaign(answer_within=0)
def test_not_answered_in_time(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(3)
    closes_at = (clock.now() + UNTIL_CLOSING + MINUTE).replace(second=0, microsecond=0)
    clock.move_to(closes_at - UNTIL_CLOSING)
    with rehearsal.home.closing_at(closes_at):
        run = rehearsal.begin()
        rehearsal.question(run)
        rehearsal.finish(run)
    assert clock.now() >= closes_at
    assert rehearsal.sent() == 0
    assert rehearsal.states() == {"expired/expired": 3}
