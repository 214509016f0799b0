"""The DAG of unknown outcomes: look up, ask a person, send again what somebody decided to send."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Context, get_current_context, task

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.orchestration.approval_page import undecided_body
from oshirase.orchestration.context import answered_by, worker_name
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.hook import SmsGatewayHook
from oshirase.orchestration.metrics import count_changes
from oshirase.orchestration.operators import SendSmsBatchOperator
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services import unknown

EVERY = timedelta(minutes=30)
SEND_AGAIN = "すべて再送する"
LEAVE = "すべて送らない"
LATER = "あとで決める"
SEEN_AT = "seen_at"


def resolve_unknown_dag(doc_md: str | None) -> DAG:
    """Look up, decide, send again; one run at a time, so that a person is asked about the present list only."""
    with upkeep_dag("resolve_unknown", "結果不明の確認", EVERY, doc_md, asks_people=True) as dag:
        decided = DecideUnknown(task_id="decide", task_display_name="② 再送するかを決める")
        released = list_released_batches()
        send = SendSmsBatchOperator.partial(
            task_id="send_again",
            task_display_name="④ 再送する",
            gateway_conn_id=SmsGatewayHook.default_conn_name,
        ).expand_kwargs(released)
        look_up_unknown(SmsGatewayHook.default_conn_name) >> decided >> released >> send
    return dag


@task(task_display_name="① 事業者へ照会する", on_success_callback=beats(timedelta(hours=2)))
def look_up_unknown(gateway_conn_id: str) -> dict[str, int]:
    """How many claims were lost, how many notices were found at the gateway, and how many not."""
    with SmsGatewayHook(gateway_conn_id) as gateway:
        counts = unknown.look_up_unknown(campaign_engine(), gateway, clock.now(), worker_name(get_current_context()))
        count_changes("look_up", counts)
        return dict(counts)


@task(task_display_name="③ 再送する単位の一覧", trigger_rule="all_done")
def list_released_batches() -> list[dict[str, Any]]:
    """Batches in which somebody, here or on the page, decided to send notices again."""
    return [
        {"campaign_run_id": str(batch.campaign_run_id), "batch": batch.batch}
        for batch in unknown.list_released_batches(campaign_engine())
    ]


class DecideUnknown(HITLOperator):
    """Ask a person about all notices that the gateway does not know: send again, or leave.

    Answered by nobody within the run's period it means "later": the next run asks again, with the list as it is then.
    Returns the option chosen and how many notices it concerned.
    """

    template_fields = ()

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("params", None)
        super().__init__(
            subject="",
            body="",
            options=[SEND_AGAIN, LEAVE, LATER],
            defaults=LATER,
            response_timeout=EVERY - timedelta(minutes=2),
            **kwargs,
        )

    def execute(self, context: Context) -> Any:
        """Ask, when there is something to ask."""
        undecided = unknown.count_undecided(campaign_engine())
        if not (notices := sum(run.notices for run in undecided)):
            return {"undecided": 0}
        context["ti"].xcom_push(key=SEEN_AT, value=clock.now().isoformat())
        self.subject = f"結果不明のお知らせ {notices:,}件を再送しますか"
        self.body = undecided_body(undecided)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Record the person's word on what was shown."""
        answer = super().execute_complete(context, event)
        (option,) = answer["chosen_options"]
        if option == LATER:
            return {"option": LATER}
        decided = unknown.decide_unknown(
            campaign_engine(),
            is_to_send=option == SEND_AGAIN,
            seen_at=_seen_at(context),
            by=answered_by(answer).name,
            now=clock.now(),
        )
        return {"option": option, "notices": decided}


def _seen_at(context: Context) -> datetime:
    ti = context["ti"]
    seen = ti.xcom_pull(task_ids=ti.task_id, key=SEEN_AT, map_indexes=ti.map_index)
    return datetime.fromisoformat(str(seen)).astimezone(UTC)
