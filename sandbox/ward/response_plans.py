"""How people in default of a plan respond to messages."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from sandbox.ward.arrays import pick
from sandbox.ward.making import Chunk
from sandbox.ward.plans import CATCHES_UP, Plan, plan_payments
from sandbox.ward.response import RESPONSE_DAYS, Change, Times, day_in_japan, people_by_phone, share_of
from sandbox.ward.tables import Rows, concat


class PlanResponse:
    """Plans caught up with because of a message: everything due is paid at once."""

    def __init__(self, chunks: list[Chunk], effect: float) -> None:
        self._plans: dict[str, list[tuple[Chunk, int, Plan]]] = {}
        offset = 0
        for chunk in chunks:
            by_obligor = {plan.obligor: plan for plan in chunk.plans}
            owners = np.array(sorted(by_obligor), dtype=np.int64)
            for phone, people in people_by_phone(chunk, owners).items():
                self._plans.setdefault(phone, []).extend((chunk, offset, by_obligor[person]) for person in people)
            offset += len(chunk.levies)
        # By the expected share: a small ward has too few plans for a share of their own.
        self._share = share_of(effect, 100 - round(100 * CATCHES_UP), 100, "the people in default of a plan")
        self._nothing = chunks[0].payments().where(np.array([], dtype=np.int64))

    def to(self, messages: Times) -> Change:
        """What the messages change."""
        rows: list[Rows] = [self._nothing]
        stops: dict[int, date] = {}
        for phone, times in messages.items():
            for chunk, offset, plan in self._plans.get(phone, []):
                for pays_on in self._answers(plan, [day_in_japan(time) for time in times]):
                    rows.append(_paid(chunk, offset, plan, pays_on))
                    stops |= {offset + levy: pays_on for levy in plan.levies}
        return Change(concat(rows), stops)

    def _answers(self, plan: Plan, days: list[date]) -> Iterator[date]:
        """The day on which the first message that finds the plan in default makes its person pay, if any does."""
        if plan.response >= self._share or plan.catches_up_on is not None:
            return
        reminded = next((day for day in days if plan.is_in_default_on(day)), None)
        if reminded is not None:
            draw = np.array([plan.response / self._share])
            yield reminded + timedelta(days=int(pick(draw, RESPONSE_DAYS)[0]))


def _paid(chunk: Chunk, offset: int, plan: Plan, pays_on: date) -> Rows:
    rows = plan_payments(plan, chunk.levies.levy_id, plan.payments(reminded_to_pay_on=pays_on), letter=b"M")
    rows = rows.where(rows["paid_on"] >= np.datetime64(pays_on, "D"))
    return Rows(rows.columns | {"levy_no": rows["levy_no"] + offset})
