"""`oshirase purge`: counts first, takes away when asked to."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from oshirase.adapters.database import campaign_engine, purge_engine
from oshirase.cli import app
from tests.people import create_debtor
from tests.scene import KEY, Scene

_CACHES = (campaign_engine, purge_engine)


@pytest.fixture
def past(scene: Scene, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """One message long ago."""
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    monkeypatch.setattr("oshirase.adapters.clock.system_clock", scene.clock)
    assert "OSHIRASE_CLOCK" not in os.environ
    for engine in _CACHES:
        engine.cache_clear()
    create_debtor(scene.owner)
    scene.send(scene.approved_run())
    scene.clock.advance(hours=6)
    scene.collect()
    scene.clock.moment += timedelta(days=100)
    yield scene
    for engine in _CACHES:
        engine().dispose()
        engine.cache_clear()


def run(*arguments: str) -> str:
    result: Any = CliRunner().invoke(app, ["purge", *arguments])
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_without_a_word_it_only_counts(past: Scene) -> None:
    for told in (run(), run("--dry-run")):
        assert "まだ何も削除していません" in told
        assert "お知らせの電話番号" in told
    assert past.rows("select count(*) from ledger.notice where purged_at is not null") == [(0,)]


def test_with_yes_it_goes(past: Scene) -> None:
    assert '"numbers": 1' in run("--yes", "--json")
    assert past.rows("select count(*) from ledger.notice where purged_at is not null") == [(1,)]
    assert '"taken": {}' in run("--yes", "--json")


def test_what_nobody_decided_on_is_told(past: Scene) -> None:
    with past.owner.begin() as connection:
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql("update ledger.notice set state = 'unknown'")
    assert "職員の判断が必要です" in run()
