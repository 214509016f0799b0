"""The custom operators of a campaign DAG: approving a run, handing a batch over."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator, Context, Param

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_city
from oshirase.orchestration.approval_page import approval_body, approval_subject
from oshirase.orchestration.context import answered_by, worker_name
from oshirase.orchestration.freshness import require_fresh_records
from oshirase.orchestration.hook import SmsGatewayHook
from oshirase.services.approval import Review, approve_campaign_run, reject_campaign_run, review_campaign_run
from oshirase.services.delivery import Sender, verify_batch

APPROVE = "承認する"
REJECT = "差し戻す"


class ApproveCampaignRun(HITLOperator):
    """Ask a person whether a campaign run may be sent; the answer is kept in the ledger, bound to the content's digest.

    The approver types the confirmation code shown with the content: Airflow keeps an old page after a clear, the code
    does not fit new content then, and the task asks again (the page itself cannot be changed while it waits). Returns
    the decision, `approved`, `rejected` or `nothing_to_send`; whoever sends asks the ledger, not this task.
    """

    template_fields: Sequence[str] = ("campaign_run_id",)

    def __init__(self, *, campaign_run_id: str, **kwargs: Any) -> None:
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
                    None, type=["null", "string"], title="差し戻す理由", description="差し戻すときに入力してください。"
                ),
            },
            **kwargs,
        )
        self.campaign_run_id = campaign_run_id

    def execute(self, context: Context) -> Any:
        """Show the present content and wait; nobody is asked when there is nothing to decide."""
        review = review_campaign_run(campaign_engine(), UUID(self.campaign_run_id))
        if decided := _decided(review):
            return decided
        self.subject = approval_subject(review)
        self.body = approval_body(review)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Check the answer against the present content; an answer that does not fit is asked for again."""
        answer = super().execute_complete(context, event)
        by = answered_by(answer)
        review = review_campaign_run(campaign_engine(), UUID(self.campaign_run_id))
        if decided := _decided(review):
            return decided
        if answer["chosen_options"] == [APPROVE]:
            return self._approve(context, review, by, answer["params_input"].get("confirmation_code"))
        return self._reject(context, review, by, answer["params_input"].get("reason"))

    def _approve(self, context: Context, review: Review, by: str, code: str | None) -> Any:
        if (code or "").strip().upper() != review.confirmation_code:
            self.log.warning("confirmation code does not fit the present content: asking again")
            return self.execute(context)
        approve_campaign_run(campaign_engine(), review.run.campaign_run_id, str(review.run.digest), by, clock.now())
        return "approved"

    def _reject(self, context: Context, review: Review, by: str, reason: str | None) -> Any:
        if not (reason or "").strip():
            self.log.warning("rejected without a reason: asking again")
            return self.execute(context)
        reject_campaign_run(
            campaign_engine(), review.run.campaign_run_id, str(review.run.digest), by, clock.now(), str(reason).strip()
        )
        return "rejected"


def _decided(review: Review) -> str | None:
    if review.run.closed_as:
        return review.run.closed_as
    if review.run.approved_by:
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

    def execute(self, context: Context) -> dict[str, int]:
        """Look at the records' age and at what was approved, then claim, hand over and record until nothing is left."""
        engine, run_id = campaign_engine(), UUID(self.campaign_run_id)
        require_fresh_records(self.campaign_run_id)
        verify_batch(engine, run_id, self.batch, secret_key())
        with SmsGatewayHook(self.gateway_conn_id) as gateway:
            sender = Sender(engine, gateway, load_city(), worker_name(context), clock.now)
            return dict(sender.deliver_batch(run_id, self.batch))
