"""Households and the people in them."""

from dataclasses import dataclass, replace

import numpy as np

from sandbox.ward.arrays import (
    FOREVER,
    HOUR,
    NEVER,
    Bools,
    Days,
    Draws,
    Floats,
    Ints,
    Texts,
    Times,
    at,
    digits,
    pick,
    plus,
    whole,
)
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Rows, concat

# Shares of households with 1, 2, 3, 4, 5 members, and of heads by age in five-year bands from 15: the shape of a
# Tokyo ward in the 2020 census, rounded.
HOUSEHOLD_SIZES = (50.0, 23.0, 13.0, 10.5, 3.5)
_SINGLE = (1.0, 9, 13, 11, 8, 7, 6.5, 6.5, 6, 5.5, 5.5, 6, 8, 7, 4.5, 2)
_COUPLE = (0.0, 2, 6, 8, 7, 7, 8, 9, 10, 9, 10, 12, 14, 8, 3.5, 0.5)
_FAMILY = (0.0, 0.5, 4, 12, 18, 20, 18, 12, 7, 4, 2, 1.5, 0.7, 0.3, 0.1, 0)
HEAD_AGES = (_SINGLE, _COUPLE, _FAMILY)
LANGUAGES = (b"ja", b"zh", b"ko", b"en", b"vi", b"ne")
_LANGUAGE_SHARES = (91.5, 4.0, 1.7, 1.2, 1.0, 0.6)
RESIDENT, MOVED_OUT, DECEASED = b"resident", b"moved_out", b"deceased"
_MOVED_OUT, _DECEASED, _PROTECTED, _NEWCOMER = 0.006, 0.004, 0.003, 0.08
_ID_MODULUS = 99_999_989  # a prime: the ids are spread, unique, and keep two leading zeros


@dataclass(frozen=True)
class People:
    """One chunk's residents, household by household, the head first; arrays of one value a person.

    `head` is the position of the person's head of household. `changed_on` is the day on which somebody moved out, died
    or was put under protection; NaT for everybody else.
    """

    number: Ints
    resident_id: Texts
    household_id: Texts
    head: Ints
    age: Floats
    birth_on: Days
    language: Texts
    status: Texts
    is_protected: Bools
    changed_on: Days
    moved_in_on: Days
    known_at: Times

    def __len__(self) -> int:
        return len(self.number)

    @property
    def is_head(self) -> Bools:
        """Who is a head of household."""
        heads: Bools = self.head == np.arange(len(self))
        return heads

    @property
    def heads(self) -> Ints:
        """Positions of the heads, one a household."""
        return np.flatnonzero(self.is_head)

    @property
    def household(self) -> Ints:
        """Which of the chunk's households, from 0, each person is in."""
        return np.cumsum(self.is_head) - 1

    @property
    def household_size(self) -> Ints:
        """How many people live in each household."""
        return np.bincount(self.household)

    @property
    def changed_at(self) -> Times:
        """When the records heard of the change: the morning of the 5th day after it."""
        return at(plus(self.changed_on, 5), 10 * HOUR)


def first_day_of_records(spec: WardSpec) -> np.datetime64:
    """1 April two fiscal years before this one: what was so before is recorded on this day."""
    return np.datetime64(f"{spec.year - 2}-04-01", "D")


def make_people(spec: WardSpec, draws: Draws, first: int, count: int) -> People:
    """`count` residents with the ward-wide numbers `first` and up."""
    sizes = _household_sizes(draws, count)
    starts = np.cumsum(sizes) - sizes
    head = np.repeat(starts, sizes)
    age = _ages(draws, sizes, head, count)
    born = (age * 365.2425).astype(np.int64)
    number = first + np.arange(count)
    birth_on = plus(np.full(count, np.datetime64(spec.as_of_on, "D")), -born)
    moved_in_on = _moved_in(spec, draws, head, birth_on)
    people = People(
        number=number,
        resident_id=_ids(number, 48_271_393, spec.seed),
        household_id=_ids(number[head], 69_621_017, spec.seed + 1),
        head=head,
        age=age,
        birth_on=birth_on,
        language=_languages(draws, head),
        status=np.full(count, RESIDENT),
        is_protected=np.zeros(count, dtype=bool),
        changed_on=np.full(count, NEVER),
        moved_in_on=moved_in_on,
        known_at=at(moved_in_on, 5 * HOUR),
    )
    return _with_changes(spec, draws, people)


def _household_sizes(draws: Draws, count: int) -> Ints:
    sizes = pick(draws.uniform("household size", count), HOUSEHOLD_SIZES) + 1
    reached = np.cumsum(sizes)
    last = int(np.searchsorted(reached, count))
    sizes = sizes[: last + 1].copy()
    sizes[last] -= reached[last] - count
    return sizes


