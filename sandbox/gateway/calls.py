"""What a test of the sending rate needs to know: when `POST /messages` calls came, and how many were open at once."""

import time
from collections import deque
from typing import Any

KEPT = 200_000


class CallLog:
    """Notes the calls to create a message, whatever becomes of them. Bounded: the arrivals of the last 200,000."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=KEPT)
        self._total = self._open = self._most_open = 0

    def enter(self) -> None:
        """Note a call: its head has come in, its body perhaps not yet."""
        self._arrivals.append(time.monotonic())
        self._total += 1
        self._open += 1
        self._most_open = max(self._most_open, self._open)

    def leave(self) -> None:
        """Note that a call is over: answered, or the client has hung up."""
        self._open -= 1

    def clear(self) -> None:
        """Forget all calls but those still open."""
        self._arrivals.clear()
        self._total, self._most_open = 0, self._open

    def describe(self) -> dict[str, Any]:
        """Return `arrivals` in this machine's monotonic seconds, oldest first, and how many in all and at once."""
        return {
            "object": "calls",
            "total": self._total,
            "in_flight": self._open,
            "most_in_flight": self._most_open,
            "arrivals": list(self._arrivals),
        }
