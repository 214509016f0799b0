"""Fictional people for tests: `create_*` functions write rows of the records with sensible defaults."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, text

LONG_AGO = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = itertools.count(1)
AGREED_ON = date(2026, 7, 15)
# Of 4,000 yen each.
PLAN_DUE_ON = (date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 11, 2))


def insert(engine: Engine, table: str, **values: Any) -> None:
    """One row of the records, known since long ago unless said otherwise."""
    values = {"recorded_at": LONG_AGO, **values}
    columns, binds = ", ".join(values), ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"insert into records.{table} ({columns}) values ({binds})"), values)


def create_resident(
    engine: Engine,
    *,
    resident_id: str | None = None,
    phone: str | None = "",
    enrolled: Sequence[str] = ("nhi", "late_elderly"),
    **values: Any,
) -> str:
    """A head of household of 46 years with a mobile number (phone=None: without one); returns the resident id.

    Insured by both schemes unless `enrolled` says otherwise.
    """
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
    for scheme in enrolled:
        create_enrolment(engine, resident_id, scheme)
    if phone is not None:
        create_contact(engine, resident_id, phone or f"+8190{number:08d}")
    return resident_id


def create_enrolment(engine: Engine, resident_id: str, scheme: str, **values: Any) -> None:
    """Insured by a scheme since some years ago."""
    insert(engine, "enrolment", resident_id=resident_id, scheme=scheme, **{"enrolled_on": date(2020, 4, 1), **values})


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


def create_plan(engine: Engine, resident: str, *, paid: tuple[dict[str, Any], ...] = (), **plan: Any) -> str:
    """A plan over two instalments of the premium, 8,000 yen each; returns its id."""
    plan_id = f"B{resident}"
    values = {"plan_id": plan_id, "scheme": "nhi", "obligor_id": resident, "agreed_on": AGREED_ON, "status": "active"}
    insert(engine, "plan", **values | plan)
    for number, due_on in enumerate(PLAN_DUE_ON, 1):
        insert(engine, "plan_instalment", plan_id=plan_id, instalment=number, due_on=due_on, amount_yen=4_000)
    levies = [
        create_levy(
            engine, resident, levy_year=2025, instalment=number, due_on=date(2026, number, 28), amount_yen=8_000
        )
        for number in (2, 3)
    ]
    for levy in levies:
        insert(engine, "plan_levy", plan_id=plan_id, levy_id=levy)
    for number, payment in enumerate(paid):
        create_payment(engine, levies[number % 2], **{"amount_yen": 4_000, "paid_on": date(2026, 8, 20), **payment})
    return plan_id


def create_voucher(engine: Engine, resident_id: str, **values: Any) -> None:
    """This fiscal year's voucher, posted in June."""
    voucher = {"fiscal_year": 2026, "posted_on": date(2026, 6, 25), **values}
    insert(engine, "screening_voucher", resident_id=resident_id, **voucher)


def create_screening(engine: Engine, resident_id: str, year: int, **values: Any) -> None:
    """A check-up in August of a fiscal year."""
    screening = {"fiscal_year": year, "screened_on": date(year, 8, 20), **values}
    insert(engine, "screening", resident_id=resident_id, **screening)


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
