"""Starting everything in order, watching it, and stopping it whatever happens."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import requests

from sandbox.stack.airflow_api import AirflowApi
from sandbox.stack.credentials import ADMINISTRATOR, Credentials, accounts_file, load_credentials
from sandbox.stack.databases import (
    is_airflow_current,
    migrate_records,
    running_databases,
)
from sandbox.stack.ending import Tell, ending_on_signals, stopping, swept
from sandbox.stack.environment import FAB, DatabaseUrls, build_environment
from sandbox.stack.errors import StackError
from sandbox.stack.folder import REPOSITORY, DataFolder, held
from sandbox.stack.memory import join, remembered
from sandbox.stack.own_clock import moved_clock, start_clock
from sandbox.stack.ports import HOST, Ports, free_ports
from sandbox.stack.processes import Component, end, run_to_end, start, wait_until
from sandbox.stack.settling import Settling
from sandbox.stack.workers import Fleet, Workers, make_fleet

START_SECONDS = 300
DAGS = REPOSITORY / "dags"
AIRFLOW_COMPONENTS = {"scheduler": "scheduler", "dag-processor": "dag_processor"}


@dataclass(frozen=True)
class Others:
    """What runs beside what every environment has; without workers the scheduler runs the tasks itself."""

    triggerer: bool = False
    workers: Workers | None = None


NONE = Others()


@dataclass
class Stack:
    """A running environment."""

    folder: DataFolder
    ports: Ports
    databases: DatabaseUrls
    credentials: Credentials
    environment: dict[str, str] = field(repr=False)
    fleet: Fleet | None = None
    components: list[Component] = field(default_factory=list, repr=False)

    @property
    def airflow_url(self) -> str:
        """Airflow's UI and API, without a path."""
        return f"http://{HOST}:{self.ports.ui}"

    @property
    def gateway_url(self) -> str:
        """The emulator: the inbox page at `/`, the contract's calls under `/api`, its own under `/emulator`."""
        return f"http://{HOST}:{self.ports.inbox}"

    @property
    def database_url(self) -> str:
        """The records database."""
        return self.databases.records

    @property
    def airflow(self) -> AirflowApi:
        """Airflow as its administrator."""
        return self.airflow_as(ADMINISTRATOR)

    def airflow_as(self, user: str) -> AirflowApi:
        """Airflow as a member of staff, see `credentials.STAFF`."""
        password = self.credentials.passwords[user]
        return AirflowApi(self.airflow_url, user, password, self.check, self._settling)

    @cached_property
    def _settling(self) -> Settling:
        return Settling(self.folder.log("scheduler"))

    def check(self) -> None:
        """Raise StackError when a component has ended."""
        for component in self.components:
            component.check()

    def start(self, name: str, *command: str, keeps_greeting: bool = True) -> None:
        """Start a component; it counts as part of the environment from now on."""
        self.components.append(self.launch(name, *command, keeps_greeting=keeps_greeting))

    def start_airflow(self, name: str) -> None:
        """Start one of Airflow's components, as `scheduler`; again, when it was ended."""
        self.start(name, "airflow", name)

    def end(self, name: str, *, at_once: bool = False) -> None:
        """End a component, a scheduler with its workers; killed when `at_once`. The environment goes on without it."""
        component = next(component for component in self.components if component.name == name)
        self.components.remove(component)
        end(component, at_once=at_once)

    def launch(self, name: str, *command: str, keeps_greeting: bool = True) -> Component:
        """Start a process that is expected to end, such as a migration."""
        line = [sys.executable, "-m", *command]
        return start(name, line, self.environment, self.folder.log(name), keeps_greeting=keeps_greeting)

    def wait_for_gateway(self) -> None:
        """Until the emulator answers."""
        wait_until(self._gateway_answers, "the gateway emulator does not answer", START_SECONDS, self.components)

    def wait_for_airflow(self, dag_ids: Sequence[str] = ()) -> None:
        """Until Airflow's components are healthy, these DAGs are known and all workers listen.

        Raises:
            StackError: a component ended, a DAG file cannot be read, or it takes too long.
        """
        airflow = self.airflow
        wait_until(
            lambda: _is_healthy(airflow.health()), "Airflow does not become healthy", START_SECONDS, self.components
        )
        wait_until(
            lambda: _knows(airflow, dag_ids),
            f"Airflow does not find {', '.join(dag_ids)}",
            START_SECONDS,
            self.components,
        )
        if fleet := self.fleet:
            names = set(fleet.workers.names)
            wait_until(lambda: names <= fleet.listening(), "the workers do not listen", START_SECONDS, self.components)

    def _gateway_answers(self) -> bool:
        headers = {"Authorization": f"Bearer {self.credentials.gateway_token}"}
        try:
            return requests.get(f"{self.gateway_url}/emulator/health", headers=headers, timeout=5).ok
        except requests.RequestException:
            return False


