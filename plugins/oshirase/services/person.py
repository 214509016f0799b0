"""Everything ever decided about one person, and what the records say of them now; each look-up is recorded first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import City
from oshirase.domain.values import read_code
from oshirase.services.access import record_look_up
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from oshirase.services.notice_life import NoticeLife, load_lives
from oshirase.services.screening import confirmed_since

MOST_NOTICES = 200
# Any subject that is about nothing in particular: what the records say of the person in general.
IN_GENERAL = "information"


@dataclass(frozen=True)
class Present:
    """What the records say now: the first reason not to remind of a subject, None when there is none."""

    subject: str = field(repr=False)
    campaign: str | None
    reason: str | None


@dataclass(frozen=True)
class PersonView:
    """One person as the ledger and the records know them; nobody's id is among it."""

    is_known: bool
    is_protected: bool
    has_opted_out: bool
    lives: Sequence[NoticeLife] = ()
    # Of these the person is not the addressee: somebody else of the household was.
    of_household: frozenset[UUID] = frozenset()
    present: Sequence[Present] = ()
    is_cut: bool = False


def normalise_id(written: str) -> str:
    """A resident id as somebody types it: full-width digits and blanks make no difference.

    Raises:
        BadValue: it is none.
    """
    return read_code("".join(written.split()))


def look_up(
    engine: Engine,
    city: City,
    resident_id: str,
    campaigns: Collection[str],
    reason: str,
    by: str,
    now: datetime,
    key: bytes,
) -> PersonView:
    """Record that somebody asks for a person, then find all that concerns them in some campaigns."""
    record_look_up(engine, resident_id, campaigns, reason, by, now)
    today = now.astimezone(JST).date()
    with engine.connect() as connection:
        person = connection.execute(
            statement("people/find_person"), {"resident_id": resident_id, "on_day": today, "key": key}
        ).one()
        binds = {"ids": person.ids, "campaigns": sorted(campaigns), "most": MOST_NOTICES + 1}
        found = connection.execute(statement("people/find_notices"), binds).all()
    lives = load_lives(engine, [row.notice_id for row in found[:MOST_NOTICES]])
    records = {"known_at": ALL_THAT_IS_RECORDED, "on_day": today, "confirmed_since": confirmed_since(city, today)}
    return PersonView(
        is_known=person.is_known or bool(lives),
        is_protected=person.is_protected,
        has_opted_out=person.has_opted_out,
        lives=lives,
        of_household=frozenset(row.notice_id for row in found if not row.is_addressee),
        present=_judge(engine, person.resident_id, lives, records) if person.is_known or lives else (),
        is_cut=len(found) > MOST_NOTICES,
    )


def _judge(engine: Engine, resident_id: str, lives: Sequence[NoticeLife], records: Mapping[str, Any]) -> list[Present]:
    """In general first, then by what the person was ever to be reminded of."""
    asked: dict[str, tuple[str, str | None]] = {IN_GENERAL: (resident_id, None)}
    # Of what was purged nobody can tell what it was about.
    for life in (life for life in lives if life.pseudonymised_at is None):
        asked.setdefault(life.subject, (life.resident_id, life.campaign))
    binds = {"subjects": list(asked), "residents": [resident for resident, _ in asked.values()], **records}
    with engine.connect() as connection:
        reasons = {row.subject: row.reason for row in connection.execute(statement("people/judge_now"), binds)}
    return [Present(subject, campaign, reasons[subject]) for subject, (_, campaign) in asked.items()]
