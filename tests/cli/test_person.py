"""`oshirase person`: files that only their owner reads, and nothing erased before somebody means it."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from oshirase.adapters.database import campaign_engine, purge_engine
from oshirase.cli import app
from oshirase.errors import OshiraseError
from oshirase.services.disclosure import NoSuchPerson
from tests.people import create_debtor
from tests.scene import KEY, Scene
from tests.searching import places_of

PERSON, PHONE = "0073184299", "+819073184299"


@pytest.fixture
def known(scene: Scene, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A person to whom a message was sent."""
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_SECRET_KEY", KEY.decode())
    monkeypatch.setattr("oshirase.adapters.clock.system_clock", scene.clock)
    for engine in (campaign_engine, purge_engine):
        engine.cache_clear()
    create_debtor(scene.owner, resident_id=PERSON, phone=PHONE)
    scene.send(scene.approved_run())
    scene.clock.advance(hours=6)
    scene.collect()
    yield scene
    for engine in (campaign_engine, purge_engine):
        engine().dispose()
        engine.cache_clear()


def run(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(app, ["person", *arguments], input=typed)


def test_two_files_that_only_their_owner_reads(known: Scene, tmp_path: Path) -> None:
    told = run("export", PERSON, "--reason", "請求第1号", "--to", str(tmp_path / "copy"))
    assert told.exit_code == 0
    assert PHONE not in told.output
    assert PERSON not in told.output
    paths = [tmp_path / "copy.json", tmp_path / "copy.txt"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    assert json.loads(paths[0].read_text())["notices"][0]["電話番号"] == PHONE
    assert PHONE in paths[1].read_text(encoding="utf-8-sig")
    again = run("export", PERSON, "--reason", "請求第1号", "--to", str(tmp_path / "copy"))
    assert isinstance(again.exception, OshiraseError)
    assert known.rows("select kind, accessed_by <> '' from ledger.access") == [("person_exported", True)]


def test_to_the_screen_only_when_asked(known: Scene) -> None:
    told = run("export", "-", "--reason", "請求第1号", "--to", "-", typed=f"{PERSON}\n")
    assert PHONE in told.output
    assert run("export", PERSON, "--reason", "請求第1号").exit_code == 2


@pytest.mark.parametrize("command", ["export", "erase"])
def test_without_a_reason_nothing_is_looked_at(known: Scene, command: str) -> None:
    told = run(command, PERSON, "--reason", " ", "--by", "sato", *(("--to", "-") if command == "export" else ()))
    assert isinstance(told.exception, OshiraseError)
    assert known.rows("select count(*) from ledger.access") == [(0,)]


def test_who_is_not_known_is_not_repeated(known: Scene) -> None:
    for written in ("9999999999", "=1+1"):
        told = run("erase", written, "--reason", "請求第1号", "--by", "sato")
        assert isinstance(told.exception, NoSuchPerson)
        assert written not in str(told.exception)


def test_first_it_shows_then_it_erases(known: Scene) -> None:
    shown = run("erase", PERSON, "--reason", "請求第1号", "--by", "sato")
    assert "まだ何も削除していません" in shown.output
    assert "電話番号の記録" in shown.output
    assert places_of(known.owner, PERSON, PHONE) != []
    done = run("erase", PERSON, "--reason", "請求第1号", "--by", "sato", "--yes")
    assert "削除しました" in done.output
    assert places_of(known.owner, PERSON, PHONE) == []
    assert PERSON not in shown.output + done.output
