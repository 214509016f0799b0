"""The environment's parts that need no environment: ports, secrets, settings, processes, sentences."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from sandbox import clock
from sandbox.demo.advance import main as advance
from sandbox.stack import AirflowApi, Ports, StackError
from sandbox.stack.__main__ import main
from sandbox.stack.credentials import STAFF, load_credentials, passwords_file
from sandbox.stack.databases import is_airflow_current, running_databases
from sandbox.stack.environment import DatabaseUrls, build_environment
from sandbox.stack.folder import DataFolder, held, owner
from sandbox.stack.own_clock import moved_clock, start_clock
from sandbox.stack.ports import HOST, fixed_ports, free_ports, require_free
from sandbox.stack.processes import MARK, end, marked_processes, run_to_end, start, stop_marked, wait_until
from sandbox.stack.telephones import SeenMessage, most_on_one_telephone, received
from sandbox.ward import Message, Topic

NOON = datetime(2026, 10, 2, 3, tzinfo=UTC)
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
# A parent that shrugs SIGTERM off, and a child that its parent would leave behind.
STUBBORN = [
    sys.executable,
    "-c",
    (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True);"
        "time.sleep(60)"
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    return folder


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def environment_of(folder: DataFolder) -> dict[str, str]:
    ports, urls = Ports(8080, 8090, 1, 2), DatabaseUrls("postgresql:///airflow", "postgresql:///records")
    return build_environment(folder, ports, urls, load_credentials(folder), Path("/dags"))


def marked(folder: DataFolder) -> dict[str, str]:
    return {**os.environ, MARK: str(folder.path)}


# Ports


def test_free_ports_are_free_and_differ() -> None:
    ports = free_ports()
    numbers = {ports.ui, ports.inbox, ports.scheduler_logs, ports.triggerer_logs}
    assert len(numbers) == 4
    for number in numbers:
        require_free(number, "a test", "PORT")


def test_a_port_in_use_is_named_with_the_mend(taken_port: int) -> None:
    with pytest.raises(StackError, match=rf"port {taken_port} for the inbox .* choose another with INBOX_PORT=n"):
        fixed_ports(free_ports().ui, taken_port)


def test_one_port_for_two_is_refused() -> None:
    with pytest.raises(StackError, match="cannot both use port 9000"):
        fixed_ports(9000, 9000)


def test_up_on_a_port_in_use_ends_with_one_sentence(
    taken_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSHIRASE_DATA", str(tmp_path / "up"))
    assert main(["up", "--ui-port", str(taken_port)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "up" / "postgres").exists()


@pytest.mark.parametrize("size", ["0", "1999", "1000001"])
def test_up_with_an_impossible_size_ends_with_one_sentence(
    size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSHIRASE_DATA", str(tmp_path / "up"))
    assert main(["up", "--size", size]) == 1
    assert "2,000 to 1,000,000 residents" in capsys.readouterr().err
    assert not (tmp_path / "up").exists()


def test_advance_without_an_environment_says_what_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSHIRASE_DATA", str(tmp_path))
    assert advance(["1h"]) == 1
    assert "start one with `make up`" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "6", "h", "-1h", "1x", "6 h", "99999h"])
def test_advance_refuses_what_is_no_length_of_time(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        advance(["--", text])
    assert ended.value.code == 2
    assert "write 30m, 6h or 2d" in capsys.readouterr().err


# Secrets and settings


def test_credentials_are_private_kept_and_differ_between_folders(tmp_path: Path) -> None:
    folders = [DataFolder(tmp_path / name) for name in "ab"]
    for folder in folders:
        folder.create()
    first, other = (load_credentials(folder) for folder in folders)
    assert load_credentials(folders[0]) == first
    for name, value in vars(first).items():
        assert value, name
        assert value != getattr(other, name), name
    for path in (folders[0].path / "credentials.json", passwords_file(folders[0])):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_credentials_do_not_show_when_printed(folder: DataFolder) -> None:
    credentials = load_credentials(folder)
    shown = repr(credentials)
    assert credentials.fernet_key not in shown
    assert credentials.gateway_token not in shown
    assert not any(password in shown for password in credentials.passwords.values())


def test_every_member_of_staff_has_a_password_and_a_role(folder: DataFolder) -> None:
    users = environment_of(folder)["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")
    assert users == [f"{name}:{member.rank}" for name, member in STAFF.items()]
    assert set(load_credentials(folder).passwords) == set(STAFF)


def test_the_environment_leaves_out_the_machines_own_airflow(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", "http://elsewhere")
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    environment = environment_of(folder)
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW_CONN_OTHER" not in environment
    assert environment["LANG"] == "ja_JP.UTF-8"


def test_settings_of_the_caller_go_over_the_sandboxs_own(folder: DataFolder) -> None:
    ports, urls = Ports(8080, 8090, 1, 2), DatabaseUrls("postgresql:///airflow", "postgresql:///records")
    settings = {"AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "True", "OSHIRASE_HOME": "/home"}
    environment = build_environment(folder, ports, urls, load_credentials(folder), Path("/dags"), settings)
    assert settings.items() <= environment.items()


def test_airflows_timetable_is_off_where_time_is_played(folder: DataFolder) -> None:
    environment = environment_of(folder)
    assert environment["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == "False"
    assert environment["OSHIRASE_CLOCK"] == "sandbox.clock:now"
    assert environment["OSHIRASE_SANDBOX_CLOCK"] == str(folder.clock)


# Databases


def test_a_named_database_that_does_not_answer_is_named_without_its_password(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_ports().ui
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", f"postgresql://someone:hunter2@127.0.0.1:{port}/records")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"postgresql://someone@127.0.0.1:{port}/airflow")
    with pytest.raises(StackError, match="does not answer: start it, or mend") as raised, running_databases(folder):
        pass
    assert "hunter2" not in str(raised.value)


def test_a_database_url_that_is_none_is_refused(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", "the usual one")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "the usual one")
    with pytest.raises(StackError, match="is no database URL: write postgresql://"), running_databases(folder):
        pass


def test_an_empty_database_is_not_current_for_airflow(empty_database_url: object) -> None:
    assert not is_airflow_current(empty_database_url.render_as_string(hide_password=False))  # type: ignore[attr-defined]


# The folder and its clock


def test_one_program_at_a_time_holds_a_folder(folder: DataFolder) -> None:
    assert owner(folder) is None
    with held(folder):
        assert owner(folder) == os.getpid()
        with pytest.raises(StackError, match=r"runs in .* already .*`make down`"), held(folder):
            pass
    assert owner(folder) is None


def test_a_folder_is_free_after_its_holder_was_killed(folder: DataFolder) -> None:
    script = (
        "import sys, time; from pathlib import Path; from sandbox.stack.folder import DataFolder, held\n"
        "with held(DataFolder(Path(sys.argv[1]))): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder.path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert owner(folder) == holder.pid
        holder.send_signal(signal.SIGKILL)
    assert owner(folder) is None


def test_a_fresh_clock_starts_in_the_past_and_an_old_one_goes_on(folder: DataFolder) -> None:
    with moved_clock(folder):
        start_clock(folder.clock, NOON)
        assert timedelta(0) <= clock.now() - NOON < timedelta(seconds=5)
        clock.advance(timedelta(days=1))
        start_clock(folder.clock, NOON)
        assert clock.now() - NOON >= timedelta(days=1)


# Processes


def test_what_is_marked_is_stopped_with_what_it_left_behind(folder: DataFolder) -> None:
    component = start("stubborn", STUBBORN, marked(folder), folder.log("stubborn"))
    wait_until(lambda: len(marked_processes(str(folder.path))) == 2, "two processes", 10, [component])
    processes = marked_processes(str(folder.path))
    assert stop_marked(str(folder.path), seconds=0.5) == 2
    component.process.wait(5)
    assert not [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_component_ends_with_what_it_has_started(folder: DataFolder, at_once: bool) -> None:
    component = start("stubborn", STUBBORN, marked(folder), folder.log("stubborn"))
    wait_until(lambda: len(marked_processes(str(folder.path))) == 2, "two processes", 10, [component])
    end(component, at_once=at_once, seconds=0.5)
    assert marked_processes(str(folder.path)) == []


def test_processes_of_another_environment_are_left_alone(folder: DataFolder) -> None:
    component = start("sleeper", SLEEPER, marked(folder), folder.log("sleeper"))
    try:
        assert stop_marked(f"{folder.path}-other") == 0
        component.check()
    finally:
        component.process.kill()
        component.process.wait()


def test_a_component_that_ends_is_named_with_the_end_of_its_log(folder: DataFolder) -> None:
    component = start(
        "brief", [sys.executable, "-c", "print('no disk left'); exit(3)"], marked(folder), folder.log("brief")
    )
    with pytest.raises(StackError, match=r"brief ended with status 3, see .*brief\.log:\n    no disk left"):
        wait_until(lambda: False, "never", 10, [component])


def test_a_command_that_fails_is_named(folder: DataFolder) -> None:
    component = start("migration", [sys.executable, "-c", "exit(1)"], marked(folder), folder.log("migration"))
    with pytest.raises(StackError, match="migration ended with status 1"):
        run_to_end(component, lambda: None)


def test_a_wait_has_an_end() -> None:
    began = time.monotonic()
    with pytest.raises(StackError, match="the moon: not within 0 s"):
        wait_until(lambda: False, "the moon", 0.3)
    assert time.monotonic() - began < 2


# Airflow's API


def test_airflow_that_does_not_answer_is_one_sentence() -> None:
    airflow = AirflowApi(f"http://{HOST}:{free_ports().ui}", "sato", "secret")
    assert airflow.health() == {}
    with pytest.raises(StackError, match=r"Airflow at http://\S+ does not answer .*`make up`") as raised:
        airflow.dag_ids()
    assert "secret" not in repr(airflow) + str(raised.value)


# The telephones


def message(
    number: str, notice_id: str = "notice", *, sent: bool = True, received_minutes: int | None = None
) -> SeenMessage:
    received_at = None if received_minutes is None else NOON + timedelta(minutes=received_minutes)
    return SeenMessage(notice_id, number, NOON if sent else None, received_at)


def test_messages_that_left_are_counted_by_telephone() -> None:
    two, booked = [message("09000010001"), message("09000010001")], message("09000010002", sent=False)
    assert most_on_one_telephone([*two, booked, booked, booked]) == 2
    assert most_on_one_telephone([]) == 0


def test_what_a_telephone_really_got_is_told_by_topic() -> None:
    topics: dict[str, Topic | None] = {"premium": "premium", "check-up": "check_up", "notice": None}
    seen = [
        message("09000010001", "premium", received_minutes=9),
        message("09000010001", "check-up", received_minutes=1),
        message("09000010002", "premium"),
        message("09000010003", "notice", received_minutes=1),
        message("09000010004", "stray", received_minutes=1),
    ]
    assert received(seen, topics) == [
        Message("+819000010001", NOON + timedelta(minutes=9), "premium"),
        Message("+819000010001", NOON + timedelta(minutes=1), "check_up"),
    ]
