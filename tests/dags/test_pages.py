"""What our pages ask of Airflow itself, on a metadata database with a real run."""

import os
import subprocess
import sys
from collections.abc import Callable

from sqlalchemy import text

from tests.dags.conftest import Airflow, DagRun
from tests.processes import ROOT
from tests.scene import Scene

# In a process of its own, as the API server is: Airflow reads its settings once.
ASK = """
from oshirase.orchestration.pages import after_stop, find_run
runs = [find_run(dag, {run_id!r}) for dag in ("nhi_overdue", "reconcile_payments")]
print(*runs, after_stop("nhi_overdue", "sato"))
"""


def ask(airflow: Airflow, run_id: str) -> list[str]:
    """The ledger's run for Airflow's run, the one for a DAG that is no campaign, and what follows a stop."""
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(airflow.home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow.engine.url.render_as_string(hide_password=False),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins"))),
    }
    command = [sys.executable, "-c", ASK.format(run_id=run_id)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()[-1].split()


def test_what_the_pages_ask_of_airflow(scene: Scene, airflow: Airflow, run_dag: Callable[..., DagRun]) -> None:
    run_dag("nhi_overdue")
    run_dag("reconcile_payments")
    ((ours,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
    with airflow.engine.begin() as connection:
        newest = "select run_id from dag_run where dag_id = 'nhi_overdue' order by id desc limit 1"
        run_id = str(connection.scalar(text(newest)))
        connection.execute(text("update dag set is_paused = true where dag_id = 'reconcile_payments'"))
    assert ask(airflow, run_id) == [str(ours), "None", "paused"]

    with airflow.engine.begin() as connection:
        connection.execute(text("update dag set is_paused = false where dag_id = 'reconcile_payments'"))
    assert ask(airflow, run_id) == [str(ours), "None", "started"]
    with airflow.engine.begin() as connection:
        queued = "select triggering_user_name, run_type from dag_run where state = 'queued'"
        assert [tuple(row) for row in connection.execute(text(queued))] == [("sato", "manual")]
        connection.execute(text("update dag_run set state = 'failed' where state = 'queued'"))
