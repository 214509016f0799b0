"""Days that pass in a running environment: people respond, bookings are cancelled, receipts come in."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from oshirase.domain.calendar import JST
from sandbox import clock
from sandbox.demo.ledger import Ledger
from sandbox.stack import Stack, StackError
from sandbox.stack.airflow_api import FAILED
from sandbox.stack.residents import Residents
from sandbox.stack.scene import RECEIPTS, RECONCILIATION
from sandbox.stack.telephones import list_messages, received

# Between two stops: as long as so many messages take to leave, within these limits.
MESSAGES = 60
STEP, LONGEST_STEP = timedelta(minutes=30), timedelta(hours=1)
# Receipts keep: nothing else waits for them.
RECEIPTS_EVERY = timedelta(hours=1)
# Before the first booking of a day leaves: time to load what arrived, and to cancel.
BEFORE_FIRST = timedelta(minutes=15)


class Days:
    """Moves the clock of an environment, and does what its Airflow timetable would do meanwhile."""

    def __init__(self, stack: Stack, residents: Residents, ledger: Ledger, tell: Callable[[str], None]) -> None:
        self._stack = stack
        self._residents = residents
        self._ledger = ledger
        self._tell = tell
        self._next_receipts = clock.now()

    def stops(self, until: datetime | None = None) -> Iterator[datetime]:
        """When to stop before `until` as long as messages are booked: before each day's first one, then in steps."""
        while bookings := self._ledger.next_bookings(now := clock.now(), MESSAGES):
            first, last = bookings[0], bookings[-1]
            if first > now + STEP:
                stop = max(now + STEP, first - BEFORE_FIRST)
            else:
                stop = min(max(now + STEP, last), now + LONGEST_STEP)
            if until and stop >= until:
                return
            yield stop

    def pass_until(self, moment: datetime, why: str) -> None:
        """Move the clock, never backwards, and let what became known meanwhile reach the records."""
        if moment > clock.now():
            clock.move_to(moment)
        self._tell(f"{clock.now().astimezone(JST):%m-%d %H:%M} {why}")
        topics = {notice_id: notice.topic for notice_id, notice in self._ledger.sent_notices().items()}
        messages = list_messages(self._stack.gateway_url, self._stack.credentials)
        self._residents.live_until(clock.now(), received(messages, topics))

    def keep_up(self, *, at_last: bool = False) -> None:
        """Reconcile and, now and then and `at_last`, collect receipts, as Airflow does where time is not played."""
        airflow = self._stack.airflow
        due = [RECONCILIATION]
        now = clock.now()
        if (at_last or now >= self._next_receipts) and self._ledger.awaits_receipts(now):
            due.append(RECEIPTS)
            self._next_receipts = now + RECEIPTS_EVERY
        runs = [(dag_id, airflow.trigger(dag_id)) for dag_id in due]
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
