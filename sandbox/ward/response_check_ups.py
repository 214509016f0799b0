"""How households respond to check-up messages."""

from datetime import datetime

import numpy as np

from sandbox.ward.arrays import Bools, Days, Floats, Ints, open_day, plus, whole
from sandbox.ward.checkups import known_at, screenings
from sandbox.ward.making import Chunk, moment
from sandbox.ward.response import Times, day_in_japan, people_by_phone, share_of
from sandbox.ward.tables import Rows, concat

_DAYS_AFTER = (5, 35)


class CheckUpResponse:
    """Screenings to come: those of people who go anyway, and those of households that a message brings to go."""

    def __init__(self, chunks: list[Chunk], effect: float) -> None:
        self._households = [_Households(chunk) for chunk in chunks]
        idle = sum(part.idle for part in self._households)
        self._share = share_of(
            effect, idle, sum(part.audience for part in self._households), "the unscreened households"
        )

    def to(self, messages: Times) -> Rows:
        """All screenings after `as_of`, with those that the messages bring about."""
        return concat(rows for part in self._households for rows in (part.anyway, part.answers(messages, self._share)))


class _Households:
    """One chunk's households: who is idle (not screened this year or in the two before), and who would respond."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        *before, self.now = chunk.check_ups
        screened_before, screened = np.zeros((2, len(chunk.people)), dtype=bool)
        for year in before:
            screened_before[chunk.people.head[year.member[year.is_screened]]] = True
        screened[chunk.people.head[self.now.member[self.now.is_screened]]] = True
        invited = self.now.exclusion == 0
        head = chunk.people.head[self.now.member]
        self._may_go: Bools = invited & ~screened_before[head] & ~screened[head]
        self.audience = len(np.unique(head[invited & ~screened_before[head]]))
        self.idle = len(np.unique(head[self._may_go]))
        self._will: Floats = chunk.draws.uniform("check-up response", len(chunk.people))
        self._day: Floats = chunk.draws.uniform("check-up response day", len(chunk.people))
        self._by_phone = people_by_phone(chunk, np.arange(len(chunk.people)))
        self.anyway = self._anyway()

    def _anyway(self) -> Rows:
        rows = concat(
            screenings(
                self.chunk.people,
                year.member[year.is_screened],
                year.year,
                year.screened_on[year.is_screened],
                year.known_at[year.is_screened],
            )
            for year in self.chunk.check_ups
        )
        return rows.where(rows["recorded_at"] > moment(self.chunk.spec))

    def answers(self, messages: Times, share: float) -> Rows:
        """Screenings because of messages: the member whose number it is, else the household's first; once each."""
        reminded: dict[int, tuple[datetime, int]] = {}
        for phone in sorted(messages.keys() & self._by_phone.keys()):
            for person in self._by_phone[phone]:
                head = int(self.chunk.people.head[person])
                reminded[head] = min(reminded.get(head, (messages[phone][0], person)), (messages[phone][0], person))
        going = [self._goes(head, person) for head, (_, person) in sorted(reminded.items()) if self._will[head] < share]
        days = [at for head, (at, _) in sorted(reminded.items()) if self._will[head] < share]
        place = np.array([one for one in going if one is not None], dtype=np.int64)
        on = [day_in_japan(at) for at, one in zip(days, going, strict=True) if one is not None]
        return self._screened(place, np.array(on, dtype="datetime64[D]"))

    def _goes(self, head: int, person: int) -> int | None:
        """The place in this year's vouchers of who goes."""
        members = np.flatnonzero(self._may_go & (self.chunk.people.head[self.now.member] == head))
        own = [int(place) for place in members if self.now.member[place] == person]
        return (own + members.tolist() + [None])[0]

    def _screened(self, place: Ints, reminded_on: Days) -> Rows:
        member = self.now.member[place]
        draw = self._day[self.chunk.people.head[member]]
        day = open_day(plus(reminded_on, whole(draw, *_DAYS_AFTER)))
        in_time = day <= self.now.last_day[place]
        known = known_at(day, draw)
        return screenings(self.chunk.people, member[in_time], self.now.year, day[in_time], known[in_time])
