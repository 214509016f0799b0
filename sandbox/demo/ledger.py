"""What the demo asks the records database: how far the campaign run is, and what became of everybody."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, create_engine, text

from sandbox.stack.scene import CAMPAIGN, OCCURRENCE
from sandbox.stack.telephones import SeenMessage

SQL = Path(__file__).parent / "sql"
# What the product promises: it reconciles every 5 minutes, and a booking can be cancelled until 5 minutes before.
MARGIN = timedelta(minutes=10)
RUN = {"campaign": CAMPAIGN, "occurrence_on": OCCURRENCE.date()}


@dataclass(frozen=True)
class Funnel:
    """Where every member of the cohort stands."""

    states: Counter[str]
    suppressed: Counter[str]
    handed_over: int

    @property
    def cohort(self) -> int:
        """Everybody whom the campaign's statement selected."""
        return self.states.total()

    @property
    def waiting(self) -> int:
        """Notices of which more is to be heard."""
        return self.states["planned"] + self.states["claimed"] + self.states["accepted"]


@dataclass(frozen=True)
class Departures:
    """Messages that left the gateway, held against the records.

    `after_settled`: sent although the payment stood in the last extract that was loaded at least `MARGIN` before the
    message left, so that a reconciliation could still have cancelled it. None may be.
    `paid_meanwhile`: sent although the payment had reached the city by then, in that extract or a later one. The
    messages that crossed with a payment are among these, and no system that cancels by extract can avoid them.
    """

    messages: int
    after_settled: int
    paid_meanwhile: int


class Ledger:
    """Read-only questions to a records database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(self._url)

    def close(self) -> None:
        """Give the connections back: the server is about to stop."""
        self._engine.dispose()

    def funnel(self) -> Funnel:
        """Counts of the occurrence's notices."""
        rows = self._ask("funnel", RUN)
        states: Counter[str] = Counter()
        suppressed: Counter[str] = Counter()
        for row in rows:
            states[row.state] += row.notices
            if row.state == "suppressed":
                suppressed[row.reason] += row.notices
        return Funnel(states, suppressed, sum(row.handed_over for row in rows))

    def next_booking(self, now: datetime) -> datetime | None:
        """When the first of the messages that have not left yet will; None: all have."""
        first_at: datetime | None = self._ask("next_booking", {"now": now})[0].first_at
        return first_at

    def departures(self, messages: Sequence[SeenMessage]) -> Departures:
        """Hold the messages that left against what the records knew; see `Departures`."""
        sent = [
            {"notice_id": message.notice_id, "sent_at": message.sent_at.isoformat()}
            for message in messages
            if message.sent_at
        ]
        row = self._ask("sent_after_settled", {"messages": json.dumps(sent), "margin": MARGIN})[0]
        return Departures(row.messages, row.after_settled, row.paid_meanwhile)

    def _ask(self, name: str, binds: dict[str, Any]) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(text((SQL / f"{name}.sql").read_text(encoding="utf-8")), binds).all()
