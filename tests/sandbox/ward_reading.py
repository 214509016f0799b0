"""The ward's facts as pandas frames, for tests that read them like a person would."""

from datetime import datetime

import pandas as pd

from sandbox.ward.making import make_chunks
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import FOREVER, Rows, concat

DEMO = datetime.fromisoformat("2026-10-02T09:00+09:00")


def frame(rows: Rows) -> pd.DataFrame:
    """Rows as a frame: bytes as text, empty for null."""
    columns = {
        name: pd.Series([value.decode() for value in column.tolist()], dtype="str")
        if column.dtype.kind == "S"
        else column
        for name, column in rows.columns.items()
    }
    return pd.DataFrame(columns)


def known(ward: WardSpec) -> dict[str, pd.DataFrame]:
    """What the records know at the ward's as_of, a frame a table."""
    chunks = [chunk.known_facts() for chunk in make_chunks(ward)]
    return {table: frame(concat(facts[table] for facts in chunks)) for table in chunks[0]}


def current(table: pd.DataFrame) -> pd.DataFrame:
    """The versions that hold now."""
    return table[table["superseded_at"] == FOREVER]


def balances(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a subject: scheme, year, instalment, obligor, due date, collection, balance in yen."""
    levies, payments = current(facts["levy"]), current(facts["payment"])
    paid = payments.groupby("levy_id")["amount_yen"].sum()
    levies = levies.assign(balance_yen=levies["amount_yen"] - levies["levy_id"].map(paid).fillna(0))
    keys = ["scheme", "levy_year", "instalment", "obligor_id"]
    return levies.groupby(keys, as_index=False).agg(
        due_on=("due_on", "first"), collection=("collection", "first"), balance_yen=("balance_yen", "sum")
    )
