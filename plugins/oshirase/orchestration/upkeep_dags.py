"""DAGs that keep every campaign's notices in step with the gateway and the records."""

from datetime import timedelta

from airflow.sdk import DAG, get_current_context, task
from airflow.timetables.base import Timetable

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_city
from oshirase.orchestration.campaign_dag import START
from oshirase.orchestration.context import worker_name
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.hook import SmsGatewayHook
from oshirase.orchestration.metrics import count_changes
from oshirase.orchestration.rights import upkeep_access
from oshirase.services import receipts, reconciliation
from oshirase.services.stop import wait_for_senders

GATEWAY_CONN_ID = SmsGatewayHook.default_conn_name


def upkeep_dag(
    dag_id: str, title: str, schedule: timedelta | Timetable, doc_md: str | None, *, asks_people: bool = False
) -> DAG:
    """A DAG of ours that is no campaign: paused at first, one run at a time."""
    return DAG(
        dag_id=dag_id,
        dag_display_name=title,
        doc_md=doc_md,
        schedule=schedule,
        start_date=START,
        catchup=False,
        is_paused_upon_creation=True,
        max_active_runs=1,
        tags=["upkeep"],
        access_control=upkeep_access(asks_people=asks_people),
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "owner": "oshirase"},
    )


def collect_receipts_dag(doc_md: str | None) -> DAG:
    """What the gateway reports of what it took, read page by page."""
    with upkeep_dag("collect_receipts", "送達結果の取込み", timedelta(minutes=15), doc_md) as dag:
        collect_receipts(GATEWAY_CONN_ID)
    return dag


def reconcile_payments_dag(doc_md: str | None) -> DAG:
    """Bookings held against the records, and cancelled where these speak against them."""
    with upkeep_dag("reconcile_payments", "納付状況との照合", timedelta(minutes=5), doc_md) as dag:
        reconcile_payments(GATEWAY_CONN_ID)
    return dag


@task(task_display_name="送達結果を取り込む", on_success_callback=beats(timedelta(hours=1)))
def collect_receipts(gateway_conn_id: str) -> dict[str, int]:
    """How many notices went into which state."""
    with SmsGatewayHook(gateway_conn_id) as gateway:
        by = worker_name(get_current_context())
        counts = receipts.collect_receipts(campaign_engine(), gateway, clock.now(), by)
        count_changes("receipts", counts)
        return dict(counts)


@task(task_display_name="予約を納付状況と照合する", on_success_callback=beats(timedelta(minutes=30)))
def reconcile_payments(gateway_conn_id: str) -> dict[str, int]:
    """How many bookings were cancelled, could not be, and how many subjects were found settled."""
    engine, city, by = campaign_engine(), load_city(), worker_name(get_current_context())
    with SmsGatewayHook(gateway_conn_id) as gateway:
        counts = reconciliation.reconcile(engine, gateway, city, clock.now(), by)
        # A run that was stopped a moment ago: what its senders had just handed over is a booking only now.
        if wait_for_senders(engine, clock.now):
            counts += reconciliation.reconcile(engine, gateway, city, clock.now(), by)
        count_changes("reconciliation", counts)
        return dict(counts)
