import base64
from pathlib import Path

import pytest

from deploy.make_env import EXAMPLE, SECRETS, fill_in, main


def read(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_secret_is_fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "first", tmp_path / "second"]
    assert [main(["--to", str(file)]) for file in files] == [0, 0]
    first, second = map(read, files)
    for name in SECRETS:
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert len({first[name] for name in SECRETS}) == len(SECRETS)
    assert len(base64.urlsafe_b64decode(first["AIRFLOW_FERNET_KEY"])) == 32
    told = capsys.readouterr()
    assert "fill in KARADEN_URL, KARADEN_TENANT, KARADEN_TOKEN, KARADEN_SERVICE_ID" in told.out
    assert not any(first[name] in told.out + told.err for name in SECRETS)


def test_others_cannot_read_it(tmp_path: Path) -> None:
    main(["--to", str(tmp_path / ".env")])
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".env").write_text("OSHIRASE_SECRET_KEY=kept\n", encoding="utf-8")
    assert main(["--to", str(tmp_path / ".env")]) == 1
    assert read(tmp_path / ".env") == {"OSHIRASE_SECRET_KEY": "kept"}
    assert "is there already" in capsys.readouterr().err


def test_the_emulator_leaves_nothing_to_fill_in(tmp_path: Path) -> None:
    assert main(["--emulator", "--to", str(tmp_path / ".env")]) == 0
    values = read(tmp_path / ".env")
    assert all(values.values())
    assert values["OSHIRASE_TARGET"] == "sandbox"
    assert values["KARADEN_ALLOW_HTTP"] == "true"
    assert values["OSHIRASE_CLOCK"] == "sandbox.clock:now"


def test_a_city_gets_nothing_of_the_sandbox(tmp_path: Path) -> None:
    main(["--to", str(tmp_path / ".env")])
    of_the_sandbox = {"OSHIRASE_TARGET", "OSHIRASE_CLOCK", "AIRFLOW_SCHEDULES", "KARADEN_ALLOW_HTTP"}
    assert not of_the_sandbox & set(read(tmp_path / ".env"))


def test_a_variable_that_the_example_does_not_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="NOWHERE 0 times"):
        fill_in(EXAMPLE.read_text(encoding="utf-8"), {"NOWHERE": "x"})
