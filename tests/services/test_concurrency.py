"""Several at once, and again from the start: nothing is handed over twice, and memory does not grow with the batch."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from oshirase.services import campaign_run, delivery
from tests.chaos.sender import Orders, send
from tests.people import create_debtor
from tests.processes import ROOT, end, start
from tests.scene import OCCURRENCE, Scene

# What a process may hold more for ten times the notices: caches.
TOLERATED_MIB = 0.5


def together(*steps: Callable[[], object]) -> None:
    """Begin all steps at one moment, each in a thread; the first error of any is raised."""
    barrier, errors = threading.Barrier(len(steps)), list[BaseException]()

    def run(step: Callable[[], object]) -> None:
        barrier.wait()
        try:
            step()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_two_runs_of_one_occurrence_are_one(scene: Scene) -> None:
    for _ in range(12):
        create_debtor(scene.owner)

    def whole_run() -> None:
        run = scene.open()
        scene.approve(run, scene.plan(run))
        scene.send(run)

    together(whole_run, whole_run, whole_run)
    assert len(scene.rows("select 1 from ledger.campaign_run")) == 1
    assert scene.states() == {"accepted": 12}
    assert set(scene.accepted_per_number().values()) == {1}


def test_two_occurrences_planned_at_once_remind_of_a_subject_once(scene: Scene) -> None:
    for _ in range(12):
        create_debtor(scene.owner)

    def whole_run(days: int) -> None:
        run = scene.open(OCCURRENCE - timedelta(days=days))
        scene.approve(run, scene.plan(run))
        scene.send(run)

    try:
        together(lambda: whole_run(0), lambda: whole_run(1))
    except Exception as error:
        # The later one met the index that lets a subject live once only: its task fails, and is run again.
        assert "notice_one_live_per_subject" in str(error)  # noqa: PT017  it need not come
        whole_run(0)
        whole_run(1)
    assert scene.states()["accepted"] == 12
    assert set(scene.accepted_per_number().values()) == {1}


def test_processes_on_the_batches_of_one_run_hand_over_once(scene: Scene) -> None:
    scene.change(batch_size=8)
    for _ in range(24):
        create_debtor(scene.owner)
    run = scene.approved_run()
    database = scene.engine.url.render_as_string(hide_password=False)
    batches = [*campaign_run.list_batches(scene.engine, run)] * 2
    senders = [start(send, Orders(database, scene.account(), run, scene.clock(), batch)) for batch in batches]
    assert [end(sender) for sender in senders] == [0] * 6
    assert scene.states() == {"accepted": 24}
    assert set(scene.accepted_per_number().values()) == {1}


@pytest.mark.parametrize("hours_later", [0, 3, 24])
def test_a_task_that_was_cleared_and_runs_again_hands_over_nothing(scene: Scene, hours_later: int) -> None:
    for _ in range(5):
        create_debtor(scene.owner)
    run = scene.approved_run()
    digest = scene.plan(run)
    scene.send(run)
    scene.clock.moment += timedelta(hours=hours_later)
    assert scene.open() == run
    assert scene.plan(run) == digest
    scene.approve(run, digest)
    assert scene.send(run) == {}
    assert scene.send_batch(run) == {}
    assert scene.states() == {"accepted": 5}
    assert set(scene.accepted_per_number().values()) == {1}


def test_a_task_cleared_while_it_still_runs_hands_over_nothing_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GROUP_SIZE", 3)
    for _ in range(20):
        create_debtor(scene.owner)
    run = scene.approved_run()
    together(*[lambda: scene.send_batch(run)] * 3, lambda: scene.plan(run))
    assert scene.states() == {"accepted": 20}
    assert set(scene.accepted_per_number().values()) == {1}


def test_memory_does_not_grow_with_the_batch(scene: Scene) -> None:
    command = [sys.executable, "-m", "tests.services.sending_memory"]
    url = scene.owner.url.render_as_string(hide_password=False)
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "PATH": ""}
    told = subprocess.run([*command, url, "500", "5000"], capture_output=True, text=True, check=False, env=path)
    assert told.returncode == 0, told.stderr
    few, many = (float(line) for line in told.stdout.split())
    assert many - few < TOLERATED_MIB
