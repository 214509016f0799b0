"""What the demo asks the records database: how far the campaign runs are, and what became of everybody."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, Row, create_engine, text

from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from sandbox.stack.telephones import SeenMessage
from sandbox.ward import Topic

SQL = Path(__file__).parent / "sql"
# What the product promises: it reconciles every 5 minutes, and a booking can be cancelled until 5 minutes before.
MARGIN = timedelta(minutes=10)
# What a message makes people do, by the kind of its subject. There is nothing to do about mere information.
TOPICS: Mapping[str, Topic] = {"levy": "premium", "plan": "premium", "check_up": "check_up"}


@dataclass(frozen=True)
class Funnel:
    """Where every member of a cohort stands.

    `settled_since`: messages that arrived and whose subject the records show as settled by now.
    """

    states: Counter[str]
    suppressed: Counter[str]
    handed_over: int
    settled_since: int

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
    """A campaign's messages that left the gateway, held against the records.

    `after_settled`: sent although the payment or the check-up stood in the last extract that was loaded at least
    `MARGIN` before the message left, so that a reconciliation could still have cancelled it. None may be.
    `paid_meanwhile`: sent although the records had it by the time the message left. What crossed with a message in the
    last minutes is among these, and no system that cancels by extract can avoid it.
    """

    messages: int = 0
    after_settled: int = 0
    paid_meanwhile: int = 0


class SentNotice(NamedTuple):
    """What the ledger knows of a notice that may have reached the gateway."""

    campaign: str
    topic: Topic | None


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

    def funnel(self, campaign: str, occurrence_on: date) -> Funnel:
        """Counts of the occurrence's notices."""
        occurrence = {"campaign": campaign, "occurrence_on": occurrence_on, "known_at": ALL_THAT_IS_RECORDED}
        rows = self._ask("funnel", occurrence)
        states: Counter[str] = Counter()
        suppressed: Counter[str] = Counter()
        for row in rows:
            states[row.state] += row.notices
            if row.state == "suppressed":
                suppressed[row.reason] += row.notices
        return Funnel(states, suppressed, sum(row.handed_over for row in rows), sum(row.settled_since for row in rows))

    def next_bookings(self, now: datetime, most: int) -> list[datetime]:
        """When the next messages that have not left yet will, in order, so many at most; none: all have left."""
        return [row.scheduled_at for row in self._ask("next_bookings", {"now": now, "most": most})]

    def awaits_receipts(self, now: datetime) -> bool:
        """Whether messages have left of whose end nothing is known yet."""
        return bool(self._ask("awaited_receipts", {"now": now})[0].notices)

    def sent_notices(self) -> dict[str, SentNotice]:
        """By notice id: all that may have reached the gateway."""
        return {row.notice_id: SentNotice(row.campaign, TOPICS.get(row.kind)) for row in self._ask("sent_notices", {})}

    def departures(self, messages: Sequence[SeenMessage]) -> dict[str, Departures]:
        """By campaign: hold the messages that left against what the records knew; see `Departures`."""
        sent = [
            {"notice_id": message.notice_id, "sent_at": message.sent_at.isoformat()}
            for message in messages
            if message.sent_at
        ]
        rows = self._ask("sent_after_settled", {"messages": json.dumps(sent), "margin": MARGIN})
        return {row.campaign: Departures(row.messages, row.after_settled, row.paid_meanwhile) for row in rows}

    def _ask(self, name: str, binds: dict[str, Any]) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(text((SQL / f"{name}.sql").read_text(encoding="utf-8")), binds).all()
