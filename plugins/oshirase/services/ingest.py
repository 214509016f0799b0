"""Loading an extract: one file, one transaction, all of it or nothing."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import pandas as pd
import psycopg
from psycopg import Connection as PsycopgConnection
from psycopg import Cursor, sql
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, IntegrityError

from oshirase.adapters.extract_file import Chunk, ExtractFile
from oshirase.adapters.secret import secret_key
from oshirase.adapters.sql import statement
from oshirase.domain.extract import ID_CHANGES, ROW_SENTENCES, FileIssue, FileRefused, Layout
from oshirase.errors import OshiraseError
from oshirase.services.extract_rows import Checked, Reject, check_rows, copy_text, records_columns

_ONE_LOAD_AT_A_TIME = 0x05_41_5A_E3
CHANGED = "{} was written to while it was read: nothing of it was loaded"


class FileChanged(OshiraseError):
    """Somebody wrote to a file while it was being read: nothing was loaded, the next run takes it."""


class Outcome(StrEnum):
    """What became of a file."""

    LOADED = "loaded"
    ALREADY_LOADED = "already_loaded"


@dataclass(frozen=True)
class Load:
    """What a load did, in rows. `unchanged` rows say what is known already; `ended` facts were not in the snapshot."""

    outcome: Outcome
    load_id: int | None = None
    read: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    rejected: int = 0


@dataclass
class _Tally:
    read: int = 0
    unreadable_keys: int = 0
    with_key: int = 0

    def add(self, chunk: Chunk, checked: Checked) -> None:
        self.read += len(chunk.lines) + len(chunk.broken)
        self.unreadable_keys += checked.unreadable_keys
        self.with_key += len(checked.rows) + len(checked.set_aside)


def load_extract(engine: Engine, layout: Layout, path: Path, as_of: datetime, now: datetime) -> Load:
    """Load one file: good rows are compared with what is known, bad ones are rejected and reported.

    What is known of a rejected row stays as it is. When the key of one cannot be read, no fact ends for not having
    arrived: it might be that one.

    Raises:
        FileRefused: the file cannot be trusted; nothing changed.
        FileChanged: it was written to meanwhile; nothing changed.
    """
    with closing(ExtractFile(path, layout)) as file, engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ONE_LOAD_AT_A_TIME})
        loads = connection.execute(
            statement("extract/find_loads"), {"extract": layout.table, "as_of": as_of, "sha256": file.sha256}
        ).one()
        if loads.load_id is not None:
            # Perhaps by a run that was killed before it could report: the report is made from the records.
            return Load(Outcome.ALREADY_LOADED, loads.load_id, rejected=loads.rows_rejected)
        if loads.newest_as_of and as_of < loads.newest_as_of:
            raise FileRefused(FileIssue.TOO_OLD, f"{loads.newest_as_of.astimezone(as_of.tzinfo):%Y年%m月%d日%H時%M分}")
        # Later than anything recorded before, so that "as known at" tells the two apart.
        last = loads.last_recorded_at
        recorded_at = max(now, last + timedelta(microseconds=1)) if last else now
        try:
            return _load(connection, layout, file, as_of, recorded_at)
        except (FileRefused, UnicodeError):
            if file.was_changed:
                raise FileChanged(CHANGED.format(file.name)) from None
            raise
        # COPY goes past SQLAlchemy, and so do its errors.
        except (IntegrityError, DataError, psycopg.IntegrityError, psycopg.DataError) as error:
            cause = getattr(error, "orig", error)
            constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
            raise FileRefused(FileIssue.NOT_LOADABLE, constraint or type(cause).__name__) from None


def _load(connection: Connection, layout: Layout, file: ExtractFile, as_of: datetime, now: datetime) -> Load:
    table = {"of_table": layout.table, "key": list(layout.key)}
    known = connection.scalar(statement("extract/make_arrived"), {**table, "columns": records_columns(layout)})
    tally = _copy(connection, layout, file)
    if layout.mode == "snapshot" and tally.with_key < layout.minimum_share * (known or 0):
        raise FileRefused(FileIssue.TOO_FEW_ROWS, f"{tally.with_key:,}行、取込み済み{known:,}件")
    ends_missing = layout.mode == "snapshot" and not tally.unreadable_keys
    # An order to erase somebody holds for as long as the business system delivers them.
    if connection.scalar(statement("extract/has_erasures")):
        connection.execute(statement("extract/leave_out_erased"), {"of_table": layout.table, "key": secret_key()})
    merged = connection.execute(
        statement("extract/merge_arrived"), {**table, "now": now, "ends_missing": ends_missing}
    ).one()
    if layout.table == ID_CHANGES:
        connection.execute(statement("extract/adopt_ids"), {"now": now})
    if merged.rows_changed:
        # Else the next planning believes the table to be as it was, perhaps empty, and takes minutes.
        connection.exec_driver_sql(f"analyze records.{layout.table}")
    load_id = connection.scalar(
        statement("extract/insert_load"),
        {
            "extract": layout.table,
            "file_name": file.name,
            "sha256": file.sha256,
            "as_of": as_of,
            "rows_read": tally.read,
            "rows_loaded": merged.rows_changed,
            "rows_unchanged": merged.rows_unchanged,
            "rows_ended": merged.rows_ended,
            "recorded_at": now,
        },
    )
    rejected = connection.scalar(
        statement("extract/keep_rejected"),
        {"load_id": load_id, "codes": list(ROW_SENTENCES), "sentences": list(ROW_SENTENCES.values())},
    )
    if file.was_changed:
        raise FileChanged(CHANGED.format(file.name))
    return Load(
        Outcome.LOADED,
        load_id,
        tally.read,
        merged.rows_changed,
        merged.rows_unchanged,
        merged.rows_ended,
        rejected or 0,
    )


def _copy(connection: Connection, layout: Layout, file: ExtractFile) -> _Tally:
    """Put the file's rows into the workspace, chunk by chunk: memory does not grow with the file."""
    aliases = {row.alias_id: row.resident_id for row in connection.execute(statement("extract/list_aliases"))}
    cursor = _cursor(connection)
    tally = _Tally()
    for chunk in file.chunks():
        checked = check_rows(chunk, layout, aliases if layout.table != ID_CHANGES else {})
        tally.add(chunk, checked)
        _copy_into(cursor, "arrived", checked.rows.assign(line_number=checked.rows.index.map(str)))
        if checked.rejected:
            _copy_into(cursor, "rejected", pd.DataFrame(checked.rejected, columns=list(Reject._fields)).astype(str))
            _copy_into(cursor, "set_aside", checked.set_aside)
    return tally


def _cursor(connection: Connection) -> Cursor[tuple[object, ...]]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, PsycopgConnection)
    return driver.cursor()


def _copy_into(cursor: Cursor[tuple[object, ...]], table: str, rows: pd.DataFrame) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(sql.Identifier("pg_temp", table), columns)) as copy:
        copy.write(copy_text(rows))