@contextmanager
def running_stack(
    data: Path | DataFolder,
    *,
    ports: Ports | None = None,
    dags: Path = DAGS,
    others: Others = NONE,
    roles: bool = False,
    starts_at: datetime | None = None,
    settings: Mapping[str, str] | None = None,
    tell: Tell = lambda line: None,
) -> Iterator[Stack]:
    """The whole environment in a data folder until the block ends; then nothing of it runs any more.

    The block begins with the databases migrated and the gateway answering while Airflow still starts: load residents
    meanwhile, then call `wait_for_airflow`. A fresh folder's clock starts at `starts_at`; an old one's goes on. With
    `roles`, staff may do what the product's roles say, else everything. The components run with the environment
    variables of `settings` over those that the sandbox chooses. `tell` gets a line at each step. SIGTERM and SIGHUP end
    the block like Ctrl-C.

    Raises:
        StackError: something does not start; the message names the log file and shows its end.
    """
    folder = data if isinstance(data, DataFolder) else DataFolder(data.resolve())
    _create(folder)
    with ending_on_signals(), held(folder), swept(folder, tell):
        tell("PostgreSQL")
        with running_databases(folder) as databases, stopping(folder, tell):
            credentials = load_credentials(folder)
            ports = ports or free_ports()
            fleet = make_fleet(others.workers, folder, credentials) if others.workers else None
            settings = {**(FAB if roles else {}), **(fleet.settings() if fleet else {}), **(settings or {})}
            environment = build_environment(folder, ports, databases, credentials, dags, settings)
            stack = Stack(folder, ports, databases, credentials, environment, fleet)
            with moved_clock(folder), remembered(folder, ports, databases):
                if starts_at:
                    start_clock(folder.clock, starts_at)
                _start_all(stack, triggerer=others.triggerer, roles=roles, tell=tell)
                yield stack


def joined_stack(folder: DataFolder) -> Stack:
    """The environment that another program runs in a folder. Raises StackError when none does."""
    ports, databases = join(folder)
    return Stack(folder, ports, databases, load_credentials(folder), environment={})


def _start_all(stack: Stack, *, triggerer: bool, roles: bool, tell: Tell) -> None:
    tell("gateway emulator, database schemas")
    gateway = ("sandbox.gateway", "--port", str(stack.ports.inbox), "--data", str(stack.folder.gateway))
    stack.start("gateway", *gateway, keeps_greeting=False)
    migration = _start_airflow_migration(stack)
    migrate_records(stack.databases.records)
    stack.wait_for_gateway()
    if migration:
        run_to_end(migration, stack.check)
    if roles:
        tell("roles and accounts")
        make_roles(stack)
    tell("Airflow: api-server, scheduler, dag-processor")
    for name in ("api-server", *AIRFLOW_COMPONENTS, *(["triggerer"] if triggerer else [])):
        stack.start_airflow(name)
    if stack.fleet:
        tell("Celery workers and their broker")
        stack.components.extend(stack.fleet.start(stack.environment))


def make_roles(stack: Stack) -> None:
    """Roles and accounts as the product's own command makes them; before any DAG is read that names them."""
    command = ("oshirase.orchestration.roles", "--users", str(accounts_file(stack.folder)))
    run_to_end(stack.launch("roles", *command), stack.check)


def _start_airflow_migration(stack: Stack) -> Component | None:
    if is_airflow_current(stack.databases.airflow):
        return None
    return stack.launch("airflow-migration", "airflow", "db", "migrate")


def _create(folder: DataFolder) -> None:
    try:
        folder.create()
    except OSError as error:
        raise StackError(f"the data folder {folder.path} cannot be made ({error.strerror}): name another one") from None


def _is_healthy(health: dict[str, str | None]) -> bool:
    return all(health.get(name) == "healthy" for name in AIRFLOW_COMPONENTS.values())


def _knows(airflow: AirflowApi, dag_ids: Sequence[str]) -> bool:
    if missing := set(dag_ids) - airflow.dag_ids():
        for file, trace in airflow.import_errors().items():
            if Path(file).stem in missing:
                raise StackError(f"Airflow cannot read {file}: {trace.strip().splitlines()[-1]}")
    return not missing
