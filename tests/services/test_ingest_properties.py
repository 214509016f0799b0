"""Whatever a file holds: what the layouts declare comes back as it was, and anything else never half-loads."""

import csv
import io
import itertools
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from oshirase.domain.extract import FileRefused
from oshirase.domain.phone import read_phone
from oshirase.services.extract_rows import records_columns
from tests.conftest import TABLES_TO_EMPTY
from tests.services.loading import EXTRACTS, HEADINGS, LAYOUTS, Loading, open_loading

SOME = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
MANY = settings(SOME, max_examples=120)
_numbers = itertools.count()


@pytest.fixture
def loading(database_url: URL, owner: Engine, tmp_path: Path) -> Iterator[Loading]:
    """Records and the loader; `empty` before each example."""
    opened = open_loading(database_url, owner, tmp_path)
    yield opened
    opened.engine.dispose()


def empty(loading: Loading) -> None:
    with loading.owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for table in connection.scalars(text(TABLES_TO_EMPTY)).all():
            if table.startswith("records."):
                connection.execute(text(f"delete from {table}"))


# (a) A value, and a way to write it: full width and commas for numbers, every era form for days.

FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(ord("!"), ord("~") + 1)})
ERAS = [
    ("令和", "R", 5, date(2019, 5, 1), 2018),
    ("平成", "H", 4, date(1989, 1, 8), 1988),
    ("昭和", "S", 3, date(1926, 12, 25), 1925),
]
Written = tuple[Any, str]


def _era_forms(day: date) -> list[str]:
    name, letter, digit, _, zero = next(era for era in ERAS if day >= era[3])
    year = day.year - zero
    return [
        f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日",
        f"{name[0]}{year}.{day.month}.{day.day}",
        f"{letter}{year:2}.{day.month:2}.{day.day:2}",
        f"{letter.lower()}{year:02}/{day.month:02}/{day.day:02}",
        f"{letter}{year:02}{day:%m%d}",
        f"{digit}{year:02}{day:%m%d}",
    ]


