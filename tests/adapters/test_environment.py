"""What the environment has to say, and the sentence when it does not."""

from datetime import timedelta
from pathlib import Path

import pytest

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine, database_url
from oshirase.adapters.secret import secret_key
from oshirase.cli import main
from oshirase.errors import DatabaseUnreachable, MissingSetting


@pytest.fixture(autouse=True)
def no_engine_kept() -> None:
    campaign_engine.cache_clear()


def test_no_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSHIRASE_DATABASE_URL", raising=False)
    with pytest.raises(MissingSetting, match="OSHIRASE_DATABASE_URL is not set: point it at"):
        campaign_engine()


def test_a_database_url_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", "localhost")
    with pytest.raises(MissingSetting, match="is no database URL"):
        database_url()


def test_an_unreachable_database_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", f"postgresql://me:geheim@/records?host={tmp_path}")
    with pytest.raises(DatabaseUnreachable, match="does not answer: start it, or mend") as raised:
        campaign_engine()
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("value", [None, "short"])
def test_a_secret_key_that_is_missing_or_short(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("OSHIRASE_SECRET_KEY", raising=False)
    if value:
        monkeypatch.setenv("OSHIRASE_SECRET_KEY", value)
    with pytest.raises(MissingSetting, match="32 characters"):
        secret_key()


@pytest.mark.parametrize("spec", ["nowhere:now", "oshirase.adapters.clock:then", "clock"])
def test_a_clock_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, spec: str) -> None:
    monkeypatch.setenv("OSHIRASE_CLOCK", spec)
    with pytest.raises(MissingSetting, match="unset it to use the system's clock"):
        clock.now()


def test_the_systems_clock_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSHIRASE_CLOCK", raising=False)
    assert clock.now().utcoffset() == timedelta(0)


def test_the_command_line_tells_it_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OSHIRASE_DATABASE_URL", raising=False)
    monkeypatch.setattr("sys.argv", ["oshirase", "migrate"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith("oshirase: OSHIRASE_DATABASE_URL is not set")
    assert told.count("\n") == 1
