"""Payments: when people pay if nobody reminds them, and when the records hear of it."""

from dataclasses import dataclass

import numpy as np

from sandbox.ward.arrays import (
    FOREVER,
    HOUR,
    NEVER,
    NO_TIME,
    Bools,
    Days,
    Draws,
    Floats,
    Ints,
    Texts,
    Times,
    at,
    business_days_after,
    day_of,
    digits,
    glue,
    open_day,
    pick,
    plus,
    whole,
)
from sandbox.ward.planted import Role, has
from sandbox.ward.premiums import DIRECT_DEBIT, ORDINARY, PENSION, Levies
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Rows, concat

STORE, APP, BANK, DEBITED, WITHHELD, COUNTER = range(6)
CHANNELS = np.array([b"convenience_store", b"app", b"bank", b"direct_debit", b"pension", b"counter"])
_CHANNEL_SHARES = (70.0, 9, 14, 0, 0, 7)

ON_TIME, SOON, SLOW, NOT_AT_ALL = range(4)
PROMPT, SLOPPY, CHRONIC, BY_DEBIT, BY_PENSION = range(5)
_HABITS = (80.0, 15.0, 5.0)
# What each habit makes of an instalment: on time, within 20 days, after 50 to 150 days, not at all. Tuned so that
# 10-15 % of ordinary instalments are not known to be paid two business days after the due date.
_MANNERS = (
    (98.8, 0.9, 0.1, 0.2),
    (68.0, 13.0, 7.0, 12.0),
    (25.0, 12.0, 20.0, 43.0),
    (97.5, 1.5, 0.4, 0.6),
    (100.0, 0.0, 0.0, 0.0),
)
_DAYS_EARLY = (15.0, 9, 7, 6, 6, 6, 5, 5, 5, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2)
_DAYS_LATE = (0.0, 25, 15, 10, 8, 7, 6, 5, 4, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1)
_APP_DAYS = (0.0, 0, 22, 20, 16, 11, 8, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5)
_PARTIAL, _REVERSED, _PAID_AGAIN = 0.08, 0.003, 0.5


@dataclass(frozen=True)
class Behaviour:
    """What happens to each levy when nobody reminds the obligor; one value a levy, NaT where it does not happen."""

    paid_on: Days
    amount_yen: Ints
    channel: Ints
    known_at: Times
    confirmed_at: Times
    reversed_at: Times
    paid_again_on: Days

    @property
    def is_paid(self) -> Bools:
        """Which levies see a payment at all."""
        return ~np.isnat(self.paid_on)

    def settled_on(self, amount_due: Ints) -> Days:
        """The day on which nothing is owed any more for good."""
        once = (self.amount_yen >= amount_due) & np.isnat(self.reversed_at)
        return np.where(once, self.paid_on, np.where(np.isnat(self.reversed_at), NEVER, self.paid_again_on))


def make_behaviour(spec: WardSpec, draws: Draws, levies: Levies, roles: Ints) -> Behaviour:
    """How each levy is paid, with what was planted put in its place."""
    drawn = {
        topic: _by_unit(draws, topic, levies, len(roles))
        for topic in ("manner", "channel", "early", "late", "part", "reversed", "known", "clock", "again")
    }
    manner = _manners(draws, levies, drawn["manner"], len(roles))
    channel = _channels(levies, drawn["channel"])
    paid_on = _paid_on(levies, manner, channel, drawn)
    stopped = has(roles, Role.ON_PLAN, Role.PLAN_DEFAULT)[levies.obligor] & _after_spring(spec, levies)
    paid_on = np.where(stopped, NEVER, paid_on)
    is_part = (manner != ON_TIME) & (drawn["part"] < _PARTIAL) & (levies.collection == ORDINARY)
    amount = np.where(is_part, part_of(levies.amount_yen), levies.amount_yen)
    known = known_at(paid_on, channel, drawn["known"], drawn["clock"])
    is_reversed = (channel == STORE) & (drawn["reversed"] < _REVERSED) & (amount == levies.amount_yen)
    reversed_at = at(business_days_after(day_of(known), 3), 14 * HOUR + 600)
    reversed_at = np.where(is_reversed, reversed_at, NO_TIME)
    again = (drawn["again"] < _PAID_AGAIN) & is_reversed
    paid_again = np.where(again, plus(day_of(reversed_at), whole(drawn["late"], 4, 30)), NEVER)
    confirmed = np.where(is_reversed, NO_TIME, confirmed_at(known, channel, drawn["clock"]))
    natural = Behaviour(paid_on, amount, channel, known, confirmed, reversed_at, paid_again)
    return _with_planted(spec, levies, roles, natural, drawn["clock"])


