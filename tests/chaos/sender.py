"""A sending process that dies where it is told to.

Production code knows nothing of it: the named boundaries are put around its functions, its commits and its HTTP calls
from outside, in the process that is going to die.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import requests.adapters
import urllib3.connection
from sqlalchemy import Connection, Engine, event, make_url

from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine
from oshirase.adapters.gateways import karaden
from oshirase.adapters.pace import Pace
from oshirase.adapters.settings import load_city
from oshirase.services import calls, delivery

# Imported and read before the fork, so that a sender's life is all work: its driver, its dialect, its settings.
create_records_engine(make_url("postgresql+psycopg://nobody@localhost/nothing")).dispose()
CITY = load_city()

# In the order in which one group of notices passes them.
BOUNDARIES = (
    "before_claim",
    "in_claim_before_commit",
    "after_claim_before_call",
    "in_call_before_request",
    "in_call_request_is_out",
    "in_call_after_accept",
    "after_call_before_record",
    "before_record",
    "in_record_before_commit",
    "after_record",
)
GROUP_SIZE = 4
WIDTH = 3
TIMEOUT_SECONDS = (1.0, 0.3)
STOPPED = 3


@dataclass(frozen=True)
class Orders:
    """What a sender is to do, and the boundary that it does not outlive: the `nth` time that it comes there."""

    database: str
    account: karaden.KaradenAccount
    run: UUID
    now: datetime
    batch: int = 1
    die_at: str | None = None
    nth: int = 1


class Watch:
    """Counts who passes which boundary, and kills this process at the one in its orders."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._passed: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._step = threading.local()

    def passes(self, boundary: str) -> None:
        with self._lock:
            self._passed[boundary] += 1
            if boundary == self._orders.die_at and self._passed[boundary] == self._orders.nth:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any], before: str, after: str, step: str = "") -> Callable[..., Any]:
        """The function between two boundaries; the commits of this thread meanwhile belong to `step`."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            self.passes(before)
            self._step.name = step
            try:
                result = function(*args, **kwargs)
            finally:
                self._step.name = ""
            self.passes(after)
            return result

        return watched

    def before_commit(self, _: Connection) -> None:
        if step := getattr(self._step, "name", ""):
            self.passes(f"in_{step}_before_commit")


def put_boundaries(watch: Watch, engine: Engine, gateway: karaden.KaradenGateway) -> None:
    """Put every boundary around what a sender does."""
    delivery.claim_notices = watch.around(delivery.claim_notices, "before_claim", "after_claim_before_call", "claim")
    delivery.record_outcomes = watch.around(delivery.record_outcomes, "before_record", "after_record", "record")
    event.listen(engine, "commit", watch.before_commit)
    gateway.submit = watch.around(gateway.submit, "before_call", "after_call_before_record")  # type: ignore[method-assign]
    adapter = requests.adapters.HTTPAdapter
    adapter.send = watch.around(adapter.send, "in_call_before_request", "in_call_after_accept")  # type: ignore[method-assign]
    connection = urllib3.connection.HTTPConnection
    connection.getresponse = watch.around(  # type: ignore[method-assign]
        connection.getresponse, "in_call_request_is_out", "in_call_answer_begins"
    )


def send(orders: Orders) -> None:
    """Deliver a batch; exit status 0 when nothing is left to claim, STOPPED when the gateway stopped it."""
    delivery.GROUP_SIZE = GROUP_SIZE
    karaden.TIMEOUT_SECONDS = TIMEOUT_SECONDS
    karaden.BUSY_PAUSE = timedelta(seconds=0.02)
    engine = create_records_engine(make_url(orders.database), CAMPAIGN_ROLE)
    gateway = karaden.KaradenGateway("karaden", orders.account, Pace(engine, "karaden", 2_000, WIDTH))
    put_boundaries(Watch(orders), engine, gateway)
    by = f"worker {os.getpid()}"
    sender = delivery.Sender(engine, gateway, CITY, by, lambda: orders.now, patience_seconds=0)
    try:
        sender.deliver_batch(orders.run, orders.batch)
    except calls.SendingStopped:
        raise SystemExit(STOPPED) from None
