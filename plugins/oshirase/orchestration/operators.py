"""The custom operators of a campaign DAG: approving a run, handing a batch over."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from airflow.providers.standard.exceptions import HITLTimeoutError
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator, Context, Param

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.orchestration.approval_page import approval_body, approval_subject, unanswered
from oshirase.orchestration.context import answered_by, covered_days, worker_name
from oshirase.orchestration.freshness import require_fresh_records
from oshirase.orchestration.hook import SmsGatewayHook
from oshirase.orchestration.metrics import count_changes
from oshirase.orchestration.notifier import tell_staff
from oshirase.services.approval import (
    Person,
    Review,
    answer_until,
    approve_by_rule,
    approve_campaign_run,
    confirmation_code,
    expire_unanswered,
    list_waiting,
    objection,
    reject_campaign_run,
    review_campaign_run,
)
from oshirase.services.delivery import Sender, verify_batch

APPROVE = "承認する"
REJECT = "差し戻す"


class ApproveCampaignRun(HITLOperator):
    """Ask a person whether a campaign run may be sent; the answer is kept in the ledger, bound to the content's digest.

    The approver types the confirmation code shown with the content: Airflow keeps an old page after a clear, the code
    does not fit new content then, and the task asks again (so it does when the person may not approve, or a second one
    has to). The page itself cannot be changed any more: it leads to the run's own page, which has the present content
    and its code. Without an answer in time the run expires, and staff are told. Returns the decision, `approved`,
    `rejected`, `expired`, `stopped` or `nothing_to_send`; whoever sends asks the ledger, not this task.
    """

    template_fields: Sequence[str] = ("campaign_run_id",)

    def __init__(self, *, campaign_name: str, campaign_run_id: str, **kwargs: Any) -> None:
        # The DAG's own params ask for something else: the form here has ours only.
        kwargs.pop("params", None)
        super().__init__(
            subject="",
            body="",
            options=[APPROVE, REJECT],
            params={
                "confirmation_code": Param(
                    None,
                    type=["null", "string"],
                    title="確認コード",
                    description="承認するときに、本文の確認コードを入力してください。",
                ),
                "reason": Param(
                    None,
                    type=["null", "string"],
                    title="理由",
                    description="差し戻すとき、または予定日から日数の経った回を承認するときに入力してください。",
                ),
            },
            **kwargs,
        )
        self.campaign_name = campaign_name
        self.campaign_run_id = campaign_run_id

    def execute(self, context: Context) -> Any:
        """Show the present content and wait; nobody is asked when there is nothing to decide."""
        engine, now = campaign_engine(), clock.now()
        campaign, city = load_campaign(self.campaign_name), load_city()
        review, *others = reviews = self._reviews(context)
        if decided := _decided(review):
            return decided
        if approve_by_rule(engine, campaign, review, now):
            return "approved"
        until = answer_until(campaign, city, review.run.composed_at or now)
        if now >= until:
            return self._expire(context)
        self.subject = approval_subject(reviews)
        self.body = approval_body(review, others, until)
        self.response_timeout = until - now
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Check the answer against the present content; an answer that does not fit is asked for again."""
        try:
            answer = super().execute_complete(context, event)
        except HITLTimeoutError:
            return self._expire(context)
        who, reviews = answered_by(answer), self._reviews(context)
        if decided := _decided(reviews[0]):
            return decided
        given = {name: str(answer["params_input"].get(name) or "").strip() for name in ("confirmation_code", "reason")}
        if given["confirmation_code"].upper() == confirmation_code(reviews[:1]):
            # The code of the run's own page: of this run alone. The others ask for themselves.
            reviews = reviews[:1]
        if problem := self._problem(reviews, answer["chosen_options"], who, given):
            self.log.warning("asking again: %s", problem)
        else:
            self._decide(reviews, answer["chosen_options"], who, given["reason"])
        # Asks again, also for the second approver when one is needed.
        return self.execute(context)

    def _reviews(self, context: Context) -> list[Review]:
        """The run's, and those of the occurrences that it covers as far as they wait too."""
        engine, run_id, now = campaign_engine(), UUID(self.campaign_run_id), clock.now()
        campaign, city = load_campaign(self.campaign_name), load_city()
        covered = list_waiting(engine, campaign, city, run_id, covered_days(context), now)
        return [review_campaign_run(engine, campaign, city, run_id, now), *covered]

    def _problem(self, reviews: Sequence[Review], chosen: list[str], who: Person, given: dict[str, str]) -> str | None:
        if chosen != [APPROVE]:
            return None if given["reason"] else "rejected without a reason"
        if given["confirmation_code"].upper() != confirmation_code(reviews):
            return "the confirmation code does not fit the present content"
        campaign, city = load_campaign(self.campaign_name), load_city()
        objections = (objection(review, campaign, city, who, given["reason"]) for review in reviews)
        return next((problem for problem in objections if problem), None)

    def _decide(self, reviews: Sequence[Review], chosen: list[str], who: Person, reason: str) -> None:
        for review in reviews:
            content = campaign_engine(), review.run.campaign_run_id, str(review.run.digest), who.name, clock.now()
            if chosen == [APPROVE]:
                approve_campaign_run(*content, reason or None)
            else:
                reject_campaign_run(*content, reason)

    def _expire(self, context: Context) -> Any:
        """Nobody decided in time: nothing is sent, and staff are told."""
        by, now = worker_name(context), clock.now()
        for review in self._reviews(context):
            if expire_unanswered(campaign_engine(), review.run.campaign_run_id, by, now):
                tell_staff(*unanswered(review))
        return _decided(self._reviews(context)[0])


def _decided(review: Review) -> str | None:
    if review.run.closed_as:
        return review.run.closed_as
    if review.is_approved:
        return "approved"
    return None if review.recipients else "nothing_to_send"


class SendSmsBatchOperator(BaseOperator):
    """Hand one batch of an approved campaign run over to the gateway, each notice at most once.

    Safe to retry, to clear and to run twice at once: what may be sent is claimed in the ledger first. Returns how many
    notices went into which state.
    """

    template_fields: Sequence[str] = ("campaign_run_id", "batch")

    def __init__(self, *, campaign_run_id: str, batch: int, gateway_conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_run_id = campaign_run_id
        self.batch = batch
        self.gateway_conn_id = gateway_conn_id
        self._is_killed = False

    def execute(self, context: Context) -> dict[str, int]:
        """Look at the records' age and at what was approved, then claim, hand over and record until nothing is left."""
        engine, run_id = campaign_engine(), UUID(self.campaign_run_id)
        require_fresh_records(self.campaign_run_id)
        verify_batch(engine, run_id, self.batch, secret_key())
        with SmsGatewayHook(self.gateway_conn_id) as gateway:
            sender = Sender(engine, gateway, load_city(), worker_name(context), clock.now, lambda: self._is_killed)
            counts = sender.deliver_batch(run_id, self.batch)
        count_changes("hand_over", counts)
        return dict(counts)

    def on_kill(self) -> None:
        """Airflow ends the task, as when somebody clears it: no call begins any more, the rest is given back at once.

        Only a mark: Airflow calls this from a signal's handler, in the middle of whatever the task does.
        """
        self._is_killed = True
