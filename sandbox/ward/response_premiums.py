"""How obligors of instalments respond to messages."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sandbox.ward.arrays import Bools, Days, Floats, Ints, Texts, at, business_days_after, glue, pick, plus
from sandbox.ward.arrays import Times as Moments
from sandbox.ward.contacts import MOBILE
from sandbox.ward.insurance import NHI
from sandbox.ward.making import Chunk
from sandbox.ward.payments import COUNTER, STORE, confirmed_at, known_at, versions
from sandbox.ward.planted import Role, has
from sandbox.ward.premiums import ORDINARY
from sandbox.ward.response import RESPONSE_DAYS, Change, Times, day_in_japan, people_by_phone, share_of

# Who settles later than so many days after the due date, or never, may be one whom a message makes pay.
_SLOW_DAYS = 50
# Fewer debtors than this have no share of their own: that of the scheme, or of all, is steadier.
_FEW = 100
_TOPICS = ("will", "day", "clock")
_MORNING = 9 * 3600
# Planted people whom no campaign sends a message: they must not dilute the planted effect.
_NOT_SENT = tuple(
    role
    for role in Role
    if Role.PROTECTED <= role <= Role.NEVER_CONFIRMED or role in {Role.SHARES_WITH_SHARED, Role.DIRECT_DEBIT}
)


@dataclass(frozen=True)
class _Debts:
    """Ordinary levies that may still be owed after `as_of`, one value a levy; `levy_no` counts through the ward.

    `response` and `delay` are drawn by subject: all levies of a subject are paid together.
    """

    levy_no: Ints
    levy_id: Texts
    is_nhi: Bools
    subject: Ints
    due_on: Days
    amount_yen: Ints
    paid_on: Days
    paid_yen: Ints
    reversed_at: Moments
    settled_on: Days
    is_slow: Bools
    is_counted: Bools
    response: Floats
    delay: Ints
    clock: Floats

    def where(self, mask: Bools | Ints) -> "_Debts":
        return _Debts(**{name: values[mask] for name, values in vars(self).items()})


class PremiumResponse:
    """Payments of the latest instalment due, made because of a message."""

    def __init__(self, chunks: list[Chunk], effect: float) -> None:
        self._subjects: dict[str, list[list[int]]] = {}
        parts: list[_Debts] = []
        offset, subject_offset = 0, 0
        for chunk in chunks:
            debts, obligor = _debts(chunk, offset, subject_offset)
            self._index(chunk, debts, obligor, sum(part.levy_no.size for part in parts))
            parts.append(debts)
            offset += len(chunk.levies)
            subject_offset += len(chunk.people) * 44
        self._debts = _Debts(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})
        self._threshold = _thresholds(self._debts, effect)

    def _index(self, chunk: Chunk, debts: _Debts, obligor: Ints, first: int) -> None:
        """By number: the positions of each (person, scheme)'s debts, the latest due first."""
        order = np.lexsort((-debts.due_on.astype(np.int64), debts.is_nhi, obligor))
        groups: dict[int, list[list[int]]] = {}
        before = (-1, False)
        for place in order.tolist():
            owner = (int(obligor[place]), bool(debts.is_nhi[place]))
            if owner != before:
                groups.setdefault(owner[0], []).append([])
                before = owner
            groups[owner[0]][-1].append(first + place)
        for phone, people in people_by_phone(chunk, np.unique(obligor)).items():
            self._subjects.setdefault(phone, []).extend(group for person in people for group in groups[person])

    def to(self, messages: Times) -> Change:
        """What the messages change."""
        answers: dict[int, tuple[date, int]] = {}
        for phone, times in messages.items():
            for group in self._subjects.get(phone, []):
                for time in times:
                    for place in self._latest(group, day_in_japan(time)):
                        delay = int(self._debts.delay[place])
                        answers.setdefault(place, (day_in_japan(time) + timedelta(days=delay), delay))
        return self._paid(answers)

    def _latest(self, group: list[int], day: date) -> list[int]:
        """The levies of the latest instalment that was due before `day`, when its obligor is one who responds."""
        due = [place for place in group if self._debts.due_on[place].item() < day]
        latest = [place for place in due if self._debts.subject[place] == self._debts.subject[due[0]]]
        return [place for place in latest if self._debts.response[place] < self._threshold[place]]

    def _paid(self, answers: dict[int, tuple[date, int]]) -> Change:
        places = np.array(sorted(answers), dtype=np.int64)
        debts = self._debts.where(places)
        pays_on = np.array([answers[place][0] for place in places.tolist()], dtype="datetime64[D]")
        delay = np.array([answers[place][1] for place in places.tolist()], dtype=np.int64)
        before = np.where(debts.paid_on <= pays_on, debts.paid_yen, 0)
        was_undone = ~np.isnat(debts.reversed_at)
        is_undone = was_undone & (debts.reversed_at < at(plus(pays_on, -delay), 0))
        missing = debts.amount_yen - np.where(is_undone, 0, before)
        pays = ~(debts.settled_on <= pays_on) & (missing > 0)
        debts, pays_on, delay = debts.where(pays), pays_on[pays], delay[pays]
        # On the day of the message nothing is paid at the counter: it could be known before the message went out.
        channel = np.where((debts.clock < 0.1) & (delay > 0), COUNTER, STORE)
        known = known_at(pays_on, channel, np.full(len(pays_on), 0.9), debts.clock)
        confirmed = confirmed_at(known, channel, debts.clock)
        ids = glue(debts.levy_id, b"-M")
        rows = versions(ids, debts.levy_no, debts.levy_id, missing[pays], pays_on, channel, known, confirmed)
        return Change(rows, dict(zip(debts.levy_no.tolist(), pays_on.tolist(), strict=True)))


