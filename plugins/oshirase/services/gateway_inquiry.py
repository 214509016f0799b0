"""Asking the gateway what it had: what a restored ledger has forgotten is found there by our tags."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.incarnation import note_restore
from oshirase.adapters.sql import statement
from oshirase.domain.gateway import Busy, GatewayError, ListedMessage, SmsGateway
from oshirase.errors import OshiraseError
from oshirase.services.delivery import LEASE
from oshirase.services.receipts import CLOCK_DIFFERENCE, apply_receipts, as_uuid, notice_of
from oshirase.services.sending_lock import find_lock

# Before the ledger's last event: clocks differ, and a backup takes some time.
MARGIN = timedelta(days=1)
# Who was calling when the database went away may have gone on for as long as a lease; the list may lag behind.
SETTLING = LEASE + timedelta(minutes=5)
# So much is asked again when a page fails.
WINDOW = timedelta(days=1)
BUSY_TRIES = 5
BUSY_SECONDS = 2.0


class CannotAsk(OshiraseError):
    """The gateway cannot be asked now, or not for what was asked; what was read so far is kept."""


@dataclass(frozen=True)
class Found:
    """What an inquiry came to: `adopted` notices are accepted by now, `kept` messages belong to no notice."""

    gateway: str
    since: datetime
    until: datetime
    read: int
    others: int
    adopted: int
    kept: int


@dataclass(frozen=True)
class ForgottenRun:
    """Messages of a run that the ledger has forgotten: `booked` ones have not gone out yet."""

    gateway: str
    campaign_run_id: UUID | None
    messages: int
    booked: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class _Inquiry:
    gateway_inquiry_id: int
    since_at: datetime
    until_at: datetime
    read_until: datetime


def ask_gateway(engine: Engine, gateway: SmsGateway, since: datetime | None, now: datetime, by: str) -> Found:
    """Read all that the gateway took since a moment (by default since the ledger's last event, less a day).

    A notice that waits here and is there is accepted, with its receipt. A message with a tag of ours that belongs to no
    notice is kept (`ledger.foreign_message`): its telephone is not reminded again until a person clears it. Broken off,
    it goes on with the day that it was at; done twice, it changes nothing.

    Raises:
        CannotAsk: too soon after the lock, nothing says since when, or the gateway does not answer.
    """
    inquiry = _begin(engine, gateway.name, since, now, by)
    counts: Counter[str] = Counter()
    read_until = inquiry.read_until
    while read_until < inquiry.until_at:
        until = min(read_until + WINDOW, inquiry.until_at)
        counts += _read_window(engine, gateway, read_until, until, now, by)
        _note_window(engine, inquiry, until, now)
        read_until = until
    return Found(
        gateway.name, inquiry.since_at, inquiry.until_at,
        counts["read"], counts["others"], counts["adopted"], counts["kept"],
    )  # fmt: skip


def list_forgotten(engine: Engine, now: datetime) -> list[ForgottenRun]:
    """What was found of runs that the ledger has forgotten, and nobody has cleared."""
    with engine.connect() as connection:
        rows = connection.execute(statement("recovery/count_found"), {"now": now})
        return [ForgottenRun(**row._mapping) for row in rows]


def clear_found(engine: Engine, messages: Sequence[str] | None, reason: str, by: str, now: datetime) -> int:
    """Record a person's word that the telephones of found messages may be reminded again; all of them without ids.

    Returns:
        How many messages it concerned.

    Raises:
        CannotAsk: no reason or no name was given.
    """
    if not reason.strip() or not by.strip():
        raise CannotAsk("clearing needs a reason and the name of a person")
    binds = {
        "gateway_message_ids": list(messages) if messages is not None else None,
        "now": now, "by": by.strip(), "reason": reason.strip(),
    }  # fmt: skip
    with engine.begin() as connection:
        return len(connection.execute(statement("recovery/clear_found"), binds).all())


def _since(engine: Engine, wanted: datetime | None, locked_at: datetime | None) -> datetime:
    """What a restored ledger learned since it was locked says nothing of what it has forgotten."""
    with engine.connect() as connection:
        newest = connection.scalar(statement("recovery/newest_knowledge"), {"locked_at": locked_at})
    if newest is None:
        if wanted is None:
            raise CannotAsk("the ledger knows nothing yet: say with --since from when on the gateway is to be asked")
        return wanted
    known: datetime = newest.replace(microsecond=0) - MARGIN
    if wanted is not None and wanted > known:
        raise CannotAsk(f"--since may not be later than {known.isoformat()}: what the ledger knows ends a day later")
    return wanted or known


def _begin(engine: Engine, gateway: str, wanted: datetime | None, now: datetime, by: str) -> _Inquiry:
    """The inquiry that was begun since the lock and broken off, or a new one."""
    note_restore(engine, now)
    lock = find_lock(engine)
    since = _since(engine, wanted, lock.locked_at if lock else None)
    locked_at = lock.locked_at if lock and lock.locked_at else now - SETTLING
    if now < locked_at + SETTLING:
        raise CannotAsk(
            "who was sending when the database went away may still be calling: ask again at "
            f"{(locked_at + SETTLING).isoformat(timespec='seconds')}"
        )
    with engine.begin() as connection:
        binds: dict[str, Any] = {"gateway": gateway, "asked_since": locked_at, "since": since}
        row = connection.execute(statement("recovery/find_inquiry"), binds).one_or_none()
        if row is None:
            binds = {"gateway": gateway, "since": since, "until": now + CLOCK_DIFFERENCE, "now": now, "by": by}
            row = connection.execute(statement("recovery/insert_inquiry"), binds).one()
    return _Inquiry(**row._mapping)


def _read_window(
    engine: Engine, gateway: SmsGateway, since: datetime, until: datetime, now: datetime, by: str
) -> Counter[str]:
    """A day's messages, read anew from its first page while the gateway is busy."""
    for _ in range(BUSY_TRIES):
        counts: Counter[str] = Counter()
        try:
            for listed in gateway.messages(since, until):
                # Its end is the next one's beginning.
                page = [message for message in listed if message.accepted_at < until]
                counts += _record_page(engine, gateway.name, page, now, by)
        except Busy as busy:
            time.sleep(busy.retry_after.total_seconds() if busy.retry_after else BUSY_SECONDS)
        except GatewayError as error:
            raise CannotAsk(f"{error}: run it again, it goes on from {since.isoformat(timespec='seconds')}") from None
        else:
            return counts
    raise CannotAsk(f"the gateway stays busy: run it again, it goes on from {since.isoformat(timespec='seconds')}")


def _record_page(engine: Engine, gateway: str, page: Sequence[ListedMessage], now: datetime, by: str) -> Counter[str]:
    ours = [message for message in page if notice_of(message.receipt)]
    with engine.begin() as connection:
        binds = {"gateway": gateway, "now": now, "by": by, "messages": json.dumps([_as_row(one) for one in ours])}
        row = connection.execute(statement("recovery/record_found"), binds).one()
    apply_receipts(engine, gateway, [message.receipt for message in ours], now, by)
    return Counter(read=len(page), others=len(page) - len(ours), adopted=row.adopted, kept=row.kept)


def _as_row(message: ListedMessage) -> dict[str, str | None]:
    receipt = message.receipt
    run = as_uuid(receipt.tags[1]) if len(receipt.tags) > 1 else None
    return {
        "notice_id": str(notice_of(receipt)),
        "campaign_run_id": str(run) if run else None,
        "gateway_message_id": receipt.gateway_message_id,
        "phone_e164": message.phone_e164,
        "state": receipt.state.value,
        "accepted_at": message.accepted_at.isoformat(),
        "scheduled_at": message.scheduled_at.isoformat() if message.scheduled_at else None,
    }


def _note_window(engine: Engine, inquiry: _Inquiry, read_until: datetime, now: datetime) -> None:
    binds = {"gateway_inquiry_id": inquiry.gateway_inquiry_id, "read_until": read_until, "now": now}
    with engine.begin() as connection:
        connection.execute(statement("recovery/note_window"), binds)
