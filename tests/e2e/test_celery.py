"""Airflow with Celery: two workers share a run, and one of them is killed amidst a batch."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Workers
from sandbox.stack.workers import BROKER_PROGRAM
from tests.debian import find_or_skip
from tests.e2e.city import RunningCity, running_city
from tests.e2e.rehearsal import SENDING, Rehearsal

# Two tasks share the calls that the gateway bears at once; a third would wait without a claim of its own.
WORKERS = Workers(count=2, tasks_each=1)
SETTINGS = {
    # Five minutes by default: a task whose worker has gone is found dead.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}
# A batch is more than a group of claims: something of it is in the line yet when its worker is killed.
BATCHES, BATCH_SIZE = 8, 60
PEOPLE = BATCHES * BATCH_SIZE
SLOW = {"fault": "slow", "seconds": 0.4}
HELD = "select notice_id::text, state_changed_by from ledger.notice where campaign = :campaign and state = 'claimed'"


@pytest.fixture(scope="module")
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """A city with workers of its own, for these tests only."""
    find_or_skip("the tests with Celery", [BROKER_PROGRAM], ["redis-server"])
    items = [item for item in request.session.items if item.path == request.path]
    with running_city(tmp_path_factory.mktemp("celery"), items, workers=WORKERS, settings=SETTINGS) as city:
        yield city


def batches(rehearsal: Rehearsal, run: str) -> dict[str, dict[str, Any]]:
    """The run's send tasks by name, `send[0]`…: each with `state`, `hostname` and `try_number`."""
    return {
        name: task
        for name, task in rehearsal.clerk.tasks(rehearsal.name, run).items()
        if name.startswith(f"{SENDING}[")
    }


def amidst(rehearsal: Rehearsal, run: str) -> Counter[str]:
    """How many send tasks each worker is in the middle of: the gateway has some of what the task has claimed."""
    taken = {message.notice_id for message in rehearsal.telephones.messages()}
    sending = {task_of(row.state_changed_by) for row in rehearsal.rows(HELD) if row.notice_id in taken}
    tasks = batches(rehearsal, run)
    return Counter(task["hostname"] for name, task in tasks.items() if task["state"] == "running" and name in sending)


def task_of(changed_by: str) -> str:
    """The task that the ledger names as `dag.send[0] run try 1`: `send[0]`."""
    return changed_by.split(maxsplit=1)[0].partition(".")[2]


@pytest.mark.campaign(batch_size=BATCH_SIZE)
def test_a_worker_is_killed_amidst_its_batch(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(PEOPLE)
    run = rehearsal.begin()
    question = rehearsal.question(run)
    rehearsal.telephones.behave(SLOW)
    rehearsal.approve(question)
    both = dict.fromkeys(WORKERS.names, WORKERS.tasks_each)
    rehearsal.wait(lambda: amidst(rehearsal, run) == both, "both workers amidst a batch")

    lost, survivor = WORKERS.names
    rehearsal.stack.end(lost, at_once=True)
    taken, tasks = rehearsal.sent(), batches(rehearsal, run)
    killed = {name for name, task in tasks.items() if (task["state"], task["hostname"]) == ("running", lost)}
    assert len(killed) == WORKERS.tasks_each
    rehearsal.wait(lambda: rehearsal.sent() > taken, "the other worker goes on")
    rehearsal.telephones.behave()
    rehearsal.finish(run)

    tasks = batches(rehearsal, run)
    assert len(tasks) == BATCHES
    # On a busy machine another one may be taken for dead, too: the ledger bears it.
    assert {name for name, task in tasks.items() if task["try_number"] > 1} >= killed
    assert {tasks[name]["hostname"] for name in killed} == {survivor}

    # What the dead had claimed is not sent again by anybody before the gateway was asked, and then a person.
    states = rehearsal.states()
    assert states["claimed"] + states["accepted"] == PEOPLE
    assert {task_of(row.state_changed_by) for row in rehearsal.rows(HELD)} == killed
    rehearsal.resolve_unknown()
    assert rehearsal.states() == {"accepted": PEOPLE}
    assert rehearsal.sent() == PEOPLE
