"""Single notices with all that the ledger knows of them: every change, receipt and decision."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.explanation import CONFIDENTIAL_REASONS, explain, explain_selection, explain_settlement
from oshirase.domain.notice import NoticeState

Kind = TypeVar("Kind")

HUMAN_DECISIONS = frozenset({"send_again", "left"})


@dataclass(frozen=True)
class Event:
    """One change of a notice's state."""

    from_state: str
    to_state: str
    reason: str | None
    attempt: int
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class Receipt:
    """What a gateway reported about a notice, in its own words."""

    gateway: str
    result: str
    status: str
    sent_result: str
    carrier: str | None
    charged_parts: int | None
    sent_at: datetime | None
    received_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True)
class RunDecision:
    """Somebody's word on the notice's run as it is now."""

    decision: str
    decided_by: str
    decided_at: datetime
    reason: str | None


@dataclass(frozen=True)
class NoticeLife:
    """One notice; subject and resident are for asking the records, never for showing."""

    notice_id: UUID
    campaign_run_id: UUID
    campaign: str
    occurrence_on: date
    subject: str = field(repr=False)
    resident_id: str = field(repr=False)
    due_on: date | None
    phone_masked: str | None
    state: str
    reason: str | None
    arm: str | None
    version: int | None
    body: str | None
    parts: int | None
    batch: int | None
    scheduled_at: datetime | None
    limited_at: datetime | None
    gateway: str | None
    attempt: int
    handed_over_at: datetime | None
    sent_at: datetime | None
    received_at: datetime | None
    carrier: str | None
    cancel_reason: str | None
    cancel_outcome: str | None
    cancel_tried_at: datetime | None
    state_changed_at: datetime
    settled_on: date | None
    settled_known_at: datetime | None
    purged_at: datetime | None
    pseudonymised_at: datetime | None
    events: Sequence[Event] = ()
    receipts: Sequence[Receipt] = ()
    decisions: Sequence[RunDecision] = ()

    @property
    def explanation(self) -> list[str]:
        """What a clerk can tell whoever asks."""
        sent_on = self.sent_at.astimezone(JST).date() if self.sent_at else None
        return [*explain(self.state, self.reason), *explain_settlement(self.settled_on, sent_on)]

    @property
    def selection(self) -> str:
        """Why it concerned them at all."""
        return explain_selection(self.subject)

    @property
    def is_confidential(self) -> bool:
        """Whether the reason, or that there is one, must not be told."""
        return bool(CONFIDENTIAL_REASONS & {self.reason, *(event.reason for event in self.events)})

    @property
    def human_decisions(self) -> list[Event]:
        """What a person decided about this very notice."""
        return [event for event in self.events if event.reason in HUMAN_DECISIONS]

    @property
    def was_handed_over(self) -> bool:
        """Whether its text went to a gateway, or may have."""
        return self.handed_over_at is not None or self.state == NoticeState.UNKNOWN


def load_lives(engine: Engine, notice_ids: Sequence[UUID]) -> list[NoticeLife]:
    """Some notices, the newest occurrence first; those that there are."""
    ids = {"notice_ids": list(notice_ids)}
    with engine.connect() as connection:
        lives = connection.execute(statement("notices/load_lives"), ids).all()
        events = _by(connection, "notices/list_events", ids, "notice_id")
        receipts = _by(connection, "notices/list_receipts", ids, "notice_id")
        runs = {"campaign_run_ids": list({life.campaign_run_id for life in lives})}
        decisions = _by(connection, "notices/list_decisions", runs, "campaign_run_id")
    return [
        NoticeLife(
            **life._mapping,
            events=_all(Event, events[life.notice_id]),
            receipts=_all(Receipt, receipts[life.notice_id]),
            decisions=_all(RunDecision, decisions[life.campaign_run_id]),
        )
        for life in lives
    ]


def _by(connection: Connection, name: str, binds: dict[str, Any], key: str) -> dict[UUID, list[dict[str, Any]]]:
    """Rows of a statement by one of their columns, without it."""
    groups: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(statement(name), binds):
        values = dict(row._mapping)
        groups[values.pop(key)].append(values)
    return groups


def _all(kind: type[Kind], rows: Iterable[dict[str, Any]]) -> list[Kind]:
    return [kind(**row) for row in rows]
