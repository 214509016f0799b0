"""CSV as spreadsheets open it: UTF-8 with its mark, CRLF, and no cell that is calculated."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from oshirase.domain.spreadsheet import escape

ROWS_A_CHUNK = 500


def write_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The file piece by piece, the headings first; holds no more than a chunk of rows at a time."""
    yield codecs.BOM_UTF8 + _encode([headings])
    chunk: list[Sequence[str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == ROWS_A_CHUNK:
            yield _encode(chunk)
            chunk = []
    if chunk:
        yield _encode(chunk)


def _encode(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([escape(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
