"""One approval for several missed occurrences: the first run of a backfill plans them all, and shows each."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dags.conftest import DagRun
from tests.people import create_levy, create_payment, create_resident
from tests.scene import Scene

CODE = {"confirmation_code": "CODE", "reason": None}
COVERS = {"covers": ["2026-10-02", "2026-09-02"]}
SEPTEMBER = "2026-09-02T10:00:00+09:00"
LATE = {"confirmation_code": "CODE", "reason": "機器の故障で送信できなかったため"}


@pytest.fixture
def debtors(scene: Scene) -> dict[str, str]:
    """One owes August's instalment and September's, one August's only, one September's only."""
    people = {name: create_resident(scene.owner) for name in ("both", "august", "september")}
    for name, resident in people.items():
        august = create_levy(scene.owner, resident, instalment=3, due_on=date(2026, 8, 31))
        september = create_levy(scene.owner, resident)
        if name == "august":
            create_payment(scene.owner, september)
        if name == "september":
            create_payment(scene.owner, august)
    return people


def test_one_approval_decides_on_both_and_nobody_is_asked_again(
    scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun]
) -> None:
    run = run_dag("nhi_overdue", ["sato", "承認する", LATE], conf=COVERS)
    ((subject, body),) = run.pages
    assert "2026年10月2日分ほか1回分・3件" in subject
    assert "| 2026年9月2日 | 1件 |" in body
    assert "第3期分" in body
    older = run_dag("nhi_overdue", logical_date=SEPTEMBER, conf=COVERS)
    assert older.pages == []
    assert scene.states() == {"accepted": 3, "suppressed/superseded": 1}
    assert set(scene.accepted_per_number().values()) == {1}
    assert scene.rows("select count(*) from ledger.approval") == [(2,)]


def test_a_rejection_ends_both(scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun]) -> None:
    run_dag("nhi_overdue", ["sato", "差し戻す", {"confirmation_code": None, "reason": "確認のため"}], conf=COVERS)
    assert scene.rows("select distinct closed_as from ledger.campaign_run") == [("rejected",)]
    assert sum(scene.accepted_per_number().values()) == 0


def test_what_changed_after_the_approval_asks_for_itself(
    scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun]
) -> None:
    run_dag("nhi_overdue", ["sato", "承認する", LATE], conf=COVERS)
    third = create_resident(scene.owner)
    create_levy(scene.owner, third, instalment=3, due_on=date(2026, 8, 31))
    older = run_dag("nhi_overdue", ["sato", "承認する", LATE], logical_date=SEPTEMBER, conf=COVERS)
    assert len(older.pages) == 1
    assert "ほか" not in older.pages[0][0]
    assert scene.states()["accepted"] == 4


def test_the_code_of_the_runs_own_page_decides_on_that_run_alone(
    scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun]
) -> None:
    """Airflow's page may be older than the content: then the code comes from the run's page."""
    october = scene.open()
    digest = str(scene.plan(october))
    run = run_dag("nhi_overdue", ["sato", "承認する", {"confirmation_code": digest[:6], "reason": None}], conf=COVERS)
    assert len(run.pages) == 1
    assert scene.states() == {"accepted": 2, "planned": 1, "suppressed/superseded": 1}
