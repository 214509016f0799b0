"""Faults planted into the ward's extracts: what is wrong with a row, and the code that the loader must give for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from oshirase.domain.extract import Column, ColumnKind, Layout, RowIssue
from oshirase.domain.values import ValueIssue
from sandbox.ward.extract_cells import Cells, quoted

# Alike in each kind: what spreadsheets, typing and other systems make of a cell.
_WRONG: dict[ColumnKind, tuple[tuple[ValueIssue, str], ...]] = {
    ColumnKind.CODE: ((ValueIssue.MANGLED_NUMBER, "8.01234E+10"), (ValueIssue.NOT_A_CODE, "=B2+1")),
    ColumnKind.DATE: (
        (ValueIssue.NOT_A_DATE, "不明"),
        (ValueIssue.IMPOSSIBLE_DATE, "令和8年2月30日"),
        (ValueIssue.IMPOSSIBLE_DATE, "S64.1.8"),
    ),
    ColumnKind.YEAR: ((ValueIssue.NOT_A_YEAR, "前年度"),),
    ColumnKind.NUMBER: ((ValueIssue.NOT_A_NUMBER, "随時"),),
    ColumnKind.AMOUNT: ((ValueIssue.NOT_AN_AMOUNT, "一万円"), (ValueIssue.MANGLED_NUMBER, "1.2E+04")),
    ColumnKind.CHOICE: ((ValueIssue.UNKNOWN_VALUE, "その他"),),
    ColumnKind.PHONE: (),
}
_FRESH_IDS = 9_900_000_000  # the ward's own begin with 00


@dataclass(frozen=True)
class PlantedFault:
    """A row that must be rejected: its file's layout, the line on which it begins, the column and the code.

    The column is that of the records; it is empty when the row as a whole is none.
    """

    layout: str
    line: int
    column: str
    code: str


class Wrong(NamedTuple):
    """One way for a row to be wrong: the cells to put in place of the good ones."""

    column: str
    code: str
    cells: dict[str, str]


def ways_to_be_wrong(layout: Layout) -> list[Wrong]:
    """Every fault that a file of the layout can have, in a fixed order."""
    cells = [
        Wrong(name, code, {name: quoted(cell)})
        for name, column in layout.columns.items()
        if column.headings
        for code, cell in _wrong_cells(column)
    ]
    rows = [Wrong("", RowIssue.WRONG_NUMBER_OF_CELLS, {}), Wrong("", RowIssue.BROKEN_QUOTES, {})]
    return [*cells, *rows, *_wrong_together(layout)]


def _wrong_cells(column: Column) -> Iterator[tuple[ValueIssue, str]]:
    yield from _WRONG[column.kind]
    if column.required and column.default is None and column.kind != ColumnKind.PHONE:
        yield ValueIssue.MISSING, ""
    if column.minimum is not None and column.kind == ColumnKind.AMOUNT:
        yield ValueIssue.OUT_OF_RANGE, "▲5,000"
    if column.maximum is not None:
        yield ValueIssue.OUT_OF_RANGE, str(column.maximum + 1)


def _wrong_together(layout: Layout) -> Iterator[Wrong]:
    """Cells that can all be read and do not go together."""
    if layout.one_of:
        yield Wrong(layout.one_of[0], ValueIssue.MISSING, dict.fromkeys(layout.one_of, ""))
    if layout.table == "payment":
        words = {value: word for word, value in layout.columns["stage"].values.items()}
        for stage, amount in (("reversal", "5,000"), ("confirmed", "▲5,000")):
            yield Wrong(
                "amount_yen", RowIssue.CONTRADICTORY, {"amount_yen": quoted(amount), "stage": quoted(words[stage])}
            )


def wrong_row(cells: Cells, place: int, layout: Layout, wrong: Wrong, number: int) -> str:
    """The good row at `place` under a key that nothing else has, made wrong; `number` is the fault's in its file."""
    good = {name: column[place] for name, column in cells.items()}
    row = list((good | {layout.key[0]: f"{_FRESH_IDS + number}"} | wrong.cells).values())
    if wrong.code == RowIssue.WRONG_NUMBER_OF_CELLS:
        row = row[:-1] if number % 2 else [*row, "1"]
    if wrong.code == RowIssue.BROKEN_QUOTES:
        row[0] = f'"{row[0]}"*'
    return ",".join(row)
