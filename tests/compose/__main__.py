"""`make test-compose`: docker-compose.yaml for real, with a campaign, a worker's death and a restart in it.

Exit status 0 when all of it holds, and where there is no Docker engine: it says so. `KEEP=1` leaves the project.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.stack.airflow_api import ENDED, FAILED, WAITING, AirflowApi
from sandbox.stack.scene import OCCURRENCE
from tests.compose.engine import NotHere, find_compose, find_images, run
from tests.compose.project import Project
from tests.e2e.rehearsal import APPROVAL, APPROVE, CODE, DECISION, LATER, RESOLUTION, SEND_AGAIN

CAMPAIGN, PLANNING = "nhi_overdue", "plan_notices"
WAIT_SECONDS = 600
# So slow that a worker can be killed amidst it.
SLOW = {"rules": [{"fault": "slow", "seconds": 2}]}
STATES = "select state || '=' || count(*) from ledger.notice group by state order by state"
HANDED_OVER = "select count(*) from ledger.notice where state in ('accepted', 'delivered', 'undelivered')"


def main() -> int:
    """Run it, or say loudly why not."""
    try:
        compose, images = find_compose(), find_images()
    except NotHere as reason:
        print(f"\n{'=' * 80}\nSKIPPED, NOTHING WAS TESTED: {reason}\n{'=' * 80}\n")
        return 0
    with TemporaryDirectory() as folder:
        project = Project(compose, Path(folder), images)
        try:
            Trial(project).play()
        except BaseException:
            print(project.call("logs", "--tail", "25"))
            raise
        finally:
            if not os.environ.get("KEEP"):
                project.call("down", "--volumes", "--timeout", "20")
    return 0


@dataclass
class Trial:
    """What is done with the project, and how long each step took."""

    project: Project
    _began: float = field(default_factory=time.monotonic)

    def play(self) -> None:
        """All of it. Raises AssertionError where something does not hold."""
        project = self.project
        project.call("config", "--quiet")
        self._tell("docker-compose.yaml is valid")
        project.call("build")
        self._tell("built")
        project.up()
        self._tell("up: every service healthy, the ward loaded")
        password = project.make_account()
        with project.airflow(password) as airflow:
            run_id = self._begin(airflow)
            self._tell("the campaign's run asks for its approval")
            asked = airflow.wait_for_hitl(CAMPAIGN, run_id, APPROVAL, WAIT_SECONDS)
            project.gateway("faults", SLOW)
            self._approve(airflow, run_id, asked["body"])
            self._kill_a_worker_while_it_sends()
        taken = self._accepted()
        project.call("down", "--timeout", "60")
        self._tell(f"a worker killed and all of it down while it sends: the gateway has {taken}")
        project.up()
        self._tell("up again")
        with project.airflow(password) as airflow:
            self._finish(airflow, run_id)
            self._resolve(airflow)
            planned = self._check()
            assert taken < planned, "it had sent everything before: nothing was interrupted"
            self._tell(f"the run has ended, each of {planned} notices is with the gateway once")
            self._run_again(airflow, run_id)
            assert self._check() == planned
        self._tell("cleared and started again: nothing more was sent")

    def _tell(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:6.0f} s  {what}", flush=True)

    def _begin(self, airflow: AirflowApi) -> str:
        self.project.wait(lambda: {CAMPAIGN, RESOLUTION} <= airflow.dag_ids(), "DAGs")
        for dag_id in (CAMPAIGN, RESOLUTION):
            airflow.unpause(dag_id)
        run_id = airflow.trigger(CAMPAIGN, conf={"occurrence_on": OCCURRENCE.date().isoformat()})
        airflow.wait_for_task(CAMPAIGN, run_id, PLANNING, WAIT_SECONDS)
        return run_id

    def _approve(self, airflow: AirflowApi, run_id: str, body: str) -> None:
        (code,) = set(CODE.findall(body))
        form = {"confirmation_code": code, "reason": None}
        airflow.answer(CAMPAIGN, run_id, APPROVAL, [APPROVE], form)

    def _kill_a_worker_while_it_sends(self) -> None:
        self.project.wait(lambda: self._accepted() >= 3, "first messages at the gateway")
        for container in self._sending_workers():
            run(["docker", "kill", container])

    def _sending_workers(self) -> Sequence[str]:
        """Those that run a task, a `send` one by now: the other one stays."""
        workers = self.project.worker_ids()
        assert len(workers) == 2
        busy = [one for one in workers if "airflow worker --" in run(["docker", "top", one, "-eo", "pid,args"])]
        return busy[:1] or workers[:1]

    def _accepted(self) -> int:
        return int(self.project.gateway("counts")["accepted"])

    def _finish(self, airflow: AirflowApi, run_id: str) -> None:
        state = airflow.wait_for_run(CAMPAIGN, run_id, WAIT_SECONDS)
        tasks = airflow.task_states(CAMPAIGN, run_id)
        assert (state, [task for task, ended in tasks.items() if ended in FAILED]) == ("success", []), tasks

    def _resolve(self, airflow: AirflowApi) -> None:
        """Time passes; what the killed worker had in its hands is looked up, and a person decides about the rest."""
        for _ in range(2):
            self.project.advance(LATER)
            run_id = airflow.trigger(RESOLUTION)
            self.project.wait(lambda run_id=run_id: self._has_resolved(airflow, run_id), "the end of the look-up")

    def _has_resolved(self, airflow: AirflowApi, run_id: str) -> bool:
        if airflow.task_states(RESOLUTION, run_id).get(DECISION) == WAITING:
            airflow.wait_for_hitl(RESOLUTION, run_id, DECISION)
            airflow.answer(RESOLUTION, run_id, DECISION, [SEND_AGAIN], {})
        return airflow.run_state(RESOLUTION, run_id) in ENDED

    def _check(self) -> int:
        """The gateway has each notice once, and no telephone two; how many."""
        states = dict(line.split("=") for line in self.project.query(STATES))
        assert not {"claimed", "unknown", "planned"} & set(states), states
        counts = self.project.gateway("counts")
        (handed_over,) = map(int, self.project.query(HANDED_OVER))
        assert counts["tags"] == {}, "a notice was sent twice"
        assert max(one["accepted"] for one in counts["telephones"].values()) == 1, "a telephone got two"
        assert counts["accepted"] == handed_over > 0, (counts["accepted"], states)
        return handed_over

    def _run_again(self, airflow: AirflowApi, run_id: str) -> None:
        """The whole run cleared, and another one of the same occurrence: neither has anything to ask or to send."""
        airflow.clear_run(CAMPAIGN, run_id)
        another = airflow.trigger(CAMPAIGN, conf={"occurrence_on": OCCURRENCE.date().isoformat()})
        for again in (run_id, another):
            asked = airflow.wait_for_hitl(CAMPAIGN, again, APPROVAL, WAIT_SECONDS)
            assert not asked, "it asks for an approval of what is sent already"
            self._finish(airflow, again)


if __name__ == "__main__":
    sys.exit(main())
