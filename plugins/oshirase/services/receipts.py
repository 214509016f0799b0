"""Receipts: what the gateway reports of the messages that it took."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.gateway import DeliveryState, Receipt, SmsGateway

# The gateway's clock may differ from ours.
CLOCK_DIFFERENCE = timedelta(minutes=10)
# The operator keeps trying an unreachable telephone for up to three days.
SILENT_AFTER = timedelta(hours=72)
# For so long a receipt that contradicts what we have is still looked for.
LATE_FOR = timedelta(days=7)


def collect_receipts(engine: Engine, gateway: SmsGateway, now: datetime, by: str) -> Counter[str]:
    """Read the gateway's list for every run that waits for receipts, and apply it page by page.

    Returns:
        How many notices went into which state, and how many are newly `silent`.
    """
    with engine.connect() as connection:
        runs = connection.execute(
            statement("ledger/list_awaited_runs"), {"gateway": gateway.name, "changed_since": now - LATE_FOR}
        ).all()
    counts: Counter[str] = Counter()
    for run in runs:
        since = run.first_at - CLOCK_DIFFERENCE
        for page in gateway.receipts(run.campaign_run_id, since, now + CLOCK_DIFFERENCE):
            counts += apply_receipts(engine, gateway.name, page, now, by)
    counts["silent"] = mark_silent(engine, now, by)
    return +counts


def mark_silent(engine: Engine, now: datetime, by: str) -> int:
    """Say of notices whose receipt should long be there that it is not; a late one still counts."""
    with engine.begin() as connection:
        binds = {"left_before": now - SILENT_AFTER, "now": now, "by": by}
        return len(connection.execute(statement("ledger/mark_silent"), binds).all())


def apply_receipts(engine: Engine, gateway: str, receipts: Sequence[Receipt], now: datetime, by: str) -> Counter[str]:
    """Keep what the receipts add, in one transaction; repeated ones change nothing."""
    rows = [row for receipt in receipts if (row := _as_row(receipt))]
    if not rows:
        return Counter()
    binds = {"gateway": gateway, "now": now, "by": by, "receipts": json.dumps(rows)}
    with engine.begin() as connection:
        connection.execute(statement("ledger/suppress_reminded"), binds)
        changed = connection.execute(statement("ledger/apply_receipts"), binds).all()
    return Counter(row.state for row in changed if row.is_moved)


def _as_row(receipt: Receipt) -> dict[str, Any] | None:
    notice_id = notice_of(receipt)
    if notice_id is None or receipt.state == DeliveryState.PENDING:
        return None
    return {
        "notice_id": str(notice_id),
        "gateway_message_id": receipt.gateway_message_id,
        "state": receipt.state.value,
        "reason": None if receipt.state == DeliveryState.DELIVERED else f"{receipt.status}/{receipt.sent_result}",
        "result": receipt.result,
        "status": receipt.status,
        "sent_result": receipt.sent_result,
        "carrier": receipt.carrier,
        "charged_parts": receipt.charged_parts,
        "sent_at": _iso(receipt.sent_at),
        "received_at": _iso(receipt.received_at),
        "updated_at": _iso(receipt.updated_at),
    }


def notice_of(receipt: Receipt) -> UUID | None:
    """Our own id, the first tag of a hand-over; None on messages that are not ours."""
    return as_uuid(receipt.tags[0]) if receipt.tags else None


def as_uuid(tag: str) -> UUID | None:
    """What a tag of ours says; None: it is somebody else's."""
    try:
        return UUID(tag)
    except ValueError:
        return None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
