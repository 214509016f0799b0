"""Who is insured by which scheme, and since when."""

from dataclasses import dataclass

import numpy as np

from sandbox.ward.arrays import (
    FAR_DAY,
    FOREVER,
    HOUR,
    NEVER,
    Bools,
    Days,
    Draws,
    Ints,
    Texts,
    at,
    plus,
    whole,
    years_after,
)
from sandbox.ward.people import RESIDENT, People, first_day_of_records
from sandbox.ward.planted import Role
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Rows, concat

NHI, LATE_ELDERLY = b"nhi", b"late_elderly"
# Share of households with NHI members by the head's age: the retired from 65, the self-employed before.
_AGES = (0, 30, 60, 65, 75)
_NHI_HOUSEHOLD = np.array([0.19, 0.145, 0.26, 0.66, 0.30])
_MEMBER = 0.88
_LEFT_FOR_EMPLOYER = 0.04


@dataclass(frozen=True)
class Membership:
    """When each person joined and left a scheme; NaT in `joined_on`: never a member, in `left_on`: still one."""

    scheme: bytes
    joined_on: Days
    left_on: Days

    @property
    def is_ever(self) -> Bools:
        """Who is or was a member."""
        return ~np.isnat(self.joined_on)

    def is_member_on(self, day: np.datetime64) -> Bools:
        """Who is insured on a day."""
        return self.is_ever & (self.joined_on <= day) & (np.isnat(self.left_on) | (self.left_on > day))


@dataclass(frozen=True)
class Insurance:
    """The two schemes: NHI, and from the 75th birthday the late-stage elderly."""

    nhi: Membership
    late_elderly: Membership


def make_insurance(spec: WardSpec, draws: Draws, people: People, roles: Ints) -> Insurance:
    """NHI by household (self-employed and retired ones), late-elderly for everybody from the 75th birthday."""
    today = np.datetime64(spec.as_of_on, "D")
    birthday = years_after(people.birth_on, 75)
    gone_on = np.where(people.status == RESIDENT, NEVER, people.changed_on)
    is_nhi = _nhi_members(draws, people, roles) & (
        birthday > np.maximum(first_day_of_records(spec), people.moved_in_on)
    )
    employed = _left_for_employer(spec, draws, people, roles)
    nhi_left = _earliest(np.where(birthday <= today, birthday, NEVER), gone_on, employed)
    nhi_joined = np.where(is_nhi, _joined(draws, people), NEVER)
    is_elderly = (birthday <= today) & (np.isnat(gone_on) | (birthday < gone_on))
    return Insurance(
        nhi=Membership(NHI, nhi_joined, np.where(is_nhi, nhi_left, NEVER)),
        late_elderly=Membership(
            LATE_ELDERLY,
            np.where(is_elderly, np.maximum(birthday, _settled_on(people)), NEVER),
            np.where(is_elderly, gone_on, NEVER),
        ),
    )


def _nhi_members(draws: Draws, people: People, roles: Ints) -> Bools:
    count = len(people)
    share = _NHI_HOUSEHOLD[np.searchsorted(_AGES, people.age[people.head], side="right") - 1]
    household = draws.uniform("nhi household", count)[people.head] < share
    return (household & (draws.uniform("nhi member", count) < _MEMBER)) | (roles > Role.NONE)


def _settled_on(people: People) -> Days:
    # Those whom the records know from their first day came long before it.
    return np.where(
        people.moved_in_on == people.moved_in_on.min(), np.datetime64("1990-01-01", "D"), people.moved_in_on
    )


def _joined(draws: Draws, people: People) -> Days:
    since = plus(people.moved_in_on, -whole(draws.uniform("nhi joined", len(people)), 0, 7000))
    long_here = people.moved_in_on == people.moved_in_on.min()
    return np.maximum(np.where(long_here, since, people.moved_in_on), people.birth_on)


def _left_for_employer(spec: WardSpec, draws: Draws, people: People, roles: Ints) -> Days:
    leaves = (draws.uniform("nhi left", len(people)) < _LEFT_FOR_EMPLOYER) & (roles == Role.NONE)
    today = np.full(len(people), np.datetime64(spec.as_of_on, "D"))
    day = plus(today, -whole(draws.uniform("nhi left on", len(people)), 20, 700))
    return np.where(leaves & (day > plus(people.moved_in_on, 30)), day, NEVER)


def _earliest(*days: Days) -> Days:
    first = np.minimum.reduce([np.where(np.isnat(day), FAR_DAY, day) for day in days])
    return np.where(first == FAR_DAY, NEVER, first)


def enrolment_rows(people: People, insurance: Insurance) -> Rows:
    """Every version of every enrolment: as joined, and as left where somebody left."""
    return concat([_versions(people, insurance.nhi), _versions(people, insurance.late_elderly)])


def _versions(people: People, membership: Membership) -> Rows:
    joined_known = np.maximum(people.known_at, at(plus(membership.joined_on, 3), 9 * HOUR))
    left_known = np.maximum(at(plus(membership.left_on, 4), 11 * HOUR), joined_known + np.timedelta64(1, "D"))
    left = ~np.isnat(membership.left_on)
    joined = Rows(
        {
            "resident_id": people.resident_id,
            "scheme": _repeated(membership.scheme, len(people)),
            "enrolled_on": membership.joined_on,
            "left_on": np.full(len(people), NEVER),
            "recorded_at": joined_known,
            "superseded_at": np.where(left, left_known, FOREVER),
        }
    )
    ended = Rows(
        joined.columns
        | {"left_on": membership.left_on, "recorded_at": left_known, "superseded_at": np.full(len(people), FOREVER)}
    )
    return concat([joined.where(membership.is_ever), ended.where(membership.is_ever & left)])


def _repeated(text: bytes, count: int) -> Texts:
    return np.full(count, text, dtype=f"S{len(LATE_ELDERLY)}")
