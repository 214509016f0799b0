"""Instalment plans (分割納付) for arrears: agreed on, kept by some, broken by others."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from oshirase.domain.calendar import OfficeCalendar, last_day_of_month
from sandbox.ward.arrays import FOREVER, HOUR, Bools, Column, Draws, Floats, Ints, Texts, Times, at
from sandbox.ward.insurance import NHI
from sandbox.ward.payments import COUNTER, STORE, confirmed_at, known_at, numbered, versions
from sandbox.ward.people import People
from sandbox.ward.planted import Role, has
from sandbox.ward.premiums import ORDINARY, Levies
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Facts, Rows, concat

_STOPPED_AT = 5  # who has a plan stopped paying with this instalment of last year
_PLANNED, _COVERS_LATEST, _KEEPS, _CANCELLED = 0.03, 0.35, 0.58, 0.10
CATCHES_UP = 0.30  # of those in default, without a message


@dataclass(frozen=True)
class Plan:
    """One plan: what it covers (positions and amounts, oldest first), its instalments, and what the person does.

    `kept` instalments are paid in time, then no more, until `catches_up_on` (when there is one), on which everything
    due by then is paid.
    """

    obligor: int
    agreed_on: date
    levies: tuple[int, ...]
    amounts_yen: tuple[int, ...]
    instalments: tuple[tuple[date, int], ...]
    kept: int
    days_early: tuple[int, ...]
    catches_up_on: date | None
    is_cancelled: bool
    response: float = field(default=1.0)

    def is_in_default_on(self, day: date) -> bool:
        """Whether an instalment due by `day` was not paid."""
        return bisect_right([due for due, _ in self.instalments], day) > self.kept

    def payments(self, reminded_to_pay_on: date | None = None) -> Iterator[tuple[date, int]]:
        """Days and yen of what the person pays; a reminder makes them pay what is due, once, on the day given."""
        for (due, amount), early in zip(self.instalments[: self.kept], self.days_early, strict=False):
            yield max(self.agreed_on + timedelta(days=1), due - timedelta(days=early)), amount
        pays_on = min(filter(None, (self.catches_up_on, reminded_to_pay_on)), default=None)
        if pays_on is not None:
            missing = sum(amount for due, amount in self.instalments[self.kept :] if due <= pays_on)
            if missing:
                yield pays_on, missing

    def by_levy(self, paid: Iterable[tuple[date, int]]) -> Iterator[tuple[int, int, date]]:
        """Payments put against the covered levies, oldest first: position, yen, day."""
        left = list(self.amounts_yen)
        for day, amount in paid:
            unused = amount
            for place, owed in enumerate(left):
                part = min(owed, unused)
                if part > 0:
                    yield self.levies[place], part, day
                left[place] -= part
                unused -= part


def on_plan(spec: WardSpec, draws: Draws, levies: Levies, roles: Ints) -> Bools:
    """Which levies a plan covers: nothing else is paid for them."""
    people = len(roles)
    natural = (draws.uniform("plan", people) < _PLANNED) & (roles == Role.NONE)
    planted = has(roles, Role.ON_PLAN, Role.PLAN_DEFAULT)
    latest_too = (draws.uniform("plan covers latest", people) < _COVERS_LATEST) & natural | has(roles, Role.ON_PLAN)
    year, instalment, _ = spec.latest_nhi
    nhi = (levies.scheme == NHI) & (levies.collection == ORDINARY) & ~levies.is_late_assessment
    old = (
        (levies.year == spec.year - 1) & (levies.instalment >= _STOPPED_AT) & (levies.due_on <= _first_agreement(spec))
    )
    new = (levies.year == year) & (levies.instalment <= instalment) & latest_too[levies.obligor]
    covered: Bools = nhi & (natural | planted)[levies.obligor] & (old | new)
    return covered


def _first_agreement(spec: WardSpec) -> np.datetime64:
    return np.datetime64(spec.as_of_on - timedelta(days=150), "D")


def make_plans(spec: WardSpec, draws: Draws, levies: Levies, covered: Bools, roles: Ints) -> list[Plan]:
    """One plan for each obligor with covered levies."""
    drawn = {
        topic: draws.uniform(f"plan {topic}", len(roles))
        for topic in ("agreed", "length", "keeps", "kept", "early", "cancelled", "catches up", "response")
    }
    positions = np.flatnonzero(covered)
    positions = positions[np.lexsort((levies.due_on[positions], levies.obligor[positions]))]
    obligors = np.unique(levies.obligor[positions])
    groups = np.split(positions, np.flatnonzero(np.diff(levies.obligor[positions])) + 1)
    return [
        _plan(spec, levies, group, int(roles[who]), {topic: float(values[who]) for topic, values in drawn.items()})
        for who, group in zip(obligors, groups, strict=bool(len(obligors)))
    ]


def _plan(spec: WardSpec, levies: Levies, group: Ints, role: int, drawn: dict[str, float]) -> Plan:
    agreed_on = OfficeCalendar().next_open(spec.as_of_on - timedelta(days=70 + int(drawn["agreed"] * 75)))
    amounts = tuple(int(amount) for amount in levies.amount_yen[group])
    instalments = tuple(_schedule(agreed_on, sum(amounts), 6 + int(drawn["length"] * 7)))
    due = bisect_right([day for day, _ in instalments], spec.as_of_on)
    keeps = role == Role.ON_PLAN or (role != Role.PLAN_DEFAULT and drawn["keeps"] < _KEEPS)
    late_on = spec.as_of_on + timedelta(days=1 + int(drawn["catches up"] / CATCHES_UP * 60))
    return Plan(
        obligor=int(levies.obligor[group[0]]),
        agreed_on=agreed_on,
        levies=tuple(int(place) for place in group),
        amounts_yen=amounts,
        instalments=instalments,
        kept=len(instalments) if keeps else int(drawn["kept"] * due),
        days_early=tuple((int(drawn["early"] * 97) + 3 * number) % 9 for number in range(len(instalments))),
        catches_up_on=late_on if not keeps and drawn["catches up"] < CATCHES_UP else None,
        is_cancelled=not keeps and role == Role.NONE and drawn["cancelled"] < _CANCELLED,
        response=drawn["response"],
    )


def _schedule(agreed_on: date, total_yen: int, months: int) -> Iterator[tuple[date, int]]:
    """Equal instalments at the ends of the months after the agreement; the last one takes what is left over."""
    each_yen = max(total_yen // months // 100 * 100, 100)
    for number in range(months):
        month = agreed_on.month + number
        due = OfficeCalendar().next_open(last_day_of_month(agreed_on.year + month // 12, month % 12 + 1))
        if number == months - 1 or total_yen <= each_yen:
            yield due, total_yen
            return
        yield due, each_yen
        total_yen -= each_yen


def plan_facts(plans: list[Plan], levies: Levies, people: People, spec: WardSpec) -> Facts:
    """The plans, their instalments and what they cover, as rows; payments not included."""
    who = np.array([plan.obligor for plan in plans], dtype=np.int64)
    ids = _plan_ids(people, who)
    known = at(np.array([plan.agreed_on for plan in plans], dtype="datetime64[D]"), 15 * HOUR)
    instalments = [(i, n, due, yen) for i, p in enumerate(plans) for n, (due, yen) in enumerate(p.instalments, start=1)]
    covered = [(i, levy) for i, plan in enumerate(plans) for levy in plan.levies]
    of, place = _column([i for i, _, _, _ in instalments]), _column([i for i, _ in covered])
    return {
        "plan": _plan_rows(plans, ids, people.resident_id[who], known, spec),
        "plan_instalment": _versioned(
            known[of],
            plan_id=ids[of],
            instalment=_column([n for _, n, _, _ in instalments]),
            due_on=np.array([due for _, _, due, _ in instalments], dtype="datetime64[D]"),
            amount_yen=_column([yen for _, _, _, yen in instalments]),
        ),
        "plan_levy": _versioned(
            known[place], plan_id=ids[place], levy_id=levies.levy_id[_column([levy for _, levy in covered])]
        ),
    }


def _plan_ids(people: People, obligor: Ints) -> Texts:
    return np.char.add(np.bytes_(b"B"), people.resident_id[obligor]).astype("S11")


def _column(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _versioned(recorded_at: Times, **columns: Column) -> Rows:
    return Rows(columns | {"recorded_at": recorded_at, "superseded_at": np.full(len(recorded_at), FOREVER)})


def _plan_rows(plans: list[Plan], ids: Texts, obligor_id: Texts, known: Times, spec: WardSpec) -> Rows:
    count = len(plans)
    rows = _versioned(
        known,
        plan_id=ids,
        scheme=np.full(count, NHI),
        obligor_id=obligor_id,
        agreed_on=np.array([plan.agreed_on for plan in plans], dtype="datetime64[D]"),
        status=np.full(count, b"active", dtype="S9"),
    )
    cancelled = np.array([plan.is_cancelled for plan in plans], dtype=bool)
    moment = at(np.full(count, np.datetime64(spec.as_of_on - timedelta(days=9), "D")), 11 * HOUR)
    first = Rows(rows.columns | {"superseded_at": np.where(cancelled, moment, FOREVER)})
    end = {"status": np.full(count, b"cancelled", dtype="S9"), "recorded_at": moment}
    return concat([first, Rows(rows.columns | end).where(cancelled)])


def plan_payments(plan: Plan, levy_ids: Texts, paid: Iterable[tuple[date, int]], *, letter: bytes = b"P") -> Rows:
    """The payments of one plan as rows, each part of a payment with its own id; by store and counter in turn."""
    parts = list(plan.by_levy(paid))
    place, yen = _column([levy for levy, _, _ in parts]), _column([amount for _, amount, _ in parts])
    turn = np.arange(len(parts))
    channel = np.where(turn % 3 == 2, COUNTER, STORE)
    days = np.array([day for _, _, day in parts], dtype="datetime64[D]")
    clock: Floats = np.asarray((turn * 0.37 + plan.response) % 1.0, dtype=np.float64)
    known = known_at(days, channel, np.full(len(parts), 0.9), clock)
    confirmed = confirmed_at(known, channel, clock)
    return versions(
        numbered(levy_ids[place], letter, turn), place, levy_ids[place], yen, days, channel, known, confirmed
    )
