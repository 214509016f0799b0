"""What becomes known late changes the outcome, whatever the subject: at the claim, of a booking, after the message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from oshirase.adapters.settings import load_campaign
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HoldOut
from tests.people import (
    create_levy,
    create_payment,
    create_plan,
    create_resident,
    create_screening,
    create_voucher,
    insert,
)
from tests.scene import Scene


@dataclass(frozen=True)
class Subject:
    """A campaign on the day of an occurrence; how somebody gets into its cohort, and what settles it."""

    campaign: str
    occurrence_at: datetime
    create: Callable[[Engine, str], None]
    settle: Callable[[Engine, str, datetime], None]
    reason: str
    settled_on: date


def pay_levy(owner: Engine, resident: str, at: datetime) -> None:
    create_payment(owner, f"L{resident}", paid_on=date(2026, 10, 1), recorded_at=at)


def pay_plan(owner: Engine, resident: str, at: datetime) -> None:
    create_payment(owner, f"L{resident}", amount_yen=12_000, paid_on=date(2026, 10, 6), recorded_at=at)


def owe_a_plan(owner: Engine, resident: str) -> None:
    """The plan covers one levy more, so that the test knows which one to pay."""
    plan = create_plan(owner, resident)
    create_levy(owner, resident, levy_id=f"L{resident}", levy_year=2025, instalment=4, due_on=date(2026, 1, 5))
    insert(owner, "plan_levy", plan_id=plan, levy_id=f"L{resident}")


def screen(owner: Engine, resident: str, at: datetime) -> None:
    """Not the one who was invited: another member of the household."""
    other = create_resident(owner, household_id=f"H{resident}", is_head=False, phone=None)
    create_screening(owner, other, 2026, recorded_at=at)


PREMIUM = Subject(
    "nhi_overdue",
    datetime(2026, 10, 2, 10, 0, tzinfo=JST),
    lambda owner, resident: create_levy(owner, resident, levy_id=f"L{resident}") and None,
    pay_levy,
    "settled",
    date(2026, 10, 1),
)
PLAN = Subject(
    "plan_default", datetime(2026, 10, 7, 10, 0, tzinfo=JST), owe_a_plan, pay_plan, "settled", date(2026, 10, 6)
)
CHECK_UP = Subject(
    "health_check", datetime(2026, 9, 4, 10, 0, tzinfo=JST), create_voucher, screen, "screened", date(2026, 8, 20)
)


@pytest.fixture(params=[PREMIUM, PLAN, CHECK_UP], ids=lambda subject: subject.campaign)
def subject(request: pytest.FixtureRequest, scene: Scene) -> Subject:
    """On stage, nobody held out."""
    found: Subject = request.param
    scene.campaign = load_campaign(found.campaign).model_copy(update={"hold_out": HoldOut(share=0)})
    scene.clock.moment = found.occurrence_at
    return found


def cohort(scene: Scene, subject: Subject) -> str:
    """Two members; returns the first one's id."""
    for resident in ("0000888801", "0000888802"):
        create_resident(scene.owner, resident_id=resident, household_id=f"H{resident}")
        subject.create(scene.owner, resident)
    return "0000888801"


def approved(scene: Scene, subject: Subject) -> object:
    run = scene.open(subject.occurrence_at)
    scene.approve(run, scene.plan(run))
    return run


def test_between_approval_and_hand_over(scene: Scene, subject: Subject) -> None:
    resident = cohort(scene, subject)
    run = approved(scene, subject)
    subject.settle(scene.owner, resident, scene.clock())
    scene.send(run)
    assert scene.states() == {"accepted": 1, f"suppressed/{subject.reason}": 1}


def test_while_the_message_is_booked(scene: Scene, subject: Subject) -> None:
    resident = cohort(scene, subject)
    scene.send(approved(scene, subject))
    subject.settle(scene.owner, resident, scene.clock())
    scene.reconcile()
    assert scene.states() == {"accepted": 1, f"cancelled/{subject.reason}": 1}


def test_after_the_message_left(scene: Scene, subject: Subject) -> None:
    resident = cohort(scene, subject)
    scene.send(approved(scene, subject))
    scene.clock.moment = subject.occurrence_at + timedelta(hours=8)
    scene.collect()
    subject.settle(scene.owner, resident, scene.clock())
    scene.reconcile()
    assert scene.states() == {"delivered": 2}
    found = scene.rows(
        "select n.resident_id, o.settled_on from ledger.outcome as o join ledger.notice as n using (notice_id)"
    )
    assert found == [(resident, subject.settled_on)]


@pytest.mark.parametrize("subject", [PREMIUM, PLAN], indirect=True, ids=["levy", "plan"])
def test_a_subject_that_the_records_withdraw_is_not_sent(scene: Scene, subject: Subject) -> None:
    """A levy that was assessed anew, a plan that was undone: nobody owes it any more."""
    cohort(scene, subject)
    run = approved(scene, subject)
    table = "levy" if subject is PREMIUM else "plan"
    with scene.owner.begin() as connection:
        connection.exec_driver_sql(f"update records.{table} set superseded_at = now() where obligor_id = '0000888801'")
    scene.send(run)
    assert scene.states() == {"accepted": 1, "suppressed/withdrawn": 1}