def _debts(chunk: Chunk, offset: int, subject_offset: int) -> tuple[_Debts, Ints]:
    """The chunk's debts with the position of each one's obligor."""
    levies, behaviour = chunk.levies, chunk.behaviour
    may_owe = (levies.collection == ORDINARY) & ~chunk.is_planned & (levies.due_on >= _latest_due(chunk))
    settled_on = behaviour.settled_on(levies.amount_yen)
    is_slow = np.isnat(settled_on) | (settled_on > plus(levies.due_on, _SLOW_DAYS))
    reference = at(business_days_after(levies.due_on, 2), _MORNING)
    # Paid and known to be paid by then, and not undone since.
    known_paid = (behaviour.known_at <= reference) & (behaviour.amount_yen >= levies.amount_yen)
    known_paid &= np.isnat(behaviour.reversed_at) | (behaviour.reversed_at > reference)
    reached = (chunk.contacts.kind == MOBILE) & ~has(chunk.roles, *_NOT_SENT)
    drawn = {topic: chunk.draws.uniform(f"response {topic}", len(chunk.people) * 44) for topic in _TOPICS}
    debts = _Debts(
        levy_no=offset + np.arange(len(levies)),
        levy_id=levies.levy_id,
        is_nhi=levies.scheme == NHI,
        subject=subject_offset + levies.unit,
        due_on=levies.due_on,
        amount_yen=levies.amount_yen,
        paid_on=behaviour.paid_on,
        paid_yen=np.where(behaviour.is_paid, behaviour.amount_yen, 0),
        reversed_at=behaviour.reversed_at,
        settled_on=settled_on,
        is_slow=is_slow,
        is_counted=~known_paid & reached[levies.obligor],
        response=np.where(is_slow, drawn["will"][levies.unit], 1.0),
        delay=pick(drawn["day"][levies.unit], RESPONSE_DAYS),
        clock=drawn["clock"][levies.unit],
    )
    return debts.where(may_owe), levies.obligor[may_owe]


def _latest_due(chunk: Chunk) -> Days:
    """For each levy: when its obligor's latest instalment of the scheme fell due before `as_of`."""
    levies = chunk.levies
    owner = levies.obligor * 2 + (levies.scheme == NHI)
    past = levies.due_on < np.datetime64(chunk.spec.as_of_on, "D")
    latest = np.full(len(chunk.people) * 2, -36_500)
    np.maximum.at(latest, owner[past], levies.due_on[past].astype(np.int64))
    days: Days = latest[owner].astype("datetime64[D]")
    return days


def _thresholds(debts: _Debts, effect: float) -> Floats:
    """Below which draw an obligor responds, by levy: the same for a scheme's instalments with the same due date."""
    threshold = np.zeros(len(debts.levy_no))
    for is_nhi in (True, False):
        scheme = debts.is_nhi == is_nhi
        for due in np.unique(debts.due_on[scheme]):
            here = scheme & (debts.due_on == due)
            groups = (here, scheme, np.full(len(here), fill_value=True))
            enough = (group for group in groups if np.count_nonzero(group & debts.is_counted) >= _FEW)
            threshold[here] = _share(debts, next(enough, groups[-1]), effect)
    return threshold


def _share(debts: _Debts, here: Bools, effect: float) -> float:
    counted = here & debts.is_counted
    slow = int(np.count_nonzero(counted & debts.is_slow))
    return share_of(effect, slow, int(np.count_nonzero(counted)), "the debtors of an instalment")
