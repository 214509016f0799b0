"""A secret in the tree fails `make check`; what is known to be none does not."""

import subprocess
from pathlib import Path

import pytest

from tools.secret_scan import BASELINE, main

# Put together here, so that the scan of this repository does not find them.
AWS = "AKIA" + "IOSFODNN7QRSTUVWX"[:16]
PRIVATE_KEY = "-----BEGIN RSA PRIVATE" + " KEY-----"
PLANTED = [
    ("deploy.py", f'key = "{AWS}"'),
    ("server.pem", PRIVATE_KEY),
    ("connection.json", '{"host": "https://sms.example/api", "password": "' + "q7Zk3vX9pLw2Rt8sYb4N" + '"}'),
    ("docs.md", "postgresql://oshirase:" + "hunter2hunter2@records/records"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository without a secret."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "plain.py").write_text("answer = 42\n", encoding="utf-8")
    assert main(["--renew", "--root", str(tmp_path)]) == 0
    return tmp_path


def scan(root: Path, *files: str) -> int:
    return main(["--root", str(root), *files])


def test_nothing_is_found_in_a_clean_tree(tree: Path) -> None:
    assert scan(tree) == 0


@pytest.mark.parametrize(("name", "line"), PLANTED, ids=[name for name, _ in PLANTED])
def test_a_planted_secret_fails_and_is_not_quoted(
    tree: Path, capsys: pytest.CaptureFixture[str], name: str, line: str
) -> None:
    (tree / name).write_text(f"\n{line}\n", encoding="utf-8")
    assert scan(tree) == 1
    assert scan(tree, name) == 1
    told = capsys.readouterr().err
    assert f"{name}:2: " in told
    assert line not in told


def test_what_the_baseline_knows_may_move_but_not_change(tree: Path) -> None:
    name, line = PLANTED[0]
    (tree / name).write_text(f"{line}\n", encoding="utf-8")
    assert main(["--renew", "--root", str(tree)]) == 0
    kept = (tree / BASELINE).read_text(encoding="utf-8")
    assert AWS not in kept
    assert str(tree) not in kept  # it holds in every clone
    (tree / name).write_text(f"\n\n{line}\n", encoding="utf-8")
    assert scan(tree) == 0
    (tree / name).write_text(line.replace("AKIAIO", "AKIAOI"), encoding="utf-8")
    assert scan(tree) == 1


def test_a_line_may_say_that_it_is_none(tree: Path) -> None:
    name, line = PLANTED[0]
    (tree / name).write_text(f"{line}  # pragma: allowlist secret\n", encoding="utf-8")
    assert scan(tree) == 0


def test_what_git_ignores_is_not_read(tree: Path) -> None:
    (tree / ".gitignore").write_text(".env\n", encoding="utf-8")
    (tree / ".env").write_text(PLANTED[2][1], encoding="utf-8")
    assert scan(tree) == 0
