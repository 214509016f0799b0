"""Facts of the ward as a vendor's system writes them into a CSV: era dates, thousands commas, ▲, words for codes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from oshirase.domain.extract import Column, ColumnKind, Layout
from sandbox.ward.arrays import Bools, Draws, whole
from sandbox.ward.arrays import Column as Values
from sandbox.ward.tables import Rows

# A column that no layout names: the loader never reads it.
NAMES = "氏名"
# Invented, with characters that only the vendors' Shift_JIS has.
SURNAMES = ("阿良澄", "髙見守", "﨑風間", "鶴ヶ窪", "青海路", "栁ノ瀬", "①号館", "㈱霞堂", "德永谷", "霧小路")
GIVEN_NAMES = ("花子", "太郎", "みのり", "ツタヱ", "髙次", "ゆかり", "Ⅲ世", "陽葵", "恭平", "さくら")
_ERAS = (
    (date(2019, 5, 1), 2018, "R", "令和", "5"),
    (date(1989, 1, 8), 1988, "H", "平成", "4"),
    (date(1926, 12, 25), 1925, "S", "昭和", "3"),
    (date(1912, 7, 30), 1911, "T", "大正", "2"),
    (date(1868, 1, 25), 1867, "M", "明治", "1"),
)
_FULL_WIDTH = str.maketrans("0123456789,", "０１２３４５６７８９，")
_WIDE = 0.02  # of the cells with a number or an amount
# CP932 has no minus sign of its own: such a system keeps the full-width hyphen.
_IN_CP932 = str.maketrans("−", "－")

# A row's cells by column, as they stand in the file: with the quotation marks that they need.
Cells = dict[str, list[str]]


def quoted(cell: str) -> str:
    """The cell as CSV."""
    return f'"{cell}"' if "," in cell else cell


def heading(layout: Layout, name: str) -> str:
    """The first of the names that a file may have for a column."""
    return layout.columns[name].headings[0] if name in layout.columns else name


def write_cells(rows: Rows, layout: Layout, draws: Draws) -> Cells:
    """The cells of every column that the file has, in its order."""
    cells: Cells = {}
    # Dates and years look otherwise from column to column, and from file to file.
    for form, (name, column) in enumerate(layout.columns.items(), start=len(layout.columns)):
        if not column.headings:
            continue
        cells[name] = _WRITERS[column.kind](_values(rows, name, column), column, form)
        if column.kind in {ColumnKind.AMOUNT, ColumnKind.NUMBER}:
            _widen(cells[name], draws.uniform(f"extract {layout.name} {name} wide", len(rows)) < _WIDE)
        if layout.table == "resident" and NAMES not in cells:
            cells[NAMES] = _invent_names(draws, len(rows))
    return cells


def _values(rows: Rows, name: str, column: Column) -> Values:
    is_raw = column.kind == ColumnKind.PHONE and "phone_raw" in rows.columns
    return rows["phone_raw" if is_raw else name]


def _invent_names(draws: Draws, count: int) -> list[str]:
    names = [f"{surname}　{given}" for surname in SURNAMES for given in GIVEN_NAMES]
    return [names[place] for place in whole(draws.uniform("extract names", count), 0, len(names) - 1).tolist()]


def _widen(cells: list[str], where: Bools) -> None:
    for place in np.flatnonzero(where).tolist():
        cells[place] = cells[place].strip('"').translate(_FULL_WIDTH)


def _each_once(values: Values, write: Callable[[Any], str]) -> list[str]:
    """Every value written; equal ones are written once."""
    different, places = np.unique(values, return_inverse=True)
    texts = [write(value) for value in different.tolist()]
    return [texts[place] for place in places.tolist()]


def _write_codes(values: Values, _column: Column, _form: int) -> list[str]:
    return [value.decode() for value in values.tolist()]


def _write_phones(values: Values, _column: Column, _form: int) -> list[str]:
    return [_local(value.decode().translate(_IN_CP932)) for value in values.tolist()]


def _local(phone: str) -> str:
    """What only E.164 is known of, as people write it; anything else stays."""
    is_e164 = phone.startswith("+81") and phone[1:].isdigit()
    return f"0{phone[3:5]}-{phone[5:9]}-{phone[9:]}" if is_e164 else phone


def _write_choices(values: Values, column: Column, _form: int) -> list[str]:
    words = {value: word for word, value in reversed(column.values.items())}
    if values.dtype.kind == "b":
        return _each_once(values, lambda value: words[str(value).lower()])
    return _each_once(values, lambda value: words[value.decode()] if value else "")


def _write_amounts(values: Values, _column: Column, _form: int) -> list[str]:
    return _each_once(values, lambda yen: quoted(f"{'▲' if yen < 0 else ''}{abs(yen):,}"))


def _write_numbers(values: Values, _column: Column, _form: int) -> list[str]:
    return _each_once(values, str)


def _write_years(values: Values, _column: Column, form: int) -> list[str]:
    return _each_once(values, _YEAR_FORMS[form % len(_YEAR_FORMS)])


def _year_in_characters(year: int) -> str:
    era_year, _, characters, _ = _era(date(year, 4, 1))
    return f"{characters}{era_year}年度"


def _year_with_letter(year: int) -> str:
    era_year, letter, *_ = _era(date(year, 4, 1))
    return f"{letter}{era_year}"


def _write_dates(values: Values, _column: Column, form: int) -> list[str]:
    write = _DATE_FORMS[form % len(_DATE_FORMS)]
    return _each_once(values, lambda day: write(day, *_era(day)) if day else "")


def _era(day: date) -> tuple[int, str, str, str]:
    """The year of the era, and the era as a letter, in characters and as a digit."""
    year_zero, letter, characters, digit = next(era[1:] for era in _ERAS if day >= era[0])
    return day.year - year_zero, letter, characters, digit


def _dotted(day: date, year: int, letter: str, _characters: str, _digit: str) -> str:
    return f"{letter}{year}.{day.month}.{day.day}"


def _padded(day: date, year: int, letter: str, _characters: str, _digit: str) -> str:
    return f"{letter}{year:2}.{day.month:2}.{day.day:2}"


def _in_characters(day: date, year: int, _letter: str, characters: str, _digit: str) -> str:
    return f"{characters}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def _seven_digits(day: date, year: int, _letter: str, _characters: str, digit: str) -> str:
    return f"{digit}{year:02}{day:%m%d}"


_DATE_FORMS = (_dotted, _padded, _seven_digits, _in_characters)
_YEAR_FORMS: tuple[Callable[[int], str], ...] = (_year_in_characters, _year_with_letter, str)
_WRITERS: dict[ColumnKind, Callable[[Values, Column, int], list[str]]] = {
    ColumnKind.CODE: _write_codes,
    ColumnKind.DATE: _write_dates,
    ColumnKind.YEAR: _write_years,
    ColumnKind.NUMBER: _write_numbers,
    ColumnKind.AMOUNT: _write_amounts,
    ColumnKind.CHOICE: _write_choices,
    ColumnKind.PHONE: _write_phones,
}
