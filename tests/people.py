"""Fictional people for tests: `create_*` functions write rows of the records with sensible defaults."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, text

LONG_AGO = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def insert(engine: Engine, table: str, **values: Any) -> None:
    """One row of the records, known since long ago unless said otherwise."""
    values = {"recorded_at": LONG_AGO, **values}
    columns, binds = ", ".join(values), ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"insert into records.{table} ({columns}) values ({binds})"), values)


def create_resident(engine: Engine, *, resident_id: str | None = None, phone: str | None = "", **values: Any) -> str:
    """A head of household of 46 years with a mobile number (phone=None: without one); returns the resident id."""
    number = next(_numbers)
    resident_id = resident_id or f"{number:010d}"
    insert(
        engine,
        "resident",
        **{
            "resident_id": resident_id,
            "household_id": f"{number:010d}",
            "is_head": True,
            "birth_on": date(1980, 1, 2),
            "status": "resident",
            **values,
        },
    )
    if phone is not None:
        create_contact(engine, resident_id, phone or f"+8190{number:08d}")
    return resident_id


def create_contact(engine: Engine, resident_id: str, phone: str | None, **values: Any) -> None:
    """A telephone number of a resident, confirmed this year."""
    insert(
        engine,
        "contact",
        **{
            "resident_id": resident_id,
            "contact_no": 1,
            "phone_raw": phone or "03-0000-9999",
            "phone_e164": phone,
            "phone_type": "mobile" if phone else "landline",
            "unusable_reason": None if phone else "landline",
            "confirmed_on": date(2026, 4, 1),
            **values,
        },
    )


def create_levy(engine: Engine, resident_id: str, **values: Any) -> str:
    """An unpaid instalment 4 of 2026, due on 30 September; returns the levy id."""
    levy = {
        "levy_id": f"L{next(_numbers):06d}",
        "scheme": "nhi",
        "obligor_id": resident_id,
        "levy_year": 2026,
        "for_year": 2026,
        "instalment": 4,
        "due_on": date(2026, 9, 30),
        "amount_yen": 12_000,
        "collection": "ordinary",
        **values,
    }
    insert(engine, "levy", **levy)
    return str(levy["levy_id"])


def create_payment(engine: Engine, levy_id: str, **values: Any) -> None:
    """A confirmed payment of the whole instalment."""
    insert(
        engine,
        "payment",
        **{
            "payment_id": f"P{next(_numbers):06d}",
            "levy_id": levy_id,
            "amount_yen": 12_000,
            "paid_on": date(2026, 9, 29),
            "channel": "convenience_store",
            "stage": "confirmed",
            **values,
        },
    )


def create_debtor(engine: Engine, **values: Any) -> str:
    """A resident whose latest instalment is not paid; returns the resident id."""
    resident_id = create_resident(engine, **values)
    create_levy(engine, resident_id)
    return resident_id


def create_load(engine: Engine, extract: str, as_of: datetime) -> None:
    """An extract that was loaded, without a row: what the freshness gate asks for."""
    number = next(_numbers)
    insert(
        engine, "load", extract=extract, file_name=f"{extract}.csv", sha256=f"{number:032d}".encode(), as_of=as_of,
        rows_read=0, rows_loaded=0, rows_unchanged=0, rows_rejected=0, recorded_at=as_of,
    )  # fmt: skip
