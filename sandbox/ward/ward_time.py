"""The ward goes on living: payments, reversals and check-ups that become known after `as_of`.

What each person would do anyway, and whether and when they would respond to a message, is drawn once from (seed,
person, subject), so that what arrives does not depend on how time is sliced into calls.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from sandbox.ward.making import make_chunks, moment
from sandbox.ward.response_check_ups import CheckUpResponse
from sandbox.ward.response_plans import PlanResponse
from sandbox.ward.response_premiums import PremiumResponse
from sandbox.ward.spec import BadWard, WardSpec
from sandbox.ward.tables import Facts, Rows, concat

Topic = Literal["premium", "check_up"]


@dataclass(frozen=True)
class Message:
    """An SMS that a telephone really got: the number in E.164, when (aware), and what it was about."""

    phone_e164: str
    at: datetime
    topic: Topic = "premium"


# A mapping of numbers to times stands for messages about premiums.
Messages = Mapping[str, datetime] | Iterable[Message]


class WardTime:
    """What becomes known of one ward after its `as_of`.

    The planted truth, as differences of probabilities between people with and without a message:

    * `message_effect`: an ordinary instalment unpaid two business days after its due date gets paid within 14 days of
      the message (paid and, New Year apart, known);
    * `plan_effect`: a plan in default is caught up within 14 days;
    * `check_up_effect`: a household unscreened for two years gets somebody screened within 35 days.

    Raises:
        BadWard: an effect greater than the share of people who would not have done it anyway.
    """

    def __init__(
        self,
        ward: WardSpec,
        *,
        message_effect: float = 0.20,
        plan_effect: float = 0.30,
        check_up_effect: float = 0.10,
    ) -> None:
        for effect in (message_effect, plan_effect, check_up_effect):
            if not 0 <= effect <= 1:
                raise BadWard(f"an effect is a probability from 0 to 1, not {effect}")
        self.ward = ward
        self._start = moment(ward)
        chunks = list(make_chunks(ward))
        payments = [chunk.payments() for chunk in chunks]
        self._premiums = PremiumResponse(chunks, message_effect)
        self._plans = PlanResponse(chunks, plan_effect)
        self._check_ups = CheckUpResponse(chunks, check_up_effect)
        later = [rows.where(rows["recorded_at"] > self._start) for rows in payments]
        offsets = np.cumsum([0, *(len(chunk.levies) for chunk in chunks)])
        self._payments = concat(
            Rows(rows.columns | {"levy_no": rows["levy_no"] + offset})
            for rows, offset in zip(later, offsets[:-1], strict=True)
        )

    def arrivals(self, after: datetime, until: datetime, messaged: Messages = ()) -> Facts:
        """Rows that become known after `after`, until `until`: tables `payment` and `screening`, first known first.

        `messaged` are all messages got so far (those about later times change nothing yet). For one person and
        subject the first message counts. Pass the same messages again on later calls, with what came since.
        """
        premiums, check_ups = _by_topic(messaged)
        changed = [self._premiums.to(premiums), self._plans.to(premiums)]
        payments = self._payments
        for change in changed:
            payments = payments.where(~change.replaces(payments))
        payments = concat([payments, *(change.rows for change in changed if len(change.rows))])
        facts = {"payment": payments, "screening": self._check_ups.to(check_ups)}
        start = max(self._start, _utc(after))
        return {t: rows.recorded_between(start, _utc(until)).in_order_of_recording() for t, rows in facts.items()}


def _by_topic(messaged: Messages) -> tuple[dict[str, list[datetime]], dict[str, list[datetime]]]:
    """Times of messages by number, earliest first: about premiums, about check-ups."""
    found: dict[str, dict[str, list[datetime]]] = {"premium": {}, "check_up": {}}
    messages = [Message(*item) for item in messaged.items()] if isinstance(messaged, Mapping) else messaged
    for message in sorted(messages, key=lambda message: message.at):
        found[message.topic].setdefault(message.phone_e164, []).append(message.at)
    return found["premium"], found["check_up"]


def _utc(at: datetime) -> np.datetime64:
    if at.tzinfo is None:
        raise ValueError("the ward needs an aware time")
    return np.datetime64(int(at.timestamp()), "s")
