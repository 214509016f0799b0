"""Sealing: what the event log and the approvals say by now is closed with keyed hashes, range by range."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row

from oshirase.adapters.sql import statement
from oshirase.domain.seal import BEGINNING, Head, Seal, hash_rows
from oshirase.errors import OshiraseError

# The canonical form of each table's rows by its number; never taken away, what was sealed by one is verified by it.
FORMS: Mapping[str, Mapping[int, str]] = {
    "notice_event": {1: "seal/read_notice_event_1"},
    "approval": {1: "seal/read_approval_1"},
}
# What was changed is told by the range of its seal.
ROWS_PER_SEAL = 10_000
# How long to wait for transactions that may still commit a lower id; what they hold up is sealed the next time.
PATIENCE_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.1


class BrokenChain(OshiraseError):
    """The newest seal is not one that this key made, or one that was there is gone: nothing may be hidden behind it."""


@dataclass(frozen=True)
class Sealed:
    """What was sealed: rows by table, the head afterwards, and tables left for the next time because of writers."""

    rows: Counter[str] = field(default_factory=Counter)
    head: Head | None = None
    held_up: tuple[str, ...] = ()


def seal_ledger(
    engine: Engine, key: bytes, now: datetime, by: str, patience_seconds: float = PATIENCE_SECONDS
) -> Sealed:
    """Close what is committed, whoever else writes meanwhile.

    Raises:
        BrokenChain: the newest seal does not fit; nothing was sealed.
    """
    newest = _newest_ids(engine)
    held_up = _wait_for_writers(engine, set(newest), patience_seconds)
    rows: Counter[str] = Counter()
    for table in sorted(set(newest) - held_up):
        while count := _add_seal(engine, key, table, newest[table], now, by):
            rows[table] += count
    with engine.connect() as connection:
        last = _last_seal(connection)
    return Sealed(rows, last.head if last else None, tuple(sorted(held_up)))


def require_witness(engine: Engine, witness: Head) -> None:
    """Hold a head that was kept elsewhere against the chain.

    Raises:
        BrokenChain: that seal is gone, or another one.
    """
    with engine.connect() as connection:
        kept = connection.scalar(statement("seal/find_hash"), {"seq": witness.seq})
    if kept != witness.hash:
        raise BrokenChain(
            f"seal {witness.seq}, which was there before, is {'another one' if kept else 'gone'}: seals were removed or"
            " made anew, or the database was restored from a backup; see docs/runbook.md, `audit verify`"
        )


def _newest_ids(engine: Engine) -> dict[str, int]:
    """No id up to these is drawn any more: who holds one that is not committed is writing at this moment."""
    with engine.connect() as connection:
        rows = connection.execute(statement("seal/newest_ids"))
        return {row.table_name: row.newest_id for row in rows if row.newest_id is not None}


def _wait_for_writers(engine: Engine, tables: set[str], patience_seconds: float) -> set[str]:
    """Let transactions end that may hold a lower id; the tables where some still go on."""
    until = time.monotonic() + patience_seconds
    awaited = _list_writers(engine)
    while awaited and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN_SECONDS)
        awaited &= _list_writers(engine)
    return {table for table, _ in awaited} & tables


def _list_writers(engine: Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        return {(row.table_name, row.writer) for row in connection.execute(statement("seal/list_writers"))}


def _add_seal(engine: Engine, key: bytes, table: str, until: int, now: datetime, by: str) -> int:
    """The next seal of a table, in a transaction of its own; how many rows it closes, 0 when none is left."""
    with engine.begin() as connection:
        connection.execute(statement("seal/lock_chain"))
        last = _last_seal(connection)
        if last is not None:
            _require_own(connection, key, last)
        from_id = connection.execute(statement("seal/sealed_until"), {"table_name": table}).scalar_one() + 1
        form = max(FORMS[table])
        rows = read_rows(connection, table, form, from_id, until, ROWS_PER_SEAL)
        if not rows.rows_count:
            return 0
        seal = Seal(
            seq=last.seq + 1 if last else 1,
            table_name=table,
            form=form,
            from_id=from_id,
            to_id=rows.last_id,
            rows_count=rows.rows_count,
            rows_hash=hash_rows(key, rows.lines),
            sealed_at=now,
            sealed_by=by,
        )
        seal = replace(seal, hash=seal.chained(key, last.hash if last else BEGINNING))
        connection.execute(statement("seal/insert_seal"), vars(seal))
        return seal.rows_count


def _require_own(connection: Connection, key: bytes, last: Seal) -> None:
    """Nobody's seal is continued but our own."""
    previous = connection.scalar(statement("seal/find_hash"), {"seq": last.seq - 1}) if last.seq > 1 else BEGINNING
    if previous is None or not last.fits(key, previous):
        raise BrokenChain(
            f"seal {last.seq} does not fit this OSHIRASE_SECRET_KEY: the key is another one, or somebody changed the"
            " seals; run `oshirase audit verify`"
        )


def _last_seal(connection: Connection) -> Seal | None:
    row = connection.execute(statement("seal/last_seal")).one_or_none()
    return Seal(**row._mapping) if row else None


def read_rows(connection: Connection, table: str, form: int, from_id: int, to_id: int, most: int) -> Row[Any]:
    """Rows of a table with ids in a range, `most` at most: rows_count, last_id, lines (their canonical form)."""
    binds = {"from_id": from_id, "to_id": to_id, "most": most}
    return connection.execute(statement(FORMS[table][form]), binds).one()
