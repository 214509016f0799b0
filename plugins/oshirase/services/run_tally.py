"""A run's notices counted once, for everything that its page says of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from oshirase.adapters.sql import statement

# In the order of a notice's life after the hand-over.
HANDED_OVER = ("delivered", "undelivered", "failed", "cancelled", "accepted")
# The SMS has gone out or will: what is in a line, under way, or with the gateway.
LIVE = ("planned", "claimed", "unknown", "accepted", "delivered", "undelivered", "failed")


@dataclass(frozen=True, slots=True)
class Heap:
    """Notices of a run that have all of this in common; `carrier` of delivered ones only.

    `booked_hour`: the beginning of the clock hour. `received_hour`: that in which the receipt was recorded which says
    how it ended. `charged_notices`: those of which the gateway has told what it charges, with the parts that we count
    (`parts_of_charged`) and those that it charges.
    """

    state: str
    reason: str | None
    arm: str | None
    text_id: UUID | None
    carrier: str | None
    booked_hour: datetime | None
    received_hour: datetime | None
    is_handed_over: bool
    settled_on: date | None
    notices: int
    parts: int
    charged_notices: int
    parts_of_charged: int
    charged_parts: int
    lost_leases: int
    first_booked_at: datetime | None
    last_booked_at: datetime | None
    first_handed_over_at: datetime | None
    last_handed_over_at: datetime | None
    first_received_at: datetime | None
    last_received_at: datetime | None


@dataclass(frozen=True)
class Tally:
    """All notices of a run, in heaps."""

    heaps: Sequence[Heap]

    @property
    def cohort(self) -> int:
        """Everybody whom the cohort statement selected."""
        return sum(heap.notices for heap in self.heaps)

    def of(self, *states: str) -> list[Heap]:
        """The heaps of some states."""
        return [heap for heap in self.heaps if heap.state in states]

    def count(self, *states: str, reason: str | None = None) -> int:
        """Notices in some states, of one reason or of any."""
        return sum(heap.notices for heap in self.of(*states) if reason in {None, heap.reason})

    @property
    def booked_between(self) -> tuple[datetime, datetime] | None:
        """The first and the last booking of messages that have left or may yet leave."""
        live = self.of(*LIVE)
        return _span(live, lambda heap: heap.first_booked_at, lambda heap: heap.last_booked_at)

    @property
    def handed_over_between(self) -> tuple[datetime, datetime] | None:
        """The first and the last hand-over."""
        return _span(self.heaps, lambda heap: heap.first_handed_over_at, lambda heap: heap.last_handed_over_at)

    @property
    def received_between(self) -> tuple[datetime, datetime] | None:
        """When the first and the last receipt was recorded, of those that say how a notice ended."""
        return _span(self.heaps, lambda heap: heap.first_received_at, lambda heap: heap.last_received_at)


def tally_notices(connection: Connection, campaign_run_id: UUID, now: datetime) -> Tally:
    """Count a run's notices; a lease that is over at `now` is lost."""
    connection.execute(statement("review/allow_memory"))
    binds = {"campaign_run_id": campaign_run_id, "now": now}
    return Tally([Heap(*row) for row in connection.execute(statement("review/tally_notices"), binds)])


def _span(
    heaps: Iterable[Heap], first: Callable[[Heap], datetime | None], last: Callable[[Heap], datetime | None]
) -> tuple[datetime, datetime] | None:
    ends = [(begins, ends) for heap in heaps if (begins := first(heap)) and (ends := last(heap))]
    return (min(begins for begins, _ in ends), max(end for _, end in ends)) if ends else None
