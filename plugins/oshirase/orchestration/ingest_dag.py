"""The DAG that loads the business system's extracts, and tells what became of each file."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from oshirase.adapters import clock
from oshirase.adapters.database import ingest_engine
from oshirase.adapters.drop_folder import drop_folder
from oshirase.adapters.settings import load_ingest, load_layouts
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.metrics import EXTRACT_FILES, count
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services.extracts import FileReport, Intake

EVERY = timedelta(minutes=10)
# What other DAGs may wait for: the records know more than before.
RECORDS = Asset("records")


def ingest_extracts_dag(doc_md: str | None) -> DAG:
    """Complete files loaded one by one; a refused one makes the run fail, after all others were loaded."""
    # A mistake in the settings is told where the DAG is read, not in the middle of a night's run.
    load_ingest()
    load_layouts()
    with upkeep_dag("ingest_extracts", "業務システムからの取込み", EVERY, doc_md) as dag:
        told: Any = load_extracts()
        announce_records(told) >> report_refused(told)
    return dag


@task(task_display_name="① 抽出ファイルを取り込む", on_success_callback=beats(timedelta(hours=1)))
def load_extracts() -> list[dict[str, Any]]:
    """What became of each file: a sentence for staff."""
    ingest = load_ingest()
    reports = Intake(ingest_engine(), drop_folder(ingest), load_layouts(), clock.now).take_all()
    for report in reports:
        count(EXTRACT_FILES, 1, outcome=_outcome(report))
    return [
        {"ご案内": report.sentence, "取込み": report.changed_records, "取込み不可": report.is_refused}
        for report in reports
    ]


def _outcome(report: FileReport) -> str:
    if report.is_refused:
        return "refused"
    return "loaded" if report.changed_records else "known"


@task(task_display_name="② 記録の更新を知らせる", outlets=[RECORDS])
def announce_records(told: list[dict[str, Any]]) -> None:
    """Emit the asset, when something was loaded."""
    if not any(file["取込み"] for file in told):
        raise AirflowSkipException("no file was loaded")


# Also when there was nothing to announce.
@task(task_display_name="③ 取り込めないファイルを知らせる", trigger_rule="none_failed")
def report_refused(told: list[dict[str, Any]]) -> None:
    """Fail visibly when a file was refused: somebody has to ask for another one."""
    if refused := [file["ご案内"] for file in told if file["取込み不可"]]:
        raise AirflowFailException("取り込めないファイルがあります。\n" + "\n".join(refused))
