"""The ward as a vendor's files: what is loaded from them is the ward, and what is rejected is what was planted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from oshirase.adapters.database import INGEST_ROLE, create_records_engine
from oshirase.adapters.settings import load_layouts
from oshirase.domain.calendar import JST
from oshirase.domain.extract import RowIssue
from oshirase.domain.values import ValueIssue
from oshirase.services.ingest import Load, Outcome, load_extract
from sandbox.ward.extract_cells import GIVEN_NAMES, NAMES, SURNAMES
from sandbox.ward.extract_faults import PlantedFault, ways_to_be_wrong
from sandbox.ward.extracts import extract_path, write_extracts, write_later_extracts
from sandbox.ward.load import load_facts, load_ward
from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import TABLES
from sandbox.ward.ward_time import WardTime
from tests.sandbox.ward_reading import DEMO

WARD = WardSpec(7, 2_000, DEMO)
EARLIER = DEMO - timedelta(days=3, hours=1)
LATER = (DEMO + timedelta(days=12, hours=5), DEMO + timedelta(days=30))
LAYOUTS = {layout.name: layout for layout in load_layouts()}
FAULT_SHARE = 0.02

Facts = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def connection(database_url: URL) -> Iterator[psycopg.Connection]:
    url = database_url.render_as_string(hide_password=False).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ingest(database_url: URL) -> Iterator[Engine]:
    engine = create_records_engine(database_url, INGEST_ROLE)
    yield engine
    engine.dispose()


def _load(ingest: Engine, folder: Path, as_of: datetime, modes: tuple[str, ...] = ("snapshot",)) -> dict[str, Load]:
    """Load every file of a moment, as it would be at that moment."""
    paths = {name: extract_path(folder, layout, as_of) for name, layout in LAYOUTS.items() if layout.mode in modes}
    return {
        name: load_extract(ingest, LAYOUTS[name], path, LAYOUTS[name].as_of(path.name) or as_of, as_of)
        for name, path in paths.items()
        if path.exists()
    }


def _current(connection: psycopg.Connection) -> Facts:
    """The facts that hold now, without the times of recording; dashes as CP932 has them."""
    return {name: _rows(connection, name, table.columns[:-2]) for name, table in TABLES.items()}


def _rows(connection: psycopg.Connection, table: str, columns: tuple[str, ...]) -> list[tuple[object, ...]]:
    written = ", ".join(f"replace({c}, '−', '－')" if c == "phone_raw" else c for c in columns)
    return connection.execute(
        f"select {written} from records.{table} where superseded_at = 'infinity' order by {', '.join(columns)}"
    ).fetchall()


def _rejected(connection: psycopg.Connection) -> set[tuple[str, int, str, str]]:
    query = (
        "select l.file_name, r.line_number, r.column_name, r.code from records.load_reject as r"
        " inner join records.load as l on r.load_id = l.load_id"
    )
    return set(connection.execute(query).fetchall())


def _as_rejected(faults: list[PlantedFault]) -> set[tuple[str, int, str, str]]:
    return {
        (extract_path(Path(), LAYOUTS[fault.layout], DEMO).name, fault.line, fault.column, fault.code)
        for fault in faults
    }


def _forget(connection: psycopg.Connection) -> None:
    tables = (*TABLES, "load_reject", "load")
    connection.execute("truncate " + ", ".join(f"records.{table}" for table in tables))


def test_the_good_rows_are_the_ward_and_the_rejected_ones_the_faults(
    connection: psycopg.Connection, ingest: Engine, tmp_path: Path
) -> None:
    load_ward(connection, WARD)
    expected = _current(connection)
    _forget(connection)
    faults = write_extracts(WARD, tmp_path, fault_share=FAULT_SHARE)
    loads = _load(ingest, tmp_path, DEMO)
    assert _current(connection) == expected
    assert _rejected(connection) == _as_rejected(faults)
    assert len(_as_rejected(faults)) == len(faults) == sum(load.rejected for load in loads.values())
    assert {LAYOUTS[name].table for name in loads} == set(TABLES)
    for name, load in loads.items():
        good = len(expected[LAYOUTS[name].table])
        assert (load.changed, load.read) == (good, good + load.rejected)
        assert FAULT_SHARE * good <= load.rejected < FAULT_SHARE * good + 1


def test_every_kind_of_fault_is_planted(tmp_path: Path) -> None:
    faults = write_extracts(WARD, tmp_path, fault_share=FAULT_SHARE)
    assert {fault.code for fault in faults} == {*ValueIssue, *RowIssue} - {RowIssue.REPEATED_KEY}
    wrongs = {(name, wrong.column, wrong.code) for name in LAYOUTS for wrong in ways_to_be_wrong(LAYOUTS[name])}
    assert {(fault.layout, fault.column, fault.code) for fault in faults} <= wrongs


def test_the_records_hold_no_names(connection: psycopg.Connection, ingest: Engine, tmp_path: Path) -> None:
    write_extracts(WARD, tmp_path, fault_share=FAULT_SHARE)
    written = extract_path(tmp_path, LAYOUTS["residents"], DEMO).read_text(encoding="cp932")
    assert NAMES in written
    assert all(name in written for name in (*SURNAMES, *GIVEN_NAMES))
    assert _load(ingest, tmp_path, DEMO)["residents"].changed == WARD.size
    tables = connection.execute("select tablename from pg_tables where schemaname = 'records'").fetchall()
    for (table,) in tables:
        query = f"select count(*) from records.{table} as t where t::text ~ %s"
        assert connection.execute(query, ["|".join((*SURNAMES, *GIVEN_NAMES))]).fetchone() == (0,), table


def test_what_comes_later_loads_to_the_same_facts(
    connection: psycopg.Connection, ingest: Engine, tmp_path: Path
) -> None:
    load_ward(connection, WARD)
    numbers = connection.execute("select phone_e164 from records.contact where phone_e164 is not null").fetchall()
    messaged = {number: DEMO + timedelta(hours=1) for (number,) in numbers}
    arrivals = [
        WardTime(WARD).arrivals(after, until, messaged) for after, until in zip((DEMO, *LATER), LATER, strict=False)
    ]
    expected: list[Facts] = []
    for until, facts in zip(LATER, arrivals, strict=True):
        load_facts(connection, facts, WARD, until)
        expected.append(_current(connection))
    _forget(connection)
    write_extracts(WARD, tmp_path)
    _load(ingest, tmp_path, DEMO)
    for until, facts, current in zip(LATER, arrivals, expected, strict=True):
        paths = write_later_extracts(facts, tmp_path, until)
        assert {path.name.rsplit("_", 1)[0] for path in paths} == {"shuno_sabun", "kekka_sabun"}
        loads = _load(ingest, tmp_path, until, ("delta",))
        assert [(load.outcome, load.rejected, load.ended) for load in loads.values()] == [(Outcome.LOADED, 0, 0)] * 2
        assert _current(connection) == current
    assert _rejected(connection) == set()


def test_an_earlier_file_and_the_present_one_load_to_the_same_facts(
    connection: psycopg.Connection, ingest: Engine, tmp_path: Path
) -> None:
    """What was recorded, changed and ended in the days between arrives with the second file."""
    load_ward(connection, WARD)
    expected = _current(connection)
    _forget(connection)
    write_extracts(WARD, tmp_path, known_at=EARLIER, fault_share=FAULT_SHARE)
    first = _load(ingest, tmp_path, EARLIER)
    write_extracts(WARD, tmp_path)
    second = _load(ingest, tmp_path, DEMO)
    assert _current(connection) == expected
    assert 0 < second["payments"].changed < first["payments"].changed
    assert second["levies"].changed == 0
    known_then = "select count(*) from records.payment where recorded_at <= %s"
    assert connection.execute(known_then, [EARLIER + timedelta(minutes=1)]).fetchone() == (first["payments"].changed,)


def test_what_is_known_later_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(BadWard, match="comes as additions"):
        write_extracts(WARD, tmp_path, known_at=DEMO + timedelta(minutes=1))


def test_nothing_new_is_told_by_headings_alone(tmp_path: Path) -> None:
    """The file's time is news: payments are known up to it."""
    paths = write_later_extracts(WardTime(WARD).arrivals(DEMO, DEMO), tmp_path, DEMO)
    assert [len(path.read_bytes().splitlines()) for path in paths] == [1, 1]


