"""Receipts only ever add knowledge."""

from datetime import timedelta
from uuid import UUID

from oshirase.domain.gateway import DeliveryState, Receipt
from oshirase.services.receipts import SILENT_AFTER, apply_receipts, mark_silent
from sandbox.gateway.testing import START
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene


def sent_run(scene: Scene, count: int = 1) -> UUID:
    for _ in range(count):
        create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    return run


def receipt(scene: Scene, state: DeliveryState, *, minutes: int = 0, **values: object) -> Receipt:
    ((notice, message),) = scene.rows("select notice_id, gateway_message_id from ledger.notice")
    return Receipt(
        **{  # type: ignore[arg-type]
            "gateway_message_id": message,
            "tags": (str(notice),),
            "state": state,
            "result": "done",
            "status": "done",
            "sent_result": "received" if state == DeliveryState.DELIVERED else "unconnected",
            "carrier": "docomo",
            "charged_parts": 2,
            "sent_at": START,
            "received_at": START,
            "updated_at": START + timedelta(minutes=minutes),
            **values,
        }
    )


def apply(scene: Scene, *receipts: Receipt) -> dict[str, int]:
    return dict(apply_receipts(scene.engine, "karaden", receipts, scene.clock(), "test"))


def test_nothing_to_report_before_the_booked_time(scene: Scene) -> None:
    sent_run(scene, 2)
    assert scene.collect() == {}
    assert scene.states() == {"accepted": 2}


def test_after_the_booked_time_every_notice_is_delivered_with_what_was_charged(scene: Scene) -> None:
    sent_run(scene, 3)
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    assert scene.collect() == {"delivered": 3}
    rows = scene.rows("select parts, charged_parts, received_at is not null from ledger.notice")
    assert set(rows) == {(2, 2, True)}
    assert scene.collect() == {}
    assert len(scene.rows("select 1 from ledger.receipt")) == 3


def test_a_page_applied_twice_changes_nothing(scene: Scene) -> None:
    sent_run(scene)
    assert apply(scene, receipt(scene, DeliveryState.DELIVERED)) == {"delivered": 1}
    events = scene.rows("select count(*) from ledger.notice_event")
    assert apply(scene, receipt(scene, DeliveryState.DELIVERED)) == {}
    assert scene.rows("select count(*) from ledger.notice_event") == events


def test_a_late_delivery_wins_over_an_undelivered(scene: Scene) -> None:
    sent_run(scene)
    apply(scene, receipt(scene, DeliveryState.UNDELIVERED))
    assert scene.states() == {"undelivered/done/unconnected": 1}
    apply(scene, receipt(scene, DeliveryState.DELIVERED, minutes=90))
    assert scene.states() == {"delivered": 1}


def test_nothing_is_taken_back_from_a_delivered_notice(scene: Scene) -> None:
    sent_run(scene)
    apply(scene, receipt(scene, DeliveryState.DELIVERED))
    assert apply(scene, receipt(scene, DeliveryState.UNDELIVERED, minutes=5)) == {}
    assert scene.states() == {"delivered": 1}
    assert len(scene.rows("select 1 from ledger.receipt")) == 2


def test_contradictory_receipts_in_one_page_leave_the_delivery(scene: Scene) -> None:
    sent_run(scene)
    apply(scene, receipt(scene, DeliveryState.DELIVERED), receipt(scene, DeliveryState.FAILED, minutes=3))
    assert scene.states() == {"delivered": 1}


def test_after_three_days_without_a_receipt_the_notice_says_so_and_a_late_one_still_counts(scene: Scene) -> None:
    sent_run(scene)
    scene.clock.moment = OCCURRENCE + timedelta(hours=2) + SILENT_AFTER
    assert mark_silent(scene.engine, scene.clock(), "test") == 1
    assert mark_silent(scene.engine, scene.clock(), "test") == 0
    assert scene.states() == {"accepted/no_receipt": 1}
    assert scene.collect() == {"delivered": 1}
    assert scene.states() == {"delivered": 1}


def test_a_late_receipt_is_still_looked_for_after_an_undelivered(scene: Scene) -> None:
    sent_run(scene)
    apply(scene, receipt(scene, DeliveryState.UNDELIVERED))
    scene.clock.moment = OCCURRENCE + timedelta(days=2)
    assert scene.collect() == {"delivered": 1}


def test_a_delivery_after_a_cancellation_is_kept(scene: Scene) -> None:
    sent_run(scene)
    apply(scene, receipt(scene, DeliveryState.CANCELLED, status="canceled", sent_result="none"))
    assert scene.states() == {"cancelled/canceled/none": 1}
    apply(scene, receipt(scene, DeliveryState.DELIVERED, minutes=60))
    assert scene.states() == {"delivered": 1}


def test_what_was_charged_may_be_known_later_than_the_delivery(scene: Scene) -> None:
    sent_run(scene)
    apply(scene, receipt(scene, DeliveryState.DELIVERED, charged_parts=0))
    assert apply(scene, receipt(scene, DeliveryState.DELIVERED, charged_parts=2, minutes=10)) == {}
    assert scene.rows("select parts, charged_parts from ledger.notice") == [(2, 2)]
    assert scene.rows("select count(*) from ledger.notice_event where to_state = 'delivered'") == [(1,)]


def test_a_message_that_the_ledger_did_not_hand_over_is_no_receipt(scene: Scene) -> None:
    sent_run(scene)
    foreign = receipt(scene, DeliveryState.DELIVERED, gateway_message_id="00000000-0000-4000-8000-000000000000")
    untagged = receipt(scene, DeliveryState.DELIVERED, tags=())
    assert apply(scene, foreign, untagged) == {}
    assert scene.states() == {"accepted": 1}


def cancelled_then_planned_again(scene: Scene) -> tuple[UUID, Receipt]:
    """The next day's run takes a subject that a cancellation had freed; and a receipt that the first one went out."""
    sent_run(scene)
    delivered = receipt(scene, DeliveryState.DELIVERED, minutes=5)
    apply(scene, receipt(scene, DeliveryState.CANCELLED, status="canceled", carrier=None, received_at=None))
    run = scene.open(OCCURRENCE + timedelta(days=1))
    scene.approve(run, scene.plan(run))
    assert scene.states() == {"cancelled/canceled/unconnected": 1, "planned": 1}
    return run, delivered


def test_a_delivery_after_a_cancellation_takes_the_next_reminder_out_of_the_line(scene: Scene) -> None:
    """Found by the state machine of a notice's life: the page could not be applied, again and again."""
    _, delivered = cancelled_then_planned_again(scene)
    assert apply(scene, delivered) == {"delivered": 1}
    assert scene.states() == {"delivered": 1, "suppressed/already_reminded": 1}


def test_a_delivery_after_a_cancellation_is_kept_beside_the_state_when_the_next_reminder_is_out(scene: Scene) -> None:
    run, delivered = cancelled_then_planned_again(scene)
    scene.send(run)
    assert apply(scene, delivered) == {}
    assert scene.rows("select state, received_at is not null from ledger.notice order by state") == [
        ("accepted", False),
        ("cancelled", True),
    ]
    assert scene.rows("select count(*) from ledger.receipt") == [(2,)]
