"""The DAG that reads what comes back from the consoles, and lists for staff what is left to do by hand."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, get_current_context, task

from oshirase.adapters.settings import console_names
from oshirase.orchestration.console import open_desk
from oshirase.orchestration.heartbeat import beats
from oshirase.orchestration.upkeep_dags import upkeep_dag
from oshirase.services.console import sweep
from oshirase.services.console_results import FileReport, read_results, write_cancel_list, write_waiting_list
from oshirase.services.receipts import mark_silent

EVERY = timedelta(minutes=15)


def read_console_results_dag(doc_md: str | None) -> DAG:
    """Result files of all consoles as receipts, then the lists as they are after it."""
    with upkeep_dag("read_console_results", "コンソールの送信結果の取込み", EVERY, doc_md) as dag:
        read_result_files() >> write_lists()
    return dag


@task(task_display_name="① 結果ファイルを取り込む", on_success_callback=beats(timedelta(hours=1)))
def read_result_files() -> dict[str, list[dict[str, Any]]]:
    """What became of each result file, by console: counts and a sentence for staff, no file name of theirs."""
    context = get_current_context()
    told = {}
    for name in console_names():
        desk = open_desk(name, context)
        sweep(desk)
        told[name] = [_told(report, desk.console.folders.archive) for report in read_results(desk)]
        mark_silent(desk.engine, desk.clock(), desk.by)
    return told


@task(task_display_name="② 手作業の一覧を書き出す")
def write_lists() -> dict[str, dict[str, Any]]:
    """How many files wait for an upload and how many bookings are to be cancelled by hand, by console."""
    context = get_current_context()
    told = {}
    for name in console_names():
        desk = open_desk(name, context)
        waiting, to_cancel = write_waiting_list(desk), write_cancel_list(desk)
        told[name] = {
            "アップロード待ちのファイル": waiting["files"],
            "うち作成後に納付などを確認した件数": waiting["settled"],
            "コンソールで取り消す予約": to_cancel,
            "ご案内": f"一覧は共有フォルダの「{desk.console.folders.lists}」にあります。",
        }
    return told


def _told(report: FileReport, archive: str) -> dict[str, Any]:
    moved, unmatched = sum(report.moved.values()), sum(report.problems.values())
    sentence = f"{report.rows:,}行を読み取り、{moved:,}件の結果を新たに反映しました。"
    if report.newly_uploaded:
        sentence += f"結果が届いた {report.newly_uploaded:,}件をアップロード済みとしました。"
    if unmatched:
        sentence += (
            f"確認が必要な行が {unmatched:,}行あります。共有フォルダの「{archive}」にある"
            "「.unmatched.csv」で終わるファイルをご確認ください。"
        )
    return {
        "内容の識別値": report.content_id,
        "結果": sentence,
        "反映": dict(report.moved),
        "要確認": dict(report.problems),
    }
