"""The story: a campaign run is opened, approved and sent; people pay; bookings are cancelled; receipts come in."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.markdown import Markdown
from rich.panel import Panel

from sandbox import clock
from sandbox.demo.days import Days
from sandbox.demo.ledger import Ledger
from sandbox.demo.proof import Summary, summarise
from sandbox.stack import Stack, StackError
from sandbox.stack.credentials import CLERK
from sandbox.stack.progress import Progress
from sandbox.stack.residents import Residents
from sandbox.stack.scene import CAMPAIGN, OCCURRENCE
from sandbox.stack.telephones import SeenMessage, list_messages

APPROVED_AT = OCCURRENCE + timedelta(minutes=40)
# Late receipts come for three days.
AFTERWARDS = (timedelta(hours=2), timedelta(days=1), timedelta(days=3, hours=1))
APPROVAL = "approve"
APPROVE = "承認する"
CODE = re.compile(r"確認コード\W*([0-9A-F]{4,})")
MEANWHILE = "納付等の到着・照合・送達結果 / payments arrive, reconciliation, receipts"


class Story:
    """Plays the campaign in a running stack, from wherever its clock stands."""

    def __init__(self, stack: Stack, residents: Residents, progress: Progress) -> None:
        self._stack = stack
        self._progress = progress
        self._ledger = Ledger(stack.database_url)
        self._days = Days(stack, residents, self._ledger, progress.tell)
        self._before = _departed(self._messages())
        earlier = self._ledger.funnel()
        self.was_over = earlier.cohort > 0 and not earlier.waiting

    def play(self) -> Summary:
        """From the trigger to the last receipt.

        Raises:
            StackError: a run failed or did not end in time.
        """
        try:
            self._days.pass_until(OCCURRENCE, "予定時刻 / the occurrence")
            self._send()
            for moment in self._moments():
                self._days.pass_until(moment, MEANWHILE)
                self._days.keep_up()
            return self._summarise()
        finally:
            self._ledger.close()

    def _send(self) -> None:
        self._progress.tell("①②③ 実行回を開き、対象者を抽出 / campaign run opened, notices planned")
        airflow = self._stack.airflow_as(CLERK)
        # By its form: Airflow never starts a run whose logical date lies ahead of the machine's own clock.
        run_id = airflow.trigger(CAMPAIGN, conf={"occurrence_on": OCCURRENCE.date().isoformat()})
        if question := airflow.wait_for_hitl(CAMPAIGN, run_id, APPROVAL):
            self._show(question)
            self._days.pass_until(APPROVED_AT, "その間の納付 / payments that arrive before the approval")
            self._progress.tell(f"④⑤⑥ {CLERK} が承認し、引渡し / approved by {CLERK}, handed over")
            form = {"confirmation_code": _code(question), "reason": None}
            airflow.answer(CAMPAIGN, run_id, APPROVAL, [APPROVE], form)
        else:
            self._progress.tell("承認済みのため、新たに送るものはありません / approved before, nothing new")
        self._days.expect_success(CAMPAIGN, run_id)

    def _moments(self) -> Iterator[datetime]:
        """When to stop and look: as long as messages are booked, then some days for the late receipts."""
        yield from self._days.stops()
        if self._ledger.funnel().states["accepted"]:
            end = clock.now()
            yield from (end + later for later in AFTERWARDS)

    def _summarise(self) -> Summary:
        self._progress.tell("反対側からの確認 / the proof from the telephones' side")
        messages = self._messages()
        return summarise(
            self._ledger.funnel(),
            self._ledger.departures(messages),
            messages,
            new_messages=_departed(messages) - self._before,
        )

    def _messages(self) -> list[SeenMessage]:
        return list_messages(self._stack.gateway_url, self._stack.credentials)

    def _show(self, question: dict[str, str]) -> None:
        """The approval as the clerk sees it in Airflow."""
        self._progress.done()
        self._progress.console.print(Panel(Markdown(question["body"]), title=question["subject"], width=100))


def _code(question: dict[str, str]) -> str:
    match = CODE.search(question["body"])
    if match is None:
        raise StackError("the approval's body shows no 確認コード: nothing was approved")
    return match[1]


def _departed(messages: list[SeenMessage]) -> int:
    return sum(1 for message in messages if message.sent_at)
