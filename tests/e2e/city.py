"""A whole city: real Airflow, PostgreSQL and gateway, with a campaign and a DAG of its own for each of some tests."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from oshirase.adapters.database import create_records_engine
from oshirase.domain.calendar import JST, USUAL_OFFICE
from sandbox.stack import Others, Stack, Workers, running_stack
from sandbox.stack.environment import AIRFLOW_DATABASE_SETTING, RECORDS_DATABASE_SETTING
from tests.e2e.logs import kept_by_airflow, log_files, who_tells
from tests.e2e.settings import SettingsHome, make_home
from tests.e2e.telephones import Telephones

OPENS_AT = time(9, 5, tzinfo=JST)
MARK = "campaign"
SETTINGS = {
    # Unpaused, a DAG starts its latest occurrence by itself.
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "True",
    # What takes minutes by default: a dead scheduler's tasks are taken over, an approval's time has run out.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
    # The scheduler may hear of a process's end with the next heartbeat only; one more of them may fail, so that a task
    # lives about as long without the API server as by default.
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "4",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
    # At the end all logs are searched for everybody in the records: docs/logs.md.
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
}


@dataclass(frozen=True)
class RunningCity:
    """What all tests share."""

    stack: Stack
    home: SettingsHome
    owner: Engine
    telephones: Telephones


@contextmanager
def running_city(
    folder: Path,
    items: Iterable[pytest.Item],
    *,
    workers: Workers | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[RunningCity]:
    """A city for these tests, in the morning of a business day: whatever the machine's clock says, SMS may leave."""
    home = make_home(folder, {campaign_of(item): settings_of(item) for item in items})
    with pytest.MonkeyPatch.context() as patch:
        # Never a database that somebody uses.
        for name in (AIRFLOW_DATABASE_SETTING, RECORDS_DATABASE_SETTING):
            patch.delenv(name, raising=False)
        patch.setenv("OSHIRASE_HOME", str(home.path))
        settings = {**SETTINGS, "OSHIRASE_HOME": str(home.path), **(settings or {})}
        with running_stack(
            folder / "data", dags=home.dags, others=Others(workers=workers), starts_at=next_morning(), settings=settings
        ) as stack:
            owner = create_records_engine(make_url(stack.database_url))
            _hurry(owner)
            stack.wait_for_airflow([file.stem for file in home.dags.glob("*.py")])
            yield RunningCity(stack, home, owner, Telephones(stack, owner))
            logs = {str(path): path.read_text(errors="replace") for path in log_files(stack)}
            kept = kept_by_airflow(stack)
            telling = who_tells(owner, logs | kept)
            owner.dispose()
    assert any("task_id=" in path for path in logs)
    assert kept["task_instance"]
    assert telling == [], f"somebody's number or id is in these logs or tables of Airflow: {telling}"


def campaign_of(item: pytest.Item) -> str:
    """The name of a test's campaign and DAG."""
    return re.sub(r"\W+", "_", item.name.removeprefix("test_")).strip("_")


def settings_of(item: pytest.Item) -> dict[str, Any]:
    """How the settings of a test's campaign differ."""
    mark = item.get_closest_marker(MARK)
    return dict(mark.kwargs) if mark else {}


def next_morning() -> datetime:
    """Ahead of the machine's clock, and before the hour of any occurrence."""
    tomorrow = datetime.now(UTC).astimezone(JST).date() + timedelta(days=1)
    return datetime.combine(USUAL_OFFICE.next_open(tomorrow), OPENS_AT)


def _hurry(owner: Engine) -> None:
    """Nothing here has to outlive a power cut."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"alter system set {setting} = off"))
        connection.execute(text("select pg_reload_conf()"))
