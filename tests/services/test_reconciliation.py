"""Reconciliation: nobody is reminded of what has been settled while the message was still booked."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from oshirase.domain.gateway import OutcomeUnknown, Receipt, Refused
from oshirase.domain.notice import NoticeState
from oshirase.services.approval import reject_campaign_run
from oshirase.services.calls import Outcome
from oshirase.services.delivery import claim_notices, record_outcomes
from oshirase.services.unknown import SETTLING, decide_unknown
from tests.people import create_debtor, create_payment, insert
from tests.scene import OCCURRENCE, Scene
from tests.services.test_unknown import run_with_lost_answer


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


def cancel_outcomes(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows("select state, cancel_outcome, cancel_reason from ledger.notice where cancel_outcome is not null")


def test_a_cancellation_keeps_its_reason_beside_the_state(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    scene.reconcile()
    assert cancel_outcomes(scene) == [("cancelled", "cancelled", "settled")]


def test_a_refused_cancellation_is_recorded_as_too_late_and_the_notice_tells_the_crossing(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    scene.gateway.cancel = failing(Refused("can_not_cancel_message", "400"))  # type: ignore[method-assign]
    assert scene.reconcile() == {"too_late": 1, "settled": 1}
    assert cancel_outcomes(scene) == [("accepted", "too_late", "settled")]


def test_an_unanswered_cancellation_is_tried_again(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    cancel = scene.gateway.cancel
    scene.gateway.cancel = failing(OutcomeUnknown("no answer"))  # type: ignore[method-assign]
    assert scene.reconcile() == {"unanswered": 1, "settled": 1}
    assert cancel_outcomes(scene) == [("accepted", "unanswered", "settled")]
    scene.gateway.cancel = cancel  # type: ignore[method-assign]
    assert scene.reconcile() == {"cancelled": 1, "settled": 0}


def test_a_cancellation_whose_answer_was_lost_is_found_cancelled(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    cancel = scene.gateway.cancel

    def cancel_and_lose_the_answer(gateway_message_id: str) -> Receipt:
        cancel(gateway_message_id)
        raise OutcomeUnknown("no answer")

    scene.gateway.cancel = cancel_and_lose_the_answer  # type: ignore[method-assign]
    assert scene.reconcile()["unanswered"] == 1
    scene.gateway.cancel = cancel  # type: ignore[method-assign]
    assert scene.reconcile()["cancelled"] == 1
    assert scene.states()["cancelled/settled"] == 1


def test_a_gateway_that_refuses_us_stops_the_task(scene: Scene) -> None:
    pay(scene, booked(scene)[0])
    scene.gateway.cancel = failing(Refused("unauthentication", "401", concerns_all=True))  # type: ignore[method-assign]
    with pytest.raises(Refused):
        scene.reconcile()


def failing(error: Exception) -> Callable[[str], Receipt]:
    def cancel(_: str) -> Receipt:
        raise error

    return cancel


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


def test_what_comes_back_into_the_line_of_a_rejected_run_expires(scene: Scene) -> None:
    """Found by the state machine of a notice's life: nobody would claim it any more, and its subject stayed taken."""
    create_debtor(scene.owner)
    run = scene.approved_run()
    claim = claim_notices(scene.engine, "karaden", scene.city, run, 1, by="worker", now=scene.clock())
    reject_campaign_run(scene.engine, run, scene.plan(run), "suzuki", scene.clock(), "取りやめ")
    given_back = [Outcome(submission.notice_id, NoticeState.PLANNED, "given_back") for submission in claim.submissions]
    record_outcomes(scene.engine, claim.claim_id, given_back, by="worker", now=scene.clock())
    assert scene.states() == {"expired/rejected": 1}


def test_what_a_person_puts_back_into_the_line_of_a_rejected_run_expires(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    reject_campaign_run(scene.engine, run, scene.plan(run), "suzuki", scene.clock(), "取りやめ")
    decide_unknown(scene.engine, is_to_send=True, seen_at=scene.clock(), by="sato", now=scene.clock())
    assert scene.states() == {"planned/send_again": 1}
    assert scene.reconcile()["expired"] == 1
    assert scene.states() == {"expired/rejected": 1}
