"""The one builder of campaign DAGs: it reads as the table of contents of a campaign run."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from airflow.sdk import DAG, Context, Param, get_current_context, task
from airflow.sdk.execution_time.hitl import HITLUser

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.campaign import Campaign, City
from oshirase.orchestration.console import upload_by_hand
from oshirase.orchestration.context import asked_by, covered_days, named_day, worker_name
from oshirase.orchestration.freshness import wait_for_records
from oshirase.orchestration.metrics import PLANNING_DURATION, count_planned, note_duration
from oshirase.orchestration.operators import ApproveCampaignRun, SendSmsBatchOperator
from oshirase.orchestration.rights import campaign_access
from oshirase.orchestration.timetables import CampaignTimetable
from oshirase.services import campaign_run as runs
from oshirase.services.approval import note_request
from oshirase.services.planning import plan_notices as plan
from oshirase.services.summary import summarise as summary_of
from oshirase.services.summary import verify_handed_over

START = datetime(2026, 4, 1, tzinfo=UTC)


def campaign_dag(name: str, doc_md: str | None) -> DAG:
    """The DAG of one campaign: `config/campaigns/NAME.toml` says what is special about it.

    Every task is safe to retry, to clear and to run twice: the ledger keeps one run per occurrence and one live notice
    per subject, whatever Airflow does.
    """
    campaign, city = load_campaign(name), load_city()
    with DAG(
        dag_id=campaign.name,
        dag_display_name=campaign.title,
        doc_md=doc_md,
        schedule=CampaignTimetable(campaign.occurrences(city)),
        start_date=START,
        catchup=False,
        is_paused_upon_creation=True,
        max_active_runs=4,
        tags=["campaign", campaign.section],
        access_control=campaign_access(campaign.section),
        params={
            "occurrence_on": Param(
                None,
                type=["null", "string"],
                format="date",
                title="予定日",
                description="手動で実行するときの予定日。空欄のときは、直近の予定日の分を実行します。",
            )
        },
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "owner": campaign.section},
    ) as dag:
        run_id: Any = open_campaign_run(campaign.name)
        planned = plan_notices(campaign.name, run_id)
        approved = approve(campaign, run_id)
        first, last = hand_over(campaign, run_id)
        wait_for_records(run_id) >> planned >> approved >> first
        last >> summarise(run_id)
    return dag


@task(task_display_name="① 実行回を開く")
def open_campaign_run(campaign_name: str) -> str:
    """One campaign run per occurrence, whoever asks. Returns its id."""
    context, now = get_current_context(), clock.now()
    timetable = load_campaign(campaign_name).occurrences(load_city())
    occurrence_at = timetable.resolve(named_day(context), context["dag_run"].logical_date, now)
    run_id = runs.open_campaign_run(campaign_engine(), campaign_name, occurrence_at, now, worker_name(context))
    return str(run_id)


@task(task_display_name="③ 対象者の抽出・確認・文面作成")
def plan_notices(campaign_name: str, campaign_run_id: str) -> str | None:
    """One notice per cohort member, also of the occurrences that the run covers. Returns the run's digest."""
    context, now = get_current_context(), clock.now()
    campaign, city, by = load_campaign(campaign_name), load_city(), worker_name(context)
    digest = _plan(campaign, city, UUID(campaign_run_id), now, context)
    for day in covered_days(context):
        occurrence_at = campaign.occurrences(city).on(day)
        if occurrence_at and occurrence_at <= now:
            run_id = runs.open_campaign_run(campaign_engine(), campaign_name, occurrence_at, now, by)
            if str(run_id) != campaign_run_id:
                _plan(campaign, city, run_id, now, context)
    return digest


def _plan(campaign: Campaign, city: City, run_id: UUID, now: datetime, context: Context) -> str | None:
    """Keep who asked for it, then plan."""
    authors = {(variant.changed_by, "changed_text") for variant in campaign.variants if variant.changed_by}
    asked = asked_by(context)
    for who, kind in {*authors, *([asked] if asked else [])}:
        note_request(campaign_engine(), run_id, who, kind, now)
    began = monotonic()
    digest = plan(campaign_engine(), campaign, city, run_id, now, worker_name(context), secret_key())
    note_duration(PLANNING_DURATION, timedelta(seconds=monotonic() - began), campaign=campaign.name)
    count_planned(campaign.name, runs.count_notices(campaign_engine(), run_id))
    return digest


def approve(campaign: Campaign, campaign_run_id: Any) -> ApproveCampaignRun:
    """A person decides."""
    approvers = load_city().sections[campaign.section].approvers
    return ApproveCampaignRun(
        task_id="approve",
        task_display_name="④ 承認",
        campaign_name=campaign.name,
        campaign_run_id=campaign_run_id,
        assigned_users=[HITLUser(id=user_id, name=user_id) for user_id in approvers] or None,
    )


def hand_over(campaign: Campaign, campaign_run_id: Any) -> tuple[Any, Any]:
    """To the gateway's API, or by hand through a console. Returns the first and the last step."""
    if campaign.sending.hand_over == "console":
        return upload_by_hand(campaign, campaign_run_id)
    batches = list_batches(campaign_run_id)
    return batches, send(campaign, campaign_run_id, batches)


@task(task_display_name="⑤ 送信単位の一覧")
def list_batches(campaign_run_id: str) -> list[int]:
    """Batches with something left to hand over; none unless the ledger has the approval."""
    return runs.list_batches(campaign_engine(), UUID(campaign_run_id))


def send(campaign: Campaign, campaign_run_id: Any, batches: Any) -> Any:
    """Each batch a task of its own: the unit of retry."""
    return SendSmsBatchOperator.partial(
        task_id="send",
        task_display_name="⑥ 引渡し（送信予約）",
        campaign_run_id=campaign_run_id,
        gateway_conn_id=campaign.sending.gateway_conn_id,
        max_active_tis_per_dagrun=campaign.sending.at_once,
    ).expand(batch=batches)


# Not after a failure: a run in which something failed has to look like one.
@task(task_display_name="⑦ まとめ", trigger_rule="none_failed")
def summarise(campaign_run_id: str) -> dict[str, Any]:
    """Where every cohort member ended so far: counts by state, and by reason. Fails when something is left to send."""
    summary = summary_of(campaign_engine(), UUID(campaign_run_id))
    verify_handed_over(summary)
    return summary
