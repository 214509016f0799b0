"""`make audit` against a service on loopback that answers as OSV does."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.audit import main

HASH = "0" * 64
VULNERABLE = {
    "vulns": [
        {
            "id": "GHSA-test-test-test",
            "aliases": ["CVE-2026-0001"],
            "summary": "reads what it should not",
            "affected": [
                {
                    "package": {"name": "leaky", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
                }
            ],
        }
    ]
}
Answer = Callable[[str], tuple[int, bytes]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], None]]:
    """Stand in for the service with a function from a package's name to a status and a body."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, body = answer(query["package"]["name"])
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("AUDIT_URL", f"http://127.0.0.1:{servers[-1].server_port}/v1/query")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(f"leaky==1.0 --hash=sha256:{HASH}\nsound==2.0 --hash=sha256:{HASH}\n", encoding="utf-8")
    return path


@pytest.fixture
def ignored(tmp_path: Path) -> Path:
    path = tmp_path / "audit_ignored.toml"
    path.write_text("", encoding="utf-8")
    return path


def look_away(path: Path, identifier: str, days: int, reason: str = "not reachable by anybody, see test") -> None:
    until = datetime.now(UTC).date() + timedelta(days=days)
    path.write_text(f'[[ignored]]\nid = "{identifier}"\nreason = "{reason}"\nuntil = {until}\n', encoding="utf-8")


def run(lock: Path, ignored: Path) -> int:
    return main([str(lock), "--ignored", str(ignored)])


def one_is_vulnerable(name: str) -> tuple[int, bytes]:
    return 200, json.dumps(VULNERABLE if name == "leaky" else {}).encode()


def test_nothing_known(serve, lock: Path, ignored: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    asked = []
    serve(lambda name: (asked.append(name), (200, b"{}"))[1])
    assert run(lock, ignored) == 0
    assert {"leaky", "sound"} < set(asked)
    assert "no known vulnerability" in capsys.readouterr().out


def test_a_finding_fails_and_says_what_mends_it(
    serve, lock: Path, ignored: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    serve(one_is_vulnerable)
    assert run(lock, ignored) == 1
    told = capsys.readouterr().err
    assert "VULNERABLE: leaky 1.0: CVE-2026-0001, GHSA-test-test-test (mended in 1.1)" in told
    assert "sound" not in told


@pytest.mark.parametrize("identifier", ["GHSA-test-test-test", "CVE-2026-0001"])
def test_one_with_a_reason_and_a_day_passes(serve, lock: Path, ignored: Path, identifier: str) -> None:  # type: ignore[no-untyped-def]
    serve(one_is_vulnerable)
    look_away(ignored, identifier, days=30)
    assert run(lock, ignored) == 0


@pytest.mark.parametrize(
    ("days", "reason", "told"),
    [
        (0, "not reachable by anybody, see test", "look at it again"),
        (-1, "not reachable by anybody, see test", "look at it again"),
        (101, "not reachable by anybody, see test", "more than 100 days"),
        (30, "because", "at least 20 characters"),
    ],
)
def test_looking_away_has_an_end_and_a_reason(  # type: ignore[no-untyped-def]
    serve, lock: Path, ignored: Path, capsys: pytest.CaptureFixture[str], days: int, reason: str, told: str
) -> None:
    serve(lambda _: (200, b"{}"))
    look_away(ignored, "GHSA-test-test-test", days, reason)
    assert run(lock, ignored) == 1
    assert told in capsys.readouterr().err


def test_an_entry_that_matches_nothing_is_told(
    serve, lock: Path, ignored: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    serve(lambda _: (200, b"{}"))
    look_away(ignored, "GHSA-gone-gone-gone", days=30)
    assert run(lock, ignored) == 0
    assert "GHSA-gone-gone-gone is not found any more" in capsys.readouterr().err


@pytest.mark.parametrize(("required", "status"), [(None, 0), ("0", 0), ("1", 1)])
@pytest.mark.parametrize("answer", [None, (502, b"<html>"), (200, b"<html>sign in</html>"), (200, b"[]")])
def test_where_nobody_answers_it_says_so_and_never_that_it_passed(  # type: ignore[no-untyped-def]
    serve, lock: Path, ignored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    answer: tuple[int, bytes] | None, required: str | None, status: int,
) -> None:  # fmt: skip
    monkeypatch.setenv("AUDIT_URL", "http://127.0.0.1:9/v1/query")
    if answer:
        serve(lambda _: answer)
    if required is None:
        monkeypatch.delenv("AUDIT_REQUIRED", raising=False)
    else:
        monkeypatch.setenv("AUDIT_REQUIRED", required)
    assert run(lock, ignored) == status
    told = capsys.readouterr()
    assert "NOT AUDITED" in told.err
    assert "no known vulnerability" not in told.out


@pytest.mark.parametrize(
    ("lines", "broken"),
    [("leaky==1.0\n", False), (f"leaky>1.0 --hash=sha256:{HASH}\n", False), (None, True)],
    ids=["no hash", "no pin", "breaks off"],
)
def test_an_audit_that_does_not_come_to_its_end_fails(  # type: ignore[no-untyped-def]
    serve, lock: Path, ignored: Path, capsys: pytest.CaptureFixture[str], lines: str | None, broken: bool
) -> None:
    serve(lambda name: (500, b"") if broken and name == "sound" else (200, b"{}"))
    if lines:
        lock.write_text(lines, encoding="utf-8")
    assert run(lock, ignored) == 1
    assert "not audited to its end" in capsys.readouterr().err
