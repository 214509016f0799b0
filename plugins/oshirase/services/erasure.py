"""Erasing one person by their request: out of every line, out of the records, and out of what later extracts bring."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row

from oshirase.adapters.sql import statement
from oshirase.errors import OshiraseError
from oshirase.services.access import record_erasure
from oshirase.services.disclosure import Person, find_person

NOTICES, TEXTS, FOUND, ACCESSES, PLANNED = "notices", "texts", "found", "accesses", "planned"
ERASURE_LABELS = {
    PLANNED: "送信予定のお知らせ（送信しません）",
    NOTICES: "お知らせ（番号を識別値に置き換えます）",
    TEXTS: "お知らせの文面",
    FOUND: "復元の際にゲートウェイで見つかった送信（番号を識別値に置き換えます）",
    ACCESSES: "照会の記録（宛名番号を識別値に置き換えます）",
}


class CannotErase(OshiraseError):
    """Something stands against erasing a person now; says what, and what to do first."""


@dataclass(frozen=True)
class Erasing:
    """One person's erasure: by whom, why, when. `campaign` acts for campaigns, `purger` may take away."""

    campaign: Engine
    purger: Engine
    resident_id: str = field(repr=False)
    key: bytes = field(repr=False)
    campaigns: Sequence[str]
    reason: str
    by: str
    now: datetime

    def look_ahead(self) -> tuple[Person, Counter[str]]:
        """What an erasure would take, rows by what they are; nothing is changed.

        Raises:
            NoSuchPerson: nothing is held under the id.
            CannotErase: something stands against it.
        """
        person = find_person(self.campaign, self.resident_id, self.key, self.now)
        with self.purger.connect() as connection:
            planned = _refuse_what_is_under_way(self._states(connection, person))
            counts = self._take(connection, person)
            connection.rollback()
        if not counts and not planned:
            raise CannotErase("nothing is held on this person that could be erased: it was erased before")
        return person, counts + Counter({PLANNED: planned})

    def erase(self) -> Counter[str]:
        """Do it: first nothing more is sent, then everything goes in one transaction.

        Killed between the two, the person is in no line any more, and the same command goes on.

        Raises:
            NoSuchPerson: nothing is held under the id.
            CannotErase: something stands against it.
        """
        person = find_person(self.campaign, self.resident_id, self.key, self.now)
        with self.purger.connect() as connection:
            _refuse_what_is_under_way(self._states(connection, person))
        ids = {"ids": person.ids}
        with self.campaign.begin() as connection:
            # Nobody plans meanwhile: a run that is planned anew would put the person into its line again.
            connection.execute(statement("campaign_run/lock_planning"))
            suppressed = connection.execute(
                statement("person/suppress_planned"), {**ids, "now": self.now, "by": self.by}
            ).all()
        with self.purger.begin() as connection:
            connection.execute(statement("campaign_run/lock_planning"))
            if _refuse_what_is_under_way(self._states(connection, person)):
                raise CannotErase("a run was planned with this person a moment ago: call the command again")
            counts = self._take(connection, person) + Counter({PLANNED: len(suppressed)})
            self._keep(connection, person, counts)
        return counts

    def _states(self, connection: Connection, person: Person) -> Row[Any]:
        binds = {"ids": person.ids, "now": self.now}
        return connection.execute(statement("person/count_states"), binds).one()

    def _take(self, connection: Connection, person: Person) -> Counter[str]:
        """In this order: by what the records say the rest is found."""
        ids = {"ids": person.ids}
        taken: Counter[str] = Counter()
        by_numbers = {**ids, "key": self.key, "now": self.now}
        taken[FOUND] = len(connection.execute(statement("person/blank_found"), by_numbers).all())
        # What is in a line yet is counted by whoever looks ahead only: it is taken out of the line first.
        rows = connection.execute(statement("person/blank_notices"), by_numbers).all()
        taken[NOTICES] = len(rows)
        runs: set[UUID] = {row.campaign_run_id for row in rows}
        for run in runs:
            texts = connection.execute(statement("person/blank_texts"), {"campaign_run_id": run}).all()
            taken[TEXTS] += len(texts)
        taken[ACCESSES] = len(connection.execute(statement("person/blank_accesses"), {**ids, "key": self.key}).all())
        for row in connection.execute(statement("person/erase_records"), ids):
            taken[f"records.{row.table_name}"] = row.facts
        return +taken

    def _keep(self, connection: Connection, person: Person, counts: Counter[str]) -> None:
        """The order, and who carried it out; without the id."""
        plain = [one for one in person.ids if not one.startswith("#")]
        ordered = {"now": self.now, "by": self.by, "reason": self.reason, "key": self.key}
        connection.execute(statement("person/insert_erasure"), {**ordered, "ids": plain, "counts": json.dumps(counts)})
        hashes = connection.scalar(statement("person/hash_ids"), {"ids": [self.resident_id], "key": self.key})
        record_erasure(connection, hashes[0], self.campaigns, self.reason, self.by, self.now)


def _refuse_what_is_under_way(states: Row[Any]) -> int:
    """How many notices are planned; they stand against nothing.

    Raises:
        CannotErase: a message is on its way, or others would lose their protection.
    """
    if states.in_hand_over:
        raise CannotErase(
            "a message to this person is being handed over, or nobody knows whether it went out: decide on it first "
            "(page of unknown outcomes), then call the command again; nothing was changed"
        )
    if states.booked:
        raise CannotErase(
            "a message to this person is booked at the gateway: cancel it first (register an opt-out in the business "
            "system, or stop the run) and wait for reconcile_payments, then call the command again; nothing was changed"
        )
    if states.awaiting:
        raise CannotErase(
            "the receipt of a message to this person has not come yet: call the command again when it has, at the "
            "latest after three days; nothing was changed"
        )
    if states.is_protected_and_shared:
        raise CannotErase(
            "this person is protected (支援措置) and shares a number with somebody else: without the record messages "
            "for others would ring on it; have the number corrected in the business system first; nothing was changed"
        )
    return int(states.planned)
