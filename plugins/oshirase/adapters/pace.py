"""The pace of calls to a gateway: one limit over all tasks, processes and machines that share the records database."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement
from oshirase.domain.gateway import Busy

logger = logging.getLogger(__name__)

# A call may start this much later than its reserved moment; past that, the moment is given up and another reserved.
TOLERANCE_SECONDS = 0.05
# A moment further ahead than this is looked at again when it has come, and several are reserved at once for no longer:
# so soon is a Retry-After obeyed that another process meets.
AHEAD_SECONDS = 0.05
# Spacing over 1/rate, so that a late call followed by punctual ones does not put one too many into a second.
STRETCH = 1 + 3 * TOLERANCE_SECONDS
PERMIT_POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Limits:
    """What a gateway connection may be asked to bear."""

    requests_per_second: float
    calls_in_flight: int


class Pace:
    """Lets calls pass one at a time: in any one-second window never more than the limit, over all processes.

    `width` is how many calls this process may have in flight at once.
    """

    def __init__(self, engine: Engine, gateway: str, requests_per_second: float, width: int) -> None:
        self.width = width
        self._engine = engine
        self._gateway = gateway
        self._spacing = STRETCH / requests_per_second
        self._ahead = max(1, int(AHEAD_SECONDS / self._spacing))
        self._lock = Lock()
        self._moments: deque[float] = deque()

    def wait(self) -> None:
        """Return at this call's moment.

        Raises:
            Busy: the moment is further away than a worker should sit and wait.
        """
        while True:
            moment = self._next_moment()
            early = moment - time.monotonic()
            if early > PATIENCE_SECONDS:
                raise Busy(f"the gateway asked for a pause of {early:.0f} s", timedelta(seconds=early))
            if early > 0:
                time.sleep(early)
            if early > AHEAD_SECONDS and self._is_blocked():
                # A delay that somebody met after this moment was reserved.
                continue
            if time.monotonic() - moment <= TOLERANCE_SECONDS:
                return

    def block(self, period: timedelta) -> None:
        """Nobody calls before the period is over: what the gateway asked for with Retry-After."""
        with self._engine.begin() as connection:
            connection.execute(
                statement("ledger/block_calls"), {"gateway": self._gateway, "seconds": period.total_seconds()}
            )
        with self._lock:
            self._moments.clear()

    def _is_blocked(self) -> bool:
        with self._engine.connect() as connection:
            return bool(connection.scalar(statement("ledger/is_blocked"), {"gateway": self._gateway}))

    def _next_moment(self) -> float:
        with self._lock:
            if not self._moments:
                self._reserve()
            return self._moments.popleft()

    def _reserve(self) -> None:
        with self._engine.begin() as connection:
            wait = connection.scalar(
                statement("ledger/reserve_calls"),
                {"gateway": self._gateway, "calls": self._ahead, "spacing_seconds": self._spacing},
            )
        # Counted from after the answer: late by the answer's way, never early.
        first = time.monotonic() + max(0.0, float(wait or 0))
        self._moments.extend(first + k * self._spacing for k in range(self._ahead))


@contextmanager
def paced(engine: Engine, gateway: str, limits: Limits) -> Iterator[Pace]:
    """A pace with as many of the permits for calls in flight as are free, one at least, held until the block ends.

    Permits are advisory locks of a session of their own: a process that dies gives them back by dying.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        if not (width := _take_permits(session, gateway, limits.calls_in_flight)):
            logger.info("All %d calls that %s bears at once are others': waiting", limits.calls_in_flight, gateway)
        while not width:
            time.sleep(PERMIT_POLL_SECONDS)
            width = _take_permits(session, gateway, limits.calls_in_flight)
        try:
            yield Pace(engine, gateway, limits.requests_per_second, width)
        finally:
            session.execute(statement("ledger/give_back_permits"))


def _take_permits(session: Connection, gateway: str, permits: int) -> int:
    """How many permits were free; half of them are left to others, so that two tasks go side by side."""
    taken = 0
    for permit in range(permits):
        if taken < max(1, permits // 2):
            taken += bool(session.scalar(statement("ledger/take_permit"), {"gateway": gateway, "permit": permit}))
    return taken
