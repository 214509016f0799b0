"""The events of a run, from its opening to the last list that somebody took out of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.services.run_tally import Tally


@dataclass(frozen=True)
class RunEvent:
    """One event; `notices`: how many rows a list had that was taken out."""

    kind: str
    happened_at: datetime
    done_by: str | None = None
    reason: str | None = None
    notices: int | None = None


def list_events(engine: Engine, campaign_run_id: UUID, tally: Tally) -> Sequence[RunEvent]:
    """All that befell a run, the first one first."""
    with engine.connect() as connection:
        rows = connection.execute(statement("review/list_events"), {"campaign_run_id": campaign_run_id}).all()
    events = [*(RunEvent(**row._mapping) for row in rows), *_events_of_notices(tally)]
    return sorted(events, key=lambda event: event.happened_at)


def _events_of_notices(tally: Tally) -> Iterator[RunEvent]:
    for kind, between in (("hand_over", tally.handed_over_between), ("receipt", tally.received_between)):
        if between:
            first, last = between
            yield RunEvent(f"first_{kind}", first)
            if last > first:
                yield RunEvent(f"last_{kind}", last)
