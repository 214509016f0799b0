"""What messages change, in a form that the three kinds of response share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from oshirase.domain.calendar import JST
from sandbox.ward.arrays import Bools, Ints
from sandbox.ward.contacts import MOBILE
from sandbox.ward.making import Chunk
from sandbox.ward.spec import BadWard
from sandbox.ward.tables import Rows

# Times of messages by number in E.164, earliest first.
Times = Mapping[str, list[datetime]]

# Weights of paying 0 to 11 days after the message: paid, and known a business day later, within 14 days.
RESPONSE_DAYS = (12.0, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 2)


@dataclass(frozen=True)
class Change:
    """Payments that messages bring about (`rows`), and the day by levy (`pays_on`) after which nothing else is paid."""

    rows: Rows
    pays_on: dict[int, date]

    def replaces(self, payments: Rows) -> Bools:
        """Which of the payments that were to come will not be made, because it was paid before."""
        if not self.pays_on:
            return np.zeros(len(payments), dtype=bool)
        levies = np.array(sorted(self.pays_on), dtype=np.int64)
        days = np.array([self.pays_on[levy] for levy in levies.tolist()], dtype="datetime64[D]")
        place = np.searchsorted(levies, payments["levy_no"]).clip(max=len(levies) - 1)
        found: Bools = (levies[place] == payments["levy_no"]) & (payments["paid_on"] > days[place])
        return found


def day_in_japan(at: datetime) -> date:
    """The date in Japan."""
    return at.astimezone(JST).date()


def people_by_phone(chunk: Chunk, who: Ints) -> dict[str, list[int]]:
    """Which of the people (positions) a number in E.164 reaches."""
    found: dict[str, list[int]] = {}
    reached = who[chunk.contacts.kind[who] == MOBILE]
    for person, phone in zip(reached.tolist(), chunk.contacts.e164[reached].tolist(), strict=True):
        found.setdefault(phone.decode(), []).append(person)
    return found


def share_of(effect: float, idle: int, all_of_them: int, what: str) -> float:
    """The probability with which an idle one must respond, so that of all of them the share `effect` does.

    Raises:
        BadWard: more are to respond than are idle.
    """
    if effect * all_of_them > idle:
        share = idle / all_of_them
        raise BadWard(
            f"an effect of {effect} cannot be planted: only {share:.2f} of {what} do nothing without a message"
        )
    return effect * all_of_them / idle if idle else 0.0
