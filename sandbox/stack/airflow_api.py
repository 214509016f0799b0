"""Airflow's REST API as staff use it: by name and password, in a few calls."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import requests

from sandbox.stack.errors import StackError
from sandbox.stack.settling import Settling, Try

POLL_SECONDS = 0.3
ANSWER_SECONDS = 30
ENDED = {"success", "failed"}
FAILED = {"failed", "upstream_failed"}
UNASKED = {"success", "skipped"}
WAITING = "awaiting_input"
T = TypeVar("T")


@dataclass
class AirflowApi:
    """A client for one member of staff. Every method raises StackError when Airflow refuses or does not answer.

    `watch` is called at each turn of a wait, and may raise: to notice that a component has ended. `settling` tells when
    a task that asks may be answered.
    """

    address: str
    user: str
    password: str = field(repr=False)
    watch: Callable[[], None] = field(default=lambda: None, repr=False)
    settling: Settling | None = field(default=None, repr=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def acting_as(self, user: str, password: str) -> "AirflowApi":
        """A client of the same Airflow for somebody else."""
        return AirflowApi(self.address, user, password, self.watch, self.settling)

    def health(self) -> dict[str, str | None]:
        """Status by component, `{"scheduler": "healthy", …}`; empty while Airflow does not answer."""
        try:
            answer = self._session.get(f"{self.address}/api/v2/monitor/health", timeout=ANSWER_SECONDS)
            return {name: entry["status"] for name, entry in answer.json().items()}
        except requests.RequestException:
            return {}

    def dag_ids(self) -> set[str]:
        """Names of the DAGs that Airflow knows by now."""
        return {dag["dag_id"] for dag in self._call("GET", "dags", query={"limit": 100})["dags"]}

    def import_errors(self) -> dict[str, str]:
        """What Airflow could not read: file name to traceback."""
        found = self._call("GET", "importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in found}

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs start."""
        self._call("PATCH", f"dags/{dag_id}", {"is_paused": False})

    def trigger(
        self, dag_id: str, logical_date: datetime | None = None, conf: Mapping[str, object] | None = None
    ) -> str:
        """Start a run by hand; its run id."""
        moment = logical_date.isoformat() if logical_date else None
        run = self._call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": moment, "conf": dict(conf or {})})
        return str(run["dag_run_id"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """All runs of a DAG, the oldest first: each with `dag_run_id`, `run_type`, `state`, `logical_date`…"""
        query: dict[str, str | int] = {"limit": 100, "order_by": "id"}
        return list(self._call("GET", f"dags/{dag_id}/dagRuns", query=query)["dag_runs"])

    def clear_run(self, dag_id: str, run_id: str) -> None:
        """Let every task of a run run again."""
        self._call("POST", f"{_run(dag_id, run_id)}/clear", {"dry_run": False})

    def clear_task(self, dag_id: str, run_id: str, task_id: str, *, downstream: bool = False) -> None:
        """Let one task of a run run again, whatever its state, all of a mapped one; if asked for, what follows it."""
        what = {
            "dag_run_id": run_id, "task_ids": [task_id], "include_downstream": downstream, "only_failed": False,
            "dry_run": False,
        }  # fmt: skip
        self._call("POST", f"dags/{dag_id}/clearTaskInstances", what)

    def mark_success(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Mark a task as done by hand, whether it is or not."""
        self._call("PATCH", f"{_run(dag_id, run_id)}/taskInstances/{task_id}", {"new_state": "success"})

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """Mark a run as failed: its running tasks are ended, the others not begun."""
        self._call("PATCH", _run(dag_id, run_id), {"state": "failed"})

    def backfill(
        self, dag_id: str, first: datetime, last: datetime, *, reprocess: str = "none", max_active_runs: int = 1
    ) -> int:
        """Create a backfill of the occurrences from `first` to `last`, both included; its number.

        `reprocess`: of occurrences that have a run, `none`, those `failed`, or those `completed` run again, too.
        """
        what = {
            "dag_id": dag_id,
            "from_date": first.isoformat(),
            "to_date": last.isoformat(),
            "reprocess_behavior": reprocess,
            "max_active_runs": max_active_runs,
        }
        return int(self._call("POST", "backfills", what)["id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self._call("GET", _run(dag_id, run_id))["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """State by task, named as in `tasks`."""
        return {name: task["state"] for name, task in self.tasks(dag_id, run_id).items()}

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Task instances, a mapped one as `task[index]`; its name without index stands for the one not expanded yet."""
        instances = self._call("GET", f"{_run(dag_id, run_id)}/taskInstances", query={"limit": 1000})["task_instances"]
        return {_task_name(instance): dict(instance) for instance in instances}

    def wait_for_run(self, dag_id: str, run_id: str, seconds: float = 300) -> str:
        """Wait until the run has ended; its state, `success` or `failed`."""

        def ended() -> str | None:
            state = self.run_state(dag_id, run_id)
            return state if state in ENDED else None

        return self._wait(ended, f"run {run_id} of {dag_id} has not ended", seconds)

    def wait_for_task(self, dag_id: str, run_id: str, task_id: str, seconds: float = 120) -> None:
        """Wait until a task has done its work, or was skipped. Raises StackError when it, or one before it, failed."""

        def done() -> bool | None:
            state = self.task_states(dag_id, run_id).get(task_id)
            if state in FAILED:
                raise StackError(f"run {run_id} of {dag_id} failed before or at task {task_id}: {self.address}")
            return True if state in UNASKED else None

        self._wait(done, f"task {task_id} of run {run_id} has not ended", seconds)

    def wait_for_hitl(self, dag_id: str, run_id: str, task_id: str, seconds: float = 120) -> dict[str, Any]:
        """Wait until a task asks somebody and may be answered; nothing when it asks nobody.

        Else what it asks: `subject`, `body`, `options`, `params`…
        """

        def asked() -> dict[str, Any] | None:
            details = self._call("GET", f"{_run(dag_id, run_id)}/hitlDetails")["hitl_details"]
            found = [one for one in details if one["task_instance"]["task_id"] == task_id]
            if found and found[0]["task_instance"]["state"] == WAITING and not found[0]["response_received"]:
                return dict(found[0])
            state = self.task_states(dag_id, run_id).get(task_id)
            if state in FAILED:
                raise StackError(f"run {run_id} of {dag_id} failed before or at task {task_id}: {self.address}")
            return {} if state in UNASKED else None

        question = self._wait(asked, f"task {task_id} of run {run_id} has not asked anybody", seconds)
        if question and (settling := self.settling):
            asks = self._try(dag_id, run_id, task_id)
            self._wait(lambda: settling.is_over(asks) or None, f"the scheduler has not heard of {asks}", seconds)
        return question

    def answer(
        self, dag_id: str, run_id: str, task_id: str, options: list[str], params: Mapping[str, object]
    ) -> dict[str, Any]:
        """Answer what a task asks, as this client's member of staff; wait for the question first."""
        answered = self._try(dag_id, run_id, task_id)
        path = f"{_run(dag_id, run_id)}/taskInstances/{task_id}/-1/hitlDetails"
        answer = self._call("PATCH", path, {"chosen_options": options, "params_input": dict(params)})
        if self.settling:
            self.settling.note_answer(answered)
        return answer

    def _try(self, dag_id: str, run_id: str, task_id: str) -> Try:
        return Try(dag_id, task_id, run_id, self.tasks(dag_id, run_id)[task_id]["try_number"])

    def _wait(self, ask: Callable[[], T | None], what: str, seconds: float) -> T:
        deadline = time.monotonic() + seconds
        while (found := ask()) is None:
            self.watch()
            if time.monotonic() > deadline:
                raise StackError(f"{what} within {seconds:.0f} s: look at it in Airflow at {self.address}")
            time.sleep(POLL_SECONDS)
        return found

    def _call(
        self, method: str, path: str, body: object = None, query: Mapping[str, str | int] | None = None
    ) -> dict[str, Any]:
        answer = self._send(method, path, body, query)
        if answer.status_code == requests.codes.unauthorized:  # no token yet, or it has expired
            self._log_in()
            answer = self._send(method, path, body, query)
        if not answer.ok:
            raise StackError(
                f"Airflow refused {method} {path} for {self.user}: {answer.status_code} {answer.text[:300]}"
            )
        return dict(answer.json())

    def _send(self, method: str, path: str, body: object, query: Mapping[str, str | int] | None) -> requests.Response:
        return self._ask(method, f"/api/v2/{path}", json=body, params=query)

    def _log_in(self) -> None:
        answer = self._ask("POST", "/auth/token", json={"username": self.user, "password": self.password})
        if not answer.ok:
            raise StackError(f"Airflow at {self.address} does not let {self.user} in: look at the passwords file")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _ask(self, method: str, path: str, **content: Any) -> requests.Response:
        try:
            return self._session.request(method, f"{self.address}{path}", timeout=ANSWER_SECONDS, **content)
        except requests.RequestException as error:
            raise StackError(
                f"Airflow at {self.address} does not answer ({type(error).__name__}): start it with `make up`"
            ) from None


def _run(dag_id: str, run_id: str) -> str:
    return f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def _task_name(instance: Mapping[str, Any]) -> str:
    index = instance["map_index"]
    return f"{instance['task_id']}[{index}]" if index >= 0 else str(instance["task_id"])
