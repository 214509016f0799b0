"""`oshirase watch`, on a real database and against the real emulator."""
# ruff: noqa: F811 - fixtures of another module are arguments here

from datetime import timedelta

import pytest

from oshirase.services.heartbeat import note_heartbeat
from tests.cli.test_cli import MORNING, bare, equipped, run, sentence, told  # noqa: F401 - fixtures
from tests.scene import Scene


class TestWatch:
    def test_nothing_is_the_matter(self, equipped: Scene) -> None:
        assert told("watch") == {"alerts": []}
        assert run("watch").stdout == "警報はありません。\n"
        assert run("watch", "--quiet").stdout == ""

    def test_the_scheduler_is_dead(self, equipped: Scene) -> None:
        note_heartbeat(equipped.engine, "watch", MORNING - timedelta(hours=9), timedelta(hours=1))
        (alert,) = told("watch", status=1)["alerts"]
        assert (alert["kind"], alert["key"]) == ("upkeep_late", "watch")
        result = run("watch", "--quiet")
        assert result.exit_code == 1
        assert "定期処理の停止" in result.stdout
        assert "スケジューラー" in result.stdout.replace("\n", "").replace(" ", "")

    def test_the_gateway_refuses_us(self, equipped: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        connection = (
            '{"conn_type": "sms_gateway", "host": "%s", "login": "%s", "password": "%s", "extra": {"service_id": 1}}'
        )
        running = equipped.running
        monkeypatch.setenv("AIRFLOW_CONN_KARADEN", connection % (running.base_url, running.tenant, "wrong-token"))
        (alert,) = told("watch", status=1)["alerts"]
        assert (alert["kind"], alert["key"]) == ("gateway_failing", "karaden")
        assert "wrong-token" not in str(alert)
        # Without an account nothing can be said: it stays.
        monkeypatch.delenv("AIRFLOW_CONN_KARADEN")
        assert len(told("watch", status=1)["alerts"]) == 1

    def test_without_a_database(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        assert "OSHIRASE_DATABASE_URL is not set" in sentence(capsys, monkeypatch, "watch")
