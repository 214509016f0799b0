"""A run's notices counted once, for everything that its page says of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from oshirase.adapters.sql import statement
from oshirase.services.campaign_run import StateCount

# In the order of a notice's life after the hand-over.
HANDED_OVER = ("delivered", "undelivered", "failed", "cancelled", "accepted")
# Went out, as far as anybody knows: what is cancelled did not.
SENT = ("accepted", "delivered", "undelivered", "failed")
# The SMS has gone out or will: what is in a line, under way, or with the gateway.
LIVE = ("planned", "claimed", "unknown", "accepted", "delivered", "undelivered", "failed")


@dataclass(frozen=True, slots=True)
class Heap:
    """Notices of a run that have all of this in common; `carrier` of delivered ones only.

    `booked_hour`: the beginning of the clock hour. `received_hour`: that in which the receipt was recorded which says
    how it ended. `charged_notices`: those of which the gateway has told what it charges; `parts_each` is what we count.
    """

    state: str
    reason: str | None
    arm: str | None
    text_id: UUID | None
    carrier: str | None
    booked_hour: datetime | None
    received_hour: datetime | None
    notices: int
    handed_over: int
    charged_notices: int
    charged_parts: int
    first_booked_at: datetime | None
    last_booked_at: datetime | None
    first_handed_over_at: datetime | None
    last_handed_over_at: datetime | None
    first_changed_at: datetime
    last_changed_at: datetime
    parts_each: int

    @property
    def parts(self) -> int:
        """Billable parts of all of them, as we count."""
        return self.notices * self.parts_each


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

    def state_counts(self) -> list[StateCount]:
        """Notices and parts by state and reason."""
        notices: Counter[tuple[str, str | None]] = Counter()
        parts: Counter[tuple[str, str | None]] = Counter()
        for heap in self.heaps:
            notices[heap.state, heap.reason] += heap.notices
            parts[heap.state, heap.reason] += heap.parts
        return [StateCount(*key, many, parts[key]) for key, many in notices.items()]

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
        ended = self.of("delivered", "undelivered", "failed")
        return _span(ended, lambda heap: heap.first_changed_at, lambda heap: heap.last_changed_at)


def tally_notices(connection: Connection, campaign_run_id: UUID, texts: Mapping[UUID, tuple[str, int]]) -> Tally:
    """Count a run's notices; of each text the variant, which is its arm, and its parts."""
    connection.execute(statement("review/allow_memory"))
    rows = connection.execute(statement("review/tally_notices"), {"campaign_run_id": campaign_run_id})
    return Tally([_heap(row, texts) for row in rows])


def _heap(row: Row[Any], texts: Mapping[UUID, tuple[str, int]]) -> Heap:
    variant, parts = texts[row.text_id] if row.text_id else (row.arm, 0)
    return Heap(**{**row._mapping, "arm": variant, "parts_each": parts})


def _span(
    heaps: Iterable[Heap], first: Callable[[Heap], datetime | None], last: Callable[[Heap], datetime | None]
) -> tuple[datetime, datetime] | None:
    ends = [(begins, ends) for heap in heaps if (begins := first(heap)) and (ends := last(heap))]
    return (min(begins for begins, _ in ends), max(end for _, end in ends)) if ends else None
