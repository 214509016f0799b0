"""Backfills over what ran, what did not, and both; runs that are processed anew."""

import subprocess
import sys

from tests.e2e.rehearsal import Rehearsal

REFUSES_LATER = ({"fault": "slow", "seconds": 0, "next": 2}, {"fault": "401"})


def send_latest(rehearsal: Rehearsal) -> None:
    """The latest occurrence runs by Airflow's own schedule, is approved and sent."""
    run = rehearsal.begin()
    rehearsal.approve(rehearsal.question(run))
    rehearsal.finish(run)


def approve_all(rehearsal: Rehearsal, runs: list[str]) -> None:
    """A clerk approves whatever the runs ask; those that were planned at the same time wait for an answer together."""
    for question in [question for run in runs if (question := rehearsal.ask(run))]:
        rehearsal.approve(question)
    for run in runs:
        rehearsal.finish(run)


def test_backfill_over_what_ran(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(3)
    send_latest(rehearsal)
    latest = rehearsal.occurrences[-1].at
    rehearsal.clerk.backfill(rehearsal.name, latest, latest)
    assert len(rehearsal.clerk.runs(rehearsal.name)) == 1
    assert rehearsal.states() == {"accepted": 3}
    assert rehearsal.sent() == 3


def test_backfill_over_what_did_not_run(rehearsal: Rehearsal) -> None:
    """Three occurrences at once, over people who owe each of these instalments."""
    rehearsal.create_debtors(4, owing=(-4, -3, -2))
    first, last = rehearsal.occurrences[-4].at, rehearsal.occurrences[-2].at
    rehearsal.finish(rehearsal.begin())  # nobody owes the latest one
    rehearsal.clerk.backfill(rehearsal.name, first, last, max_active_runs=3)
    runs = rehearsal.runs("backfill")
    assert len(runs) == 3
    approve_all(rehearsal, runs)
    assert rehearsal.campaign_runs() == 4
    assert rehearsal.sent() == 4


def test_backfill_over_both(rehearsal: Rehearsal) -> None:
    """By Airflow's command line; who owes all of them was reminded by the latest one, others by a missed one."""
    rehearsal.create_debtors(3, owing=(-3, -2, -1))
    rehearsal.create_debtors(2, owing=(-3,))
    rehearsal.create_debtors(2, owing=(-2,))
    send_latest(rehearsal)
    assert rehearsal.sent() == 3

    first, last = (rehearsal.occurrences[position].at.isoformat() for position in (-3, -1))
    command = ["backfill", "create", "--dag-id", rehearsal.name, "--from-date", first, "--to-date", last]
    subprocess.run(
        [sys.executable, "-m", "airflow", *command, "--max-active-runs", "2"],
        env=rehearsal.stack.environment,
        check=True,
        capture_output=True,
        timeout=60,
    )
    runs = rehearsal.runs("backfill")
    assert len(runs) == 2
    approve_all(rehearsal, runs)
    assert rehearsal.sent() == 7
    assert rehearsal.campaign_runs() == 3


def test_reprocess_what_failed(rehearsal: Rehearsal) -> None:
    rehearsal.create_debtors(6)
    run = rehearsal.begin()
    question = rehearsal.question(run)
    rehearsal.telephones.behave(*REFUSES_LATER)
    rehearsal.approve(question)
    rehearsal.wait(lambda: rehearsal.retries(run), "a send task that waits for its retry")
    rehearsal.clerk.fail_run(rehearsal.name, run)
    rehearsal.telephones.behave()
    latest = rehearsal.occurrences[-1].at
    rehearsal.clerk.backfill(rehearsal.name, latest, latest, reprocess="failed")
    assert rehearsal.runs("backfill") == [run]
    assert rehearsal.ask(run) is None  # what is left is what was approved
    rehearsal.finish(run)
    assert rehearsal.sent() == 6
    assert rehearsal.states() == {"accepted": 6}


def test_reprocess_what_was_completed(rehearsal: Rehearsal) -> None:
    """Both runs of a range at once, after a payment has come in."""
    rehearsal.create_debtors(2, owing=(-2, -1))
    rehearsal.create_debtors(2, owing=(-2,))
    paid = rehearsal.create_debtors(1, owing=(-1,))
    send_latest(rehearsal)
    earlier, latest = (rehearsal.occurrences[position].at for position in (-2, -1))
    manual = rehearsal.clerk.trigger(rehearsal.name, earlier)
    approve_all(rehearsal, [manual])
    assert rehearsal.sent() == 5

    rehearsal.pay(paid)
    rehearsal.clerk.backfill(rehearsal.name, earlier, latest, reprocess="completed", max_active_runs=2)
    runs = rehearsal.runs("backfill")
    assert len(runs) == 2
    for run in runs:
        assert rehearsal.ask(run) is None
        rehearsal.finish(run)
    assert rehearsal.campaign_runs() == 2
    assert rehearsal.sent() == 5
