"""The DAG that looks and tells, under `dag.test()`: a real relay, a real webhook, a real gateway."""

import json
import socketserver
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from oshirase.domain.alert import AlertKind
from oshirase.orchestration.dag_files import read_dags
from oshirase.services.alert_book import list_open
from tests.adapters.test_notification import Hook, Relay, serving
from tests.dags.conftest import Airflow, DagRun
from tests.people import create_debtor
from tests.scene import Scene
from tests.services.test_unknown import run_with_lost_answer
from tests.web.own_settings import copy_settings

LOOK, MAIL, WEBHOOK = "look_at_everything[-1]", "tell_by_mail[-1]", "tell_by_webhook[-1]"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings by which somebody gets e-mail."""
    copy_settings(tmp_path, monkeypatch)("city.toml", "mail_to = []", 'mail_to = ["oncall@city.example"]')
    return tmp_path / "home"


@pytest.fixture
def relay() -> Iterator[Any]:
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay)) as relay:
        yield relay


@pytest.fixture
def hook() -> Iterator[Any]:
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        yield hook


def connections(relay: Any, hook: Any) -> dict[str, str]:
    """Both ways, as Airflow reads connections from its environment."""
    mail = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": relay.server_address[1],
        "extra": {"from_email": "oshirase@city.example", "disable_ssl": True, "disable_tls": True, "retry_limit": 0},
    }
    webhook = {
        "conn_type": "generic",
        "host": f"http://127.0.0.1:{hook.server_address[1]}",
        "password": "services/T0-hidden",
    }
    return {
        "AIRFLOW_CONN_OSHIRASE_ALERTS_SMTP": json.dumps(mail),
        "AIRFLOW_CONN_OSHIRASE_ALERTS_WEBHOOK": json.dumps(webhook),
    }


NO_WAYS = {"AIRFLOW_CONN_OSHIRASE_ALERTS_SMTP": "", "AIRFLOW_CONN_OSHIRASE_ALERTS_WEBHOOK": ""}


def test_it_is_told_by_both_ways_and_names_nobody(
    scene: Scene, run_dag: Callable[..., DagRun], airflow: Airflow, home: Path, relay: Any, hook: Any
) -> None:
    residents = [create_debtor(scene.owner, resident_id=f"00731842{n:02d}") for n in range(3)]
    run_with_lost_answer(scene, accepted=False)
    scene.clock.advance(days=3)
    run = run_dag("watch", home=home, variables=connections(relay, hook))
    assert run.tasks == {LOOK: "success", MAIL: "success", WEBHOOK: "success"}, run.output
    ((message,), (call,)) = relay.got, hook.got
    mail = message_from_bytes(message, policy=policy.default)
    assert mail["To"] == "oncall@city.example"
    assert mail["Subject"] == call["subject"]
    assert "結果不明のお知らせ" in call["text"]
    assert "docs/runbook.md#unknown_waiting" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    told = run.output + airflow.told() + str(call) + str(mail)
    assert [resident for resident in residents if resident in told] == []
    assert "T0-hidden" not in run.output + airflow.told()
    # Nothing new: nobody is told again.
    run_dag("watch", home=home, variables=connections(relay, hook))
    assert (len(relay.got), len(hook.got)) == (1, 1)


def test_a_way_that_fails_is_tried_again_with_the_next_look_and_holds_up_no_other(
    scene: Scene, run_dag: Callable[..., DagRun], home: Path, relay: Any, hook: Any
) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.advance(days=3)
    hook.answer = 500
    run = run_dag("watch", home=home, variables=connections(relay, hook))
    assert run.tasks[LOOK] == run.tasks[MAIL] == "success", run.output
    assert run.tasks[WEBHOOK] == "failed"
    assert "the webhook answered 500" in run.output
    # Three tries of one task.
    assert (len(relay.got), len(hook.got)) == (1, 3)
    hook.answer = 200
    scene.clock.advance(minutes=10)
    run_dag("watch", home=home, variables=connections(relay, hook))
    assert (len(relay.got), len(hook.got)) == (1, 4)


def test_without_a_way_alerts_stand_in_the_ledger_only(scene: Scene, run_dag: Callable[..., DagRun]) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.advance(days=3)
    run = run_dag("watch", variables=NO_WAYS)
    assert run.state == "success", run.output
    assert AlertKind.UNKNOWN_WAITING in {kept.kind for kept in list_open(scene.engine)}
    assert scene.rows("select count(*) from ledger.alert_telling") == [(0,)]
    assert scene.rows("select name from ledger.heartbeat") == [("watch",)]


def test_a_ledger_that_does_not_answer_is_told_all_the_same(
    scene: Scene, run_dag: Callable[..., DagRun], home: Path, relay: Any, hook: Any
) -> None:
    gone = {"OSHIRASE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    run = run_dag("watch", home=home, variables={**connections(relay, hook), **gone})
    assert run.tasks[LOOK] == "failed"
    assert [call["subject"] for call in hook.got] == ["【お知らせ警報】監視ができていません"]
    assert "DatabaseUnreachable" in hook.got[0]["text"]
    assert len(relay.got) == 1


def test_upkeep_leaves_its_heartbeat(scene: Scene, run_dag: Callable[..., DagRun]) -> None:
    assert run_dag("reconcile_payments").state == "success"
    ((name, within),) = scene.rows("select name, extract(epoch from late_at - beaten_at) / 60 from ledger.heartbeat")
    assert (name, within) == ("reconcile_payments", 30)


def test_dag_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content in {
        "well": "x = 1",
        "torn": "def (",
        "missing": "import no_such_module",
        "settings": "from oshirase.errors import BadSettings\nraise BadSettings('config/city.toml: …')",
    }.items():
        (tmp_path / f"{name}.py").write_text(content, encoding="utf-8")
    assert read_dags(tmp_path) == {"missing": "ModuleNotFoundError", "torn": "SyntaxError"}