def test_writes_as_a_vendor_does(tmp_path: Path) -> None:
    write_extracts(WARD, tmp_path)
    files = {
        layout.name: extract_path(tmp_path, layout, DEMO).read_bytes()
        for layout in LAYOUTS.values()
        if extract_path(tmp_path, layout, DEMO).exists()
    }
    assert extract_path(tmp_path, LAYOUTS["payments"], DEMO).name == "shuno_202610020900.csv"
    assert all(
        content.endswith(b"\r\n") and content.count(b"\n") == content.count(b"\r\n") for content in files.values()
    )
    text = "".join(content.decode("cp932") for content in files.values())
    for written in ("令和8年", ",R 8.", ",508", ',"▲', "髙", "①", "㈱", "，", "\r\n\r\n", ",\r\n", ",00"):
        assert written in text, written


def test_the_same_ward_gives_the_same_files(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    faults = []
    for folder in folders:
        folder.mkdir()
        faults.append(write_extracts(WARD, folder, fault_share=FAULT_SHARE))
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second
    assert faults[0] == faults[1]


def test_more_faults_change_no_good_row(tmp_path: Path) -> None:
    rows = []
    for number, share in enumerate((0.0, FAULT_SHARE)):
        folder = tmp_path / str(number)
        folder.mkdir()
        wrong = {fault.line for fault in write_extracts(WARD, folder, fault_share=share) if fault.layout == "payments"}
        lines = extract_path(folder, LAYOUTS["payments"], DEMO).read_text(encoding="cp932").splitlines()
        good = [line for number, line in enumerate(lines, start=1) if number not in wrong and line.strip(",　")]
        rows.append(good)
    assert rows[0] == rows[1]


def test_moments_are_in_japanese_time(tmp_path: Path) -> None:
    path = extract_path(tmp_path, LAYOUTS["payments"], datetime.fromisoformat("2026-10-02T20:30Z"))
    assert path.name == "shuno_202610030530.csv"
    assert LAYOUTS["payments"].as_of(path.name) == datetime(2026, 10, 3, 5, 30, tzinfo=JST)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_refuses_what_is_no_share(share: float, tmp_path: Path) -> None:
    with pytest.raises(BadWard, match="from 0 to 1"):
        write_extracts(WARD, tmp_path, fault_share=share)
