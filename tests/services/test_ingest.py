"""Loading the business system's extracts: what is wrong with a file stops a row or the file, and never more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from oshirase.adapters.extract_file import Chunk, ExtractFile
from oshirase.domain.extract import ROW_SENTENCES, FileIssue, FileRefused
from oshirase.services.extract_rows import records_columns
from oshirase.services.ingest import FileChanged, Load, Outcome
from tests.services.loading import AS_OF, EXTRACTS, HEADINGS, LATER, LAYOUTS, Loading, open_loading

PAYMENT = "payment_id, levy_id, amount_yen, paid_on, channel, stage"
FIRST = ("0001", "L1", 12_000, date(2026, 9, 30), "convenience_store", "preliminary")
SECOND = ("0002", "L2", 8_000, date(2026, 9, 29), "counter", "confirmed")
THIRD = ("0003", "L3", 5_000, date(2026, 9, 28), "bank", "confirmed")
LEVY = "L1,国保,0000000001,R8,R8,4,R8.9.30,12000,普徴"
SUBJECT = "nhi/2026/4/0000000001"
PAID = "0001,L1,12000,R8.9.30,コンビニ,速報"
RESIDENT = "0000000001,H1,世帯主,S55.1.2,住民,無,ja"
# One good row for every table, and what the records make of it.
GOOD = {
    "resident": (RESIDENT, ("0000000001", "H1", True, date(1980, 1, 2), "resident", False, "ja")),
    "contact": (
        "0000000001,1,090-1111-2222,R8.4.1",
        ("0000000001", 1, "090-1111-2222", "+819011112222", "mobile", None, date(2026, 4, 1)),
    ),
    "enrolment": ("0000000001,後期,R7.4.1,", ("0000000001", "late_elderly", date(2025, 4, 1), None)),
    "levy": (LEVY, ("L1", "nhi", "0000000001", 2026, 2026, 4, date(2026, 9, 30), 12_000, "ordinary")),
    "payment": (PAID, FIRST),
    "plan": ("N1,国保,0000000001,20260801,履行中", ("N1", "nhi", "0000000001", date(2026, 8, 1), "active")),
    "plan_instalment": ('N1,第2回,2026/9/30,"3,000円"', ("N1", 2, date(2026, 9, 30), 3_000)),
    "plan_levy": ("N1,L1", ("N1", "L1")),
    "hold": ("T1,0000000001,減免申請中,R8.9.1,", ("T1", "0000000001", "reduction_pending", date(2026, 9, 1), None)),
    "screening_voucher": ("0000000001,令和8年度,R8.5.1,入院", ("0000000001", 2026, date(2026, 5, 1), "in_hospital")),
    "screening": ("0000000001,2026,2026-07-01", ("0000000001", 2026, date(2026, 7, 1))),
    "opt_out": ("S1,,０９０１１１１２２２２,R8.9.1", ("S1", None, "+819011112222", date(2026, 9, 1))),
    "inquiry": ("U1,R8.9.1,健診係,", ("U1", date(2026, 9, 1), "health", None)),
    "id_change": ("0000000001,0000000002,R8.9.1", ("0000000001", "0000000002", date(2026, 9, 1))),
}


@pytest.fixture
def loading(database_url: URL, owner: Engine, tmp_path: Path) -> Iterator[Loading]:
    """Empty records, and the loader."""
    opened = open_loading(database_url, owner, tmp_path)
    yield opened
    opened.engine.dispose()


def payments(loading: Loading) -> list[tuple[object, ...]]:
    return loading.current("payment", PAYMENT)


# The layouts.


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_fills_exactly_the_columns_of_its_table(loading: Loading, name: str) -> None:
    layout = LAYOUTS[name]
    columns = {
        column
        for (column,) in loading.rows(
            "select column_name from information_schema.columns where table_schema = 'records'"
            " and table_name = :table and is_generated = 'NEVER'"
            " and column_name not in ('recorded_at', 'superseded_at')",
            table=layout.table,
        )
    }
    filled = records_columns(layout)
    assert columns
    assert sorted(filled) == sorted(columns)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_requires_what_its_table_requires(loading: Loading, name: str) -> None:
    layout = LAYOUTS[name]
    nullable = dict(
        loading.rows(
            "select column_name, is_nullable = 'YES' from information_schema.columns"
            " where table_schema = 'records' and table_name = :table",
            table=layout.table,
        )
    )
    plain = {column: settings for column, settings in layout.columns.items() if column in nullable}
    for column, settings in plain.items():
        never_null = settings.required or settings.default is not None
        assert never_null or nullable[column], f"{column} may be empty in a file and not in the table"


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layouts_key_is_the_tables(loading: Loading, name: str) -> None:
    key = loading.rows(
        "select a.attname from pg_index as i inner join pg_attribute as a"
        " on a.attrelid = i.indrelid and a.attnum = any(i.indkey)"
        " where i.indrelid = cast(:table as regclass) and i.indisprimary and a.attname <> 'recorded_at'",
        table=f"records.{LAYOUTS[name].table}",
    )
    assert {column for (column,) in key} == set(LAYOUTS[name].key)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_good_row_of_every_extract_loads(loading: Loading, name: str) -> None:
    line, fact = GOOD[LAYOUTS[name].table]
    columns = ", ".join(records_columns(LAYOUTS[name]))
    load = loading.lines(name, line)
    assert (load.read, load.changed, load.rejected) == (1, 1, 0), loading.rejects(load)
    assert loading.rows(f"select {columns} from records.{LAYOUTS[name].table}") == [fact]


def test_there_is_a_good_row_for_every_table() -> None:
    assert set(GOOD) == set(HEADINGS) == {layout.table for layout in LAYOUTS.values()}


# Bad input: files.


def test_an_empty_file_is_refused(loading: Loading) -> None:
    assert loading.refused("payments", "empty")[0] is FileIssue.EMPTY


def test_only_headings_are_no_rows(loading: Loading) -> None:
    load = loading.extract("payments", "header_only")
    assert (load.outcome, load.read, load.changed, load.rejected) == (Outcome.LOADED, 0, 0, 0)
    assert loading.rows("select rows_read, rows_loaded from records.load") == [(0, 0)]


def test_only_headings_are_no_snapshot_of_what_is_known(loading: Loading) -> None:
    loading.lines("payments", PAID)
    issue, sentence = loading.refused("payments", "header_only", day=1)
    assert issue is FileIssue.TOO_FEW_ROWS
    assert "0行、取込み済み1件" in sentence
    assert payments(loading) == [FIRST]


def test_only_headings_are_a_delta_in_which_nothing_came(loading: Loading) -> None:
    loading.lines("payments", PAID)
    load = loading.extract("payments_new", "header_only", day=1)
    assert (load.outcome, load.read, load.ended) == (Outcome.LOADED, 0, 0)
    assert payments(loading) == [FIRST]


@pytest.mark.parametrize("case", ["utf8_bom", "utf16_le", "utf16_be", "cp932_rows"])
def test_the_encoding_is_found(loading: Loading, case: str) -> None:
    load = loading.extract("payments", case)
    assert (load.read, load.changed, load.rejected) == (2, 2, 0)
    assert payments(loading) == [FIRST, SECOND]


def test_vendor_characters_of_cp932_are_read(loading: Loading) -> None:
    load = loading.extract("residents", "vendor_characters")
    assert loading.rejects(load) == []
    # ①, ㈱ and ㈲ in a code become what NFKC makes of them: the same code however it was typed.
    assert loading.current("resident", "resident_id, household_id") == [
        ("0000000001", "(株)1"),
        ("123", "(有)7"),
    ]


def test_line_ends_may_be_mixed(loading: Loading) -> None:
    load = loading.extract("payments", "mixed_line_ends")
    assert payments(loading) == [FIRST, SECOND, THIRD]
    assert loading.rejects(load) == [(6, "amount_yen", "not_an_amount")]


def test_line_breaks_in_quotes_are_counted(loading: Loading) -> None:
    load = loading.extract("residents", "quoted_line_breaks")
    # The row begins on line 5 and ends on line 6.
    assert loading.rejects(load) == [(5, "birth_on", "impossible_date")]
    assert [row[0] for row in loading.current("resident", "resident_id, status")] == ["0000000001", "0000000003"]


def test_ragged_rows_are_rejected_and_separators_too_many_are_not(loading: Loading) -> None:
    load = loading.extract("payments", "ragged_rows")
    assert loading.rejects(load) == [(line, "", "wrong_number_of_cells") for line in (3, 4, 8)]
    assert [row[0] for row in payments(loading)] == ["0001", "0004"]
    assert (load.read, load.changed, load.rejected) == (5, 2, 3)


def test_ten_thousand_empty_columns_are_nothing(loading: Loading) -> None:
    load = loading.extract("payments", "empty_columns")
    assert (load.read, load.changed, load.rejected) == (2, 2, 0)
    assert payments(loading) == [FIRST, SECOND]


def test_ten_thousand_empty_columns_may_lie_between(loading: Loading) -> None:
    loading.extract("payments", "empty_columns_between")
    assert payments(loading) == [FIRST]


def test_two_headings_for_one_wanted_column_are_refused(loading: Loading) -> None:
    issue, sentence = loading.refused("payments", "duplicate_wanted_heading")
    assert issue is FileIssue.REPEATED_HEADING
    assert "収納額" in sentence


def test_two_headings_that_nobody_wants_are_ignored(loading: Loading) -> None:
    loading.extract("payments", "duplicate_unwanted_heading")
    assert payments(loading) == [FIRST, SECOND]


def test_of_rows_with_one_key_alike_ones_count_once_and_others_not_at_all(loading: Loading) -> None:
    loading.lines("payments", "0003,L3,5000,R8.9.28,銀行,確報")
    load = loading.extract("payments", "duplicate_keys", day=1)
    assert loading.rejects(load) == [(5, "payment_id", "repeated_key"), (6, "payment_id", "repeated_key")]
    assert (load.read, load.changed, load.unchanged, load.ended, load.rejected) == (5, 2, 0, 0, 2)
    assert payments(loading) == [FIRST, SECOND, THIRD]
    assert loading.rows("select count(*) from records.payment where payment_id = '0003'") == [(1,)]


def test_nul_bytes_are_in_no_value(loading: Loading) -> None:
    load = loading.extract("payments", "nul_bytes")
    assert payments(loading) == [FIRST]
    assert loading.rejects(load) == [
        (3, "payment_id", "not_a_code"),
        (4, "amount_yen", "not_an_amount"),
        (5, "channel", "unknown_value"),
    ]


def test_a_nul_byte_makes_a_number_malformed(loading: Loading) -> None:
    loading.extract("contacts", "nul_in_phone")
    assert loading.current("contact", "resident_id, phone_e164, unusable_reason") == [
        ("0000000001", "+819011112222", None),
        ("0000000002", None, "malformed"),
    ]


def test_formulas_are_no_values(loading: Loading) -> None:
    load = loading.extract("payments", "formula_characters")
    assert payments(loading) == [FIRST]
    assert loading.rejects(load) == [
        *((line, "payment_id", "not_a_code") for line in (3, 4, 5, 6)),
        (7, "levy_id", "not_a_code"),
        (8, "amount_yen", "not_an_amount"),
        (9, "paid_on", "not_a_date"),
    ]


def test_days_that_are_on_no_calendar_are_rejected(loading: Loading) -> None:
    load = loading.extract("payments", "impossible_dates")
    assert loading.rejects(load) == [
        *((line, "paid_on", "impossible_date") for line in range(3, 9)),
        (9, "paid_on", "not_a_date"),
    ]
    assert [(row[0], row[3]) for row in payments(loading)] == [
        ("0001", date(2026, 9, 30)),
        ("0017", date(2019, 5, 1)),
    ]


def test_negative_levies_are_rejected_and_levies_of_nothing_are_not(loading: Loading) -> None:
    load = loading.extract("levies", "negative_levies")
    assert loading.rejects(load) == [(3, "amount_yen", "out_of_range"), (4, "amount_yen", "out_of_range")]
    assert loading.current("levy", "levy_id, amount_yen") == [("L1", 12_000), ("L4", 0)]


def test_a_payment_waits_for_its_levy_and_counts_as_soon_as_it_comes(loading: Loading) -> None:
    loading.extract("payments", "payment_for_unknown_levy")
    assert loading.current("payment", "payment_id, levy_id") == [("0001", "L9")]
    assert loading.balance(SUBJECT) is None
    loading.extract("levies", "late_levy", day=1)
    assert loading.balance(SUBJECT, day=1) == 0


def test_numbers_that_a_spreadsheet_wrote_anew_are_rejected(loading: Loading) -> None:
    load = loading.extract("payments", "spreadsheet_numbers")
    assert loading.rejects(load) == [
        (3, "payment_id", "mangled_number"),
        (4, "levy_id", "mangled_number"),
        (5, "amount_yen", "mangled_number"),
    ]
    # An id that lost its first zeros is an id like any other: it loads as it stands, and no file can tell.
    assert [row[0] for row in payments(loading)] == ["0001", "5"]


def test_a_quotation_mark_that_nothing_closes_refuses_the_file(loading: Loading) -> None:
    issue, sentence = loading.refused("payments", "unclosed_quote")
    assert issue is FileIssue.TRUNCATED
    assert "3行目" in sentence


def test_a_broken_quotation_costs_its_row(loading: Loading) -> None:
    load = loading.extract("payments", "broken_quote")
    assert loading.rejects(load) == [(3, "", "broken_quotes")]
    assert payments(loading) == [FIRST, THIRD]


@pytest.mark.parametrize("case", ["cut_in_character_cp932", "cut_in_character_utf8", "cut_in_character_utf16"])
def test_a_file_cut_in_the_middle_of_a_character_is_truncated(loading: Loading, case: str) -> None:
    issue, sentence = loading.refused("residents", case)
    assert issue is FileIssue.TRUNCATED
    assert "最後の文字" in sentence


def test_a_last_line_without_an_end_is_truncated(loading: Loading) -> None:
    assert loading.refused("payments", "no_last_line_end")[0] is FileIssue.TRUNCATED


def test_a_layout_may_say_that_the_last_line_has_no_end(loading: Loading) -> None:
    loading.extract("payments", "no_last_line_end", ends_with_line_end=False)
    assert payments(loading) == [FIRST, SECOND]


def test_bytes_of_no_encoding_are_refused_with_their_line(loading: Loading) -> None:
    issue, sentence = loading.refused("residents", "stray_byte")
    assert issue is FileIssue.WRONG_ENCODING
    assert "3行目付近" in sentence


def test_a_file_in_another_encoding_than_its_layout_says_is_refused(loading: Loading) -> None:
    assert loading.refused("payments", "cp932_rows", encoding="utf-8")[0] is FileIssue.WRONG_ENCODING
    assert loading.refused("payments", "utf16_le", encoding="utf-8")[0] is FileIssue.WRONG_ENCODING


@pytest.mark.parametrize("case", ["utf8_bom", "utf16_be"])
def test_a_file_that_only_decodes_in_the_encoding_of_its_layout_has_no_headings(loading: Loading, case: str) -> None:
    assert loading.refused("payments", case, encoding="cp932")[0] in {
        FileIssue.WRONG_ENCODING,
        FileIssue.MISSING_COLUMN,
    }


def test_a_missing_column_is_named_with_every_name_it_may_have(loading: Loading) -> None:
    issue, sentence = loading.refused("payments", "missing_column")
    assert issue is FileIssue.MISSING_COLUMN
    assert "「収納額」または「納付額」" in sentence


def test_names_are_not_loaded_at_all(loading: Loading) -> None:
    load = loading.extract("residents", "with_names")
    assert [code for _, _, code in loading.rejects(load)] == ["not_a_date"]
    kept = "".join(row for rows in loading.everything().values() for (row,) in rows)
    assert "0000000001" in kept
    for name in ("試験太郎丸", "シケンタロウマル", "シケンハナコマル"):
        assert name not in kept


def test_a_folder_is_no_file(loading: Loading) -> None:
    with pytest.raises(FileRefused) as refusal:
        loading.file("payments", loading.folder)
    assert refusal.value.issue is FileIssue.NOT_A_FILE


def test_a_link_is_not_followed(loading: Loading) -> None:
    link = loading.folder / "link.csv"
    link.symlink_to(EXTRACTS / "cp932_rows.csv")
    with pytest.raises(FileRefused) as refusal:
        loading.file("payments", link)
    assert refusal.value.issue is FileIssue.NOT_A_FILE
    assert payments(loading) == []


@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(loading: Loading) -> None:
    pipe = loading.folder / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(FileRefused) as refusal:
        loading.file("payments", pipe)
    assert refusal.value.issue is FileIssue.NOT_A_FILE


def test_every_file_under_extracts_is_described_and_read() -> None:
    cases = {path.stem for path in EXTRACTS.glob("*.csv")}
    described = (EXTRACTS / "README.md").read_text(encoding="utf-8")
    tests = Path(__file__).read_text(encoding="utf-8")
    assert {case for case in cases if f"- `{case}.csv`: " not in described} == set()
    assert {case for case in cases if f'"{case}"' not in tests} == set()


def test_rejects_hold_no_value(loading: Loading) -> None:
    for case in ("formula_characters", "impossible_dates", "spreadsheet_numbers", "nul_bytes", "ragged_rows"):
        loading.extract("payments", case, day=-1, mode="delta")
    columns = {*LAYOUTS["payments"].columns, ""}
    kept = loading.rows("select column_name, code, message from records.load_reject")
    assert len(kept) > 20
    for column, code, message in kept:
        assert column in columns
        assert message == ROW_SENTENCES[code]


# What is known, and what a later file makes of it.


def test_the_same_file_twice_loads_nothing_twice(loading: Loading) -> None:
    first = loading.extract("payments", "cp932_rows")
    before = loading.everything()
    again = loading.extract("payments", "cp932_rows")
    assert again == Load(Outcome.ALREADY_LOADED, first.load_id)
    assert loading.everything() == before


def test_an_older_extract_is_refused(loading: Loading) -> None:
    loading.lines("payments", PAID)
    issue, sentence = loading.refused("payments", "cp932_rows", day=-1)
    assert issue is FileIssue.TOO_OLD
    assert "2026年10月01日22時00分" in sentence


def test_an_unchanged_snapshot_changes_nothing(loading: Loading) -> None:
    loading.extract("payments", "cp932_rows")
    before = loading.rows("select p::text from records.payment as p order by 1")
    load = loading.extract("payments", "cp932_rows", day=1)
    assert (load.outcome, load.changed, load.unchanged, load.ended) == (Outcome.LOADED, 0, 2, 0)
    assert loading.rows("select p::text from records.payment as p order by 1") == before
    assert loading.rows("select count(*) from records.load") == [(2,)]


def test_a_null_that_stays_null_is_unchanged(loading: Loading) -> None:
    line = "T1,0000000001,減免申請中,R8.9.1,"
    loading.lines("holds", line)
    load = loading.lines("holds", line, day=1)
    assert (load.changed, load.unchanged) == (0, 1)
    load = loading.lines("holds", line + "R8.10.1", day=2)
    assert (load.changed, load.unchanged) == (1, 0)


def test_a_changed_fact_keeps_what_was_known_before(loading: Loading) -> None:
    loading.lines("payments", PAID)
    load = loading.lines("payments", "0001,L1,11000,R8.9.30,コンビニ,確報", day=1)
    assert (load.changed, load.unchanged, load.ended) == (1, 0, 0)
    known = (
        "select amount_yen, stage, recorded_at from records.payment where recorded_at <= :at and superseded_at > :at"
    )
    yesterday, today = AS_OF + LATER, AS_OF + LATER + timedelta(days=1)
    assert loading.rows(known, at=today - timedelta(microseconds=1)) == [(12_000, "preliminary", yesterday)]
    assert loading.rows(known, at=today) == [(11_000, "confirmed", today)]


def test_two_loads_at_one_moment_are_told_apart(loading: Loading) -> None:
    first, second = loading.folder / "a.csv", loading.folder / "b.csv"
    for path, amount in ((first, 12_000), (second, 11_000)):
        path.write_text(f"{HEADINGS['payment']}\n0001,L1,{amount},R8.9.30,窓口,確報\n", encoding="utf-8")
        loading.file("payments", path)
    (before, after) = loading.rows("select amount_yen, recorded_at from records.payment order by recorded_at")
    assert (before[0], after[0]) == (12_000, 11_000)
    assert after[1] > before[1] == (AS_OF + LATER).astimezone(UTC)


def test_a_fact_that_left_the_snapshot_ends(loading: Loading) -> None:
    loading.extract("payments", "cp932_rows")
    load = loading.lines("payments", PAID, day=1, minimum_share=0)
    assert load.ended == 1
    assert payments(loading) == [FIRST]
    ended = "select superseded_at from records.payment where payment_id = '0002'"
    assert loading.rows(ended) == [(AS_OF + LATER + timedelta(days=1),)]


def test_the_fact_of_a_rejected_row_stays(loading: Loading) -> None:
    loading.lines("payments", PAID, "0002,L2,8000,R8.9.29,窓口,確報", "0003,L3,5000,R8.9.28,銀行,確報")
    load = loading.lines("payments", PAID, "0002,L2,八千,R8.9.29,窓口,確報", day=1, minimum_share=0)
    assert (load.unchanged, load.ended, load.rejected) == (1, 1, 1)
    assert payments(loading) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line", ["=0002,L2,8000,R8.9.29,窓口,確報", ",L2,8000,R8.9.29,窓口,確報", "0002,L2", '"0002"2,L2']
)
def test_nothing_ends_while_a_key_cannot_be_read(loading: Loading, line: str) -> None:
    loading.extract("payments", "cp932_rows")
    load = loading.lines("payments", PAID, line, day=1, minimum_share=0)
    assert (load.unchanged, load.ended, load.rejected) == (1, 0, 1)
    assert payments(loading) == [FIRST, SECOND]


def test_a_delta_ends_nothing(loading: Loading) -> None:
    loading.lines("payments", PAID)
    load = loading.lines("payments_new", "0002,L2,8000,R8.9.29,窓口,確報", day=1)
    assert (load.changed, load.ended) == (1, 0)
    assert payments(loading) == [FIRST, SECOND]


def test_a_reversal_restores_the_arrears(loading: Loading) -> None:
    loading.lines("levies", LEVY)
    loading.lines("payments", PAID)
    assert loading.balance(SUBJECT) == 0
    loading.lines("payments", PAID, "0002,L1,▲12000,R8.10.1,コンビニ,速報取消", day=1)
    assert loading.balance(SUBJECT, day=1) == 12_000
    assert loading.balance(SUBJECT) == 0


def test_a_payment_that_vanishes_restores_the_arrears(loading: Loading) -> None:
    loading.lines("levies", LEVY)
    loading.lines("payments", PAID, "0002,L2,8000,R8.9.29,窓口,確報")
    assert loading.balance(SUBJECT) == 0
    loading.lines("payments", "0002,L2,8000,R8.9.29,窓口,確報", day=1, minimum_share=0.5)
    assert loading.balance(SUBJECT, day=1) == 12_000
    assert loading.balance(SUBJECT) == 0


def test_a_reversal_must_be_negative_and_nothing_else_may(loading: Loading) -> None:
    load = loading.lines(
        "payments",
        "0001,L1,▲12000,R8.9.30,コンビニ,速報",
        "0002,L1,12000,R8.9.30,コンビニ,速報取消",
        "0003,L1,0,R8.9.30,コンビニ,確報",
        "0004,L1,-12000,R8.9.30,コンビニ,取消",
    )
    assert loading.rejects(load) == [(line, "amount_yen", "contradictory") for line in (2, 3, 4)]
    assert loading.current("payment", "payment_id, stage") == [("0004", "reversal")]


def test_an_opt_out_must_say_who(loading: Loading) -> None:
    load = loading.lines(
        "opt_outs",
        "S1,0000000001,,R8.9.1",
        "S2,,090-1111-2222,R8.9.1",
        "S3,,,R8.9.1",
        "S4,,03-1234-5678,R8.9.1",
        "S5,0000000005,03-1234-5678,R8.9.1",
    )
    assert loading.rejects(load) == [(line, "resident_id", "missing") for line in (4, 5)]
    assert loading.current("opt_out", "opt_out_id, resident_id, phone_e164") == [
        ("S1", "0000000001", None),
        ("S2", None, "+819011112222"),
        ("S5", "0000000005", None),
    ]


def test_an_id_does_not_change_into_itself(loading: Loading) -> None:
    load = loading.lines("id_changes", "0000000001,0000000001,R8.9.1")
    assert loading.rejects(load) == [(2, "new_id", "contradictory")]


@pytest.mark.parametrize("column", ["scheme", "collection"])
def test_a_load_that_fails_leaves_nothing(loading: Loading, column: str) -> None:
    """Settings whose values the table refuses: a scheme's domain while copying, a check while the rows are merged."""
    columns = LAYOUTS["levies"].columns
    wrong = columns[column].model_copy(update={"values": dict.fromkeys(columns[column].values, "tax")})
    before = loading.everything()
    with pytest.raises(FileRefused) as refusal:
        loading.lines("levies", LEVY, "L2,国保,x,R8,R8,13,R8.9.30,1,普徴", columns={**columns, column: wrong})
    assert refusal.value.issue is FileIssue.NOT_LOADABLE
    assert f"{column}_check" in str(refusal.value)
    assert OLD not in str(refusal.value)
    assert loading.everything() == before


