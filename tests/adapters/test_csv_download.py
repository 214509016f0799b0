"""CSV files that spreadsheets open, and in which nothing is calculated."""

import csv
import io

import pytest

from oshirase.adapters.csv_download import ROWS_A_CHUNK, write_csv

DANGEROUS = {
    "=1+1": "'=1+1",
    "+81901234": "'+81901234",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    "'=1": "''=1",
    '=HYPERLINK("x")': '\'=HYPERLINK("x")',
}
HARMLESS = ["", "090-1234-5678", "a=b", "'quoted'", "2026/10/02", "改\n行", 'say "yes", no']


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(("cell", "written"), DANGEROUS.items())
def test_what_a_spreadsheet_would_calculate_is_marked_as_text(cell: str, written: str) -> None:
    content = b"".join(write_csv(["見出し"], [["1", cell]]))
    assert read(content) == [["見出し"], ["1", written]]


@pytest.mark.parametrize("cell", HARMLESS)
def test_anything_else_is_written_as_it_is(cell: str) -> None:
    assert read(b"".join(write_csv(["見出し"], [["1", cell]])))[1] == ["1", cell]


def test_it_begins_with_the_mark_of_utf8_and_lines_end_as_spreadsheets_want_it() -> None:
    content = b"".join(write_csv(["状態", "理由"], [["着信", ""]]))
    assert content == b"\xef\xbb\xbf" + "状態,理由\r\n着信,\r\n".encode()


@pytest.mark.parametrize("rows", [0, 1, ROWS_A_CHUNK - 1, ROWS_A_CHUNK, ROWS_A_CHUNK + 1, 3 * ROWS_A_CHUNK])
def test_every_row_is_written_once_whatever_the_pieces(rows: int) -> None:
    pieces = list(write_csv(["n"], ([str(n)] for n in range(rows))))
    assert read(b"".join(pieces))[1:] == [[str(n)] for n in range(rows)]
    assert len(pieces) == 1 + -(-rows // ROWS_A_CHUNK)
