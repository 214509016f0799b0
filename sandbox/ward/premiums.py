"""Premiums: who owes which instalment, how much, and how it is collected."""

from dataclasses import dataclass

import numpy as np

from oshirase.domain.calendar import InstalmentCalendar
from sandbox.ward.arrays import (
    FAR_DAY,
    FOREVER,
    HOUR,
    Bools,
    Days,
    Draws,
    Ints,
    Texts,
    Times,
    at,
    digits,
    glue,
    pick,
    plus,
    whole,
)
from sandbox.ward.insurance import LATE_ELDERLY, NHI, Insurance, Membership
from sandbox.ward.people import People
from sandbox.ward.planted import Role, has
from sandbox.ward.spec import LATE_ELDERLY_CALENDAR, NHI_CALENDAR, WardSpec
from sandbox.ward.tables import Rows

ORDINARY, DIRECT_DEBIT, PENSION = 0, 1, 2
COLLECTIONS = np.array([b"ordinary", b"direct_debit", b"pension"])
_NHI_SHARES = (70.0, 30.0, 0.0)
_NHI_SHARES_FROM_65 = (52.0, 28.0, 20.0)
_LATE_ELDERLY_SHARES = (16.0, 12.0, 72.0)
_LATE_ASSESSED = 0.02
_LAST = 10  # at most so many instalments a year


@dataclass(frozen=True)
class Levies:
    """Instalments, one value a levy.

    `obligor` is the person's position in the chunk, `unit` numbers (obligor, scheme, year, instalment) in the chunk: a
    late assessment has the unit of the instalment that it is billed with.
    """

    obligor: Ints
    scheme: Texts
    levy_id: Texts
    year: Ints
    for_year: Ints
    instalment: Ints
    due_on: Days
    amount_yen: Ints
    collection: Ints
    recorded_at: Times
    unit: Ints

    def __len__(self) -> int:
        return len(self.obligor)

    @property
    def is_late_assessment(self) -> Bools:
        """Which are for an earlier year than they are billed in."""
        return self.for_year < self.year

    def where(self, mask: Bools | Ints) -> "Levies":
        """The levies that a mask or positions pick."""
        return Levies(**{name: values[mask] for name, values in vars(self).items()})


@dataclass(frozen=True)
class _Bill:
    """One scheme's obligors in one chunk and how they are billed."""

    scheme: bytes
    letter: bytes
    calendar: InstalmentCalendar
    first_bill: tuple[int, int]  # month and day of the yearly assessment
    obligor: Ints
    since: Days
    until: Days
    collection: Ints
    yearly_yen: Ints


def make_levies(spec: WardSpec, draws: Draws, people: People, insurance: Insurance, roles: Ints) -> Levies:
    """Every instalment of this fiscal year and the one before that was assessed by `as_of`, due ones and later ones."""
    bills = [_nhi_bill(draws, people, insurance.nhi, roles), _elderly_bill(draws, people, insurance.late_elderly)]
    parts = [
        _instalments(people, bill, year, place * 2 + turn)
        for place, bill in enumerate(bills)
        for turn, year in enumerate((spec.year - 1, spec.year))
    ]
    parts += [_late_assessments(spec, draws, people, levies, roles) for levies in parts[:2]]
    levies = Levies(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})
    return levies.where(levies.recorded_at <= np.datetime64(int(spec.as_of.timestamp()), "s"))


def _nhi_bill(draws: Draws, people: People, nhi: Membership, roles: Ints) -> _Bill:
    """NHI is owed by the head of every household with a member, whether the head is one or not."""
    heads = people.heads
    joined = np.where(nhi.is_ever, nhi.joined_on, FAR_DAY)
    left = np.where(
        nhi.is_ever, np.where(np.isnat(nhi.left_on), FAR_DAY, nhi.left_on), np.datetime64("1900-01-01", "D")
    )
    since, until = np.minimum.reduceat(joined, heads), np.maximum.reduceat(left, heads)
    members = np.add.reduceat(nhi.is_ever.astype(np.int64), heads)
    obliged = members > 0
    obligor = heads[obliged]
    drawn = draws.uniform("nhi collection", len(people))[obligor]
    collection = np.where(people.age[obligor] < 65.5, pick(drawn, _NHI_SHARES), pick(drawn, _NHI_SHARES_FROM_65))
    collection = np.where(roles[obligor] > Role.NONE, ORDINARY, collection)
    collection = np.where(has(roles[obligor], Role.DIRECT_DEBIT), DIRECT_DEBIT, collection)
    income = draws.uniform("nhi income", len(people))[obligor]
    yearly = (22_000 + 45_000 * members[obliged] + 420_000 * income * income * income).astype(np.int64)
    return _Bill(NHI, b"N", NHI_CALENDAR, (6, 12), obligor, since[obliged], until[obliged], collection, yearly)


