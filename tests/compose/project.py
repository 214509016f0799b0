"""One project of docker-compose.yaml, with names, secrets and a port of its own."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from deploy import make_env
from sandbox.stack.airflow_api import AirflowApi
from sandbox.stack.settling import Settling
from tests.compose.engine import run

NAME = "oshirase-test"
FILES = (make_env.ROOT / "docker-compose.yaml", Path(__file__).parent / "override.yaml")
JOBS = ("migrate", "ward")
APPROVER = "sato"
START_SECONDS = 900
ACCOUNTS = """
umask 077; cat > /tmp/staff.toml
python -m oshirase.orchestration.roles --users /tmp/staff.toml; status=$?
rm /tmp/staff.toml; exit $status
"""
COUNTS = """
import os, sys, urllib.request
request = urllib.request.Request(f"http://localhost:8090/emulator/{sys.argv[1]}", data=sys.stdin.buffer.read() or None)
request.add_header("Authorization", "Bearer " + os.environ["OSHIRASE_EMULATOR_TOKEN"])
print(urllib.request.urlopen(request).read().decode())
"""


@dataclass
class Project:
    """The services of this checkout; `folder` keeps .env and logs meanwhile."""

    compose: list[str]
    folder: Path
    images: Mapping[str, str]

    def __post_init__(self) -> None:
        assert make_env.main(["--emulator", "--to", str(self.env_file)]) == 0
        settings = {
            **self.images,
            "OSHIRASE_VERSION": "compose-test",
            "AIRFLOW_LISTEN": f"127.0.0.1:{self.port}",
            "AIRFLOW_BASE_URL": self.address,
            "WARD_SIZE": "6000",
        }
        with self.env_file.open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    @cached_property
    def port(self) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, *arguments: str, given: str | None = None, show: bool = False) -> str:
        """One command of Compose."""
        files = [part for file in FILES for part in ("--file", str(file))]
        common = ["--project-name", NAME, "--env-file", str(self.env_file), "--profile", "emulator"]
        return run([*self.compose, *files, *common, *arguments], given=given, show=show)

    def up(self) -> None:
        """Everything, with two workers, until each service is healthy and each job has ended well."""
        self.call("up", "--detach", "--no-build", "--scale", "worker=2")
        self.wait(self._is_well, "healthy services", START_SECONDS)

    def containers(self) -> list[dict[str, Any]]:
        """What `docker inspect` says of each."""
        ids = (
            self.call("ps", "--all", "--quiet").split()
            if self.compose[0] == "docker"
            else self.call("ps", "-q").split()
        )
        return list(json.loads(run(["docker", "inspect", *ids]))) if ids else []

    def _is_well(self) -> bool:
        found = self.containers()
        for one in found:
            name, state = _service(one), one["State"]
            if name in JOBS and state["Status"] == "exited" and state["ExitCode"]:
                raise AssertionError(f"{name} failed:\n{self.call('logs', '--tail', '40', name)}")
        return bool(found) and all(_is_well(one) for one in found)

    def worker_ids(self) -> list[str]:
        """The containers of the workers that run."""
        return self.call("ps", "-q", "worker").split()

    def execute(self, service: str, *command: str, given: str | None = None) -> str:
        """A command in a running service."""
        return self.call("exec", "-T", service, *command, given=given or "")

    def make_account(self) -> str:
        """An approver and clerk of the premium section, as docs/deployment.md says; the password."""
        password = make_env.new_password()
        account = {"name": APPROVER, "full_name": APPROVER, "password": password}
        lines = [f"{key} = {json.dumps(value)}" for key, value in account.items()]
        toml = "\n".join(["[[users]]", *lines, 'roles = ["clerk-premium", "approver-premium"]', ""])
        self.execute("api-server", "sh", "-c", ACCOUNTS, given=toml)
        return password

    def gateway(self, call: str, body: object = None) -> dict[str, Any]:
        """One of the emulator's own calls, from inside: no port of it is open."""
        given = json.dumps(body) if body else ""
        return dict(json.loads(self.execute("gateway", "python", "-c", COUNTS, call, given=given)))

    def now(self) -> datetime:
        """The time of the emulator and of the product."""
        told = self.execute("gateway", "python", "-c", "from sandbox import clock; print(clock.now().isoformat())")
        return datetime.fromisoformat(told.strip())

    def advance(self, by: timedelta) -> None:
        """Move that time forwards."""
        imports = "from datetime import timedelta; from sandbox import clock"
        code = f"{imports}; clock.advance(timedelta(seconds={by.total_seconds()}))"
        self.execute("gateway", "python", "-c", code)

    def query(self, statement: str) -> list[str]:
        """Lines of what the records database answers."""
        command = ("psql", "--username", "oshirase", "--dbname", "records", "--tuples-only", "--no-align", "--command")
        return self.execute("records-db", *command, statement).split()

    @contextmanager
    def airflow(self, password: str) -> Iterator[AirflowApi]:
        """Airflow as the approver uses it; the scheduler's log says when a question may be answered."""
        log = self.folder / "scheduler.log"
        scheduler = self.call("ps", "-q", "scheduler").strip()
        with log.open("wb") as output:
            reading = subprocess.Popen(["docker", "logs", "--follow", scheduler], stdout=output, stderr=output)
        try:
            yield AirflowApi(self.address, APPROVER, password, settling=Settling(log))
        finally:
            reading.terminate()
            reading.wait()

    def wait(self, is_so: Callable[[], object], what: str, seconds: float = 300) -> None:
        """Ask again and again until it is so."""
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                states = {one["Name"]: one["State"].get("Health", {}).get("Status") for one in self.containers()}
                raise AssertionError(f"no {what} within {seconds:.0f} s: {states}")
            time.sleep(1)


def _service(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def _is_well(container: dict[str, Any]) -> bool:
    state = container["State"]
    if _service(container) in JOBS:
        return bool(state["Status"] == "exited" and not state["ExitCode"])
    return bool(state.get("Health", {}).get("Status") == "healthy")
