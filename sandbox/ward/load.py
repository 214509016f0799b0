"""The synthetic ward and what becomes known later, put into the schema `records` by COPY."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import psycopg
from psycopg import Connection, sql

from oshirase.errors import DatabaseUnreachable, SchemaMismatch
from sandbox.ward.indexes import AnyConnection, put_aside
from sandbox.ward.making import Chunk, make_chunks
from sandbox.ward.spec import EXTRACT, BadWard, WardSpec
from sandbox.ward.tables import TABLES, Facts, Table, copy_text

LATER_EXTRACT = f"{EXTRACT}-later"
_LARGE = 100_000  # residents
_ONE_LOADER_AT_A_TIME = 0x05_41_5A_E2

Item = TypeVar("Item")
# Called after each chunk with the residents loaded so far.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class LoadReport:
    """What a load did: rows by table, and whether they were new here."""

    is_new: bool
    rows: dict[str, int]
    sha256: str

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


def load_ward(target: AnyConnection | str, ward: WardSpec, progress: Progress = lambda _: None) -> LoadReport:
    """Load a ward into empty records, all of it or nothing; the ward that is there already is left alone.

    `target` is a psycopg connection or a database URL. The load is one transaction and is noted in `records.load`,
    with the SHA-256 of every table's COPY text and the time `ward.as_of`.

    Raises:
        BadWard: the records hold another ward, or residents that no ward brought.
        DatabaseUnreachable, SchemaMismatch.
    """
    with _connection(target) as connection, connection.transaction():
        _begin(connection)
        if _is_there(connection, ward):
            return LoadReport(False, _counts(connection), _sha256(connection, ward.file_name))
        with put_aside(connection) if ward.size >= _LARGE else nullcontext():
            rows, sha256 = _copy_ward(connection, ward, progress)
        _note(
            connection,
            EXTRACT,
            ward.file_name,
            bytes.fromhex(sha256),
            ward.as_of,
            sum(rows.values()),
            sum(rows.values()),
        )
        for table in TABLES:
            connection.execute(sql.SQL("analyze {}").format(_name(table)))
    return LoadReport(True, rows, sha256)


def load_facts(target: AnyConnection | str, facts: Facts, ward: WardSpec, until: datetime) -> LoadReport:
    """Add what became known until `until` (see `WardTime.arrivals`); what is there already is left alone.

    A new version of a fact ends the one that was current. Rows of the report are those that were new.
    """
    with _connection(target) as connection, connection.transaction():
        _begin(connection)
        if not _is_there(connection, ward):
            raise BadWard(f"{ward.file_name} is not loaded here: load the ward before what becomes known later")
        texts = {table: copy_text(table, rows) for table, rows in facts.items()}
        loaded = {table: _add(connection, table, text) for table, text in texts.items() if text}
        digest = hashlib.sha256(b"".join(texts.values())).digest()
        read = sum(len(rows) for rows in facts.values())
        if any(loaded.values()):
            _note(connection, LATER_EXTRACT, ward.file_name, digest, until, read, sum(loaded.values()))
    return LoadReport(any(loaded.values()), loaded, digest.hex())


@contextmanager
def _connection(target: AnyConnection | str) -> Iterator[AnyConnection]:
    if isinstance(target, Connection):
        yield target
        return
    # SQLAlchemy's way of naming the driver is not libpq's.
    url = target.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        connection = psycopg.connect(url, connect_timeout=10)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseUnreachable(
            f"the records database does not answer: start it, or mend its URL ({reason})"
        ) from None
    with connection:
        yield connection


def _begin(connection: AnyConnection) -> None:
    connection.execute("select pg_advisory_xact_lock(%s)", [_ONE_LOADER_AT_A_TIME])
    missing = [
        table for table in (*TABLES, "load") if _one(connection, "select to_regclass(%s)", [f"records.{table}"]) is None
    ]
    if missing:
        raise SchemaMismatch(f"the database has no table records.{missing[0]}: run `make migrate` first")


def _one(connection: AnyConnection, query: str, values: list[object]) -> object:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def _is_there(connection: AnyConnection, ward: WardSpec) -> bool:
    """Whether this ward was loaded before; another one in its place is an error."""
    query = "select file_name, as_of from records.load where extract = %s order by load_id"
    row = connection.execute(query, [EXTRACT]).fetchone()
    if row == (ward.file_name, ward.as_of):
        return True
    if row is not None:
        raise BadWard(f"the records hold {row[0]} as of {row[1]} already: use an empty database for {ward.file_name}")
    if _one(connection, "select 1 from records.resident limit 1", []) is not None:
        raise BadWard("the records hold residents that no synthetic ward brought: use an empty database")
    return False


def _counts(connection: AnyConnection) -> dict[str, int]:
    count = "select count(*) from {}"
    return {table: _number(connection.execute(sql.SQL(count).format(_name(table))).fetchone()) for table in TABLES}


def _number(row: tuple[object, ...] | None) -> int:
    return int(str(row[0])) if row else 0


def _sha256(connection: AnyConnection, file_name: str) -> str:
    query = "select encode(sha256, 'hex') from records.load where extract = %s and file_name = %s"
    return str(_one(connection, query, [EXTRACT, file_name]))


def _name(table: str) -> sql.Identifier:
    return sql.Identifier("records", table)


def ward_texts(ward: WardSpec) -> Iterator[tuple[Chunk, dict[str, bytes], dict[str, int]]]:
    """Each chunk with the COPY text and the number of rows of every table, as known at the ward's `as_of`."""
    for chunk in make_chunks(ward):
        facts = chunk.known_facts()
        yield (
            chunk,
            {table: copy_text(table, facts[table]) for table in TABLES},
            {table: len(facts[table]) for table in TABLES},
        )