def _elderly_bill(draws: Draws, people: People, elderly: Membership) -> _Bill:
    """Late-elderly premiums are owed by each person."""
    obligor = np.flatnonzero(elderly.is_ever)
    until = np.where(np.isnat(elderly.left_on), FAR_DAY, elderly.left_on)[obligor]
    collection = pick(draws.uniform("late-elderly collection", len(people))[obligor], _LATE_ELDERLY_SHARES)
    income = draws.uniform("late-elderly income", len(people))[obligor]
    yearly = (15_000 + 60_000 * income + 500_000 * income**2 * income**2 * income**2).astype(np.int64)
    return _Bill(
        LATE_ELDERLY,
        b"L",
        LATE_ELDERLY_CALENDAR,
        (7, 14),
        obligor,
        elderly.joined_on[obligor],
        until,
        collection,
        yearly,
    )


def _instalments(people: People, bill: _Bill, year: int, block: int) -> Levies:
    due = np.array(bill.calendar.due_dates(year), dtype="datetime64[D]")
    first_bill = np.datetime64(f"{year}-{bill.first_bill[0]:02d}-{bill.first_bill[1]:02d}", "D")
    # Somebody who joins is billed a month later and pays from the next due date on; who leaves still owes what fell
    # due in the six weeks before the account is settled.
    billed_on = np.maximum(first_bill, plus(bill.since, 30))
    owes = (due[None, :] >= plus(bill.since, 45)[:, None]) & (due[None, :] <= plus(bill.until, 45)[:, None])
    owes &= due[None, :] > plus(billed_on, 10)[:, None]
    who, which = np.nonzero(owes)
    each_yen = bill.yearly_yen // len(due) // 100 * 100
    rest_yen = bill.yearly_yen // 100 * 100 - each_yen * len(due)
    instalment = which + 1
    years = np.full(len(who), year)
    return Levies(
        obligor=bill.obligor[who],
        scheme=np.full(len(who), bill.scheme, dtype=f"S{len(LATE_ELDERLY)}"),
        levy_id=_levy_ids(bill.letter, years, years, instalment, people.resident_id[bill.obligor[who]]),
        year=years,
        for_year=years,
        instalment=instalment,
        due_on=due[which],
        amount_yen=each_yen[who] + np.where(which == 0, rest_yen[who], 0),
        collection=bill.collection[who],
        recorded_at=at(billed_on, 6 * HOUR)[who],
        unit=(bill.obligor[who] * 4 + block) * (_LAST + 1) + instalment,
    )


def _late_assessments(spec: WardSpec, draws: Draws, people: People, levies: Levies, roles: Ints) -> Levies:
    """Premiums of the year before, found out later and billed with an instalment of this year."""
    year, latest, _ = spec.latest_nhi
    which = 2 + whole(draws.uniform("late assessment instalment", len(roles)), 0, 6)
    natural = (draws.uniform("late assessment", len(roles)) < _LATE_ASSESSED) & (roles == Role.NONE)
    planted = has(roles, Role.LATE_ASSESSMENT)[levies.obligor] & (levies.year == year) & (levies.instalment == latest)
    chosen = natural[levies.obligor] & (levies.instalment == which[levies.obligor]) & (levies.collection == ORDINARY)
    late = levies.where(chosen | planted)
    size = draws.uniform("late assessment amount", len(roles))[late.obligor]
    for_year = late.year - 1
    changed = {
        "levy_id": _levy_ids(b"N", late.year, for_year, late.instalment, people.resident_id[late.obligor]),
        "for_year": for_year,
        "amount_yen": 1_500 + 500 * whole(size, 0, 60),
        "recorded_at": at(plus(late.due_on, -34), 6 * HOUR),
    }
    return Levies(**vars(late) | changed)


def _levy_ids(letter: bytes, year: Ints, for_year: Ints, instalment: Ints, resident_id: Texts) -> Texts:
    """Scheme, levy year, year it is for, instalment, obligor: 19 characters."""
    return glue(letter, digits(year, 4), digits(for_year % 100, 2), digits(instalment, 2), resident_id)


def levy_rows(levies: Levies, people: People) -> Rows:
    """The levies as rows of `records.levy`."""
    return Rows(
        {
            "levy_id": levies.levy_id,
            "scheme": levies.scheme,
            "obligor_id": people.resident_id[levies.obligor],
            "levy_year": levies.year,
            "for_year": levies.for_year,
            "instalment": levies.instalment,
            "due_on": levies.due_on,
            "amount_yen": levies.amount_yen,
            "collection": COLLECTIONS[levies.collection],
            "recorded_at": levies.recorded_at,
            "superseded_at": np.full(len(levies), FOREVER),
        }
    )
