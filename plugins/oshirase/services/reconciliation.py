"""Reconciliation: bookings of what has been settled since are cancelled, settlements after the hand-over are noted."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import City
from oshirase.domain.gateway import DeliveryState, GatewayError, SmsGateway
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from oshirase.services.planning import confirmed_since


def reconcile(engine: Engine, gateway: SmsGateway, city: City, now: datetime, by: str) -> Counter[str]:
    """Hold every booking against the records, cancel those that they speak against, note what was settled.

    Returns:
        Counts: `cancelled`, `not_cancelled` (the gateway would not, or did not answer), `settled`.
    """
    counts: Counter[str] = Counter()
    for booking in _bookings_to_cancel(engine, gateway, city, now):
        cancelled = cancel_booking(
            engine, gateway, booking.notice_id, booking.gateway_message_id, booking.reason, now, by
        )
        counts["cancelled" if cancelled else "not_cancelled"] += 1
    with engine.begin() as connection:
        settled = connection.execute(
            statement("ledger/record_settlements"), {"known_at": ALL_THAT_IS_RECORDED, "now": now}
        ).all()
    counts["settled"] = len(settled)
    return counts


def _bookings_to_cancel(engine: Engine, gateway: SmsGateway, city: City, now: datetime) -> Sequence[Row[Any]]:
    today = now.astimezone(JST).date()
    with engine.connect() as connection:
        return connection.execute(
            statement("ledger/list_bookings_to_cancel"),
            {
                "cancellable_until": now + gateway.cancel_margin,
                "known_at": ALL_THAT_IS_RECORDED,
                "on_day": today,
                "confirmed_since": confirmed_since(city, today),
            },
        ).all()


def cancel_booking(
    engine: Engine, gateway: SmsGateway, notice_id: UUID, gateway_message_id: str, reason: str, now: datetime, by: str
) -> bool:
    """Cancel one booking; only the gateway's word makes the notice cancelled."""
    try:
        receipt = gateway.cancel(gateway_message_id)
    except GatewayError:
        return False
    if receipt.state != DeliveryState.CANCELLED:
        return False
    with engine.begin() as connection:
        connection.execute(
            statement("ledger/record_cancellation"), {"notice_id": notice_id, "reason": reason, "now": now, "by": by}
        )
    return True
