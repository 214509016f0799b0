"""Parts of Airflow that go away in the middle of sending."""

import time

import pytest

from tests.e2e.rehearsal import SENDING, Rehearsal

PEOPLE, FEWER = 240, 120


def begin_to_send(rehearsal: Rehearsal, people: int, seconds_each: float) -> str:
    """A run in the middle of sending."""
    rehearsal.create_debtors(people)
    run = rehearsal.begin()
    question = rehearsal.question(run)
    # The gateway takes a message at once and answers late: what a killed sender does not hear of.
    rehearsal.telephones.behave({"fault": "slow", "seconds": seconds_each})
    rehearsal.approve(question)
    rehearsal.wait_until_sent(10)
    return run


@pytest.mark.campaign(batch_size=60)
@pytest.mark.parametrize("seconds", [90, 30], ids=["90_s", "30_s"])
def test_the_api_server_is_away(rehearsal: Rehearsal, seconds: int) -> None:
    run = begin_to_send(rehearsal, FEWER, seconds_each=3.0)
    rehearsal.stack.end("api-server", at_once=True)
    ended_at, taken = time.monotonic(), rehearsal.sent()
    rehearsal.wait(lambda: rehearsal.sent() > taken, "sending goes on without the API server")
    rehearsal.wait(lambda: time.monotonic() >= ended_at + seconds, "the outage's end")
    rehearsal.stack.start_airflow("api-server")
    rehearsal.stack.wait_for_airflow()
    rehearsal.telephones.behave()

    if rehearsal.clerk.wait_for_run(rehearsal.name, run, 180) == "failed":
        # The outage has used up the retries: what a person does then, with what the page proposes.
        rehearsal.clerk.clear_task(rehearsal.name, run, SENDING, downstream=True)
        rehearsal.finish(run)
    rehearsal.resolve_unknown()
    assert rehearsal.states() == {"accepted": FEWER}
    assert rehearsal.sent() == FEWER


@pytest.mark.campaign(batch_size=120)
def test_the_scheduler_and_its_workers_are_killed(rehearsal: Rehearsal) -> None:
    run = begin_to_send(rehearsal, PEOPLE, seconds_each=0.5)
    rehearsal.stack.end("scheduler", at_once=True)
    taken = rehearsal.sent()
    assert taken < PEOPLE
    rehearsal.telephones.behave()
    rehearsal.stack.start_airflow("scheduler")
    rehearsal.finish(run)

    # What the dead had claimed is not sent again by anybody before the gateway was asked, and then a person.
    states = rehearsal.states()
    assert states["claimed"] > 0
    assert states["claimed"] + states["accepted"] == PEOPLE
    rehearsal.resolve_unknown()
    assert rehearsal.states() == {"accepted": PEOPLE}
    assert rehearsal.sent() == PEOPLE