PEAK = """
import resource, sys
from pathlib import Path
from sqlalchemy import make_url
from oshirase.adapters.database import INGEST_ROLE, create_records_engine
from oshirase.services.ingest import load_extract
from tests.services.loading import AS_OF, LAYOUTS
engine = create_records_engine(make_url(sys.argv[1]), INGEST_ROLE)
load_extract(engine, LAYOUTS["payments"], Path(sys.argv[2]), AS_OF, AS_OF)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_mib(database_url: URL, path: Path) -> float:
    """The most memory that a process of its own held while it loaded a file."""
    url = database_url.render_as_string(hide_password=False)
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", PEAK, url, path], stdout=subprocess.PIPE, check=True, env=here)
    return int(done.stdout) / 1024


def test_memory_does_not_grow_with_the_file(loading: Loading, database_url: URL) -> None:
    peaks = []
    for rows in (100_000, 300_000):
        path = loading.folder / f"{rows}.csv"
        with path.open("w", encoding="cp932", newline="") as file:
            file.write(f"{HEADINGS['payment']}\r\n")
            file.writelines(f"{rows}-{n:010d},L{n:09d},12000,R8.9.{1 + n % 30},窓口,確報\r\n" for n in range(rows))
        peaks.append(peak_mib(database_url, path))
    assert peaks[1] - peaks[0] < 60
    assert loading.rows("select rows_loaded from records.load order by 1") == [(100_000,), (300_000,)]


# Residents under another id.

OLD, NEW, NEWEST = "0000000001", "0000000002", "0000000003"


def facts_of(loading: Loading, resident: str, day: int = 0) -> None:
    """A levy, a telephone number and a hold of somebody who is known by this id."""
    loading.lines("levies", LEVY.replace(OLD, resident), day=day)
    loading.lines("contacts", f"{resident},1,090-1111-2222,R8.4.1", day=day)
    loading.lines("holds", f"T1,{resident},差押,R8.9.1,", day=day)


def found_under(loading: Loading) -> list[tuple[object, ...]]:
    return loading.rows(
        "select l.subject, c.phone_e164, h.hold_id from records.levy as l"
        " inner join records.hold as h on h.resident_id = l.obligor_id and h.superseded_at = 'infinity'"
        " cross join lateral records.best_contact(l.obligor_id, '2027-01-01') as c"
        " where l.superseded_at = 'infinity'"
    )


THE_FACTS = [(SUBJECT, "+819011112222", "T1")]


def test_a_reissued_id_loaded_first_brings_later_facts_under_the_first_id(loading: Loading) -> None:
    loading.lines("id_changes", f"{OLD},{NEW},R8.9.1")
    facts_of(loading, NEW)
    assert found_under(loading) == THE_FACTS


def test_a_reissued_id_loaded_later_keeps_the_subject(loading: Loading) -> None:
    facts_of(loading, OLD)
    loading.lines("id_changes", f"{OLD},{NEW},R8.9.1", day=1)
    before = loading.rows("select l::text from records.levy as l")
    facts_of(loading, NEW, day=1)
    assert found_under(loading) == THE_FACTS
    assert loading.rows("select l::text from records.levy as l") == before


def test_facts_that_came_under_a_new_id_move_to_the_first_one(loading: Loading) -> None:
    facts_of(loading, NEW)
    loading.lines("id_changes", f"{OLD},{NEW},R8.9.1", day=1)
    assert found_under(loading) == THE_FACTS
    old_subject = SUBJECT.replace(OLD, NEW)
    assert loading.balance(old_subject) == 12_000
    assert loading.balance(old_subject, day=1) is None
    assert loading.balance(SUBJECT, day=1) == 12_000


def test_an_id_may_change_twice(loading: Loading) -> None:
    loading.lines("id_changes", f"{OLD},{NEW},R8.8.1")
    loading.lines("id_changes", f"{OLD},{NEW},R8.8.1", f"{NEW},{NEWEST},R8.9.1", day=1)
    aliases = loading.rows("select alias_id, resident_id from records.alias order by 1")
    assert aliases == [(NEW, OLD), (NEWEST, OLD)]
    facts_of(loading, NEWEST, day=1)
    assert found_under(loading) == THE_FACTS


def test_ids_may_be_merged(loading: Loading) -> None:
    loading.lines("levies", LEVY, LEVY.replace("L1", "L2").replace(OLD, NEW))
    loading.lines("id_changes", f"{OLD},{NEWEST},R8.8.1", f"{NEW},{NEWEST},R8.9.1", day=1)
    aliases = loading.rows("select alias_id, resident_id from records.alias order by 1")
    assert aliases == [(NEW, OLD), (NEWEST, OLD)]
    assert loading.current("levy", "levy_id, subject") == [("L1", SUBJECT), ("L2", SUBJECT)]
    assert loading.balance(SUBJECT, day=1) == 24_000


@pytest.mark.parametrize(("first", "second"), [(OLD, NEW), (NEW, OLD)])
def test_of_two_facts_that_become_one_the_later_one_stands(loading: Loading, first: str, second: str) -> None:
    earlier, later = f"{first},1,090-1111-1111,R8.4.1", f"{second},1,090-2222-2222,R8.5.1"
    loading.lines("contacts", earlier)
    loading.lines("contacts", earlier, later, day=1)
    loading.lines("id_changes", f"{OLD},{NEWEST},R8.8.1", f"{NEW},{NEWEST},R8.9.1", day=2)
    assert loading.current("contact", "resident_id, phone_e164") == [(OLD, "+819022222222")]


def test_an_id_change_that_is_taken_back_lets_the_ids_go(loading: Loading) -> None:
    change = f"{OLD},{NEW},R8.9.1"
    facts_of(loading, NEW)
    loading.lines("id_changes", change, "0000000008,0000000009,R8.9.1", day=1)
    loading.lines("id_changes", "0000000008,0000000009,R8.9.1", day=2, minimum_share=0)
    assert loading.rows("select alias_id from records.alias") == [("0000000009",)]
    facts_of(loading, NEW, day=2)
    assert loading.current("levy", "levy_id, obligor_id") == [("L1", NEW)]


ROW = "P1,L1,12000,R8.9.30,窓口,確報"


def test_a_merge_does_not_unprotect_anybody(loading: Loading) -> None:
    """Of two rows that become one the later stands, but a person who is protected under either id stays so."""
    protected, same_person = f"{OLD},01,1,S55.1.2,住民,有,ja", f"{NEW},01,1,S55.1.2,住民,無,ja"
    loading.lines("residents", protected)
    loading.lines("residents", protected, same_person, day=1)
    loading.lines("id_changes", f"{OLD},{NEW},R8.9.1", day=2)
    assert loading.current("resident", "resident_id, is_protected") == [(OLD, True)]


def test_a_quote_that_is_never_closed_refuses_the_file_however_much_follows(loading: Loading) -> None:
    rows = [ROW.replace("P1", f"P{number}") for number in range(2, 30_000)]
    with pytest.raises(FileRefused) as refusal:
        loading.lines("payments", '"P1,L1', *rows)
    assert refusal.value.issue is FileIssue.TRUNCATED
    assert loading.rows("select count(*) from records.payment") == [(0,)]


def test_the_end_of_file_byte_of_old_systems_is_no_row(loading: Loading) -> None:
    path = loading.folder / "payments.csv"
    path.write_bytes(f"{HEADINGS['payment']}\r\n{ROW}\r\n\x1a".encode("cp932"))
    load = loading.file("payments", path)
    assert (load.read, load.changed, load.rejected) == (1, 1, 0)


def test_a_file_that_somebody_writes_to_meanwhile_is_left_for_the_next_run(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = loading.folder / "payments.csv"
    path.write_bytes(f"{HEADINGS['payment']}\r\n{ROW}\r\n".encode("cp932"))
    read = ExtractFile.chunks

    def written_to(file: ExtractFile) -> Iterator[Chunk]:
        with path.open("ab") as more:
            more.write(b"\x81")
        yield from read(file)

    monkeypatch.setattr(ExtractFile, "chunks", written_to)
    with pytest.raises(FileChanged):
        loading.file("payments", path)
    assert loading.rows("select count(*) from records.payment") == [(0,)]
