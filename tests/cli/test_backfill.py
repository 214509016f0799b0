"""`oshirase missed` and `oshirase backfill`, on a real database; a small HTTP server answers as Airflow's REST does."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from airflow.api_fastapi.core_api.datamodels.backfills import BackfillPostBody
from click.testing import Result
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.cli import app, main
from oshirase.domain.calendar import JST
from oshirase.services.campaign_run import expire_campaign_run
from tests.people import create_debtor, create_levy, create_load, create_resident
from tests.scene import KEY, Scene

PASSWORD = "geheim-8"
NOVEMBER = datetime(2026, 11, 5, 10, tzinfo=JST)
# A week after November's occurrence: October's is stale, November's is not.
NOW = datetime(2026, 11, 12, 9, 0, tzinfo=JST)
RANGE = ("--from", "2026-10-01", "--to", "2026-12-31")


@dataclass
class Airflow:
    """What Airflow's REST would answer, and what it was asked."""

    runs: dict[str, str] = field(default_factory=dict)
    new_dates: list[str] = field(default_factory=lambda: ["2026-10-02T01:00:00Z", "2026-11-05T01:00:00Z"])
    is_paused: bool = False
    # Status by the last word of the path, instead of an answer.
    refuses: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    detail: str = "as Airflow says"

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        name = path.partition("?")[0].rpartition("/")[2]
        self.asked.append((method, name, body))
        if (status := self.refuses.get(name)) is not None:
            return status, {"detail": self.detail}
        match name:
            case "token":
                return (201, {"access_token": "t0ken"}) if body["password"] == PASSWORD else (401, {"detail": "no"})
            case "dagRuns":
                runs = [{"logical_date": moment, "state": state} for moment, state in self.runs.items()]
                return 200, {"dag_runs": runs if "offset=0" in path else [], "total_entries": len(runs)}
            case "dry_run":
                return 200, {"backfills": [{"logical_date": moment} for moment in self.new_dates]}
            case "backfills":
                return 200, {"id": 7}
        return 200, {"dag_id": name, "is_paused": self.is_paused}

    @property
    def created(self) -> list[Any]:
        """Bodies of the backfills that were asked for."""
        return [body for _, name, body in self.asked if name == "backfills"]


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    """The server, and an environment that names it."""
    standing = Airflow()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            has_token = self.headers.get("Authorization") == "Bearer t0ken" or self.path == "/auth/token"
            status, content = standing.answer(self.command, self.path, body) if has_token else (401, {})
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_GET = do_POST = answer  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("OSHIRASE_AIRFLOW_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("OSHIRASE_AIRFLOW_USER", "sato")
    monkeypatch.setenv("OSHIRASE_AIRFLOW_PASSWORD", PASSWORD)
    yield standing
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def equipped(scene: Scene, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A machine with a database, a week after two occurrences of which one was planned in September."""
    for name in [name for name in os.environ if name.startswith(("OSHIRASE_", "AIRFLOW_CONN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    monkeypatch.setattr(clock, "now", lambda: NOW)
    campaign_engine.cache_clear()
    scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
    scene.clock.moment = NOW
    create_load(scene.owner, "payment", NOW)
    yield scene
    if campaign_engine.cache_info().currsize:
        campaign_engine().dispose()
    campaign_engine.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def told(*arguments: str) -> dict[str, Any]:
    """What a command says with --json."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output + str(result.exception)
    return dict(json.loads(result.stdout))


def fails(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What a command that fails says on stderr; nothing on stdout with --json."""
    monkeypatch.setattr("sys.argv", ["oshirase", *arguments, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    assert (ended.value.code, output.out) == (1, "")
    assert PASSWORD not in output.err
    return output.err


def outcomes(found: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["occurrence_at"][:10], one["outcome"], one["messages"]) for one in found["occurrences"]]


def both_owe(scene: Scene, count: int = 2) -> None:
    """People who owe the fourth instalment, due before October's occurrence, and the fifth."""
    for _ in range(count):
        resident = create_resident(scene.owner)
        create_levy(scene.owner, resident)
        create_levy(scene.owner, resident, instalment=5, due_on=datetime(2026, 11, 2, tzinfo=JST).date())


class TestMissed:
    def test_what_is_missed(self) -> None:
        found = told("missed", "nhi_overdue")
        assert [(one["occurrence_at"], one["standing"], one["is_missed"]) for one in found["occurrences"]] == [
            ("2026-10-02T10:00:00+09:00", "not_opened", True), ("2026-11-05T10:00:00+09:00", "not_opened", True),
        ]  # fmt: skip
        assert (found["never_run"], found["problems"]) == ([], [])

    def test_the_others_too(self) -> None:
        found = told("missed", "nhi_overdue", "--all")
        assert [one["standing"] for one in found["occurrences"]] == ["done", "not_opened", "not_opened"]

    def test_as_a_table(self) -> None:
        shown = run("missed").stdout
        for part in (
            "納付確認のお知らせ（nhi_overdue）", "2026-10-02（金）", "Airflow で実行されていません",
            "oshirase backfill nhi_overdue --from 2026-10-02", "public_notice（--since",
        ):  # fmt: skip
            assert part in shown
        assert "実行されなかった予定日はありません" in run("missed", "public_notice").stdout

    def test_since_a_day(self) -> None:
        found = told("missed", "public_notice", "--since", "2026-11-09")
        assert ([one["occurrence_at"][:10] for one in found["occurrences"]], found["never_run"]) == (["2026-11-09"], [])


class TestBackfillShows:
    def test_each_occurrence(self, equipped: Scene) -> None:
        both_owe(equipped)
        found = told("backfill", "nhi_overdue", *RANGE)
        assert outcomes(found) == [
            ("2026-10-02", "stale", 2), ("2026-11-05", "recipients", 2), ("2026-12-02", "future", 0),
        ]  # fmt: skip
        assert found["backfill"] is None
        assert any("別々に数えた" in warning for warning in found["warnings"])
        assert equipped.states() == {}

    def test_both_days_of_the_range_count(self) -> None:
        found = told("backfill", "nhi_overdue", "--from", "2026-10-02", "--to", "2026-11-05")
        assert [one["occurrence_at"] for one in found["occurrences"]] == [
            "2026-10-02T10:00:00+09:00", "2026-11-05T10:00:00+09:00",
        ]  # fmt: skip

    def test_done_and_nobody_left(self, equipped: Scene) -> None:
        create_debtor(equipped.owner, is_protected=True)
        equipped.plan(equipped.open())
        found = told("backfill", "nhi_overdue", "--from", "2026-10-01", "--to", "2026-11-30")
        assert outcomes(found) == [("2026-10-02", "done", 0), ("2026-11-05", "nobody", 0)]
        assert "対象外1人" in found["occurrences"][1]["sentence"]

    def test_an_ended_run_is_done(self, equipped: Scene) -> None:
        expire_campaign_run(equipped.engine, equipped.open(), "記録が古い。", "test", NOW)
        found = told("backfill", "nhi_overdue", "--from", "2026-10-02", "--to", "2026-10-02")
        assert outcomes(found) == [("2026-10-02", "done", 0)]
        assert "次の回" not in found["occurrences"][0]["sentence"]

    def test_a_run_that_was_opened_and_not_planned_is_to_run(self, equipped: Scene) -> None:
        create_debtor(equipped.owner)
        equipped.open(NOVEMBER)
        found = told("backfill", "nhi_overdue", "--from", "2026-11-05", "--to", "2026-11-05")
        assert outcomes(found) == [("2026-11-05", "recipients", 1)]

    def test_a_later_one_was_sent(self, equipped: Scene) -> None:
        both_owe(equipped)
        run_ = equipped.open(NOVEMBER)
        equipped.approve(run_, equipped.plan(run_))
        equipped.send(run_)
        found = told("backfill", "nhi_overdue", "--from", "2026-10-02", "--to", "2026-10-02")
        assert any("後の回（2026-11-05）がすでに送信されています" in warning for warning in found["warnings"])

    def test_records_are_too_old(self, equipped: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=7))
        found = told("backfill", "nhi_overdue", "--from", "2026-11-05", "--to", "2026-11-05")
        assert any("先に取込みを済ませてください" in warning for warning in found["warnings"])

    def test_as_a_table_and_how_to_go_on(self, equipped: Scene) -> None:
        both_owe(equipped)
        shown = run("backfill", "nhi_overdue", *RANGE).stdout
        for part in (
            "遅すぎる回", "送信対象あり", "予定日前",
            "oshirase backfill nhi_overdue --from 2026-10-02 --to 2026-11-05 --yes",
        ):  # fmt: skip
            assert part in shown

    def test_what_airflow_knows_is_told_when_it_can_be_asked(self, airflow: Airflow) -> None:
        airflow.is_paused = True
        found = told("backfill", "nhi_overdue", *RANGE)
        assert any("停止中" in warning for warning in found["warnings"])
        assert airflow.created == []

    def test_that_airflow_cannot_be_asked_is_no_error_yet(self, airflow: Airflow) -> None:
        airflow.refuses = {"token": 500}
        assert any("/auth/token が 500" in warning for warning in told("backfill", "nhi_overdue", *RANGE)["warnings"])

    @pytest.mark.parametrize(
        ("days", "part"),
        [
            (("2026-10-03", "2026-10-31"), "予定日はありません"),
            (("2026-11-30", "2026-11-01"), "--from の日付が --to より後です"),
            (("2150-01-01", "2150-12-31"), "not known"),
        ],
    )
    def test_days_that_cannot_be_meant(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, days: tuple[str, str], part: str
    ) -> None:
        assert part in fails(capsys, monkeypatch, "backfill", "nhi_overdue", "--from", days[0], "--to", days[1])


class TestBackfillCreates:
    def test_exactly_the_occurrences_that_are_to_run(self, equipped: Scene, airflow: Airflow) -> None:
        both_owe(equipped)
        found = told("backfill", "nhi_overdue", *RANGE, "--yes")
        assert found["backfill"] == {
            "id": 7, "occurrences": ["2026-10-02T10:00:00+09:00", "2026-11-05T10:00:00+09:00"],
        }  # fmt: skip
        assert airflow.created == [
            {
                "dag_id": "nhi_overdue",
                "from_date": "2026-10-02T10:00:00+09:00",
                "to_date": "2026-11-05T10:00:00+09:00",
                "run_backwards": True,
                "reprocess_behavior": "none",
                "max_active_runs": 1,
                "dag_run_conf": {"covers": ["2026-10-02", "2026-11-05"]},
            }
        ]
        # As Airflow itself reads it; it takes no field that it does not know.
        read = BackfillPostBody.model_validate(airflow.created[0])
        assert (read.from_date, read.to_date) == (datetime(2026, 10, 2, 10, tzinfo=JST), NOVEMBER)
        assert [name for _, name, _ in airflow.asked] == [
            "token",
            "nhi_overdue",
            "dagRuns",
            "dry_run",
            "backfills",
        ]

    def test_it_says_so(self, equipped: Scene, airflow: Airflow) -> None:
        both_owe(equipped)
        airflow.is_paused = True
        shown = run("backfill", "nhi_overdue", *RANGE, "--yes").stdout
        for part in ("送信対象あり", "番号 7", "④ 承認", "停止中"):
            assert part in shown
        assert PASSWORD not in shown

    def test_nothing_when_all_is_done(self, equipped: Scene, airflow: Airflow) -> None:
        equipped.plan(equipped.open())
        assert (
            told("backfill", "nhi_overdue", "--from", "2026-10-02", "--to", "2026-10-02", "--yes")["backfill"] is None
        )
        assert airflow.asked == []

    def test_a_day_in_between_that_airflow_does_not_know_to_be_done(self, equipped: Scene, airflow: Airflow) -> None:
        equipped.plan(equipped.open())
        airflow.new_dates.insert(0, "2026-09-02T01:00:00Z")
        found = told("backfill", "nhi_overdue", "--from", "2026-09-01", "--to", "2026-11-30", "--yes")
        assert [day for day, outcome, _ in outcomes(found) if outcome == "done"] == ["2026-09-02", "2026-10-02"]
        assert airflow.created[0]["from_date"] == airflow.created[0]["to_date"] == "2026-11-05T10:00:00+09:00"

    def test_a_run_that_airflow_has_is_left_to_a_clear(self, airflow: Airflow) -> None:
        airflow.runs, airflow.new_dates = {"2026-10-02T01:00:00Z": "failed"}, ["2026-11-05T01:00:00Z"]
        found = told("backfill", "nhi_overdue", *RANGE, "--yes")
        assert found["backfill"]["occurrences"] == ["2026-11-05T10:00:00+09:00"]
        assert any(
            "2026-10-02 の回は、Airflow に実行がすでにある" in one and "Clear" in one for one in found["warnings"]
        )

    def test_only_such_runs(
        self, airflow: Airflow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        airflow.runs = {"2026-10-02T01:00:00Z": "failed", "2026-11-05T01:00:00Z": "queued"}
        said = fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")
        assert "失敗" in said
        assert "待機中" in said
        assert airflow.created == []

    @pytest.mark.parametrize(
        "new_dates", [[], ["2026-10-02T01:00:00Z"], ["2026-10-02T01:00:00Z", "2026-11-04T01:00:00Z"]]
    )
    def test_dates_that_are_not_the_timetables(
        self,
        airflow: Airflow,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        new_dates: list[str],
    ) -> None:
        airflow.new_dates = new_dates
        said = fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")
        assert "一致しません" in said
        assert "2026-11-05 10:00" in said
        assert airflow.created == []


class TestAirflowRefuses:
    @pytest.mark.parametrize(
        ("refuses", "part"),
        [
            ({"token": 401}, "ログインできません（ユーザー sato）"),
            ({"token": 404}, "/auth/token が 404"),
            ({"token": 302}, "/auth/token が 302"),
            ({"nhi_overdue": 404}, "DAG nhi_overdue がありません"),
            ({"nhi_overdue": 401}, "ログインを受け付けません"),
            ({"dagRuns": 403}, "権限がありません"),
            ({"dry_run": 503}, "503"),
            ({"backfills": 403}, "権限がありません"),
            ({"backfills": 409}, "ほかに実行中です"),
            ({"backfills": 422}, "as Airflow says"),
            ({"backfills": 500}, "作成された可能性があります"),
            ({"backfills": 0}, "作成された可能性があります"),
            ({"dry_run": 0}, "応答しません"),
        ],
    )
    def test_in_a_sentence(
        self, airflow: Airflow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
        refuses: dict[str, int], part: str,
    ) -> None:  # fmt: skip
        airflow.refuses = refuses
        said = fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")
        assert part in said
        assert said.count("\n") == 1

    def test_nobody_answers(
        self, airflow: Airflow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OSHIRASE_AIRFLOW_URL", "http://127.0.0.1:9")
        assert "応答しません" in fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")

    def test_a_password_that_is_wrong(
        self, airflow: Airflow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OSHIRASE_AIRFLOW_PASSWORD", f"{PASSWORD}9")
        assert "ログインできません" in fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")

    @pytest.mark.parametrize(
        ("url", "part"),
        [
            ("", "OSHIRASE_AIRFLOW_URL がありません"),
            ("airflow.example", "のように書いて"),
            (f"http://u:{PASSWORD}@a", "含めません"),
        ],
    )
    def test_an_address_that_is_none(
        self, airflow: Airflow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, part: str
    ) -> None:
        monkeypatch.setenv("OSHIRASE_AIRFLOW_URL", url)
        assert part in fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")

    def test_a_page_that_is_not_airflow(
        self, airflow: Airflow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(airflow, "answer", lambda *_: (200, ["hello"]))
        assert "読み取れません" in fails(capsys, monkeypatch, "backfill", "nhi_overdue", *RANGE, "--yes")
