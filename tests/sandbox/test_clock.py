"""The clock that the emulator and the product share."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox import clock

SLACK = timedelta(seconds=2)


@pytest.fixture
def clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(path))
    return path


def test_real_time_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.VARIABLE, raising=False)
    assert abs(clock.now() - datetime.now(UTC)) < SLACK
    with pytest.raises(RuntimeError, match=clock.VARIABLE):
        clock.advance(timedelta(hours=1))


def test_real_time_without_the_file(clock_file: Path) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < SLACK
    assert clock.now().tzinfo is UTC


def test_moves_and_runs_on(clock_file: Path) -> None:
    goal = datetime.now(UTC) + timedelta(days=3)
    clock.move_to(goal)
    assert goal <= clock.now() < goal + SLACK
    clock.advance(timedelta(hours=2))
    assert goal + timedelta(hours=2) <= clock.now() < goal + timedelta(hours=2) + SLACK


def test_never_moves_back(clock_file: Path) -> None:
    clock.advance(timedelta(days=1))
    with pytest.raises(ValueError, match="backwards"):
        clock.move_to(datetime.now(UTC))
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))
    assert clock.now() > datetime.now(UTC) + timedelta(hours=23)


def test_refuses_a_naive_moment(clock_file: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.move_to(datetime(2030, 1, 1))  # noqa: DTZ001


def test_names_a_broken_file(clock_file: Path) -> None:
    clock_file.write_text("noon")
    with pytest.raises(ValueError, match=str(clock_file)):
        clock.now()


def test_another_process_sees_the_move_and_leaves_no_litter(clock_file: Path) -> None:
    clock.now()
    move = "from datetime import timedelta; from sandbox import clock; clock.advance(timedelta(days=9))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", move], check=True, env=environment)
    assert clock.now() > datetime.now(UTC) + timedelta(days=8)
    assert {path.name for path in clock_file.parent.iterdir()} == {"clock", "clock.lock"}
