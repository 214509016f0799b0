"""Clearing in Airflow: a run after the data changed, the send task alone, and while it sends."""

import pytest

from tests.e2e.rehearsal import SENDING, Rehearsal
from tests.e2e.settings import SECOND_TEXT

# The gateway takes some, and then refuses us altogether: the task gives the rest back and waits for its retry.
TAKEN = 4
REFUSES_LATER = ({"fault": "slow", "seconds": 0, "next": TAKEN}, {"fault": "401"})
SLOW = {"fault": "slow", "seconds": 0.5}


def send_some(rehearsal: Rehearsal, people: int) -> tuple[str, str, list[str]]:
    """An approved run of which the gateway took some only: the run, the code that was approved, the levies left."""
    levies = rehearsal.create_debtors(people)
    run = rehearsal.begin()
    question = rehearsal.question(run)
    rehearsal.telephones.behave(*REFUSES_LATER)
    rehearsal.approve(question)
    rehearsal.wait(lambda: rehearsal.retries(run), "a send task that waits for its retry")
    assert rehearsal.sent() == TAKEN
    rehearsal.telephones.behave()
    return run, question.code, rehearsal.levies_left(levies)


@pytest.mark.campaign(batch_size=20)
def test_clear_the_run_after_the_data_changed(rehearsal: Rehearsal) -> None:
    run, code, left = send_some(rehearsal, people=12)
    rehearsal.pay(left[:2])
    rehearsal.home.write_campaign(rehearsal.name, batch_size=20, version=2, body=SECOND_TEXT)
    rehearsal.clerk.clear_run(rehearsal.name, run)
    rehearsal.approve(rehearsal.question(run), code=code)
    question = rehearsal.question(run)
    assert rehearsal.sent() == TAKEN

    assert rehearsal.present_code(question) != code
    rehearsal.approve(question)
    rehearsal.finish(run)
    assert rehearsal.sent() == 10
    assert rehearsal.states() == {"accepted": 10, "suppressed/settled": 2}

    # All is handed over: there is nothing left to ask anybody about.
    rehearsal.home.write_campaign(rehearsal.name, batch_size=20, version=3)
    rehearsal.clerk.clear_run(rehearsal.name, run)
    assert rehearsal.ask(run) is None
    rehearsal.finish(run)
    assert rehearsal.sent() == 10


@pytest.mark.campaign(batch_size=20)
def test_clear_the_send_task_alone(rehearsal: Rehearsal) -> None:
    run, _, left = send_some(rehearsal, people=12)
    rehearsal.pay(left[:1])
    for _ in range(2):
        rehearsal.clerk.clear_task(rehearsal.name, run, SENDING)
        rehearsal.finish(run)
        assert rehearsal.sent() == 11
        assert rehearsal.states() == {"accepted": 11, "suppressed/settled": 1}


@pytest.mark.campaign(batch_size=60)
def test_clear_while_sending(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(120)
    run = rehearsal.begin()
    question = rehearsal.question(run)
    rehearsal.telephones.behave(SLOW)
    rehearsal.approve(question)
    rehearsal.wait_until_sent(10)
    rehearsal.clerk.clear_task(rehearsal.name, run, SENDING)
    assert rehearsal.sent() < 120
    rehearsal.finish(run)
    # The old processes record what they had called, and give the rest back to the new ones.
    assert rehearsal.states() == {"accepted": 120}
    assert rehearsal.sent() == 120
