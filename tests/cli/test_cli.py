"""`oshirase` on the command line, on a real database and against the real emulator."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from airflow.sdk import Connection as AirflowConnection
from click.testing import Result
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.gateways.environment import account_in_environment
from oshirase.adapters.gateways.karaden import KaradenAccount
from oshirase.adapters.paths import project_home
from oshirase.adapters.service_login import make_service_login
from oshirase.adapters.settings import campaign_names, load_layouts
from oshirase.cli import app, main
from oshirase.errors import MissingSetting
from oshirase.services.sending_lock import lock_sending
from tests.people import create_debtor, create_load
from tests.scene import KEY, OCCURRENCE, Scene

MORNING = OCCURRENCE.replace(hour=8)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine on which nothing is set, on the morning of an occurrence."""
    for name in [name for name in os.environ if name.startswith(("OSHIRASE_", "AIRFLOW_CONN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(clock, "now", lambda: MORNING)
    campaign_engine.cache_clear()
    yield
    if campaign_engine.cache_info().currsize:
        campaign_engine().dispose()
    campaign_engine.cache_clear()


@pytest.fixture
def equipped(scene: Scene, database_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scene:
    """A machine on which everything is set."""
    connection = {
        "conn_type": "sms_gateway",
        "host": scene.running.base_url,
        "login": scene.running.tenant,
        "password": scene.running.token,
        "extra": {"service_id": 1, "allow_http": True},
    }
    for name, value in {
        "OSHIRASE_DATABASE_URL": database_url.render_as_string(hide_password=False),
        "OSHIRASE_SECRET_KEY": KEY.decode(),
        "OSHIRASE_EXTRACT_FOLDER": str(tmp_path),
        "AIRFLOW_CONN_KARADEN": json.dumps(connection),
    }.items():
        monkeypatch.setenv(name, value)
    return scene


@pytest.fixture
def spoil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Change a copy of the settings files."""
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / "home" / folder)
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path / "home"))

    def change(file: str, before: str, after: str) -> None:
        path = tmp_path / "home" / "config" / file
        content = path.read_text(encoding="utf-8")
        assert before in content
        path.write_text(content.replace(before, after), encoding="utf-8")

    return change


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def told(*arguments: str, status: int = 0) -> dict[str, Any]:
    """What a command says with --json."""
    result = run(*arguments, "--json")
    assert result.exit_code == status, result.output
    return dict(json.loads(result.stdout))


def sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """The one sentence on stderr of a command that fails."""
    monkeypatch.setattr("sys.argv", ["oshirase", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    assert (ended.value.code, output.out) == (1, "")
    return output.err


class TestCampaigns:
    def test_without_a_database(self) -> None:
        found = told("campaigns")
        assert [one["name"] for one in found["campaigns"]] == campaign_names()
        assert "OSHIRASE_DATABASE_URL is not set" in found["database_problem"]
        nhi = found["campaigns"][2]
        assert nhi == {
            "name": "nhi_overdue",
            "title": "国民健康保険料 納付確認のお知らせ",
            "section": "保険年金課 保険料係",
            "timetable": "各納期限の2営業日後 10:00",
            "next": ["2026-10-02T10:00:00+09:00", "2026-11-05T10:00:00+09:00", "2026-12-02T10:00:00+09:00"],
            "last_run": None,
            "error": None,
        }

    def test_with_a_last_run(self, equipped: Scene) -> None:
        create_debtor(equipped.owner)
        equipped.plan(equipped.open())
        found = told("campaigns")
        assert found["database_problem"] is None
        last = found["campaigns"][2]["last_run"]
        assert (last["occurrence_on"], last["messages"], last["closed_as"]) == ("2026-10-02", 1, None)
        assert "2026-10-02" in run("campaigns").stdout

    def test_a_broken_file_is_told_and_the_others_are_shown(self, spoil: Callable[..., None]) -> None:
        spoil("campaigns/plan_default.toml", 'section = "premium"', 'section = "nowhere"')
        found = told("campaigns", status=1)
        errors = {one["name"]: one["error"] for one in found["campaigns"] if one["error"]}
        assert list(errors) == ["plan_default"]
        assert "section" in errors["plan_default"]
        table = run("campaigns")
        assert table.exit_code == 1
        assert "nhi_overdue" in table.stdout
        assert "plan_default.toml" in table.stdout

    def test_lines_fit_where_nobody_says_how_wide_they_may_be(self, spoil: Callable[..., None]) -> None:
        from rich.cells import cell_len

        lines = run("campaigns").stdout.splitlines()
        assert max(map(cell_len, lines)) <= 100


class TestCheck:
    def test_all_is_well(self) -> None:
        found = told("check")
        assert found["problems"] == []
        assert {text["campaign"] for text in found["texts"]} == set(campaign_names())
        assert {text["parts"] for text in found["texts"]} == {1, 2}
        assert "is not set" in found["columns_skipped"]
        assert "設定と文面に誤りはありません" in run("check").stdout

    def test_layouts_are_those_of_the_database(self, equipped: Scene) -> None:
        assert told("check") | {"texts": []} == {"problems": [], "texts": [], "columns_skipped": None}
        assert len(load_layouts()) > 5

    def test_everything_is_told_at_once(self, equipped: Scene, spoil: Callable[..., None]) -> None:
        spoil("campaigns/plan_default.toml", 'section = "premium"', 'section = "nowhere"')
        spoil("campaigns/public_notice.toml", "インフルエンザ予防接種を", "督促を")
        spoil("gateways/console.toml", "most_rows = 2000", "most_rows = -1")
        spoil("ingest.toml", "settle_seconds = 60", 'settle_seconds = "soon"')
        spoil("extracts/payments.toml", "[columns.channel]", "[columns.canal]")
        spoil("extracts/payments.toml", "[columns.channel.values]", "[columns.canal.values]")
        problems = told("check", status=1)["problems"]
        for part in (
            "plan_default.toml: section", "使えない語「督促」", "console.toml: upload.most_rows",
            "ingest.toml: settle_seconds", "columns.canal: records.payment にこの列がありません",
        ):  # fmt: skip
            assert [part in problem for problem in problems].count(True) == 1, (part, problems)
        assert len(problems) == 5

    def test_a_broken_city_is_told_once(self, spoil: Callable[..., None]) -> None:
        spoil("city.toml", "yen_per_part = 11.0", "yen_per_part = 0")
        (problem,) = told("check", status=1)["problems"]
        assert "city.toml" in problem

    def test_one_campaign(self) -> None:
        assert {text["variant"] for text in told("check", "nhi_overdue")["texts"]} == {"plain", "relief"}

    def test_an_unknown_campaign(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        assert "nhi_overdu" in sentence(capsys, monkeypatch, "check", "nhi_overdu")


class TestPreview:
    def test_as_json(self, equipped: Scene) -> None:
        for _ in range(3):
            create_debtor(equipped.owner)
        create_debtor(equipped.owner, is_protected=True)
        found = told("preview", "nhi_overdue")
        assert found["occurrence_at"] == "2026-10-02T10:00:00+09:00"
        assert found["cohort"] == 4
        assert found["counts"] == [
            {"state": "planned", "reason": None, "notices": 3, "parts": 6},
            {"state": "suppressed", "reason": "protected", "notices": 1, "parts": 0},
        ]
        assert (found["messages"], found["parts"], found["yen"]) == (3, 6, 66)
        assert found["expected_calls"] == pytest.approx(0.5, abs=0.1)
        assert sum(text["messages"] for text in found["texts"]) == 3
        assert all(len(text["body"]) == text["parts"] == 2 for text in found["texts"])
        assert [one["occurrence_at"][:10] for one in found["coming"]] == ["2026-10-02", "2026-11-05", "2026-12-02"]
        assert (found["findings"], found["left"], found["basis"]) == ([], 0, "records")
        assert equipped.states() == {}

    def test_as_tables(self, equipped: Scene) -> None:
        create_debtor(equipped.owner)
        create_debtor(equipped.owner, is_protected=True)
        shown = run("preview", "nhi_overdue").stdout
        for part in ("支援措置対象", "1件・2通分・22円", "阿良澄区です。", "2026年11月5日（木）10:00"):
            assert part in shown
        assert "+8190" not in shown
        equipped.plan(equipped.open())
        assert "計画済み" in run("preview", "nhi_overdue", "--on", "2026-10-02").stdout

    def test_a_season(self, equipped: Scene) -> None:
        found = told("preview", "public_notice", "--on", "2026-10-08", "--coming", "1")
        assert len(found["coming"]) == 1

    @pytest.mark.parametrize(
        ("arguments", "part"),
        [
            (("preview", "nhi_overdue", "--on", "2026-10-03"), "the nearest ones are 2026-10-02, 2026-11-05"),
            (("preview", "nobody"), "nobody"),
        ],
    )
    def test_errors_are_one_sentence(
        self,
        equipped: Scene,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        arguments: tuple[str, ...],
        part: str,
    ) -> None:
        said = sentence(capsys, monkeypatch, *arguments)
        assert part in said
        assert said.count("\n") == 1

    def test_without_a_database(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
        assert "OSHIRASE_DATABASE_URL is not set" in sentence(capsys, monkeypatch, "preview", "nhi_overdue")

    def test_what_the_database_says_is_not_quoted(
        self, equipped: Scene, spoil: Callable[..., None], capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    ) -> None:  # fmt: skip
        path = tmp_path / "home" / "include" / "sql" / "campaign_run" / "find_decided_run.sql"
        path.write_text("select ('+819012345678' || :campaign || :occurrence_on)::int")
        from oshirase.adapters import sql

        sql.sql.cache_clear(), sql.statement.cache_clear()
        try:
            said = sentence(capsys, monkeypatch, "preview", "nhi_overdue")
        finally:
            sql.sql.cache_clear(), sql.statement.cache_clear()
        assert "oshirase doctor" in said
        assert "+8190" not in said


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["status"] for check in found["checks"]}


@pytest.fixture
def service(equipped: Scene, owner: Engine, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Signed in as a service is."""
    make_service_login(owner, "doctored", "a password of a service")
    url = database_url.set(username="doctored").render_as_string(hide_password=False)
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", url)
    yield url
    if campaign_engine.cache_info().currsize:
        campaign_engine().dispose()
    with owner.begin() as connection:
        connection.execute(text("drop role doctored"))


class TestDoctor:
    def test_a_user_that_may_do_more_than_it_needs(self, equipped: Scene) -> None:
        (check,) = [check for check in told("doctor")["checks"] if check["name"] == "login"]
        assert check["status"] == "warning"
        assert "スーパーユーザー、表の所有者、CREATEROLE" in check["sentence"]
        assert "--service-user" in check["sentence"]

    def test_nothing_is_set(self) -> None:
        found = statuses(told("doctor", status=1))
        assert found == {
            "settings": "ok", "secret_key": "failure", "calendar": "ok", "database": "failure",
            "gateway_karaden": "warning", "extract_folder": "warning",
        }  # fmt: skip

    def test_all_is_well(self, equipped: Scene, service: str) -> None:
        for extract in ("payment", "plan", "resident", "screening", "screening_voucher"):
            create_load(equipped.owner, extract, MORNING)
        found = statuses(told("doctor"))
        assert set(found.values()) == {"ok"}
        assert {f"freshness_{name}" for name in campaign_names()} < set(found)
        assert "つながりました" in run("doctor").stdout

    def test_a_lock_is_told(self, equipped: Scene) -> None:
        lock_sending(equipped.engine, "誤った文面", "mori", MORNING)
        (check,) = [check for check in told("doctor", status=1)["checks"] if check["name"] == "sending_lock"]
        assert check["status"] == "failure"
        assert "誤った文面" in check["sentence"]
        assert "unlock-sending" in check["sentence"]

    def test_stale_records_are_a_warning(self, equipped: Scene) -> None:
        found = told("doctor")
        assert statuses(found)["freshness_nhi_overdue"] == "warning"
        assert "まだありません" in json.dumps(found, ensure_ascii=False)

    @pytest.mark.parametrize(
        ("changed", "part"),
        [
            ({"password": "wrong-token"}, "401"),
            ({"host": "http://127.0.0.1:9/wrong-token"}, "cannot be reached"),
            ({"password": None}, "lacks password"),
            ({"extra": {"service_id": "wrong-token"}}, "JSON or URI form"),
            ({"extra": {"service_id": 1}}, "URL は https:// で始め"),
            ({"extra": {"service_id": 1, "ca_file": "/nowhere.pem"}, "host": "https://127.0.0.1:9"}, "/nowhere.pem"),
        ],
    )
    def test_a_gateway_that_does_not_let_us_in(
        self, equipped: Scene, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], part: str
    ) -> None:
        connection = json.loads(os.environ["AIRFLOW_CONN_KARADEN"])
        monkeypatch.setenv("AIRFLOW_CONN_KARADEN", json.dumps({**connection, "password": "wrong-token", **changed}))
        found = told("doctor", status=1)
        (check,) = [check for check in found["checks"] if check["name"] == "gateway_karaden"]
        assert check["status"] == "failure"
        assert part in check["sentence"]
        assert "wrong-token" not in json.dumps(found)

    def test_an_empty_database(self, equipped: Scene, empty_database_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OSHIRASE_DATABASE_URL", empty_database_url.render_as_string(hide_password=False))
        found = statuses(told("doctor", status=1))
        assert (found["database"], found["schema"]) == ("ok", "failure")

    def test_a_user_without_our_roles(
        self, equipped: Scene, owner: Engine, database_url: URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with owner.begin() as connection:
            connection.execute(text("create role stranger login"))
        url = database_url.set(username="stranger").render_as_string(hide_password=False)
        monkeypatch.setenv("OSHIRASE_DATABASE_URL", url)
        assert statuses(told("doctor", status=1))["schema"] == "failure"
        with owner.begin() as connection:
            connection.execute(text("grant usage on schema ledger to stranger"))
            connection.execute(text("grant select on ledger.schema_version to stranger"))
        try:
            found = statuses(told("doctor", status=1))
        finally:
            with owner.begin() as connection:
                connection.execute(text("drop owned by stranger"))
                connection.execute(text("drop role stranger"))
        assert (found["schema"], found["role_ingest"], found["role_campaign"]) == ("ok", "failure", "failure")
        assert "freshness_nhi_overdue" not in found

    def test_holidays_that_are_not_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: OCCURRENCE.replace(year=2099))
        assert statuses(told("doctor", status=1))["calendar"] == "failure"

    def test_settings_that_are_broken(self, spoil: Callable[..., None]) -> None:
        spoil("city.toml", "yen_per_part = 11.0", "yen_per_part = 0")
        assert statuses(told("doctor", status=1))["settings"] == "failure"

    def test_folders(self, equipped: Scene, spoil: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
        spoil(
            "campaigns/nhi_overdue.toml",
            'gateway_conn_id = "karaden"',
            'gateway_conn_id = "karaden"\nhand_over = "console"\nconsole = "console"',
        )
        monkeypatch.setenv("OSHIRASE_EXTRACT_FOLDER", "/nowhere")
        found = statuses(told("doctor", status=1))
        assert (found["extract_folder"], found["console_folder_console"]) == ("failure", "failure")

    def test_a_clock_that_does_not_exist(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        monkeypatch.setenv("OSHIRASE_CLOCK", "nowhere:now")
        assert statuses(told("doctor", status=1))["clock"] == "failure"


class TestConnection:
    """The environment's connection read as Airflow reads it."""

    @pytest.mark.parametrize(
        "value",
        [
            json.dumps(
                {
                    "conn_type": "sms_gateway",
                    "host": "https://a.example/api",
                    "login": "t",
                    "password": "p/@:?",
                    "extra": {"service_id": 7},
                }
            ),
            '{"host": "https://a.example/api", "login": "t", "password": "p", "extra": "{\\"service_id\\": 7}"}',
            f"sms-gateway://t:{quote('p/@:?', safe='')}@{quote('https://a.example:8/api', safe='')}/?service_id=7",
            f"sms-gateway://https://t:p@{quote('a.example:8/api', safe='')}/?service_id=7",
            f"sms-gateway://t:p@a.example/?__extra__={quote(json.dumps({'service_id': 7}))}",
        ],
    )
    def test_as_airflow_reads_it(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_SMS", value)
        by_airflow = (
            AirflowConnection.from_json(value, conn_id="sms")
            if value.startswith("{")
            else AirflowConnection(conn_id="sms", uri=value)
        )
        assert account_in_environment("sms") == KaradenAccount(
            str(by_airflow.host), str(by_airflow.login), str(by_airflow.password),
            int(by_airflow.extra_dejson["service_id"]),
        )  # fmt: skip

    @pytest.mark.parametrize("value", ["{", "nonsense", "[1]", '{"extra": 3}', "x://[::1", "https://u:geheim@h"])
    def test_nonsense_is_not_quoted(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_SMS", value)
        with pytest.raises(MissingSetting, match="AIRFLOW_CONN_SMS") as raised:
            account_in_environment("sms")
        assert "geheim" not in str(raised.value)


def test_as_a_program(equipped: Scene) -> None:
    create_debtor(equipped.owner)
    program = Path(sys.executable).with_name("oshirase")
    ended = subprocess.run(
        [program, "preview", "nhi_overdue", "--on", "2026-10-02", "--json"],
        capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert json.loads(ended.stdout)["messages"] == 1
    assert ended.stderr == ""
