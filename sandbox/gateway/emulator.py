"""The emulated gateway: what it does with a valid request, free of HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.gateway.contract import ContractError
from sandbox.gateway.lifecycle import OUTCOMES, Message, count_parts, is_cancellable, plan_life
from sandbox.gateway.store import Store
from sandbox.gateway.validation import NewMessage


class Emulator:
    """Accepts, cancels and counts messages over a clock that may be moved.

    `outcomes` names a profile of `sandbox.gateway.lifecycle.OUTCOMES`; KeyError otherwise. `seed` (at most 64 bytes)
    fixes what becomes of a given number and message id.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], *, outcomes: str, seed: bytes) -> None:
        self.store = store
        self._clock = clock
        self._outcomes = OUTCOMES[outcomes]
        self._seed = seed

    def now(self) -> int:
        """Return the clock's time in whole epoch seconds."""
        return int(self._clock().timestamp())

    def accept(self, new: NewMessage, now: int) -> Message:
        """Keep a new message and fix its whole life. A time already past means at once (inferred)."""
        message_id = str(uuid4())
        due_at = max(now, new.scheduled_at or now)
        life = plan_life(message_id, new.to, due_at, new.limited_at, outcomes=self._outcomes, seed=self._seed)
        message = Message(message_id, *new, now, *life, count_parts(new.body))
        self.store.add(message)
        return message

    def get(self, message_id: str) -> Message:
        """Return a message. Raises ContractError(`model_not_found`)."""
        message = self.store.get(message_id)
        if message is None:
            raise ContractError("model_not_found")
        return message

    def cancel(self, message_id: str, now: int) -> Message:
        """Cancel a booking. Raises ContractError(`model_not_found` or `can_not_cancel_message`)."""
        if not is_cancellable(self.get(message_id), now):
            raise ContractError("can_not_cancel_message")
        self.store.cancel(message_id, now)
        return self.get(message_id)

    def counts(self, now: int) -> dict[str, Any]:
        """Count from the other side of the gateway, for the tests that nobody got the same reminder twice.

        `telephones` maps a number to {sent, accepted}; `texts` is a list of {to, body, sent, accepted}, the most often
        sent first; `tags` maps a first tag (our notice id) to the messages accepted with it, only where they are more
        than one. `sent` is what has left by `now`, `accepted` also counts bookings, cancelled and expired messages.
        """
        telephones = {to: {"sent": sent, "accepted": all_} for to, sent, all_ in self.store.count_by_telephone(now)}
        texts = [
            {"to": to, "body": body, "sent": sent, "accepted": accepted}
            for to, body, sent, accepted in self.store.count_by_text(now)
        ]
        totals = {key: sum(count[key] for count in telephones.values()) for key in ("sent", "accepted")}
        tags = self.store.count_repeated_tags()
        return {"object": "counts", **totals, "telephones": telephones, "texts": texts, "tags": tags}
