"""Loading the ward and what comes later into a real PostgreSQL, and the command that does it."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.engine import URL

from oshirase.errors import DatabaseUnreachable, SchemaMismatch
from sandbox.ward import load
from sandbox.ward.__main__ import main
from sandbox.ward.load import load_facts, load_ward
from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import TABLES
from sandbox.ward.ward_time import WardTime
from tests.sandbox.ward_reading import DEMO

WARD = WardSpec(7, 2_000, DEMO)
UNTIL = DEMO + timedelta(days=20)


@pytest.fixture
def url(database_url: URL) -> str:
    return database_url.render_as_string(hide_password=False)


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def _rows(connection: psycopg.Connection, table: str) -> list[tuple[object, ...]]:
    columns = ", ".join(TABLES[table].columns).replace("superseded_at", "superseded_at::text")
    return connection.execute(f"select {columns} from records.{table} order by {columns}").fetchall()


def _schema(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return (
        connection.execute(
            "select indexname, indexdef from pg_indexes where schemaname = 'records' order by 1"
        ).fetchall()
        + connection.execute(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
            " where connamespace = 'records'::regnamespace order by 1, 2"
        ).fetchall()
    )


def test_copies_the_columns_of_the_schema(connection: psycopg.Connection) -> None:
    query = (
        "select column_name from information_schema.columns where table_schema = 'records' and table_name = %s"
        " and is_generated = 'NEVER' order by ordinal_position"
    )
    for name, table in TABLES.items():
        assert tuple(column for (column,) in connection.execute(query, [name])) == table.columns


def test_loads_every_table_and_notes_the_load(url: str, connection: psycopg.Connection) -> None:
    report = load_ward(url, WARD)
    for table, rows in report.rows.items():
        assert len(_rows(connection, table)) == rows > 0
    noted = connection.execute("select extract, file_name, sha256, as_of, rows_loaded from records.load").fetchall()
    assert noted == [
        ("synthetic-ward", "synthetic-ward/seed-7/size-2000", bytes.fromhex(report.sha256), DEMO, report.total)
    ]


def test_the_same_ward_again_changes_nothing(url: str, connection: psycopg.Connection) -> None:
    first = load_ward(url, WARD)
    again = load_ward(connection, WARD)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.rows == first.rows
    assert connection.execute("select count(*) from records.load").fetchone() == (1,)


def test_refuses_to_mix_wards(url: str) -> None:
    load_ward(url, WARD)
    with pytest.raises(BadWard, match="hold synthetic-ward/seed-7/size-2000"):
        load_ward(url, WardSpec(8, 2_000, DEMO))


def test_refuses_records_that_no_ward_brought(url: str, connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into records.resident (resident_id, household_id, is_head, birth_on, status, recorded_at)"
        " values ('0000000001', '0000000001', true, '1980-01-01', 'resident', now())"
    )
    with pytest.raises(BadWard, match="no synthetic ward brought"):
        load_ward(url, WARD)


def test_a_large_ward_leaves_the_indexes_as_they_were(
    url: str, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _schema(connection)
    monkeypatch.setattr(load, "_LARGE", 0)
    assert load_ward(url, WARD).is_new
    assert _schema(connection) == before


def test_the_ingest_role_may_load(connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_LARGE", 0)
    connection.execute("set role oshirase_ingest")
    assert load_ward(connection, WARD).is_new
    assert load_facts(connection, WardTime(WARD).arrivals(DEMO, UNTIL), WARD, UNTIL).is_new


def test_later_facts_end_the_versions_that_they_replace(url: str, connection: psycopg.Connection) -> None:
    load_ward(url, WARD)
    facts = WardTime(WARD).arrivals(DEMO, UNTIL)
    report = load_facts(url, facts, WARD, UNTIL)
    assert report.rows == {table: len(rows) for table, rows in facts.items()}
    before = _rows(connection, "payment")
    replaced = connection.execute(
        "select count(*) from records.payment where superseded_at between %s and %s", [DEMO, UNTIL]
    )
    assert replaced.fetchone() > (10,)
    assert not load_facts(url, facts, WARD, UNTIL).is_new
    assert _rows(connection, "payment") == before


def test_slices_of_time_load_to_the_same_records(url: str, connection: psycopg.Connection) -> None:
    load_ward(url, WARD)
    ward_time = WardTime(WARD)
    after = DEMO
    for hours in (2, 5, 24, 90, 240, 480):
        until = DEMO + timedelta(hours=hours)
        load_facts(connection, ward_time.arrivals(after, until), WARD, until)
        after = until
    sliced = {table: _rows(connection, table) for table in TABLES}
    connection.execute("truncate " + ", ".join(f"records.{table}" for table in (*TABLES, "load_reject", "load")))
    load_ward(connection, WARD)
    load_facts(connection, ward_time.arrivals(DEMO, UNTIL), WARD, UNTIL)
    assert {table: _rows(connection, table) for table in TABLES} == sliced


def test_only_the_ward_itself_gets_later_facts(url: str) -> None:
    load_ward(url, WARD)
    other = WardSpec(8, 2_000, DEMO)
    with pytest.raises(BadWard, match="hold synthetic-ward/seed-7"):
        load_facts(url, WardTime(other).arrivals(DEMO, UNTIL), other, UNTIL)


def test_says_that_the_schema_is_missing(empty_database_url: URL) -> None:
    with pytest.raises(SchemaMismatch, match="make migrate"):
        load_ward(empty_database_url.render_as_string(hide_password=False), WARD)


def test_says_that_nothing_answers() -> None:
    with pytest.raises(DatabaseUnreachable, match="does not answer"):
        load_ward("postgresql://nobody@127.0.0.1:1/nowhere", WARD)


def test_the_command_prints_counts(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--size", "2000", "--database-url", url]
    assert main(arguments) == 0
    assert "resident " in capsys.readouterr().out
    assert main(arguments) == 0
    assert "nothing changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--size", "10"], "a ward has 2,000 to 1,000,000 residents, not 10", id="size"),
        pytest.param(["--as-of", "yesterday"], "'yesterday' is no time", id="as-of"),
        pytest.param(["--as-of", "2026-10-02T09:00"], "no time zone", id="naive as-of"),
        pytest.param(["--database-url", "postgresql://x@127.0.0.1:1/x"], "does not answer", id="unreachable"),
        pytest.param(["--database-url", "nonsense"], "does not answer", id="no URL"),
        pytest.param([], "OSHIRASE_DATABASE_URL", id="no database named"),
    ],
)
def test_the_command_says_in_one_sentence_what_is_wrong(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OSHIRASE_DATABASE_URL", raising=False)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
