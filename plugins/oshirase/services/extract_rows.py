"""From a file's cells to rows that can be loaded: every cell read by its kind, every problem named by its place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from oshirase.adapters.extract_file import Chunk
from oshirase.domain.console import normalise
from oshirase.domain.extract import Column, ColumnKind, Layout, RowIssue
from oshirase.domain.phone import read_phones
from oshirase.domain.values import (
    BadValue,
    ValueIssue,
    read_amount,
    read_code,
    read_date,
    read_number,
    read_year,
)

# What a telephone number's column becomes in the records.
PHONE_COLUMNS = ("phone_raw", "phone_e164", "phone_type", "unusable_reason")
PHONE_E164 = "phone_e164"
_READERS: dict[ColumnKind, Callable[[str], object]] = {
    ColumnKind.CODE: read_code,
    ColumnKind.DATE: read_date,
    ColumnKind.YEAR: read_year,
    ColumnKind.NUMBER: read_number,
    ColumnKind.AMOUNT: read_amount,
}


class Reject(NamedTuple):
    """A row's cell that cannot be read, or a row that is none: then without a column."""

    line_number: int
    column_name: str
    code: str


@dataclass
class Checked:
    """A chunk after its check.

    `rows` holds the good rows as texts (None: null), a column each, indexed by line; `set_aside` the keys of rejected
    rows whose key can be read; `unreadable_keys` counts those whose key cannot.
    """

    rows: pd.DataFrame
    set_aside: pd.DataFrame
    rejected: list[Reject] = field(default_factory=list)
    unreadable_keys: int = 0


def records_columns(layout: Layout) -> list[str]:
    """The columns of the records table that a layout fills, in its order."""
    names: list[str] = []
    for name, column in layout.columns.items():
        names += _phone_columns(name) if column.kind == ColumnKind.PHONE else [name]
    return names


def _phone_columns(name: str) -> tuple[str, ...]:
    return (PHONE_E164,) if name == PHONE_E164 else PHONE_COLUMNS


def check_rows(chunk: Chunk, layout: Layout, aliases: Mapping[str, str]) -> Checked:
    """Read every cell of a chunk; a row with a cell that cannot be read is rejected, with each such cell named."""
    rows = pd.DataFrame(index=pd.Index(chunk.lines, name="line_number"))
    rejected: list[Reject] = [Reject(line, "", issue) for line, issue in chunk.broken]
    for name, column in layout.columns.items():
        cells = chunk.cells.get(name) or [column.default or ""] * len(chunk.lines)
        if column.kind == ColumnKind.PHONE:
            rows[list(_phone_columns(name))] = _phones(cells, rows.index)[list(_phone_columns(name))]
            continue
        texts, issues = _read_cells(cells, column, aliases if column.is_resident else {})
        rows[name] = pd.Series([texts.get(cell) for cell in cells], index=rows.index, dtype=object)
        if issues:
            rejected += [
                Reject(line, name, issues[c]) for line, c in zip(chunk.lines, cells, strict=True) if c in issues
            ]
    rejected += _check_together(rows, layout, {reject.line_number for reject in rejected})
    return _separate(rows, rejected, layout.key, len(chunk.broken))


def _check_together(rows: pd.DataFrame, layout: Layout, bad: set[int]) -> list[Reject]:
    """Rows whose cells can all be read and do not go together."""
    good = rows[~rows.index.isin(bad)]
    rejected: list[Reject] = []
    if layout.one_of:
        is_empty = good[list(layout.one_of)].isna().all(axis="columns")
        rejected += [Reject(line, layout.one_of[0], ValueIssue.MISSING) for line in good.index[is_empty]]
    if rule := _RULES.get(layout.table):
        column, is_wrong = rule
        rejected += [Reject(line, column, RowIssue.CONTRADICTORY) for line in good.index[is_wrong(good)]]
    return rejected


def _sign_is_wrong(payments: pd.DataFrame) -> pd.Series:
    amounts = pd.to_numeric(payments["amount_yen"])
    return (amounts == 0) | ((amounts < 0) != (payments["stage"] == "reversal"))


def _changes_nothing(id_changes: pd.DataFrame) -> pd.Series:
    return id_changes["old_id"] == id_changes["new_id"]


# What the table's own checks say of several columns: (the column to name, which rows are wrong).
_RULES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "payment": ("amount_yen", _sign_is_wrong),
    "id_change": ("new_id", _changes_nothing),
}


def _separate(rows: pd.DataFrame, rejected: list[Reject], key: tuple[str, ...], broken: int) -> Checked:
    is_bad = rows.index.isin({reject.line_number for reject in rejected})
    keys = rows.loc[is_bad, list(key)]
    has_key = keys.notna().all(axis="columns")
    return Checked(rows[~is_bad], keys[has_key], rejected, broken + int((~has_key).sum()))


def _read_cells(
    cells: list[str], column: Column, aliases: Mapping[str, str]
) -> tuple[dict[str, str | None], dict[str, ValueIssue]]:
    """What each different cell means as the text of a COPY, or what is wrong with it."""
    texts: dict[str, str | None] = {}
    issues: dict[str, ValueIssue] = {}
    words = column.words()
    for cell in set(cells):
        try:
            text = _read(cell, column, words)
            texts[cell] = aliases.get(text, text) if text is not None else None
        except BadValue as bad:
            issues[cell] = bad.issue
    return texts, issues


def _read(cell: str, column: Column, words: Mapping[str, str]) -> str | None:
    if not cell or cell.isspace():
        if column.default is not None:
            return column.default
        if column.required:
            raise BadValue(ValueIssue.MISSING)
        return None
    if column.kind == ColumnKind.CHOICE:
        if (value := words.get(normalise(cell))) is None:
            raise BadValue(ValueIssue.UNKNOWN_VALUE)
        return value
    read = _READERS[column.kind](cell)
    if isinstance(read, int) and not _is_within(read, column):
        raise BadValue(ValueIssue.OUT_OF_RANGE)
    return str(read)


def _is_within(value: int, column: Column) -> bool:
    return (column.minimum is None or value >= column.minimum) and (column.maximum is None or value <= column.maximum)


def _phones(cells: list[str], index: pd.Index) -> pd.DataFrame:
    # NUL cannot be kept by PostgreSQL; the number is malformed with or without it.
    phones = read_phones(cell.replace("\0", "\N{SYMBOL FOR NULL}") for cell in cells)
    columns = dict(zip(PHONE_COLUMNS, (phones.raw, phones.e164, phones.type, phones.issue), strict=True))
    return pd.DataFrame(columns, index=index, dtype=object)


def copy_text(rows: pd.DataFrame) -> str:
    """Rows of texts in PostgreSQL's COPY text format; the index is not one of the columns."""
    columns = [_escaped(rows[name].tolist()) for name in rows.columns]
    return "".join("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def _escaped(texts: list[str | None]) -> list[str]:
    if _SPECIAL.search("".join(text for text in texts if text)):
        texts = [text and text.translate(_ESCAPES) for text in texts]
    return [r"\N" if text is None else text for text in texts]


_SPECIAL = re.compile(r"[\\\n\t\r]")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"})
