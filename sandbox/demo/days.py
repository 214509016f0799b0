"""Days that pass in a running environment: people pay, bookings are cancelled, receipts come in."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from oshirase.domain.calendar import JST
from sandbox import clock
from sandbox.demo.ledger import Ledger
from sandbox.stack import Stack, StackError
from sandbox.stack.airflow_api import FAILED
from sandbox.stack.residents import Residents
from sandbox.stack.scene import UPKEEP
from sandbox.stack.telephones import list_messages, received_by

STEP = timedelta(minutes=15)
# Before the first booking of a day leaves: time to load what arrived, and to cancel.
BEFORE_FIRST = timedelta(minutes=15)


class Days:
    """Moves the clock of an environment, and does what its Airflow timetable would do meanwhile."""

    def __init__(self, stack: Stack, residents: Residents, ledger: Ledger, tell: Callable[[str], None]) -> None:
        self._stack = stack
        self._residents = residents
        self._ledger = ledger
        self._tell = tell

    def stops(self) -> Iterator[datetime]:
        """When to stop as long as messages are booked: before each day's first one, then every `STEP`."""
        while (first_at := self._ledger.next_booking(now := clock.now())) is not None:
            yield max(now + STEP, first_at - BEFORE_FIRST)

    def pass_until(self, moment: datetime, why: str) -> None:
        """Move the clock, never backwards, and let what became known meanwhile reach the records."""
        if moment > clock.now():
            clock.move_to(moment)
        self._tell(f"{clock.now().astimezone(JST):%m-%d %H:%M} {why}")
        messages = list_messages(self._stack.gateway_url, self._stack.credentials)
        self._residents.live_until(clock.now(), received_by(messages))

    def keep_up(self) -> None:
        """Reconcile and collect receipts, as Airflow does every few minutes where time is not played."""
        airflow = self._stack.airflow
        runs = [(dag_id, airflow.trigger(dag_id)) for dag_id in UPKEEP]
        for dag_id, run_id in runs:
            self.expect_success(dag_id, run_id)

    def expect_success(self, dag_id: str, run_id: str) -> None:
        """Wait for a run's end. Raises StackError when it, or one of its tasks, failed; names their logs."""
        airflow = self._stack.airflow
        state = airflow.wait_for_run(dag_id, run_id)
        # A run counts as a success when its last task is one, whatever failed before.
        failed = [task for task, task_state in airflow.task_states(dag_id, run_id).items() if task_state in FAILED]
        if failed or state != "success":
            logs = self._stack.folder.airflow_home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
            raise StackError(f"run {run_id} of {dag_id} failed at {', '.join(failed)}: see the logs in {logs}")
