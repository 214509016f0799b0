"""Approval: what the approver is shown, who may approve, and what happens without a person."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Approval, AutomaticApproval
from oshirase.services import approval
from oshirase.services.approval import Person, Review
from tests.people import create_debtor, create_levy, create_load, create_resident, insert
from tests.scene import OCCURRENCE, Scene

SATO, SUZUKI = Person("sato", "sato"), Person("7", "suzuki")


def settle_with(scene: Scene, **settings: Any) -> None:
    scene.campaign = scene.campaign.model_copy(update={"approval": Approval(**settings)})


def review(scene: Scene, run: UUID) -> Review:
    return approval.review_campaign_run(scene.engine, scene.campaign, scene.city, run, scene.clock())


def objection(scene: Scene, run: UUID, who: Person, reason: str = "") -> str | None:
    return approval.objection(review(scene, run), scene.campaign, scene.city, who, reason)


def planned(scene: Scene, debtors: int = 3) -> UUID:
    for _ in range(debtors):
        create_debtor(scene.owner)
    run = scene.open()
    scene.plan(run)
    return run


def earlier_runs(scene: Scene, sizes: list[int], held: int = 0) -> None:
    """Approved runs of earlier months, of so many cohort members each, some of them in consultation."""
    for number, size in enumerate(sizes):
        moment = datetime(2026, 2 + number, 3, 10, 0, tzinfo=JST)
        residents = []
        for _ in range(size):
            resident = create_resident(scene.owner)
            due_on = (moment - timedelta(days=3)).date()
            create_levy(
                scene.owner, resident, levy_year=2025, instalment=1 + number, due_on=due_on,
                recorded_at=moment - timedelta(days=60),
            )  # fmt: skip
            residents.append(resident)
        for resident in residents[:held]:
            consult(scene, resident)
        scene.clock.moment = moment
        run = scene.open(moment)
        scene.approve(run, scene.plan(run))
        with scene.owner.begin() as connection:
            connection.exec_driver_sql("update records.levy set superseded_at = recorded_at + interval '1 day'")
            connection.exec_driver_sql("update records.levy set recorded_at = recorded_at - interval '9 days'")
    scene.clock.moment = OCCURRENCE


def consult(scene: Scene, resident: str) -> None:
    insert(
        scene.owner, "hold", hold_id=f"H{resident}", resident_id=resident, kind="in_consultation",
        from_on=datetime(2026, 1, 5, tzinfo=JST).date(),
    )  # fmt: skip


def test_the_approver_sees_what_they_sign(scene: Scene) -> None:
    create_debtor(scene.owner, is_protected=True)
    found = review(scene, planned(scene))
    assert (found.cohort, found.recipients, found.parts, found.yen) == (4, 3, 6, 66)
    assert found.expected_calls == pytest.approx(0.45)
    assert found.first_at is not None
    assert found.first_at.astimezone(JST) == OCCURRENCE + timedelta(hours=2)
    assert found.earlier_runs == 0


def test_anybody_may_approve_unless_settings_say_otherwise(scene: Scene) -> None:
    run = planned(scene)
    approval.note_request(scene.engine, run, "sato", "triggered", scene.clock())
    assert objection(scene, run, SATO) is None


@pytest.mark.parametrize("kind", ["triggered", "backfilled", "changed_text"])
def test_four_eyes(scene: Scene, kind: str) -> None:
    settle_with(scene, four_eyes=True)
    run = planned(scene)
    approval.note_request(scene.engine, run, "suzuki", kind, scene.clock())
    assert "承認できません" in str(objection(scene, run, SUZUKI)), "known by the name, though the id is another"
    assert objection(scene, run, SATO) is None


def test_only_the_sections_approvers(scene: Scene) -> None:
    premium = scene.city.sections["premium"].model_copy(update={"approvers": ("7",)})
    scene.city = scene.city.model_copy(update={"sections": {**scene.city.sections, "premium": premium}})
    run = planned(scene)
    assert "承認者ではありません" in str(objection(scene, run, SATO))
    assert objection(scene, run, SUZUKI) is None


def test_two_approvers_above_a_number_of_recipients(scene: Scene) -> None:
    settle_with(scene, two_approvers_above=2)
    run = planned(scene)
    digest = review(scene, run).run.digest
    scene.approve(run, digest)
    assert not review(scene, run).is_approved
    assert scene.send(run) == {}, "one is not enough"
    assert "もう1人の承認" in str(objection(scene, run, SATO))
    scene.approve(run, digest)
    assert scene.send(run) == {}, "the same one twice is not enough"
    approval.approve_campaign_run(scene.engine, run, str(digest), "suzuki", scene.clock())
    assert review(scene, run).run.approved_by == "sato、suzuki"
    assert scene.send(run) == {"accepted": 3}


def test_up_to_that_number_one_is_enough(scene: Scene) -> None:
    settle_with(scene, two_approvers_above=3)
    scene.approve(run := planned(scene), review(scene, run).run.digest)
    assert scene.send(run) == {"accepted": 3}


def test_a_stale_run_is_approved_with_a_reason_only(scene: Scene) -> None:
    settle_with(scene, stale_after_days=14)
    run = planned(scene)
    scene.clock.moment = OCCURRENCE + timedelta(days=14)
    assert objection(scene, run, SATO) is None
    scene.clock.moment += timedelta(minutes=1)
    assert review(scene, run).is_stale
    assert "理由を入力" in str(objection(scene, run, SATO))
    assert objection(scene, run, SATO, "システム停止のため") is None


def test_the_reason_is_kept(scene: Scene) -> None:
    run = planned(scene)
    digest = str(review(scene, run).run.digest)
    approval.approve_campaign_run(scene.engine, run, digest, "sato", scene.clock(), "システム停止のため")
    assert scene.rows("select reason, is_automatic from ledger.approval") == [("システム停止のため", False)]


def test_an_answer_is_waited_for_until_the_window_closes(scene: Scene) -> None:
    """Two business days after Friday 2 October: Tuesday."""
    until = approval.answer_until(scene.campaign, scene.city, OCCURRENCE)
    assert until == datetime(2026, 10, 6, 17, 0, tzinfo=JST)
    settle_with(scene, answer_within_business_days=0)
    assert approval.answer_until(scene.campaign, scene.city, OCCURRENCE) == datetime(2026, 10, 2, 17, 0, tzinfo=JST)
    at_night = OCCURRENCE + timedelta(hours=9)
    assert approval.answer_until(scene.campaign, scene.city, at_night) == datetime(2026, 10, 5, 17, 0, tzinfo=JST)


def test_unanswered_a_run_expires_with_nothing_sent(scene: Scene) -> None:
    run = planned(scene)
    assert approval.expire_unanswered(scene.engine, run, "scheduler", scene.clock())
    assert scene.states() == {"expired/expired": 3}
    assert "承認されなかった" in str(review(scene, run).run.closed_reason)
    scene.approve(run, review(scene, run).run.digest)
    assert scene.send(run) == {}, "too late"
    assert not approval.expire_unanswered(scene.engine, run, "scheduler", scene.clock())


def test_an_approval_just_in_time_is_not_expired(scene: Scene) -> None:
    run = scene.approved_run()
    assert not approval.expire_unanswered(scene.engine, run, "scheduler", scene.clock())
    assert review(scene, run).run.closed_as is None


# Automatic approval


def by_rule(scene: Scene, run: UUID) -> bool:
    return approval.approve_by_rule(scene.engine, scene.campaign, review(scene, run), scene.clock())


def test_without_a_rule_nothing_is_approved_by_itself(scene: Scene) -> None:
    earlier_runs(scene, [3, 3, 3])
    assert not by_rule(scene, planned(scene))


def test_a_small_usual_run_is_approved_by_the_rule_and_written_as_such(scene: Scene) -> None:
    settle_with(scene, automatic=AutomaticApproval(most_recipients=5))
    earlier_runs(scene, [3, 3, 3])
    run = planned(scene)
    assert by_rule(scene, run)
    assert scene.rows("select decided_by, is_automatic, decision from ledger.approval where is_automatic") == [
        ("自動承認", True, "approved")
    ]
    assert scene.send(run) == {"accepted": 3}


@pytest.mark.parametrize(
    ("sizes", "debtors", "rule"),
    [
        ([3, 3], 3, {"most_recipients": 5}),  # too few earlier runs
        ([3, 3, 3], 3, {"most_recipients": 2}),  # too many recipients
        ([3, 3, 3], 5, {"most_recipients": 5}),  # unusually many
        ([3, 3, 3], 3, {"most_recipients": 5, "earlier_runs": 4}),
    ],
)
def test_what_the_rule_does_not_approve(scene: Scene, sizes: list[int], debtors: int, rule: dict[str, int]) -> None:
    settle_with(scene, automatic=AutomaticApproval(**rule))
    earlier_runs(scene, sizes)
    run = planned(scene, debtors)
    assert not by_rule(scene, run)
    assert not review(scene, run).is_approved


def test_two_persons_are_not_replaced_by_a_rule(scene: Scene) -> None:
    settle_with(scene, two_approvers_above=1, automatic=AutomaticApproval(most_recipients=5))
    earlier_runs(scene, [3, 3, 3])
    assert not by_rule(scene, planned(scene))


# What is unusual


def test_a_cohort_much_larger_than_before(scene: Scene) -> None:
    earlier_runs(scene, [4, 4, 4])
    assert review(scene, planned(scene, 7)).unusual == [
        "抽出した方が、いつもよりかなり多くなっています（通常は4人、今回は7人）。"
    ]


def test_many_left_out_for_one_reason(scene: Scene) -> None:
    earlier_runs(scene, [4, 4, 4])
    for _ in range(2):
        consult(scene, create_debtor(scene.owner))
    assert review(scene, planned(scene, 2)).unusual == [
        "「納付相談中」が、いつもより多くなっています（通常は0%、今回は50%）。"
    ]


def test_as_usual(scene: Scene) -> None:
    earlier_runs(scene, [4, 5, 4], held=1)
    consult(scene, create_debtor(scene.owner))
    found = review(scene, planned(scene, 3))
    assert (found.unusual, found.earlier_runs) == ([], 3)


def test_extracts_older_than_usual(scene: Scene) -> None:
    for month in (2, 3, 4):
        create_load(scene.owner, "payment", datetime(2026, month, 3, 6, 0, tzinfo=JST))
    create_load(scene.owner, "payment", OCCURRENCE - timedelta(days=3))
    earlier_runs(scene, [3, 3, 3])
    assert review(scene, planned(scene)).unusual == [
        "「収納」の取込みが、いつもより古いものです（通常は4時間前、今回は3日前）。"
    ]
