"""The ward put together, chunk by chunk: each chunk is some thousands of residents with all that concerns them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np

from sandbox.ward.arrays import NEVER, NO_TIME, Bools, Draws, Ints
from sandbox.ward.checkups import CheckUps, make_check_ups, screening_rows, voucher_rows
from sandbox.ward.contacts import Contacts, contact_rows, make_contacts, opt_out_rows
from sandbox.ward.holds import hold_rows
from sandbox.ward.insurance import Insurance, enrolment_rows, make_insurance
from sandbox.ward.payments import Behaviour, make_behaviour, payment_rows
from sandbox.ward.people import People, make_people, resident_rows
from sandbox.ward.plans import Plan, make_plans, on_plan, plan_facts, plan_payments
from sandbox.ward.planted import plant
from sandbox.ward.premiums import Levies, levy_rows, make_levies
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Facts, Rows, concat

RESIDENTS_A_CHUNK = 20_000  # at most


@dataclass(frozen=True)
class Chunk:
    """Some residents of the ward, and everything that happens around them when nobody is reminded."""

    spec: WardSpec
    draws: Draws
    people: People
    roles: Ints
    insurance: Insurance
    contacts: Contacts
    levies: Levies
    behaviour: Behaviour
    is_planned: Bools
    plans: list[Plan]
    check_ups: list[CheckUps]

    def payments(self) -> Rows:
        """Every payment, past and to come; `levy_no` is the levy's position in this chunk."""
        plans = [plan_payments(plan, self.levies.levy_id, plan.payments()) for plan in self.plans]
        return concat([payment_rows(self.levies, self.behaviour), *plans])

    def facts(self) -> Facts:
        """All rows of all tables, past and to come, in every version."""
        obligors = np.unique(self.levies.obligor)
        facts = {
            "resident": resident_rows(self.people),
            "contact": contact_rows(self.spec, self.draws, self.people, self.contacts, self.roles),
            "enrolment": enrolment_rows(self.people, self.insurance),
            "levy": levy_rows(self.levies, self.people),
            "payment": self.payments(),
            "hold": hold_rows(self.spec, self.draws, self.people, obligors, self.roles),
            "screening_voucher": voucher_rows(self.people, self.check_ups),
            "screening": screening_rows(self.people, self.check_ups),
            "opt_out": opt_out_rows(self.spec, self.draws, self.people, self.contacts, self.roles),
        }
        return facts | plan_facts(self.plans, self.levies, self.people, self.spec)

    def known_facts(self, known_at: datetime | None = None) -> Facts:
        """What the records know at a moment, or else at the ward's `as_of`."""
        until = utc_second(known_at or self.spec.as_of)
        return {table: rows.recorded_between(None, until) for table, rows in self.facts().items()}


def moment(spec: WardSpec) -> np.datetime64:
    """The ward's `as_of` in UTC, to the second."""
    return utc_second(spec.as_of)


def utc_second(at: datetime) -> np.datetime64:
    """An aware time in UTC, to the second."""
    return np.datetime64(int(at.timestamp()), "s")


def make_chunks(spec: WardSpec) -> Iterator[Chunk]:
    """The ward's chunks, in order, all about the same size; each is made when it is asked for."""
    chunks = -(-spec.size // RESIDENTS_A_CHUNK)
    edges = [spec.size * number // chunks for number in range(chunks + 1)]
    for number, (first, end) in enumerate(pairwise(edges)):
        yield make_chunk(spec, number, first, end - first)


def make_chunk(spec: WardSpec, number: int, first: int, count: int) -> Chunk:
    """One chunk: `count` residents from the ward-wide number `first` on."""
    draws = Draws(spec.seed, number)
    people, roles = plant(spec, make_people(spec, draws, first, count), number)
    insurance = make_insurance(spec, draws, people, roles)
    levies = make_levies(spec, draws, people, insurance, roles)
    covered = on_plan(spec, draws, levies, roles)
    behaviour = make_behaviour(spec, draws, levies, roles)
    return Chunk(
        spec=spec,
        draws=draws,
        people=people,
        roles=roles,
        insurance=insurance,
        contacts=make_contacts(spec, draws, people, roles),
        levies=levies,
        behaviour=replace(
            behaviour,
            paid_on=np.where(covered, NEVER, behaviour.paid_on),
            reversed_at=np.where(covered, NO_TIME, behaviour.reversed_at),
        ),
        is_planned=covered,
        plans=make_plans(spec, draws, levies, covered, roles),
        check_ups=make_check_ups(spec, draws, people, insurance),
    )
