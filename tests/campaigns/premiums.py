"""The rules of premium reminders, for either scheme."""

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Engine, text

from oshirase.domain.calendar import JST
from oshirase.domain.notice import NoticeState
from tests.campaigns.cast import LATER, NOT_SELECTED, Person, everybody, holds, supersede
from tests.ledger import create_notice, create_run
from tests.people import create_levy, create_payment, create_resident, insert


def premium_cast(scheme: str, occurrence_at: datetime) -> list[Person]:
    """One person for every rule; instalment 4 was due on 30 September."""
    today = (occurrence_at + LATER).astimezone(JST).date()
    since_then = occurrence_at + LATER / 2

    def create(owner: Engine, **values: object) -> str:
        resident = create_resident(owner, **values)
        create_levy(owner, resident, scheme=scheme)
        return resident

    def levy(**values: object) -> Callable[[Engine], str]:
        def make(owner: Engine) -> str:
            resident = create_resident(owner)
            create_levy(owner, resident, scheme=scheme, **values)
            return resident

        return make

    def paid(*payments: dict[str, object]) -> Callable[[Engine], str]:
        def make(owner: Engine) -> str:
            resident = create_resident(owner)
            levy_id = create_levy(owner, resident, scheme=scheme)
            for payment in payments:
                create_payment(owner, levy_id, **payment)
            return resident

        return make

    preliminary, reversal = {"stage": "preliminary"}, {"stage": "reversal", "amount_yen": -12_000}
    return [
        *everybody(create, today),
        *holds(create, today),
        Person("turns 18 today", lambda e: create(e, birth_on=_years_before(today, 18)), "planned"),
        Person("a minor", lambda e: create(e, birth_on=_years_before(today, 17)), "suppressed/minor"),
        Person("unknown to the residents' records", _unknown(scheme), "suppressed/not_in_records"),
        Person("paid", paid({}), NOT_SELECTED),
        Person("paid by the preliminary record", paid(preliminary), NOT_SELECTED),
        Person("paid, and the payment reversed", paid(preliminary, reversal), "planned"),
        Person(
            "reversed since the occurrence", paid(preliminary, {**reversal, "recorded_at": since_then}), NOT_SELECTED
        ),
        Person("paid in part", paid({"amount_yen": 5_000}), "planned"),
        Person("paid since the occurrence", paid({"recorded_at": since_then}), "suppressed/settled"),
        Person("assessment withdrawn since", _withdrawn(scheme, since_then), "suppressed/withdrawn"),
        Person("deducted from the pension", levy(collection="pension"), NOT_SELECTED),
        Person("direct debit", levy(collection="direct_debit"), "suppressed/direct_debit"),
        Person("due today only", levy(due_on=occurrence_at.date()), NOT_SELECTED),
        Person("due yesterday", levy(due_on=date(2026, 10, 1)), "planned"),
        Person("an earlier instalment unpaid, the latest paid", _earlier_unpaid(scheme), NOT_SELECTED),
        Person("a late assessment under the same instalment", _late_assessment(scheme), "planned"),
        Person("on a plan that is kept", _on_plan(scheme, "active"), "suppressed/on_plan"),
        Person("on a plan that was cancelled", _on_plan(scheme, "cancelled"), "planned"),
        Person("reminded of this instalment", _reminded_before(scheme), "suppressed/already_reminded"),
        Person("reminded under an id that was merged", _reminded_as(scheme), "suppressed/already_reminded"),
        Person("no longer insured", _left(scheme, today), "suppressed/not_insured"),
    ]


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years)


def _unknown(scheme: str) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        create_levy(owner, "9999999999", scheme=scheme)
        return "9999999999"

    return make


def _withdrawn(scheme: str, at: datetime) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create_resident(owner)
        supersede(owner, "levy", "levy_id", create_levy(owner, resident, scheme=scheme), at)
        return resident

    return make


def _earlier_unpaid(scheme: str) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create_resident(owner)
        create_levy(owner, resident, scheme=scheme, instalment=3, due_on=date(2026, 8, 31))
        create_payment(owner, create_levy(owner, resident, scheme=scheme))
        return resident

    return make


def _late_assessment(scheme: str) -> Callable[[Engine], str]:
    """Its own levy is paid; the one for last year that is billed with it is not."""

    def make(owner: Engine) -> str:
        resident = create_resident(owner)
        create_payment(owner, create_levy(owner, resident, scheme=scheme))
        create_levy(owner, resident, scheme=scheme, for_year=2025)
        return resident

    return make


def _on_plan(scheme: str, status: str) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create_resident(owner)
        levy = create_levy(owner, resident, scheme=scheme)
        insert(
            owner, "plan", plan_id=levy, scheme=scheme, obligor_id=resident, agreed_on=date(2026, 9, 1), status=status
        )
        insert(owner, "plan_levy", plan_id=levy, levy_id=levy)
        return resident

    return make


def _reminded_before(scheme: str, resident_id: str | None = None) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create_resident(owner)
        create_levy(owner, resident, scheme=scheme)
        campaign = "nhi_overdue" if scheme == "nhi" else "late_elderly_overdue"
        run = create_run(owner, occurrence_on="2026-09-02", campaign=campaign)
        subject = f"{scheme}/2026/4/{resident_id or resident}"
        create_notice(owner, run, subject, campaign=campaign, state=NoticeState.DELIVERED)
        return resident

    return make


def _reminded_as(scheme: str) -> Callable[[Engine], str]:
    """Two ids of one person were merged: the instalment that was reminded under one comes under the other now."""
    remind = _reminded_before(scheme, "0099999999")

    def make(owner: Engine) -> str:
        resident = remind(owner)
        with owner.begin() as connection:
            connection.execute(
                text("insert into records.alias (alias_id, resident_id) values ('0099999999', :id)"), {"id": resident}
            )
        return resident

    return make


def _left(scheme: str, day: date) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create_resident(owner, enrolled=())
        insert(owner, "enrolment", resident_id=resident, scheme=scheme, enrolled_on=date(2020, 4, 1), left_on=day)
        create_levy(owner, resident, scheme=scheme)
        return resident

    return make
