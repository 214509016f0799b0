"""Run DAGs under `dag.test()` in a process of its own, answering their approvals: see `tests/dags/conftest.py`.

Reads one JSON object a line: {dag_id, logical_date, answers, environment, conf}. An answer is [user, option,
{field: value}]; the value `CODE` stands for the confirmation code that the page shows. Writes `PAGE [subject, body]`
for every page that was answered and `DONE {state, tasks}` at the end of a run, between Airflow's own lines.
"""

import importlib
import json
import os
import re
import sys
import threading
import time
from datetime import datetime
from typing import Any

from airflow.api_fastapi.core_api.app import init_config  # noqa: F401  every model is imported before the thread starts
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import handle_event_submit
from airflow.sdk.timezone import utcnow
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import configure_mappers

from oshirase.adapters.database import campaign_engine

PATIENCE_SECONDS = 300
# An answer that comes within a moment of the question crosses with the end of the process that asked.
THINKING_SECONDS = 1.0


def answer(user: str, option: str, fields: dict[str, Any]) -> None:
    """Answer the next page as the REST API does, then wait until the answer has been taken."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with create_session() as session:
            query = select(HITLDetail).join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
            waiting = [
                d
                for d in session.scalars(query.where(TaskInstance.state == "awaiting_input"))
                if not d.response_received
            ]
            if waiting:
                time.sleep(THINKING_SECONDS)
                _write(session, waiting[0], user, option, fields)
                return
        time.sleep(0.1)
    raise TimeoutError("no approval was asked for")


def _write(session: Any, detail: HITLDetail, user: str, option: str, fields: dict[str, Any]) -> None:
    code = re.search(r"確認コード: \*\*(\w+)\*\*", detail.body or "")
    print(f"PAGE {json.dumps([detail.subject, detail.body])}", flush=True)
    detail.responded_by = {"id": user, "name": user}
    detail.responded_at = utcnow()
    detail.chosen_options = [option]
    detail.params_input = {k: code[1] if code and v == "CODE" else v for k, v in fields.items()}
    ti = session.get(TaskInstance, detail.ti_id)
    handle_event_submit(TriggerEvent(detail.as_resume_event_payload()), task_instance=ti, session=session)


def run(request: dict[str, Any]) -> None:
    """Run one DAG to its end."""
    os.environ.update(request["environment"])
    campaign_engine.cache_clear()
    dag = getattr(importlib.import_module(request["dag_id"]), request["dag_id"])
    person = threading.Thread(target=lambda: [answer(*a) for a in request["answers"]], daemon=True)
    person.start()
    dag_run = dag.test(logical_date=datetime.fromisoformat(request["logical_date"]), run_conf=request["conf"])
    states = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in dag_run.get_task_instances()}
    print(f"DONE {json.dumps({'state': str(dag_run.state), 'tasks': states})}", flush=True)


def serve() -> None:
    """Run what is asked for, one after the other."""
    configure_mappers()
    for line in sys.stdin:
        run(json.loads(line))


if __name__ == "__main__":
    serve()
