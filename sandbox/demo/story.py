"""The story: runs are opened, approved and sent; people respond; bookings are cancelled; receipts come in."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.markdown import Markdown
from rich.panel import Panel

from sandbox import clock
from sandbox.demo.days import Days
from sandbox.demo.ledger import Funnel, Ledger
from sandbox.demo.playbill import Play, by_moment
from sandbox.demo.proof import Summary, departed, summarise
from sandbox.stack import AirflowApi, Stack, StackError
from sandbox.stack.credentials import CLERK
from sandbox.stack.progress import Progress
from sandbox.stack.residents import Residents
from sandbox.stack.telephones import SeenMessage, list_messages

# What the clerk takes to read the approvals.
READING = timedelta(minutes=40)
# Late receipts come for three days.
AFTERWARDS = (timedelta(hours=2), timedelta(days=1), timedelta(days=3, hours=1))
PLANNING, APPROVAL = "plan_notices", "approve"
APPROVE = "承認する"
CODE = re.compile(r"確認コード\W*([0-9A-F]{4,})")
# Parts of the approval that are shown once: who is left out stands in the demo's table, how to approve is always alike.
SHOWN_ONCE = re.compile(r"^### (?:送信しない方|承認の方法)\n.*?(?=^### |^確認コード:|\Z)", re.MULTILINE | re.DOTALL)
MEANWHILE = "納付等の取込み・照合・送達結果 / payments arrive, reconciliation, receipts"


class Story:
    """Plays the campaigns in a running stack, from wherever its clock stands."""

    def __init__(self, stack: Stack, residents: Residents, progress: Progress, plays: Sequence[Play]) -> None:
        self._stack = stack
        self._progress = progress
        self._plays = plays
        self._ledger = Ledger(stack.database_url)
        self._days = Days(stack, residents, self._ledger, progress.tell)
        self._before = self._departed(self._messages())
        self._has_shown_all = False
        earlier = self._funnels().values()
        self.was_over = all(funnel.cohort > 0 and not funnel.waiting for funnel in earlier)

    def play(self) -> Summary:
        """From the first trigger to the last receipt.

        Raises:
            StackError: a run failed or did not end in time.
        """
        try:
            for moment, plays in by_moment(self._plays):
                self._keep_up_at(self._days.stops(until=moment))
                is_ahead = moment > clock.now()
                self._days.pass_until(
                    moment, "予定時刻 / the occurrence" if is_ahead else "予定時刻の後 / later than planned"
                )
                self._send(plays)
            self._keep_up_at(self._days.stops())
            self._keep_up_at(self._late_receipts())
            return self._summarise()
        finally:
            self._ledger.close()

    def _keep_up_at(self, moments: Iterator[datetime]) -> None:
        for moment in moments:
            self._days.pass_until(moment, MEANWHILE)
            self._days.keep_up()

    def _late_receipts(self) -> Iterator[datetime]:
        end = clock.now()
        if self._ledger.awaits_receipts(end):
            yield from (end + later for later in AFTERWARDS)

    def _send(self, plays: Sequence[Play]) -> None:
        airflow = self._stack.airflow_as(CLERK)
        runs = [(play, self._trigger(airflow, play)) for play in plays]
        asked = [(play, run_id, self._question(airflow, play, run_id)) for play, run_id in runs]
        if any(question for _, _, question in asked):
            approved_at = plays[0].plays_at + READING
            self._days.pass_until(approved_at, "その間の納付 / payments that arrive before the approval")
            self._progress.tell(f"④⑤⑥ {CLERK} が承認し、引渡し / approved by {CLERK}, handed over")
        for play, run_id, question in asked:
            if question:
                form = {"confirmation_code": _code(question), "reason": None}
                airflow.answer(play.name, run_id, APPROVAL, [APPROVE], form)
        for play, run_id, _ in asked:
            self._days.expect_success(play.name, run_id)

    def _trigger(self, airflow: AirflowApi, play: Play) -> str:
        """Start a run and let it plan before the next one may: whoever plans first has the telephones first."""
        recovered = ("（実施もれ）", "a missed run's ") if play.was_missed else ("", "")
        self._progress.tell(
            f"①②③ {play.campaign.title} {play.occurrence_on:%m-%d} の回{recovered[0]}: 対象者を抽出"
            f" / {recovered[1]}notices planned"
        )
        # By its form: Airflow never starts a run whose logical date lies ahead of the machine's own clock.
        run_id = airflow.trigger(play.name, conf={"occurrence_on": play.occurrence_on.isoformat()})
        airflow.wait_for_task(play.name, run_id, PLANNING)
        return run_id

    def _question(self, airflow: AirflowApi, play: Play, run_id: str) -> dict[str, Any]:
        """What the approval asks, shown; nothing when there is nothing to approve."""
        question = airflow.wait_for_hitl(play.name, run_id, APPROVAL)
        if question:
            self._show(question)
        else:
            self._progress.tell(f"{play.name}: 新たに承認するものはありません / approved before, or nobody to send to")
        return question

    def _show(self, question: dict[str, Any]) -> None:
        """The approval as the clerk sees it in Airflow; after the first one only what differs."""
        body = question["body"]
        self._progress.done()
        shown = SHOWN_ONCE.sub("", body) if self._has_shown_all else body
        subtitle = None if shown == body else "抜粋 / shortened"
        self._progress.console.print(Panel(Markdown(shown), title=question["subject"], subtitle=subtitle, width=100))
        self._has_shown_all = True

    def _summarise(self) -> Summary:
        self._progress.tell("反対側からの確認 / the proof from the telephones' side")
        messages = self._messages()
        return summarise(
            self._plays,
            self._funnels(),
            self._ledger.departures(messages),
            messages,
            self._ledger.sent_notices(),
            self._before,
        )

    def _funnels(self) -> dict[str, Funnel]:
        return {play.name: self._ledger.funnel(play.name, play.occurrence_on) for play in self._plays}

    def _messages(self) -> list[SeenMessage]:
        return list_messages(self._stack.gateway_url, self._stack.credentials)

    def _departed(self, messages: list[SeenMessage]) -> Counter[str | None]:
        return departed(messages, self._ledger.sent_notices())


def _code(question: dict[str, Any]) -> str:
    match = CODE.search(question["body"])
    if match is None:
        raise StackError("the approval's body shows no 確認コード: nothing was approved")
    return match[1]