def _head_ages(draws: Draws, sizes: Ints) -> Floats:
    where, within = draws.uniform("head age band", len(sizes)), draws.uniform("head age", len(sizes))
    bands = np.choose(np.minimum(sizes, 3) - 1, [pick(where, weights) for weights in HEAD_AGES])
    return np.maximum(15 + 5 * (bands + within), 18.3)


def _ages(draws: Draws, sizes: Ints, head: Ints, count: int) -> Floats:
    head_age = np.repeat(_head_ages(draws, sizes), sizes)
    size = np.repeat(sizes, sizes)
    place = np.arange(count) - head
    role, near = draws.uniform("member role", count), draws.uniform("member age", count)
    spouse = np.maximum(head_age - 6 + 10 * near, 18.2)
    parent = np.minimum(head_age + 21 + 12 * near, 98.0)
    child = head_age - 24 - 14 * near
    child = np.where(child < 0, 4 + 12 * near, child)
    child = np.where((child > 26) & (size > 2), 10 + 14 * near, child)
    is_spouse = (place == 1) & (role < np.where(size == 2, 0.72, 0.92))
    has_parent = (place == 1) & (role > 0.90) & (size == 2) | (place > 2) & (role > 0.8)
    is_parent = (head_age > 38) & (head_age < 68) & has_parent
    age = np.where(place == 0, head_age, np.where(is_spouse, spouse, np.where(is_parent, parent, child)))
    return np.maximum(age, 0.2)


def _ids(number: Ints, stride: int, shift: int) -> Texts:
    """10-digit ids that give away neither age nor household; unique below the modulus."""
    return digits(((number + 1) * stride + shift % _ID_MODULUS) % _ID_MODULUS, 10)


def _moved_in(spec: WardSpec, draws: Draws, head: Ints, birth_on: Days) -> Days:
    """The day from which the records know a person: the first day of records, the day of moving in, or birth."""
    start = first_day_of_records(spec)
    until = np.datetime64(spec.as_of_on, "D") - np.timedelta64(70, "D")
    days = int((until - start).astype(np.int64))
    came = start + (draws.uniform("moved in on", len(head)) * days).astype(np.int64).astype("timedelta64[D]")
    newcomer = draws.uniform("newcomer", len(head)) < _NEWCOMER
    moved_in = np.where(newcomer, came, start)[head]
    return np.maximum(moved_in, plus(birth_on, 14))


def _languages(draws: Draws, head: Ints) -> Texts:
    codes = pick(draws.uniform("language", len(head)), _LANGUAGE_SHARES)
    return np.array(LANGUAGES)[codes][head]


def _with_changes(spec: WardSpec, draws: Draws, people: People) -> People:
    count = len(people)
    fate, when = draws.uniform("fate", count), draws.uniform("fate day", count)
    moved = (fate < _MOVED_OUT) & (people.age > 18)
    died = (fate > 1 - _DECEASED * np.where(people.age > 70, 6.0, 0.5)) & ~moved
    protected = draws.uniform("protected", count) < _PROTECTED
    latest = np.datetime64(spec.as_of_on, "D") - np.timedelta64(14, "D")
    day = latest - whole(when, 0, 420).astype("timedelta64[D]")
    day = np.minimum(np.maximum(day, plus(people.moved_in_on, 20)), latest)
    return replace(
        people,
        status=np.where(moved, np.bytes_(MOVED_OUT), np.where(died, np.bytes_(DECEASED), people.status)),
        is_protected=protected,
        changed_on=np.where(moved | died | protected, day, NEVER),
    )


def resident_rows(people: People) -> Rows:
    """Every version of every resident: as first recorded, and after the change where there was one."""
    changed = ~np.isnat(people.changed_on)
    now = Rows(
        {
            "resident_id": people.resident_id,
            "household_id": people.household_id,
            "is_head": people.is_head,
            "birth_on": people.birth_on,
            "status": people.status,
            "is_protected": people.is_protected,
            "language": people.language,
            "recorded_at": np.where(changed, people.changed_at, people.known_at),
            "superseded_at": np.full(len(people), FOREVER),
        }
    )
    before = now.where(changed)
    first = Rows(
        before.columns
        | {
            "status": np.full(len(before), RESIDENT, dtype=people.status.dtype),
            "is_protected": np.zeros(len(before), dtype=bool),
            "recorded_at": people.known_at[changed],
            "superseded_at": before["recorded_at"],
        }
    )
    return concat([now, first])
