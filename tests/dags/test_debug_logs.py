"""Everything at DEBUG, with failures of every kind: nobody's number or id is in any log, nor anywhere in Airflow."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pytest
from sqlalchemy.engine import URL

from oshirase.adapters.paths import project_home
from tests.dags.conftest import Airflow
from tests.people import create_debtor, create_load
from tests.scene import KEY, OCCURRENCE, Scene

SCRIPT = Path(__file__).parent / "debug_dag.py"
APPROVED = ["sato", "承認する", {"confirmation_code": "CODE", "reason": None}]
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
# What runs in Airflow, each to be found in what it tells: the run itself, its libraries, their tracebacks.
TOLD = ("nhi_overdue", "send: b", "insert into", "violates", "Traceback", "KeyError", "HTTPError", "printed")

# On a busy machine everything at DEBUG takes minutes.
pytestmark = pytest.mark.timeout(600)
Start = Callable[[str], AbstractContextManager[Airflow]]


@pytest.fixture
def people(scene: Scene) -> dict[str, str]:
    """Telephone numbers by resident id, each occurring nowhere by chance."""
    people = {f"00739143{n:02d}": f"+8190739154{n:02d}" for n in range(8)}
    for resident, phone in people.items():
        create_debtor(scene.owner, resident_id=resident, phone=phone)
    create_load(scene.owner, "payment", scene.clock())
    return people


@pytest.fixture
def start(airflow: Airflow, scene: Scene, people: dict[str, str], database_url: URL, tmp_path: Path) -> Start:
    """Start a process that runs DAGs at DEBUG, with a home of its own and Airflow's database of the session."""
    root = project_home()
    dags = Path(shutil.copytree(root / "dags", tmp_path / "dags"))
    shutil.copy(SCRIPT.parent / "leaky.py", dags)
    account = {
        "conn_type": "sms_gateway", "host": scene.running.base_url, "login": scene.running.tenant,
        "password": scene.running.token, "extra": {"service_id": 1},
    }  # fmt: skip
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow.engine.url.render_as_string(hide_password=False),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "PYTHONPATH": os.pathsep.join(map(str, (root, root / "plugins", dags))),
        "OSHIRASE_DATABASE_URL": database_url.render_as_string(hide_password=False),
        "OSHIRASE_SECRET_KEY": KEY.decode(),
        "OSHIRASE_CLOCK": "tests.dags.standing_clock:now",
        "OSHIRASE_TEST_NOW": scene.clock().isoformat(),
        "AIRFLOW_CONN_KARADEN": json.dumps(account),
        "LEAKY_VICTIM": " ".join(next(iter(people.items()))),
        "LEAKY_URL": scene.running.messages_url,
    }

    @contextmanager
    def started(unredacted: str) -> Iterator[Airflow]:
        with subprocess.Popen(
            [sys.executable, "-u", str(SCRIPT)], env=environment | {"OSHIRASE_TEST_UNREDACTED": unredacted},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            yield Airflow(tmp_path, airflow.engine, process)
            cast("IO[str]", process.stdin).close()
            process.kill()

    return started


def play(airflow: Airflow, dag_id: str, *answers: list[Any]) -> str:
    return airflow.run(dag_id, OCCURRENCE.isoformat(), list(answers), {}, {}).output


def found(people: dict[str, str], text: str) -> set[str]:
    """Every form of a number or id that is in a text; a subject ends in the id."""
    forms = {form for resident, phone in people.items() for form in (resident, *forms_of(phone))}
    return {form for form in forms if form in text}


def forms_of(phone: str) -> Iterator[str]:
    bare = phone.removeprefix("+81")
    hyphenated = f"0{bare[:2]}-{bare[2:6]}-{bare[6:]}"
    yield from (bare, hyphenated, hyphenated.translate(FULL_WIDTH))


def test_nothing_about_anybody_at_debug_with_failures(scene: Scene, people: dict[str, str], start: Start) -> None:
    scene.running.set_faults({"fault": "500_after", "next": 1}, {"fault": "429", "next": 1, "retry_after": 0})
    with start("") as airflow:
        outputs = [play(airflow, "nhi_overdue", APPROVED), play(airflow, "leaky")]
        outputs += [play(airflow, dag_id) for dag_id in ("resolve_unknown", "collect_receipts")]
        told = airflow.told() + "\n".join(outputs)
    assert sum(scene.accepted_per_number().values()) == len(people)
    assert [word for word in TOLD if word not in told] == []
    assert "[redacted]" in told
    assert found(people, told) == set()


def test_without_redaction_the_search_would_find_them(people: dict[str, str], start: Start) -> None:
    with start("yes") as airflow:
        told = play(airflow, "leaky")
    resident, phone = next(iter(people.items()))
    assert "[redacted]" not in told
    assert found(people, told) == {resident, *forms_of(phone)}
