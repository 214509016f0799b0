"""Reconciliation: nobody is reminded of what has been settled while the message was still booked."""

from datetime import date, timedelta

from tests.people import create_debtor, create_payment, insert
from tests.scene import OCCURRENCE, Scene


def pay(scene: Scene, resident: str) -> None:
    ((levy,),) = scene.rows(f"select levy_id from records.levy where obligor_id = '{resident}'")
    create_payment(scene.owner, levy, recorded_at=scene.clock(), paid_on=date(2026, 10, 1))


def booked(scene: Scene, count: int = 2) -> list[str]:
    residents = [create_debtor(scene.owner) for _ in range(count)]
    scene.send(scene.approved_run())
    return residents


def test_a_booking_is_cancelled_when_a_payment_arrives_before_its_time(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    assert scene.reconcile() == {"cancelled": 1, "settled": 0}
    assert scene.states() == {"cancelled/settled": 1, "accepted": 1}
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    scene.collect()
    assert scene.running.counts()["sent"] == 1


def test_so_it_is_when_a_consultation_begins(scene: Scene) -> None:
    resident = booked(scene)[0]
    insert(
        scene.owner, "hold", hold_id="H1", resident_id=resident, kind="in_consultation", from_on=date(2026, 10, 2),
        recorded_at=scene.clock(),
    )  # fmt: skip
    scene.reconcile()
    assert scene.states() == {"cancelled/in_consultation": 1, "accepted": 1}


def test_within_five_minutes_it_is_too_late_and_the_crossing_is_noted(scene: Scene) -> None:
    residents = booked(scene, 1)
    ((booking,),) = scene.rows("select scheduled_at from ledger.notice")
    scene.clock.moment = booking - timedelta(minutes=5)
    pay(scene, residents[0])
    assert scene.reconcile() == {"settled": 1}
    assert scene.states() == {"accepted": 1}


def test_reconciling_again_changes_nothing(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    scene.reconcile()
    assert scene.reconcile() == {"settled": 0}


def test_a_payment_after_the_message_is_noted_once(scene: Scene) -> None:
    residents = booked(scene)
    scene.clock.moment = OCCURRENCE + timedelta(days=3)
    scene.collect()
    pay(scene, residents[0])
    assert scene.reconcile() == {"settled": 1}
    assert scene.reconcile() == {"settled": 0}
    assert scene.rows("select kind, settled_on from ledger.outcome") == [("settled", date(2026, 10, 1))]


def test_a_cancelled_booking_frees_the_subject(scene: Scene) -> None:
    resident = booked(scene, 1)[0]
    pay(scene, resident)
    scene.reconcile()
    ((levy,),) = scene.rows("select levy_id from records.levy")
    create_payment(scene.owner, levy, amount_yen=-12_000, stage="reversal", recorded_at=scene.clock())
    scene.clock.moment = OCCURRENCE + timedelta(days=5)
    later = scene.open(scene.clock())
    scene.plan(later)
    assert scene.rows(f"select state from ledger.notice where campaign_run_id = '{later}'") == [("planned",)]
