"""What our pages ask of Airflow itself, on a metadata database with a real run."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse
from sqlalchemy import text
from starlette.routing import Match

from oshirase.orchestration.pages import EXTERNAL_VIEWS
from oshirase.web.app import build_app
from oshirase.web.visitor import Visitor
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


@pytest.mark.parametrize("view", EXTERNAL_VIEWS, ids=lambda view: view["url_route"])
def test_every_entry_of_airflow_s_pages_leads_to_a_page_of_ours(view: dict[str, Any]) -> None:
    assert ExternalViewResponse(**view).destination == view["destination"]
    href = view["href"].replace("{DAG_ID}", "nhi_overdue").replace("{RUN_ID}", "x")
    path, _, query = href.removeprefix("/oshirase").partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": query.encode()}
    app = build_app(lambda: Visitor("sato", frozenset(), frozenset()))
    assert any(route.matches(scope)[0] is Match.FULL for route in app.routes)


def test_entries_have_addresses_of_their_own() -> None:
    assert len({view["url_route"] for view in EXTERNAL_VIEWS}) == len(EXTERNAL_VIEWS)
    assert {view["destination"] for view in EXTERNAL_VIEWS} == {"nav", "dag", "dag_run"}