def _by_unit(draws: Draws, topic: str, levies: Levies, people: int) -> Floats:
    # One draw an instalment, not a levy, for as many instalments as there could be: a levy more or less (another
    # as_of, a late assessment) changes nothing for the others.
    draw = draws.uniform(f"payment {topic}", people * 44)[levies.unit]
    # A late assessment is paid in its own manner.
    return np.where(levies.is_late_assessment, (draw + 0.382) % 1.0, draw)


def _manners(draws: Draws, levies: Levies, manner: Floats, people: int) -> Ints:
    habit = pick(draws.uniform("payment habit", people), _HABITS)[levies.obligor]
    habit = np.where(levies.collection == DIRECT_DEBIT, BY_DEBIT, habit)
    habit = np.where(levies.collection == PENSION, BY_PENSION, habit)
    choices = [pick(manner, weights) for weights in _MANNERS]
    chosen = choices[0]
    for number, choice in enumerate(choices):
        chosen = np.where(habit == number, choice, chosen)
    return chosen


def _channels(levies: Levies, channel: Floats) -> Ints:
    ordinary = pick(channel, _CHANNEL_SHARES)
    return np.select([levies.collection == PENSION, levies.collection == DIRECT_DEBIT], [WITHHELD, DEBITED], ordinary)


def _paid_on(levies: Levies, manner: Ints, channel: Ints, drawn: dict[str, Floats]) -> Days:
    early = plus(levies.due_on, -pick(drawn["early"], _DAYS_EARLY))
    early = np.maximum(early, plus(day_of(levies.recorded_at), 4))
    early = np.where(levies.collection == DIRECT_DEBIT, levies.due_on, early)
    early = np.where(levies.collection == PENSION, plus(levies.due_on, -15), early)
    soon = plus(levies.due_on, pick(drawn["late"], _DAYS_LATE))
    slow = plus(levies.due_on, whole(drawn["late"], 50, 150))
    day = np.select([manner == ON_TIME, manner == SOON, manner == SLOW], [early, soon, slow], NEVER)
    return np.where(channel == COUNTER, open_day(day), day)


def _after_spring(spec: WardSpec, levies: Levies) -> Bools:
    # Who has a plan stopped paying with the 5th instalment of last year: see plans.py.
    stopped: Bools = (levies.year == spec.year) | (levies.instalment >= 5)
    return stopped