def _written_day(day: date) -> st.SearchStrategy[Written]:
    western = [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", f"{day:%Y/%m/%d} 0:00:00"]
    forms = [*western, f"{day.year}年{day.month}月{day.day}日", *_era_forms(day)]
    return st.sampled_from([(day, form) for form in (*forms, *(form.translate(FULL_WIDTH) for form in forms))])


def _written_amount(yen: int) -> st.SearchStrategy[Written]:
    plain, commas = f"{abs(yen)}", f"{abs(yen):,}"
    if yen < 0:
        forms = [f"-{plain}", f"▲{commas}", f"△{plain}", f"({commas})", f"{plain}-", f"−{plain}", f"-{commas}円"]
    else:
        forms = [plain, commas, f"{commas}円", f"¥{commas}", f"+{plain}", f" {plain} ", f"{plain}.0"]
    return st.sampled_from([(yen, form) for form in (*forms, plain.translate(FULL_WIDTH) if yen >= 0 else f"−{plain}")])


def _widened(value: str) -> st.SearchStrategy[Written]:
    return st.sampled_from([(value, value), (value, value.translate(FULL_WIDTH)), (value, f" {value}\u3000")])


days = st.dates(date(1926, 12, 25), date(2060, 12, 31)).flatmap(_written_day)
codes = st.from_regex(r"\A[0-9A-Za-z]{1,12}\Z").flatmap(_widened)
years = st.integers(2019, 2060).flatmap(
    lambda y: st.sampled_from([(y, f"{y}"), (y, f"R{y - 2018}"), (y, f"令和{y - 2018}年度"), (y, f"5{y - 2018:02}")])
)
amounts = st.integers(0, 2_147_483_647).flatmap(_written_amount)
takings = st.integers(1, 2_147_483_647).flatmap(_written_amount)
refunds = st.integers(-2_147_483_647, -1).flatmap(_written_amount)
nothing = st.sampled_from([(None, ""), (None, "  "), (None, "\u3000")])


def numbers(most: int) -> st.SearchStrategy[Written]:
    return st.integers(1, most).flatmap(
        lambda n: st.sampled_from([(n, f"{n}"), (n, f"{n:02}"), (n, f"第{n}期"), (n, f"{n}".translate(FULL_WIDTH))])
    )


def choices(extract: str, column: str, *only: str) -> st.SearchStrategy[Written]:
    words = LAYOUTS[extract].columns[column].values
    return st.sampled_from([(value, word) for word, value in words.items() if not only or value in only])


PAYMENT = (codes, codes, takings, days, choices("payments", "channel"))
ROWS: dict[str, st.SearchStrategy[tuple[Written, ...]]] = {
    "payments": st.tuples(*PAYMENT, choices("payments", "stage", "preliminary", "confirmed"))
    | st.tuples(codes, codes, refunds, *PAYMENT[3:], choices("payments", "stage", "reversal")),
    "levies": st.tuples(
        codes,
        choices("levies", "scheme"),
        codes,
        years,
        years,
        numbers(12),
        days,
        amounts,
        choices("levies", "collection"),
    ),
    "contacts": st.tuples(
        codes,
        numbers(9_999),
        # Whatever is written as a number is kept as it is written.
        (
            st.from_regex(r"\A0[5-9]0-?[0-9]{4}-?[0-9]{4}\Z")
            | st.text("0123456789-+() ０９,\"'\n\t\\\r内線", max_size=20)
        ).map(lambda raw: (raw, raw)),
        days | nothing,
    ),
}
KEY_LENGTH = {"payments": 1, "levies": 1, "contacts": 2}


def _files(extract: str) -> st.SearchStrategy[list[tuple[Written, ...]]]:
    length = KEY_LENGTH[extract]
    return st.lists(ROWS[extract], max_size=12, unique_by=lambda row: tuple(value for value, _ in row[:length]))


def _facts(extract: str, rows: list[tuple[Written, ...]]) -> list[tuple[Any, ...]]:
    """What the records should hold: a telephone number is four columns there."""
    if extract != "contacts":
        return [tuple(value for value, _ in row) for row in rows]
    facts = []
    for (resident, _), (number, _), (raw, _), (confirmed, _) in rows:
        phone = read_phone(raw)
        facts.append((resident, number, raw, phone.e164, str(phone.type), phone.issue and str(phone.issue), confirmed))
    return facts


def _written(extract: str, rows: list[tuple[Written, ...]], separator: str, quoting: Any, eol: str) -> str:
    page = io.StringIO(newline="")
    # Python's writer leaves a bare CR unquoted where lines end in LF, which makes two lines of one.
    if any("\r" in form for row in rows for _, form in row):
        quoting = csv.QUOTE_ALL
    writer = csv.writer(page, delimiter=separator, quoting=quoting, lineterminator=eol)
    writer.writerow(HEADINGS[LAYOUTS[extract].table].split(","))
    writer.writerows([form for _, form in row] for row in rows)
    return page.getvalue()


@pytest.mark.parametrize("extract", ROWS)
@given(data=st.data())
@SOME
def test_a_file_of_the_declared_types_survives(loading: Loading, extract: str, data: st.DataObject) -> None:
    empty(loading)
    rows = data.draw(_files(extract))
    separator = data.draw(st.sampled_from([",", "\t", ";"]))
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    page = _written(extract, rows, separator, quoting, data.draw(st.sampled_from(["\r\n", "\n"])))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"]))
    path = loading.folder / f"{next(_numbers)}.csv"
    # CP932 has neither of the two signs.
    path.write_bytes((page.replace("−", "-").replace("¥", "\\") if encoding == "cp932" else page).encode(encoding))
    declared = data.draw(st.sampled_from([None, "utf-16" if encoding == "utf-16" else encoding]))
    load = loading.file(extract, path, separator=separator, encoding=declared)
    assert loading.rejects(load) == []
    assert (load.read, load.changed, load.unchanged) == (len(rows), len(rows), 0)
    columns = ", ".join(records_columns(LAYOUTS[extract]))
    kept = loading.rows(f"select {columns} from records.{LAYOUTS[extract].table}")
    assert sorted(kept, key=repr) == sorted(_facts(extract, rows), key=repr)
    again = loading.file(extract, path, day=1, separator=separator, encoding=declared)
    assert (again.changed, again.unchanged, again.ended) == (0, len(rows), 0)


# (b) Any bytes at all.

GOOD_FILES = {
    "payments": ["cp932_rows", "utf8_bom", "utf16_le", "duplicate_keys", "ragged_rows"],
    "residents": ["quoted_line_breaks", "vendor_characters"],
    "contacts": ["nul_in_phone"],
    "levies": ["negative_levies"],
}
PIECES = [
    b'"',
    b",",
    b"\r",
    b"\n",
    b"\x00",
    b"\xff",
    b"\x81",
    b"\x1a",
    b"\\",
    b"\t",
    b"\\.\r\n",
    b"\xef\xbb\xbf",
    b'",\r\n"',
]
Change = Callable[[bytes], bytes]


def _flip(place: int, bits: int) -> Change:
    def changed(content: bytes) -> bytes:
        at = place % len(content) if content else 0
        return content[:at] + bytes(byte ^ bits for byte in content[at : at + 1]) + content[at + 1 :]

    return changed


def _cut(place: int, length: int) -> Change:
    return lambda content: content[: place % (len(content) + 1)] + content[place % (len(content) + 1) + length :]


def _insert(place: int, piece: bytes) -> Change:
    return lambda content: content[: place % (len(content) + 1)] + piece + content[place % (len(content) + 1) :]


places = st.integers(0, 10_000)
changes = st.lists(
    st.builds(_flip, places, st.integers(1, 255))
    | st.builds(_cut, places, st.integers(1, 400))
    | st.builds(_insert, places, st.sampled_from(PIECES) | st.binary(max_size=8)),
    min_size=1,
    max_size=4,
)
mutations = st.sampled_from([(name, case) for name, cases in GOOD_FILES.items() for case in cases]).flatmap(
    lambda chosen: st.builds(
        lambda changed: (chosen[0], _changed((EXTRACTS / f"{chosen[1]}.csv").read_bytes(), changed)), changes
    )
)


def _changed(content: bytes, changed: list[Change]) -> bytes:
    for change in changed:
        content = change(content)
    return content


def loads_or_is_refused(loading: Loading, extract: str, content: bytes) -> None:
    """Either a whole load whose numbers agree with the table, or a refusal after which nothing is there."""
    empty(loading)
    path = loading.folder / f"{next(_numbers)}.csv"
    path.write_bytes(content)
    table = LAYOUTS[extract].table
    held = f"select (select count(*) from records.{table}), (select count(*) from records.load), "
    held += "(select count(*) from records.load_reject)"
    try:
        load = loading.file(extract, path, ends_with_line_end=False)
    except FileRefused:
        assert loading.rows(held) == [(0, 0, 0)]
        return
    ((facts, loads, _),) = loading.rows(held)
    rejected = len({line for line, _, _ in loading.rejects(load)})
    assert (facts, loads) == (load.changed, 1)
    assert (load.unchanged, load.ended, load.rejected) == (0, 0, rejected)
    assert load.changed + load.rejected <= load.read
    counted = "select rows_read, rows_loaded, rows_unchanged, rows_rejected from records.load"
    assert loading.rows(counted) == [(load.read, load.changed, 0, rejected)]
    # Rows that are neither are repetitions of one that was loaded, which the same file shows again the next day.
    again = loading.file(extract, path, day=1, ends_with_line_end=False)
    assert (again.changed, again.unchanged, again.ended) == (0, load.changed, 0)
    assert again.read - again.unchanged - again.rejected == load.read - load.changed - load.rejected


@given(content=st.binary(max_size=200))
@example(content=b"\xff\xfe")
@example(content=b"\xef\xbb\xbf")
@example(content=b"\xff\xfe\x00\xd8")
@example(content=b'"')
@example(content=b"\x00")
@example(content=b"\r\r\n\n")
@SOME
def test_any_bytes_load_or_are_refused(loading: Loading, content: bytes) -> None:
    loads_or_is_refused(loading, "payments", content)


@given(content=st.binary(max_size=200) | st.text(max_size=100).map(lambda rows: rows.encode("utf-8", "ignore")))
@example(content=b'"')
@example(content=b"\\.\r\n")
@example(content=b"\x1a")
@SOME
def test_any_bytes_after_good_headings_load_or_are_refused(loading: Loading, content: bytes) -> None:
    loads_or_is_refused(loading, "plan_levies", f"{HEADINGS['plan_levy']}\r\n".encode() + content)


@given(mutation=mutations)
@MANY
def test_a_good_file_changed_anywhere_loads_or_is_refused(loading: Loading, mutation: tuple[str, bytes]) -> None:
    loads_or_is_refused(loading, *mutation)
