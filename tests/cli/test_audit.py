"""`oshirase audit verify`, as somebody runs it who was told that rows were changed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.cli import app, main
from oshirase.services.seals import seal_ledger
from tests.ledger import create_notice, create_run
from tests.scene import KEY

SUBJECT, RESIDENT = "nhi/2026/4/0099887766", "0099887766"


@pytest.fixture(autouse=True)
def sealed(engine: Engine, owner: Engine, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A ledger with three events that were sealed, and a fourth."""
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC))
    campaign_engine.cache_clear()
    run = create_run(owner)
    for number in range(3):
        create_notice(owner, run, f"{SUBJECT}/{number}", resident_id=RESIDENT)
    seal_ledger(engine, KEY, datetime.now(UTC), "test")
    create_notice(owner, run, "another")
    yield
    if campaign_engine.cache_info().currsize:
        campaign_engine().dispose()
    campaign_engine.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", "verify", *arguments])


def told(*arguments: str, status: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == status, result.output
    return dict(json.loads(result.stdout))


def tamper(owner: Engine, query: str) -> None:
    with owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        assert connection.execute(text(query)).rowcount


def test_all_is_well() -> None:
    found = told()
    assert (found["is_intact"], found["seals"], found["rows"], found["not_sealed"]) == (True, 1, 3, 1)
    assert found["findings"] == []
    result = run()
    assert result.exit_code == 0
    assert "封印1件、3行を照合しました。" in result.stdout
    assert "記録は、封印したときのままです。" in result.stdout
    assert f"控え: {found['head']}" in result.stdout.splitlines()


def test_the_head_is_compared(owner: Engine) -> None:
    head = told()["head"]
    assert told("--head", head)["is_intact"]
    tamper(owner, "delete from ledger.seal")
    (finding,) = told("--head", head, status=1)["findings"]
    assert (finding["kind"], finding["seq"]) == ("head_gone", 1)


def test_a_changed_row_is_named_and_nobody_else(owner: Engine) -> None:
    tamper(
        owner,
        "update ledger.notice_event set changed_by = 'x'"
        " where event_id = (select min(event_id) + 1 from ledger.notice_event)",
    )
    (finding,) = told(status=1)["findings"]
    assert (finding["kind"], finding["seq"], finding["table"]) == ("rows_changed", 1, "notice_event")
    result = run()
    assert result.exit_code == 1
    assert "行の内容が変更されています" in result.stdout.replace("\n", "")
    assert "docs/runbook.md" in result.stdout
    assert RESIDENT not in result.stdout + json.dumps(finding)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("OSHIRASE_SECRET_KEY", "short", "OSHIRASE_SECRET_KEY must hold"),
        ("OSHIRASE_DATABASE_URL", "", "OSHIRASE_DATABASE_URL is not set"),
    ],
)
def test_what_is_not_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert expected in sentence(monkeypatch, capsys)


def test_a_head_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "write SEQ:HASH" in sentence(monkeypatch, capsys, "--head", "42")


def sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["oshirase", "audit", "verify", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    assert (ended.value.code, output.out) == (1, "")
    return output.err
