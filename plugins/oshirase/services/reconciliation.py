"""Reconciliation: bookings of stopped runs and of what has been settled since are cancelled, settlements are noted."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import City
from oshirase.domain.gateway import DeliveryState, GatewayError, Refused, SmsGateway
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from oshirase.services.screening import confirmed_since

# Payments later than this are no response to a message any more.
FOLLOWED_FOR = timedelta(days=120)


class CancelOutcome(StrEnum):
    """What became of an attempt to cancel a booking; all but the first are the crossing case."""

    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


def reconcile(engine: Engine, gateway: SmsGateway, city: City, now: datetime, by: str) -> Counter[str]:
    """Cancel every booking that the records speak against or whose run was stopped; note what was settled.

    Notices that came back into the line of a run after it was closed expire: nobody would claim them any more.

    Returns:
        Counts by `CancelOutcome`, `settled`: subjects newly found settled after the hand-over, and `expired`.

    Raises:
        Refused: the gateway refuses us altogether.
    """
    counts: Counter[str] = Counter()
    with engine.begin() as connection:
        binds = {"now": now, "by": by}
        if expired := connection.execute(statement("ledger/expire_notices"), binds).all():
            counts["expired"] = len(expired)
    counts += cancel_bookings(engine, gateway, city, now, by)
    with engine.begin() as connection:
        settled = connection.execute(
            statement("ledger/record_settlements"),
            {"handed_over_since": now - FOLLOWED_FOR, "known_at": ALL_THAT_IS_RECORDED, "now": now},
        ).all()
    counts["settled"] = len(settled)
    return counts


def cancel_bookings(
    engine: Engine, gateway: SmsGateway, city: City, now: datetime, by: str, campaign_run_id: UUID | None = None
) -> Counter[str]:
    """Cancel what is not to go out any more, of one run or of all, earliest booking first, as many at once as may be.

    Returns:
        Counts by `CancelOutcome`.

    Raises:
        Refused: the gateway refuses us altogether.
    """
    bookings = _bookings_to_cancel(engine, gateway, city, now, campaign_run_id)
    with ThreadPoolExecutor(gateway.width, thread_name_prefix="cancel") as pool:
        outcomes = pool.map(lambda booking: cancel_booking(engine, gateway, booking, now, by), bookings)
        return Counter(outcome.value for outcome in outcomes)


def _bookings_to_cancel(
    engine: Engine, gateway: SmsGateway, city: City, now: datetime, campaign_run_id: UUID | None
) -> Sequence[Row[Any]]:
    today = now.astimezone(JST).date()
    with engine.connect() as connection:
        return connection.execute(
            statement("ledger/list_bookings_to_cancel"),
            {
                "gateway": gateway.name,
                "campaign_run_id": campaign_run_id,
                "cancellable_until": now + gateway.cancel_margin,
                "known_at": ALL_THAT_IS_RECORDED,
                "on_day": today,
                "confirmed_since": confirmed_since(city, today),
            },
        ).all()


def cancel_booking(engine: Engine, gateway: SmsGateway, booking: Row[Any], now: datetime, by: str) -> CancelOutcome:
    """Try to cancel one booking, and record what became of it: only the gateway's word makes the notice cancelled."""
    outcome = _cancel(gateway, booking.notice_id, booking.gateway_message_id)
    with engine.begin() as connection:
        connection.execute(
            statement("ledger/record_cancellation"),
            {"notice_id": booking.notice_id, "outcome": outcome, "reason": booking.reason, "now": now, "by": by},
        )
    return outcome


def _cancel(gateway: SmsGateway, notice_id: UUID, gateway_message_id: str) -> CancelOutcome:
    try:
        receipt = gateway.cancel(gateway_message_id)
    except Refused as refused:
        return _refused(gateway, notice_id, refused)
    except GatewayError:
        return CancelOutcome.UNANSWERED
    return CancelOutcome.CANCELLED if receipt.state == DeliveryState.CANCELLED else CancelOutcome.REFUSED


def _refused(gateway: SmsGateway, notice_id: UUID, refused: Refused) -> CancelOutcome:
    """A refusal may mean that an earlier attempt, whose answer was lost, has cancelled it."""
    if refused.concerns_all:
        raise refused
    try:
        found = gateway.find(notice_id)
    except GatewayError:
        return CancelOutcome.UNANSWERED
    if found and found.state == DeliveryState.CANCELLED:
        return CancelOutcome.CANCELLED
    return CancelOutcome.TOO_LATE if refused.code == "can_not_cancel_message" else CancelOutcome.REFUSED
