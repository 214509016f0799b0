"""The campaign DAG under `dag.test()`: from the cohort to the receipt, and what Airflow gets to know of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.dags.conftest import Airflow, DagRun
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene

NOTHING = {"confirmation_code": None, "reason": None}
APPROVED = ["sato", "承認する", {"confirmation_code": "CODE", "reason": None}]
TASKS = ["open_campaign_run", "plan_notices", "approve", "list_batches", "send", "summarise"]


@pytest.fixture
def debtors(scene: Scene) -> dict[str, str]:
    """Telephone numbers by resident id: numbers and ids that occur nowhere by chance."""
    people = {f"00739141{n:02d}": f"+8190739152{n:02d}" for n in range(12)}
    for resident, phone in people.items():
        create_debtor(scene.owner, resident_id=resident, phone=phone, is_protected=resident.endswith("11"))
    return people


def test_from_cohort_to_receipt_without_a_word_about_anybody(
    scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun], airflow: Airflow
) -> None:
    run = run_dag(
        "nhi_overdue",
        ["sato", "承認する", {"confirmation_code": "WRONG", "reason": None}],
        ["sato", "差し戻す", NOTHING],
        APPROVED,
    )
    assert (run.state, set(run.tasks.values())) == ("success", {"success"}), run.output
    assert len(run.pages) == 3
    assert "11件" in run.pages[0][0]
    assert "支援措置対象" in run.pages[0][1]
    assert scene.states() == {"accepted": 11, "suppressed/protected": 1}
    assert set(scene.accepted_per_number().values()) == {1}

    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    outputs = [run.output, run_dag("reconcile_payments").output, run_dag("collect_receipts").output]
    assert scene.states() == {"delivered": 11, "suppressed/protected": 1}

    told = airflow.told() + "\n".join(outputs)
    assert "nhi_overdue" in told
    for resident, phone in debtors.items():
        assert resident not in told
        assert phone not in told
        assert phone.removeprefix("+81") not in told
    assert scene.rows("select body from ledger.message_text")[0][0] in told  # the page shows texts, they name nobody


def test_the_same_occurrence_again_asks_nobody_and_sends_nothing(
    scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun]
) -> None:
    run_dag("nhi_overdue", APPROVED)
    again = run_dag("nhi_overdue", logical_date=(OCCURRENCE + timedelta(minutes=7)).isoformat())
    assert again.pages == []
    assert again.tasks["send[-1]"] == "skipped"
    assert scene.rows("select count(*) from ledger.campaign_run") == [(1,)]
    assert set(scene.accepted_per_number().values()) == {1}


def test_a_rejection_sends_nothing_and_keeps_the_reason(
    scene: Scene, debtors: dict[str, str], run_dag: Callable[..., DagRun]
) -> None:
    run = run_dag("nhi_overdue", ["suzuki", "差し戻す", {"confirmation_code": None, "reason": "文面を見直すため"}])
    assert run.tasks["send[-1]"] == "skipped"
    assert run.tasks["summarise[-1]"] == "success"
    assert scene.states() == {"expired/rejected": 11, "suppressed/protected": 1}
    assert scene.rows("select decided_by, decision, reason from ledger.approval") == [
        ("suzuki", "rejected", "文面を見直すため")
    ]


def test_nobody_to_remind_is_a_run_that_asks_nobody(scene: Scene, run_dag: Callable[..., DagRun]) -> None:
    run = run_dag("nhi_overdue")
    assert (run.state, run.pages) == ("success", [])
    assert scene.states() == {}
