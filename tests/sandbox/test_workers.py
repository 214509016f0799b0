"""What a fleet of workers needs no environment for: its settings, its names, its sentences."""

import os
import socket
from pathlib import Path

import pytest

from sandbox import machine
from sandbox.stack import StackError, Workers
from sandbox.stack.credentials import load_credentials
from sandbox.stack.folder import DataFolder
from sandbox.stack.processes import MARK, stop_marked, wait_until
from sandbox.stack.workers import BROKER_PROGRAM, Fleet, make_fleet
from tests.debian import find_or_skip


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    return folder


@pytest.fixture
def fleet(folder: DataFolder) -> Fleet:
    return make_fleet(Workers(count=3, tasks_each=5), folder, load_credentials(folder))


def test_every_worker_has_a_name_of_its_own(fleet: Fleet) -> None:
    assert fleet.workers.names == ["worker-1", "worker-2", "worker-3"]


def test_airflow_is_told_of_celery_and_leaves_room_for_what_a_lost_worker_held(fleet: Fleet) -> None:
    settings = fleet.settings()
    assert settings["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert settings["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "5"
    assert int(settings["AIRFLOW__CORE__PARALLELISM"]) == 30
    assert settings["AIRFLOW__CELERY__BROKER_URL"] == fleet.broker_url


def test_the_brokers_password_does_not_show_when_printed(fleet: Fleet) -> None:
    assert fleet.password
    assert fleet.password in fleet.broker_url
    assert fleet.password not in repr(fleet)


def test_no_broker_no_workers(fleet: Fleet) -> None:
    assert fleet.listening() == set()


def test_a_missing_broker_is_named_with_the_mend(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StackError, match="there is no redis-server here: install Redis"):
        next(fleet.start({}))


def test_a_component_goes_by_the_name_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(machine.VARIABLE, raising=False)
    assert machine.name() == socket.gethostname()
    monkeypatch.setenv(machine.VARIABLE, "worker-1")
    assert machine.name() == "worker-1"


def test_the_broker_ends_with_the_environment(fleet: Fleet, folder: DataFolder) -> None:
    find_or_skip("the broker", [BROKER_PROGRAM], ["redis-server"])
    broker = next(fleet.start({**os.environ, MARK: str(folder.path)}))
    wait_until(lambda: _answers(fleet.broker_port), "the broker does not answer", 20, [broker])
    assert stop_marked(str(folder.path)) == 1
    assert not _answers(fleet.broker_port)


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