def part_of(amount_yen: Ints) -> Ints:
    """About half of an amount, what people in need bring to the counter."""
    return np.maximum(amount_yen // 2 // 500 * 500, 500)


def known_at(paid_on: Days, channel: Ints, when: Floats, clock: Floats) -> Times:
    """When the records hear of a payment for the first time.

    Convenience stores report (preliminarily) on the next business day, a third in the night's file and the rest in the
    day's; smartphone apps after two days to three weeks; banks after two business days; the counter on the same day.
    """
    after = np.select(
        [channel == APP, channel == COUNTER],
        [open_day(plus(paid_on, pick(when, _APP_DAYS))), open_day(paid_on)],
        business_days_after(paid_on, np.select([channel == BANK, channel == WITHHELD], [2, 5], 1)),
    )
    by_day = (channel == COUNTER) | (channel == APP) | ((channel == STORE) & (when > 0.35))
    morning, day = 7 * HOUR + whole(clock, 0, 5_399), 10 * HOUR + whole(clock, 0, 8 * HOUR - 1)
    return at(after, np.where(by_day, day, morning))


def confirmed_at(known: Times, channel: Ints, clock: Floats) -> Times:
    """When a convenience store's preliminary record (速報) is confirmed (確報): 5 to 8 business days later."""
    day = business_days_after(day_of(known), whole(clock, 5, 8))
    return np.where(channel == STORE, at(day, 7 * HOUR + 300), NO_TIME)


def _with_planted(spec: WardSpec, levies: Levies, roles: Ints, natural: Behaviour, clock: Floats) -> Behaviour:
    """Everybody with a role owes the latest NHI instalment, in the way that the role says."""
    year, instalment, due = spec.latest_nhi
    role = roles[levies.obligor]
    latest = (levies.scheme == b"nhi") & (levies.year == year) & (levies.instalment == instalment) & (role > Role.NONE)
    latest &= ~(has(role, Role.LATE_ASSESSMENT) & ~levies.is_late_assessment)
    now, due_on = np.datetime64(int(spec.as_of.timestamp()), "s"), np.datetime64(due, "D")
    today = np.datetime64(spec.as_of_on, "D")
    part, undone, undone_later = (latest & (role == one) for one in (Role.PARTIAL, Role.REVERSED, Role.REVERSED_LATER))
    soon, next_days = latest & (role == Role.KNOWN_TODAY), latest & (role == Role.KNOWN_NEXT_DAYS)
    # "Known today" means an hour and a half to five and a half hours after as_of: when messages are booked already.
    minutes = whole(clock, 90, 330)
    in_a_moment = now + (minutes * 60).astype("timedelta64[s]")
    paid_on = np.select(
        [part | undone, undone_later, soon, next_days, latest],
        [due_on - 12, due_on - 1, today - 1, today + whole(clock, 1, 6).astype("timedelta64[D]"), NEVER],
        natural.paid_on,
    )
    channel = np.where(part | undone | undone_later | soon | next_days, STORE, natural.channel)
    known = np.where(latest, known_at(paid_on, channel, np.full(len(levies), 0.9), clock), natural.known_at)
    known = np.where(undone_later, at(paid_on, 18 * HOUR), np.where(soon, in_a_moment, known))
    is_undone = undone | undone_later
    undone_on = at(business_days_after(np.where(undone_later, today, day_of(known)), 3), 14 * HOUR + 600)
    return Behaviour(
        paid_on=paid_on,
        amount_yen=np.where(part, part_of(levies.amount_yen), np.where(latest, levies.amount_yen, natural.amount_yen)),
        channel=channel,
        known_at=known,
        confirmed_at=np.select(
            [is_undone, latest], [NO_TIME, confirmed_at(known, channel, clock)], natural.confirmed_at
        ),
        reversed_at=np.select([is_undone, latest], [undone_on, NO_TIME], natural.reversed_at),
        paid_again_on=np.where(latest, NEVER, natural.paid_again_on),
    )


def payment_rows(levies: Levies, behaviour: Behaviour) -> Rows:
    """Every version of every payment: first records, confirmations, reversals, and payments after a reversal."""
    paid = np.flatnonzero(behaviour.is_paid)
    first = versions(
        glue(levies.levy_id[paid], b"-1"),
        paid,
        levies.levy_id[paid],
        behaviour.amount_yen[paid],
        behaviour.paid_on[paid],
        behaviour.channel[paid],
        behaviour.known_at[paid],
        behaviour.confirmed_at[paid],
    )
    return concat([first, _reversals(levies, behaviour), _payments_after_reversal(levies, behaviour)])


def _reversals(levies: Levies, behaviour: Behaviour) -> Rows:
    undone = np.flatnonzero(behaviour.is_paid & ~np.isnat(behaviour.reversed_at))
    rows = versions(
        glue(levies.levy_id[undone], b"-R"),
        undone,
        levies.levy_id[undone],
        -behaviour.amount_yen[undone],
        behaviour.paid_on[undone],
        behaviour.channel[undone],
        behaviour.reversed_at[undone],
        np.full(len(undone), NO_TIME),
    )
    return Rows(rows.columns | {"stage": np.full(len(undone), b"reversal", dtype=rows["stage"].dtype)})


def _payments_after_reversal(levies: Levies, behaviour: Behaviour) -> Rows:
    again = np.flatnonzero(behaviour.is_paid & ~np.isnat(behaviour.paid_again_on))
    paid_on, channel = behaviour.paid_again_on[again], np.full(len(again), STORE)
    known = known_at(paid_on, channel, np.full(len(again), 0.9), np.full(len(again), 0.4))
    return versions(
        glue(levies.levy_id[again], b"-2"),
        again,
        levies.levy_id[again],
        levies.amount_yen[again],
        paid_on,
        channel,
        known,
        confirmed_at(known, channel, np.full(len(again), 0.4)),
    )


def versions(  # the columns of the table, no more
    payment_id: Texts,
    levy_no: Ints,
    levy_id: Texts,
    amount_yen: Ints,
    paid_on: Days,
    channel: Ints,
    known: Times,
    confirmed: Times,
) -> Rows:
    """Payments as first known and, where `confirmed` is a time, as confirmed; `levy_no` is carried along."""
    waits = ~np.isnat(confirmed)
    stage = np.where(waits, np.bytes_(b"preliminary"), np.bytes_(b"confirmed"))
    first = Rows(
        {
            "payment_id": payment_id,
            "levy_no": levy_no,
            "levy_id": levy_id,
            "amount_yen": amount_yen,
            "paid_on": paid_on,
            "channel": CHANNELS[channel],
            # A store's record that is reversed later was never more than preliminary.
            "stage": np.where((channel == STORE) & ~waits, np.bytes_(b"preliminary"), stage),
            "recorded_at": known,
            "superseded_at": np.where(waits, confirmed, FOREVER),
        }
    )
    second = first.where(waits)
    final = {
        "stage": np.full(len(second), b"confirmed", dtype=first["stage"].dtype),
        "recorded_at": confirmed[waits],
        "superseded_at": np.full(len(second), FOREVER),
    }
    return concat([first, Rows(second.columns | final)])


def numbered(levy_id: Texts, letter: bytes, number: Ints) -> Texts:
    """Payment ids for the payments that one levy gets in many parts."""
    return glue(levy_id, b"-", letter, digits(number, 2))
