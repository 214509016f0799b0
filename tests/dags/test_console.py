"""A campaign that is handed over through a console, under `dag.test()`: written, uploaded, read back."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings import load_campaign, load_console
from oshirase.domain.calendar import JST
from oshirase.orchestration.campaign_dag import campaign_dag
from oshirase.orchestration.upload_page import upload_body, upload_subject
from oshirase.services.console import WaitingFile
from tests.dags.conftest import Airflow, DagRun, serving
from tests.people import create_debtor, create_load
from tests.scene import KEY, OCCURRENCE, Scene

SENDING = 'gateway_conn_id = "karaden"'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the settings in which the campaign is handed over through the console."""
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / folder)
    change(tmp_path / "config/campaigns/nhi_overdue.toml", SENDING,
           f'{SENDING}\nhand_over = "console"\nconsole = "console"')  # fmt: skip
    change(tmp_path / "config/gateways/console.toml", "settle_seconds = 60", "settle_seconds = 0")
    (tmp_path / "share").mkdir()
    return tmp_path


def change(path: Path, before: str, after: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert before in content
    path.write_text(content.replace(before, after), encoding="utf-8")


@pytest.fixture
def console_airflow(airflow: Airflow, home: Path, database_url: URL) -> Iterator[Airflow]:
    """A process that runs DAGs with these settings, on the same metadata database."""
    root = project_home()
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(airflow.home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow.engine.url.render_as_string(hide_password=False),
        "PYTHONPATH": os.pathsep.join(map(str, (root, root / "plugins", root / "dags"))),
        "OSHIRASE_HOME": str(home),
        "OSHIRASE_CONSOLE_FOLDER": str(home / "share"),
        "OSHIRASE_DATABASE_URL": database_url.render_as_string(hide_password=False),
        "OSHIRASE_SECRET_KEY": KEY.decode(),
        "OSHIRASE_CLOCK": "tests.dags.standing_clock:now",
    }
    with serving(environment) as process:
        yield Airflow(airflow.home, airflow.engine, process)


def play(airflow: Airflow, scene: Scene, dag_id: str, *answers: list[Any]) -> DagRun:
    now = {"OSHIRASE_TEST_NOW": scene.clock().isoformat()}
    return airflow.run(dag_id, OCCURRENCE.isoformat(), list(answers), now, {})


def test_from_the_approval_to_the_result_without_a_word_about_anybody(
    scene: Scene, console_airflow: Airflow, home: Path
) -> None:
    people = {f"00739142{n:02d}": f"+8190739153{n:02d}" for n in range(4)}
    for resident, phone in people.items():
        create_debtor(scene.owner, resident_id=resident, phone=phone)
    create_load(scene.owner, "payment", scene.clock())
    run = play(
        console_airflow, scene, "nhi_overdue",
        ["sato", "承認する", {"confirmation_code": "CODE", "reason": None}],
        ["sato", "アップロードした", {"confirmation_code": "WRONG1"}],
        ["tanaka", "アップロードした", {"confirmation_code": "CODE"}],
    )  # fmt: skip
    assert (run.state, set(run.tasks.values())) == ("success", {"success"}), run.output
    assert "confirm_upload[0]" in run.tasks
    assert "4件）をコンソールへアップロードしましたか" in run.pages[1][0]
    assert "納付などが確認できた方 | **0件**" in run.pages[1][1]
    assert scene.states() == {"accepted": 4}
    assert scene.accepted_per_number() == {}, "nothing went to the API"
    assert ("tanaka",) in scene.rows("select changed_by from ledger.notice_event where to_state = 'accepted'")
    (uploaded,) = (home / "share" / "archive").iterdir()
    assert uploaded.name in run.pages[1][1]
    assert list((home / "share" / "upload").iterdir()) == []

    rows = scene.rows("select notice_id, '0' || substr(phone_e164, 4) from ledger.notice")
    content = "管理番号,電話番号,送信結果,送信日時,着信日時,キャリア,通数\n" + "".join(
        f"{notice},{phone},着信,2026/10/02 12:05,2026/10/02 12:05,au,2\n" for notice, phone in rows
    )
    (home / "share" / "results" / "田中.csv").write_text(f"{content}x,09073915300,着信,,,,\n", encoding="cp932")
    read = play(console_airflow, scene, "read_console_results")
    assert read.state == "success", read.output
    assert scene.states() == {"delivered": 4}

    told = console_airflow.told() + run.output + read.output
    assert "4件の結果を新たに反映しました" in told
    for resident, phone in people.items():
        for secret in (resident, phone, phone.removeprefix("+81"), "田中"):
            assert secret not in told


def test_the_builder_takes_the_way_that_the_campaign_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "send" in campaign_dag("nhi_overdue", None).task_dict
    monkeypatch.setenv("OSHIRASE_HOME", str(home))
    dag = campaign_dag("nhi_overdue", None)
    assert {"write_upload_files", "confirm_upload"} <= set(dag.task_dict)
    assert "send" not in dag.task_dict
    assert dag.task_dict["write_upload_files"].upstream_task_ids >= {"approve"}
    assert dag.task_dict["summarise"].upstream_task_ids >= {"confirm_upload"}


def test_the_page_tells_what_to_do_when_somebody_paid_since() -> None:
    at = OCCURRENCE.astimezone(JST)
    waiting = WaitingFile(
        file="nhi_overdue-20261002-3f2a9c1d-001-85-7F3A9C.csv", campaign_run_id=None, campaign="nhi_overdue",  # type: ignore[arg-type]
        occurrence_on=at.date(), notices=85, settled=2, first_at=at, last_at=at, limited_at=at, written_at=at,
    )  # fmt: skip
    body = upload_body([waiting], load_console("console"))
    assert "確認コード: **7F3A9C**" in body
    assert "**2件**（アップロードせず、「作り直す」を選んでください）" in body
    assert load_campaign("nhi_overdue").title in upload_subject([waiting])
