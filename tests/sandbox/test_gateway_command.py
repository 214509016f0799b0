"""`python -m sandbox.gateway` as a process."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.gateway", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def started(*arguments: str, end: signal.Signals = signal.SIGTERM, **environment: str) -> Iterator[dict[str, str]]:
    """Yield what the command printed, then end it and see it leave cleanly."""
    process = start("--port", "0", *arguments, **environment)
    try:
        assert process.stdout is not None
        banner = dict(process.stdout.readline().split(maxsplit=1) for _ in range(4))
        yield {name: value.strip() for name, value in banner.items()}
        process.send_signal(end)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def health(banner: dict[str, str]) -> int:
    url = banner["inbox"] + "emulator/health"
    headers = {"Authorization": f"Bearer {banner['token']}"}
    return requests.get(url, headers=headers, timeout=10).status_code


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_starts_on_a_free_port_and_ends_cleanly(end: signal.Signals) -> None:
    with started(end=end) as banner:
        assert health(banner) == 200


def test_credentials_from_the_environment() -> None:
    with started(OSHIRASE_EMULATOR_TENANT="city", OSHIRASE_EMULATOR_TOKEN="secret") as banner:
        assert (banner["tenant"], banner["token"]) == ("city", "secret")
        assert health(banner) == 200


def test_a_restart_has_the_same_credentials(tmp_path: Path) -> None:
    banners = []
    for _ in range(2):
        with started("--data", str(tmp_path / "data")) as banner:
            assert health(banner) == 200
            banners.append((banner["tenant"], banner["token"]))
    assert banners[0] == banners[1]
    assert stat.S_IMODE((tmp_path / "data" / "credentials.json").stat().st_mode) == 0o600


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start("--port", port)
        _, error = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"port {port}" in error
    assert "--port" in error
    assert len(error.splitlines()) == 1
