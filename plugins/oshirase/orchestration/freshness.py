"""The freshness gate of a campaign DAG: before a run is planned, and again before anything is handed over."""

from uuid import UUID

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import extract_titles, load_campaign, load_city
from oshirase.orchestration.context import worker_name
from oshirase.services.campaign_run import expire_campaign_run, load_campaign_run
from oshirase.services.freshness import StaleExtract, StaleRecords, list_stale, waits_until

POKE_SECONDS = 60


@task.sensor(
    task_display_name="② 記録の更新を待つ", mode="reschedule", poke_interval=POKE_SECONDS, timeout=7 * 24 * 3600
)
def wait_for_records(campaign_run_id: str) -> bool:
    """Whether the records are fresh enough; past the send window the run expires with what was missing.

    A run that was ended or approved before waits for nothing here; what is left to hand over asks again.
    """
    engine, now = campaign_engine(), clock.now()
    run = load_campaign_run(engine, UUID(campaign_run_id))
    stale = stale_extracts(run.campaign)
    if run.closed_as or run.approved_at or not stale:
        return True
    if now < waits_until(run.opened_at, load_city().window()):
        return False
    reason = "記録が更新されなかったため、送信せずに終了しました。" + "".join(map(str, stale))
    expire_campaign_run(engine, run.campaign_run_id, reason, worker_name(get_current_context()), now)
    raise AirflowSkipException(reason)


def require_fresh_records(campaign_run_id: str) -> None:
    """Stop before anything is handed over on records that have become too old meanwhile.

    Raises:
        StaleRecords: which, and what to do.
    """
    run = load_campaign_run(campaign_engine(), UUID(campaign_run_id))
    if stale := stale_extracts(run.campaign):
        told = "".join(map(str, stale))
        raise StaleRecords(f"{told}何も引き渡していません。取込みのあとで、この手順を Clear してやり直してください。")


def stale_extracts(campaign_name: str) -> list[StaleExtract]:
    """The extracts that are older than the campaign's settings allow."""
    allowed, office = load_campaign(campaign_name).freshness, load_city().office()
    return list_stale(campaign_engine(), allowed, extract_titles(), clock.now(), office)
