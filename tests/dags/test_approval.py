"""The approval as a task: who may decide, how often it asks, and what it shows."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from oshirase.adapters.paths import project_home
from tests.dags.conftest import DagRun
from tests.people import create_debtor, create_levy, create_resident
from tests.scene import Scene

CODE = {"confirmation_code": "CODE", "reason": None}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the settings that a test may change."""
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / folder)
    return tmp_path


def change(home: Path, file: str, before: str, after: str) -> None:
    path = home / "config" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_two_approvers_are_two_persons(scene: Scene, run_dag: Callable[..., DagRun], home: Path) -> None:
    change(home, "campaigns/nhi_overdue.toml", "two_approvers_above = 5000", "two_approvers_above = 2")
    for _ in range(3):
        create_debtor(scene.owner)
    run = run_dag(
        "nhi_overdue", ["sato", "承認する", CODE], ["sato", "承認する", CODE], ["suzuki", "承認する", CODE], home=home
    )
    assert (run.state, len(run.pages)) == ("success", 3)
    assert "2人の承認" in run.pages[0][1]
    assert scene.rows("select decided_by from ledger.approval order by decided_at") == [("sato",), ("suzuki",)]
    assert scene.states() == {"accepted": 3}


def test_who_is_no_approver_of_the_section_is_asked_in_vain(
    scene: Scene, run_dag: Callable[..., DagRun], home: Path
) -> None:
    change(home, "city.toml", "[sections.premium]", '[sections.premium]\napprovers = ["suzuki"]')
    create_debtor(scene.owner)
    run = run_dag("nhi_overdue", ["sato", "承認する", CODE], ["suzuki", "承認する", CODE], home=home)
    assert (run.state, len(run.pages)) == ("success", 2)
    assert scene.rows("select decided_by from ledger.approval") == [("suzuki",)]


def test_a_stale_occurrence_needs_a_reason(scene: Scene, run_dag: Callable[..., DagRun]) -> None:
    create_levy(scene.owner, create_resident(scene.owner), instalment=3, due_on=date(2026, 8, 31))
    run = run_dag(
        "nhi_overdue",
        ["sato", "承認する", CODE],
        ["sato", "承認する", {"confirmation_code": "CODE", "reason": "機器の故障で送信できなかったため"}],
        logical_date="2026-09-02T10:00:00+09:00",
    )
    assert (run.state, len(run.pages)) == ("success", 2)
    assert "予定日から14日を超えている回があります" in run.pages[0][1]
    assert scene.rows("select reason from ledger.approval") == [("機器の故障で送信できなかったため",)]
    assert scene.states() == {"accepted": 1}


def test_the_page_says_what_is_signed(scene: Scene, run_dag: Callable[..., DagRun]) -> None:
    for _ in range(3):
        create_debtor(scene.owner)
    create_debtor(scene.owner, is_protected=True)
    ((subject, body),) = run_dag("nhi_overdue", ["sato", "承認する", CODE]).pages
    ((run_id,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
    assert "国民健康保険料 納付確認のお知らせ（2026年10月2日分・3件）" in subject
    for words in (
        "**3件**（6通分・66円）",
        "約0件",
        "10月2日（金）12:00 から",
        "10月6日（火）17:00（過ぎると、送信せずに終了します）",
        "比べられる過去の回が0回しかない",
        "| 支援措置対象 | 1 |",
        f"/oshirase/runs/{run_id}",
    ):
        assert words in body
