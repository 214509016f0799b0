"""A cast of hand-made people, one for every rule of a campaign: who gets the message, and why the others do not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from oshirase.domain.notice import NoticeState
from tests.ledger import create_notice, create_run
from tests.people import create_contact, create_resident, insert
from tests.scene import Scene

NOT_SELECTED = "not in the cohort"
# Planned some days after the occurrence, as a backfill would: what became known in between counts.
LATER = timedelta(days=3)

# Makes a member of the cohort, with what is said of the resident; returns the resident id.
Create = Callable[..., str]


@dataclass(frozen=True)
class Person:
    """Somebody about whom one thing is special, and what becomes of them."""

    name: str
    make: Callable[[Engine], str]
    expected: str


def outcomes(scene: Scene, cast: list[Person], occurrence_at: datetime) -> dict[str, str]:
    """Play the occurrence over the whole cast at once; what became of each, by name."""
    residents = {person.name: person.make(scene.owner) for person in cast}
    scene.clock.moment = occurrence_at + LATER
    run = scene.open(occurrence_at)
    scene.plan(run)
    rows = scene.rows(
        f"select resident_id, state || coalesce('/' || reason, '') from ledger.notice where campaign_run_id = '{run}'"
    )
    found = dict(rows)
    assert len(found) == len(rows), "one notice a person"
    return {name: found.get(resident_id, NOT_SELECTED) for name, resident_id in residents.items()}


def everybody(create: Create, today: date, *, residents_only: bool = False) -> list[Person]:
    """The rules that hold for every campaign; `today` is the day of planning, `create` makes a member of its cohort.

    `residents_only`: the cohort itself leaves out who died or moved away.
    """

    def landline(owner: Engine) -> str:
        resident = create(owner, phone=None)
        create_contact(owner, resident, None)
        return resident

    def confirmed(on: date | None) -> Callable[[Engine], str]:
        def make(owner: Engine) -> str:
            resident = create(owner, phone=None)
            create_contact(owner, resident, f"+8180{int(resident):08d}", confirmed_on=on)
            return resident

        return make

    def shares_with_protected(owner: Engine) -> str:
        resident = create(owner, phone="+819077770003")
        create_resident(owner, phone="+819077770003", is_protected=True, status="moved_out")
        return resident

    def opted_out(since: date, *, by_number: bool = False) -> Callable[[Engine], str]:
        def make(owner: Engine) -> str:
            resident = create(owner)
            who = {"phone_e164": _number_of(owner, resident)} if by_number else {"resident_id": resident}
            insert(owner, "opt_out", opt_out_id=resident, from_on=since, **who)
            return resident

        return make

    gone = NOT_SELECTED if residents_only else None
    long_ago = today - timedelta(days=5 * 365 + 1)
    return [
        Person("nothing special", create, "planned"),
        Person("protected", lambda e: create(e, is_protected=True), "suppressed/protected"),
        Person("deceased", lambda e: create(e, status="deceased"), gone or "suppressed/deceased"),
        Person("moved out", lambda e: create(e, status="moved_out"), gone or "suppressed/moved_out"),
        Person("opted out", opted_out(today), "suppressed/opted_out"),
        Person("opted out by number", opted_out(today, by_number=True), "suppressed/opted_out"),
        Person("opts out tomorrow", opted_out(today + timedelta(days=1)), "planned"),
        Person("no number", lambda e: create(e, phone=None), "suppressed/no_phone"),
        Person("a landline only", landline, "suppressed/phone_unusable"),
        Person("a number confirmed too long ago", confirmed(long_ago), "suppressed/phone_not_confirmed"),
        Person("a number never confirmed", confirmed(None), "suppressed/phone_not_confirmed"),
        Person("a number confirmed just lately enough", confirmed(long_ago + timedelta(days=1)), "planned"),
        Person("shares the number of a protected person", shares_with_protected, "suppressed/phone_of_protected"),
        Person("first at a shared number", lambda e: create(e, phone="+819077770005"), "planned"),
        Person("second at it", lambda e: create(e, phone="+819077770005"), "suppressed/shared_phone"),
        Person("reminded by another campaign lately", _reminded(create, today, 13), "suppressed/recently_reminded"),
        Person("reminded by another campaign long enough ago", _reminded(create, today, 15), "planned"),
    ]


def _reminded(create: Create, today: date, days_ago: int) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create(owner)
        run = create_run(owner, occurrence_on=str(today - timedelta(days=days_ago)), campaign="another")
        values: dict[str, Any] = {
            "campaign": "another",
            "phone_e164": _number_of(owner, resident),
            "scheduled_at": f"{today - timedelta(days=days_ago)}T10:00+09:00",
        }
        create_notice(owner, run, f"another/{resident}", state=NoticeState.DELIVERED, **values)
        return resident

    return make


def holds(create: Create, today: date) -> list[Person]:
    """Why the premium section must not remind somebody just now."""

    def hold(kind: str, first: date, last: date | None = None) -> Callable[[Engine], str]:
        def make(owner: Engine) -> str:
            resident = create(owner)
            insert(owner, "hold", hold_id=resident, resident_id=resident, kind=kind, from_on=first, until_on=last)
            return resident

        return make

    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    kinds = (
        "deferral_pending", "reduction_pending", "enforcement", "suspended_enforcement", "bankruptcy", "disputed",
        "in_consultation",
    )  # fmt: skip
    return [
        *[Person(kind, hold(kind, yesterday), f"suppressed/{kind}") for kind in kinds],
        Person("a hold that ended yesterday", hold("in_consultation", yesterday, yesterday), "planned"),
        Person("a hold that ends today", hold("in_consultation", yesterday, today), "suppressed/in_consultation"),
        Person("a hold that begins tomorrow", hold("in_consultation", tomorrow), "planned"),
    ]


def _number_of(owner: Engine, resident_id: str) -> str:
    with owner.connect() as connection:
        number = connection.scalar(
            text("select phone_e164 from records.contact where resident_id = :id"), {"id": resident_id}
        )
    assert isinstance(number, str)
    return number


def supersede(owner: Engine, table: str, key: str, value: str, at: datetime) -> None:
    """The fact is not in the records any more since a moment."""
    with owner.begin() as connection:
        statement = (
            f"update records.{table} set superseded_at = :at where {key} = :value and superseded_at = 'infinity'"
        )
        connection.execute(text(statement), {"at": at, "value": value})
