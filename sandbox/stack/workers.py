"""Celery workers in place of the scheduler's own: a broker, and workers that look like machines of their own."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from celery import Celery
from kombu.exceptions import OperationalError

from sandbox import machine
from sandbox.stack.credentials import Credentials, write_private
from sandbox.stack.errors import StackError
from sandbox.stack.folder import DataFolder
from sandbox.stack.ports import HOST, free_numbers
from sandbox.stack.processes import Component, start

BROKER = "redis"
BROKER_PROGRAM = "redis-server"
ANSWER_SECONDS = 1.0
# As in docker-compose.yaml: what is queued outlives the broker.
# A title of its own would be written over the environment variables, by which an environment's processes are found.
BROKER_CONFIGURATION = """
set-proc-title no
bind {host}
port {port}
dir "{folder}"
appendonly yes
requirepass {password}
"""


@dataclass(frozen=True)
class Workers:
    """How many workers, and how many tasks each of them runs at the same time."""

    count: int = 2
    tasks_each: int = 2

    @property
    def names(self) -> list[str]:
        """What they are called, as their machines would be."""
        return [f"worker-{number}" for number in range(1, self.count + 1)]


@dataclass(frozen=True)
class Fleet:
    """The workers of an environment and their broker: what they run with, and how each of them starts.

    Every worker has a host name, a port for its logs and a process group of its own, as on a machine of its own.
    """

    workers: Workers
    folder: DataFolder
    broker_port: int
    password: str = field(repr=False)

    @property
    def broker_url(self) -> str:
        """Where the broker is, with its password."""
        return f"redis://:{self.password}@{HOST}:{self.broker_port}/0"

    def settings(self) -> dict[str, str]:
        """What every component of Airflow has to know."""
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(2 * self.workers.count * self.workers.tasks_each),
            "AIRFLOW__CELERY__BROKER_URL": self.broker_url,
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(self.workers.tasks_each),
        }

    def start(self, environment: Mapping[str, str]) -> Iterator[Component]:
        """The broker, then the workers, which wait for it."""
        yield self._start_broker(environment)
        for name in self.workers.names:
            yield self.start_worker(name, environment)

    def _start_broker(self, environment: Mapping[str, str]) -> Component:
        program = shutil.which(BROKER_PROGRAM)
        if program is None:
            raise StackError(f"there is no {BROKER_PROGRAM} here: install Redis (Debian: apt-get install redis-server)")
        configuration = self.folder.broker / "redis.conf"
        configuration.parent.mkdir(exist_ok=True)
        content = {"host": HOST, "port": self.broker_port, "folder": self.folder.broker, "password": self.password}
        write_private(configuration, BROKER_CONFIGURATION.format(**content))
        return start(BROKER, [program, str(configuration)], environment, self.folder.log(BROKER))

    def start_worker(self, name: str, environment: Mapping[str, str]) -> Component:
        """Start a worker by its name; again, when it was ended."""
        command = [sys.executable, "-m", "airflow", "celery", "worker", "--celery-hostname", f"celery@{name}"]
        (log_port,) = free_numbers(1)
        own = {
            machine.VARIABLE: name,
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "sandbox.machine.name",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(log_port),
        }
        return start(name, command, {**environment, **own}, self.folder.log(name))

    def listening(self) -> set[str]:
        """Names of the workers that take tasks; empty as long as the broker does not answer."""
        with Celery(broker=self.broker_url) as broker:
            try:
                answers = broker.control.ping(timeout=ANSWER_SECONDS)
            except OperationalError:
                return set()
        return {name.partition("@")[2] for answer in answers for name in answer}


def make_fleet(workers: Workers, folder: DataFolder, credentials: Credentials) -> Fleet:
    """The workers of an environment, their broker at a free port."""
    (port,) = free_numbers(1)
    return Fleet(workers, folder, port, credentials.broker_password)
