"""The DAG that loads extracts, and the gate that waits for them, under `dag.test()`."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.dags.conftest import Airflow, DagRun
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene

HEADINGS = "収納番号,調定番号,収納額,領収日,納付方法,速報確報区分"
GOOD = "0073914201,0073914202,12000,R8.9.30,コンビニ,速報"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def put(drop: Path, name: str, *rows: str) -> None:
    path = drop / name
    path.write_bytes("".join(f"{row}\r\n" for row in rows).encode("cp932"))
    # Nobody has written to it for two minutes.
    os.utime(path, (time.time() - 120,) * 2)


def test_files_are_loaded_and_the_records_announced_without_a_value_in_airflow(
    scene: Scene, drop: Path, run_dag: Callable[..., DagRun], airflow: Airflow
) -> None:
    put(drop, "shuno_202612010600.csv", HEADINGS, GOOD, "0073914203,0073914202,12000,令和8年2月30日,コンビニ,速報")
    run = run_dag("ingest_extracts", extracts=drop.parent)
    assert run.state == "success", run.output
    assert set(run.tasks.values()) == {"success"}
    assert scene.rows("select payment_id from records.payment") == [("0073914201",)]
    assert scene.rows("select line_number, code from records.load_reject") == [(3, "impossible_date")]
    told = airflow.told() + run.output
    assert "取り込めない行 1行" in told
    assert not [value for value in ("0073914201", "0073914202", "0073914203", "2月30日") if value in told]


def test_nothing_in_the_folder_announces_nothing(drop: Path, run_dag: Callable[..., DagRun]) -> None:
    run = run_dag("ingest_extracts", extracts=drop.parent)
    assert run.state == "success"
    assert run.tasks["announce_records[-1]"] == "skipped"


def test_a_refused_file_makes_the_run_fail_after_the_others_were_loaded(
    scene: Scene, drop: Path, run_dag: Callable[..., DagRun]
) -> None:
    put(drop, "shuno_202612010600.csv", HEADINGS, GOOD)
    put(drop, "chotei_202610020600.csv", "調定番号")
    run = run_dag("ingest_extracts", extracts=drop.parent)
    assert run.state == "failed"
    assert run.tasks["announce_records[-1]"] == "success"
    assert run.tasks["report_refused[-1]"] == "failed"
    assert "必要な見出し" in run.output
    assert scene.rows("select count(*) from records.payment") == [(1,)]


def test_on_stale_payments_a_run_expires_with_the_reason_and_asks_nobody(
    scene: Scene, run_dag: Callable[..., DagRun]
) -> None:
    create_debtor(scene.owner)
    with scene.owner.begin() as connection:
        connection.execute(text("update records.load set as_of = as_of - interval '3 days'"))
    scene.clock.moment = OCCURRENCE
    scene.open()
    scene.clock.moment += timedelta(hours=7)
    run = run_dag("nhi_overdue")
    assert (run.state, run.pages) == ("success", []), run.output
    assert run.tasks["plan_notices[-1]"] == "skipped"
    assert scene.states() == {}
    ((closed_as, reason),) = scene.rows("select closed_as, closed_reason from ledger.campaign_run")
    assert closed_as == "expired"
    assert reason.startswith("記録が更新されなかったため、送信せずに終了しました。「収納」の取込みが9月29日（火）")
    assert scene.accepted_per_number() == {}


def test_a_run_that_was_sent_is_not_ended_when_it_is_cleared_on_stale_records(
    scene: Scene, run_dag: Callable[..., DagRun]
) -> None:
    create_debtor(scene.owner)
    run_dag("nhi_overdue", ["sato", "承認する", {"confirmation_code": "CODE", "reason": None}])
    with scene.owner.begin() as connection:
        connection.execute(text("update records.load set as_of = as_of - interval '3 days'"))
    scene.clock.moment = OCCURRENCE + timedelta(hours=7)
    again = run_dag("nhi_overdue")
    assert (again.state, again.pages) == ("success", []), again.output
    assert scene.rows("select closed_as from ledger.campaign_run") == [(None,)]
    assert set(scene.accepted_per_number().values()) == {1}