def ward_digest(ward: WardSpec) -> str:
    """SHA-256 over the SHA-256 of each table's whole COPY text, in the order of TABLES."""
    digests = {table: hashlib.sha256() for table in TABLES}
    for _, texts, _ in ward_texts(ward):
        for table, text in texts.items():
            digests[table].update(text)
    return _together(digests)


def _together(digests: dict[str, "hashlib._Hash"]) -> str:
    return hashlib.sha256(b"".join(digest.digest() for digest in digests.values())).hexdigest()


def _copy_ward(connection: AnyConnection, ward: WardSpec, progress: Progress) -> tuple[dict[str, int], str]:
    rows, digests, residents = dict.fromkeys(TABLES, 0), {table: hashlib.sha256() for table in TABLES}, 0
    for chunk, texts, counts in _one_ahead(ward_texts(ward)):
        for table, text in texts.items():
            _copy(connection, _name(table), TABLES[table], text)
            digests[table].update(text)
            rows[table] += counts[table]
        residents += len(chunk.people)
        progress(residents)
    return rows, _together(digests)


def _one_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items; the next one is made while this one is used, in a thread of its own."""
    source = iter(items)
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, source, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, source, None)
            yield item


def _copy(connection: AnyConnection, name: sql.Identifier, table: Table, text: bytes) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(name, columns)) as copy:
        copy.write(text)


def _add(connection: AnyConnection, name: str, text: bytes) -> int:
    """Add versions of facts to a table; returns how many were not there yet."""
    table, arrived = TABLES[name], sql.Identifier("pg_temp", f"arrived_{name}")
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    parts = {"table": _name(name), "arrived": arrived, "columns": columns, "keys": _list(table.key)}
    connection.execute(
        sql.SQL("create temporary table {arrived} on commit drop as select {columns} from {table} limit 0").format(
            **parts
        )
    )
    _copy(connection, arrived, table, text)
    same = sql.SQL(" and ").join(sql.SQL("old.{0} = new.{0}").format(sql.Identifier(key)) for key in table.key)
    connection.execute(
        sql.SQL(
            "update {table} as old set superseded_at = new.recorded_at from"
            " (select {keys}, min(recorded_at) as recorded_at from {arrived} group by {keys}) as new"
            " where {same} and old.superseded_at = 'infinity' and old.recorded_at < new.recorded_at"
        ).format(same=same, **parts)
    )
    added = connection.execute(
        sql.SQL("insert into {table} ({columns}) select {columns} from {arrived} on conflict do nothing").format(
            **parts
        )
    ).rowcount
    connection.execute(sql.SQL("drop table {}").format(arrived))
    return added


def _list(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _note(
    connection: AnyConnection, extract: str, file_name: str, sha256: bytes, as_of: datetime, read: int, loaded: int
) -> None:
    """One line in `records.load`; recorded at the ward's own time, which is all the time there is here."""
    connection.execute(
        "insert into records.load (extract, file_name, sha256, as_of, rows_read, rows_loaded, rows_unchanged,"
        " rows_rejected, recorded_at) values (%s, %s, %s, %s, %s, %s, %s, 0, %s)",
        [extract, file_name, sha256, as_of, read, loaded, read - loaded, as_of],
    )
