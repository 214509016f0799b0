"""The ward of the containers: the command that begins its time and loads it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from sandbox.stack.ward import main
from sandbox.ward.spec import SMALLEST

ROWS = "select (select count(*) from records.resident), (select count(*) from records.load)"


@pytest.fixture
def folder(owner: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", owner.url.render_as_string(hide_password=False))
    monkeypatch.setenv("OSHIRASE_EXTRACT_FOLDER", str(tmp_path / "extracts"))
    monkeypatch.setenv("OSHIRASE_SANDBOX_CLOCK", str(tmp_path / "clock"))
    return tmp_path


def test_begins_once(folder: Path, owner: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    for _ in range(2):
        assert main(["--size", str(SMALLEST)]) == 0
        with owner.connect() as connection:
            seen.append((*connection.execute(text(ROWS)).one(), (folder / "clock").read_text()))
    assert seen[0] == seen[1]
    assert seen[0][0] >= SMALLEST
    assert "it is 2026-10-02 10:00" in capsys.readouterr().out


def test_another_ward_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", str(SMALLEST)]) == 0
    assert main(["--size", str(SMALLEST + 1)]) == 1
    assert "another ward" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["OSHIRASE_DATABASE_URL", "OSHIRASE_EXTRACT_FOLDER", "OSHIRASE_SANDBOX_CLOCK"])
def test_says_what_is_not_set(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(name)
    assert main([]) == 1
    assert f"{name} is not set" in capsys.readouterr().err
