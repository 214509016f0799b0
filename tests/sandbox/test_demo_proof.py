"""The demo's proof finds what it is there to find."""

from datetime import date, datetime, timedelta

from oshirase.domain.calendar import JST
from sandbox.demo.ledger import Departures, Ledger
from sandbox.stack.telephones import SeenMessage
from tests.people import create_debtor, create_payment, insert
from tests.scene import Scene

SENT_AT = datetime(2026, 10, 2, 12, 0, tzinfo=JST)


def load(scene: Scene, as_of: datetime) -> None:
    insert(
        scene.owner, "load", extract="test", file_name="test", sha256=b"", as_of=as_of, rows_read=1, rows_loaded=1,
        rows_unchanged=0, rows_rejected=0, recorded_at=as_of,
    )  # fmt: skip


def departures(scene: Scene, *, paid_at: datetime | None, loaded_at: datetime) -> Departures:
    """One debtor's message left at SENT_AT; the payment got a record at `paid_at`, and was loaded at `loaded_at`."""
    resident = create_debtor(scene.owner)
    scene.send(scene.approved_run())
    load(scene, SENT_AT - timedelta(hours=3))
    if paid_at:
        ((levy,),) = scene.rows(f"select levy_id from records.levy where obligor_id = '{resident}'")
        create_payment(scene.owner, levy, recorded_at=paid_at, paid_on=date(2026, 10, 1))
        load(scene, loaded_at)
    ((notice_id,),) = scene.rows("select notice_id from ledger.notice")
    ledger = Ledger(scene.owner.url.render_as_string(hide_password=False))
    booked = SeenMessage(str(notice_id), "09000010001", None, None)
    try:
        return ledger.departures([SeenMessage(str(notice_id), "09000010001", SENT_AT, None), booked])
    finally:
        ledger.close()


def test_a_message_to_somebody_who_owes_is_right(scene: Scene) -> None:
    assert departures(scene, paid_at=None, loaded_at=SENT_AT) == Departures(1, 0, 0)


def test_a_message_after_a_payment_that_was_loaded_in_time_is_wrong(scene: Scene) -> None:
    paid_at = SENT_AT - timedelta(minutes=30)
    assert departures(scene, paid_at=paid_at, loaded_at=SENT_AT - timedelta(minutes=10)) == Departures(1, 1, 1)


def test_a_message_that_crossed_with_the_extract_is_only_counted(scene: Scene) -> None:
    paid_at = SENT_AT - timedelta(minutes=30)
    assert departures(scene, paid_at=paid_at, loaded_at=SENT_AT - timedelta(minutes=9)) == Departures(1, 0, 1)


def test_a_payment_after_the_message_is_its_success(scene: Scene) -> None:
    assert departures(scene, paid_at=SENT_AT + timedelta(hours=1), loaded_at=SENT_AT + timedelta(hours=2)) == (
        Departures(1, 0, 0)
    )
