"""Obligors put into every ward on purpose, so that each reason of the screening occurs at every size."""

from dataclasses import replace
from enum import IntEnum, auto

import numpy as np

from sandbox.ward.arrays import Bools, Ints, plus
from sandbox.ward.people import DECEASED, MOVED_OUT, RESIDENT, People
from sandbox.ward.spec import WardSpec


class Role(IntEnum):
    """What is special about a planted obligor of the latest ordinary NHI instalment; all but PAID owe it."""

    NONE = 0
    PLAIN = auto()
    PROTECTED = auto()
    SHARES_WITH_PROTECTED = auto()
    DECEASED = auto()
    MOVED_OUT = auto()
    MINOR = auto()
    DEFERRAL_PENDING = auto()
    REDUCTION_PENDING = auto()
    ENFORCEMENT = auto()
    SUSPENDED_ENFORCEMENT = auto()
    BANKRUPTCY = auto()
    DISPUTED = auto()
    IN_CONSULTATION = auto()
    ON_PLAN = auto()
    PLAN_DEFAULT = auto()
    OPTED_OUT = auto()
    OPTED_OUT_NUMBER = auto()
    NO_NUMBER = auto()
    LANDLINE = auto()
    VOIP = auto()
    MALFORMED = auto()
    CONFIRMED_LONG_AGO = auto()
    NEVER_CONFIRMED = auto()
    SHARED = auto()
    SHARES_WITH_SHARED = auto()
    DIRECT_DEBIT = auto()
    PARTIAL = auto()
    REVERSED = auto()
    REVERSED_LATER = auto()
    KNOWN_TODAY = auto()
    KNOWN_NEXT_DAYS = auto()
    LATE_ASSESSMENT = auto()


HOLD_ROLES = tuple(range(Role.DEFERRAL_PENDING, Role.IN_CONSULTATION + 1))
SHARERS = {Role.SHARES_WITH_PROTECTED: Role.PROTECTED, Role.SHARES_WITH_SHARED: Role.SHARED}
_SPECIAL = tuple(role for role in Role if role is not Role.NONE)


def each(spec: WardSpec) -> int:
    """How many of each role there are: one in a small ward, two from 10,000 residents on."""
    return 1 if spec.size < 10_000 else 2


def plant(spec: WardSpec, people: People, chunk: int) -> tuple[People, Ints]:
    """Give roles to people of the first chunk who live alone, and what the role says of a person.

    Returns:
        The people, and the role of each of them.
    """
    roles = np.full(len(people), int(Role.NONE))
    if chunk > 0:
        return people, roles
    chosen = _candidates(people)[: each(spec) * len(_SPECIAL)]
    roles[chosen] = np.resize(np.array(_SPECIAL), len(chosen))
    return _with_fates(spec, people, roles), roles


def has(roles: Ints, *wanted: int) -> Bools:
    """Who has one of the roles."""
    return np.isin(roles, wanted)


def _candidates(people: People) -> Ints:
    alone = people.household_size[people.household] == 1
    settled = np.isnat(people.changed_on) & (people.moved_in_on == people.moved_in_on.min())
    return np.flatnonzero(alone & settled & (people.age > 25) & (people.age < 64))


def _with_fates(spec: WardSpec, people: People, roles: Ints) -> People:
    today = np.datetime64(spec.as_of_on, "D")
    fated = has(roles, Role.DECEASED, Role.MOVED_OUT, Role.PROTECTED)
    status = np.where(has(roles, Role.DECEASED), np.bytes_(DECEASED), np.bytes_(RESIDENT))
    status = np.where(has(roles, Role.MOVED_OUT), np.bytes_(MOVED_OUT), status)
    minor = has(roles, Role.MINOR)
    return replace(
        people,
        status=np.where(roles > Role.NONE, status, people.status),
        is_protected=people.is_protected | has(roles, Role.PROTECTED),
        changed_on=np.where(fated, today - np.timedelta64(20, "D"), people.changed_on),
        age=np.where(minor, 16.5, people.age),
        birth_on=np.where(minor, plus(np.full(len(roles), today), -6026), people.birth_on),
    )


def positions(roles: Ints, role: Role) -> Ints:
    """Where the people with a role are, in order."""
    return np.flatnonzero(roles == role)
