"""Rows of the records tables as columns, what of them was known when, and their COPY text."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from sandbox.ward.arrays import FOREVER, Bools, Column, Days, Texts, Times


@dataclass(frozen=True)
class Table:
    """A table of the schema `records`: its columns in COPY order and what identifies a fact in all its versions."""

    columns: tuple[str, ...]
    key: tuple[str, ...]


def _table(columns: str, key: str) -> Table:
    return Table((*columns.split(), "recorded_at", "superseded_at"), tuple(key.split()))


# Source: include/sql/schema/0001_records.sql; a test holds the two together.
TABLES = {
    "resident": _table("resident_id household_id is_head birth_on status is_protected language", "resident_id"),
    "contact": _table(
        "resident_id contact_no phone_raw phone_e164 phone_type unusable_reason confirmed_on", "resident_id contact_no"
    ),
    "enrolment": _table("resident_id scheme enrolled_on left_on", "resident_id scheme enrolled_on"),
    "levy": _table("levy_id scheme obligor_id levy_year for_year instalment due_on amount_yen collection", "levy_id"),
    "payment": _table("payment_id levy_id amount_yen paid_on channel stage", "payment_id"),
    "plan": _table("plan_id scheme obligor_id agreed_on status", "plan_id"),
    "plan_instalment": _table("plan_id instalment due_on amount_yen", "plan_id instalment"),
    "plan_levy": _table("plan_id levy_id", "plan_id levy_id"),
    "hold": _table("hold_id resident_id kind from_on until_on", "hold_id"),
    "screening_voucher": _table("resident_id fiscal_year posted_on exclusion", "resident_id fiscal_year"),
    "screening": _table("resident_id fiscal_year screened_on", "resident_id fiscal_year"),
    "opt_out": _table("opt_out_id resident_id phone_e164 from_on", "opt_out_id"),
}


@dataclass(frozen=True)
class Rows:
    """Rows of one table, a numpy array a column, all of the same length.

    Texts are bytes (UTF-8), empty for null; dates datetime64[D], NaT for null; times datetime64[s] in UTC, FOREVER for
    `infinity`. Columns that the table does not have are the generator's own and stay out of the COPY text.
    """

    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.columns["recorded_at"])

    def __getitem__(self, column: str) -> Column:
        return self.columns[column]

    def where(self, mask: Column) -> "Rows":
        """The rows that a mask or an array of positions picks."""
        return Rows({name: column[mask] for name, column in self.columns.items()})

    def recorded_between(self, after: np.datetime64 | None, until: np.datetime64) -> "Rows":
        """What became known after `after` (from the beginning: None) until `until`, as it looks at `until`."""
        recorded = self["recorded_at"]
        known = recorded <= until if after is None else (recorded > after) & (recorded <= until)
        rows = self.where(known)
        superseded = np.where(rows["superseded_at"] > until, FOREVER, rows["superseded_at"])
        return Rows(rows.columns | {"superseded_at": superseded})

    def in_order_of_recording(self) -> "Rows":
        """The same rows, first known first; ties keep their order."""
        return self.where(np.argsort(self["recorded_at"], kind="stable"))


Facts = dict[str, Rows]


def concat(parts: Iterable[Rows]) -> Rows:
    """All rows, in the order given; the columns are those of the first part."""
    together = list(parts)
    return Rows({name: np.concatenate([part[name] for part in together]) for name in together[0].columns})


def copy_text(table: str, rows: Rows) -> bytes:
    """The rows in PostgreSQL's COPY text format, UTF-8, a line each."""
    fields = [_encoded(rows[name]) for name in TABLES[table].columns]
    ends = [b"\t"] * (len(fields) - 1) + [b"\n"]
    layout = [part for i, field in enumerate(fields) for part in ((f"v{i}", field.dtype), (f"e{i}", "S1"))]
    lines = np.empty(len(rows), dtype=layout)
    for i, (field, end) in enumerate(zip(fields, ends, strict=True)):
        lines[f"v{i}"] = field
        lines[f"e{i}"] = end
    # numpy pads texts with NUL, which no value holds: what is left is the text.
    return lines.tobytes().translate(None, b"\0")


def _encoded(column: Column) -> Texts:
    if column.dtype.kind == "S":
        return np.where(column == b"", np.bytes_(rb"\N"), column)
    if column.dtype == np.dtype("datetime64[D]"):
        return np.where(np.isnat(column), np.bytes_(rb"\N"), _date_text(column))
    if column.dtype == np.dtype("datetime64[s]"):
        return _time_text(column)
    if column.dtype.kind == "b":
        return np.where(column, np.bytes_(b"t"), np.bytes_(b"f"))
    return column.astype("S11")


_FIRST_DAY = np.datetime64("1890-01-01", "D")


@cache
def _day_texts() -> Texts:
    return np.datetime_as_string(np.arange(_FIRST_DAY, np.datetime64("2100-01-01", "D"))).astype("S10")


@cache
def _clock_texts() -> Texts:
    return np.array([b" %02d:%02d:%02d+00" % (s // 3600, s // 60 % 60, s % 60) for s in range(86_400)], dtype="S12")


def _date_text(days: Days) -> Texts:
    positions = np.where(np.isnat(days), 0, (days - _FIRST_DAY).astype(np.int64))
    return _day_texts()[positions]


def _time_text(times: Times) -> Texts:
    forever: Bools = times == FOREVER
    finite = np.where(forever, np.datetime64("2000-01-01", "s"), times)
    days = finite.astype("datetime64[D]")
    text = np.empty(len(times), dtype=[("day", "S10"), ("clock", "S12")])
    text["day"] = _date_text(days)
    text["clock"] = _clock_texts()[(finite - days.astype("datetime64[s]")).astype(np.int64)]
    return np.where(forever, np.bytes_(b"infinity"), text.view("S22"))
