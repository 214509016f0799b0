"""Notices whose outcome is unknown: looked up at the gateway by tag; what is not found, a person decides."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.gateway import SmsGateway
from oshirase.domain.notice import NoticeState

# A gateway may show a message in its list somewhat later than it takes it.
SETTLING = timedelta(minutes=10)
GROUP_SIZE = 100
NO_ID = UUID(int=0)


@dataclass(frozen=True)
class Undecided:
    """What waits for a person in one campaign run; `sendable` of them belong to a run that may still send."""

    campaign_run_id: UUID
    campaign: str
    occurrence_on: date
    notices: int
    sendable: int
    earliest_at: datetime


@dataclass(frozen=True)
class UndecidedNotice:
    """One notice that waits for a person, the number masked."""

    notice_id: UUID
    campaign: str
    occurrence_on: date
    phone_masked: str
    attempt: int
    claimed_at: datetime
    scheduled_at: datetime
    limited_at: datetime


@dataclass(frozen=True)
class ReleasedBatch:
    """A batch in which somebody decided to send notices again."""

    campaign_run_id: UUID
    batch: int
    campaign: str


def look_up_unknown(engine: Engine, gateway: SmsGateway, now: datetime, by: str) -> Counter[str]:
    """Take the claims of vanished workers for lost, and ask the gateway about every settled unknown outcome.

    What is found becomes accepted, with the gateway's own data. What is not waits for a person, unless the gateway
    declares that its look-up proves that nothing was taken: then it is sent again by that rule.

    Returns:
        Counts: `lost_claims`, `found`, `not_found`, `sent_again_by_rule`.
    """
    counts = Counter(lost_claims=expire_claims(engine, now, by))
    for group in _settled_groups(engine, gateway.name, now):
        found = {notice_id: gateway.find(notice_id) for notice_id in group}
        ids = [found_id.gateway_message_id if (found_id := found[notice]) else None for notice in group]
        with engine.begin() as connection:
            rows = connection.execute(
                statement("ledger/record_look_ups"),
                {
                    "notice_ids": group,
                    "gateway_message_ids": ids,
                    "settled_before": now - SETTLING,
                    "now": now,
                    "by": by,
                },
            ).all()
        counts.update("found" if row.state == NoticeState.ACCEPTED else "not_found" for row in rows)
        if gateway.look_up_is_authoritative:
            missing = [notice for notice, message in zip(group, ids, strict=True) if message is None]
            decided = decide_unknown(engine, by=f"rule: look-up of {gateway.name} is authoritative", now=now,
                                     is_to_send=True, seen_at=now, notice_ids=missing)  # fmt: skip
            counts["sent_again_by_rule"] += decided
    return +counts


def expire_claims(engine: Engine, now: datetime, by: str) -> int:
    """Take the claims whose lease is over for lost: their outcome is unknown, and their worker can record no more."""
    with engine.begin() as connection:
        return len(connection.execute(statement("ledger/expire_claims"), {"now": now, "by": by}).all())


def _settled_groups(engine: Engine, gateway: str, now: datetime) -> Iterator[list[UUID]]:
    after = NO_ID
    while True:
        with engine.connect() as connection:
            group = list(
                connection.scalars(
                    statement("ledger/list_unknown"),
                    {"gateway": gateway, "settled_before": now - SETTLING, "after_id": after, "most": GROUP_SIZE},
                )
            )
        if not group:
            return
        yield group
        after = group[-1]


def count_undecided(engine: Engine) -> Sequence[Undecided]:
    """What waits for a person, by campaign run."""
    with engine.connect() as connection:
        return [Undecided(**row._mapping) for row in connection.execute(statement("ledger/count_undecided"))]


def list_undecided(
    engine: Engine, campaigns: Sequence[str], *, after: UUID = NO_ID, most: int = GROUP_SIZE
) -> Sequence[UndecidedNotice]:
    """The notices of some campaigns that wait for a person, a page of them, by id."""
    with engine.connect() as connection:
        rows = connection.execute(
            statement("ledger/list_undecided"), {"campaigns": list(campaigns), "after_id": after, "most": most}
        )
        return [UndecidedNotice(**row._mapping) for row in rows]


def decide_unknown(
    engine: Engine,
    *,
    is_to_send: bool,
    seen_at: datetime,
    by: str,
    now: datetime,
    notice_ids: Sequence[UUID] | None = None,
    campaigns: Sequence[str] | None = None,
) -> int:
    """Record a person's word, send again or leave, on what was undecided when they saw it.

    All of it, or some notices, or only what belongs to some campaigns.

    Returns:
        How many notices it concerned; those that somebody decided meanwhile are not touched.
    """
    with engine.begin() as connection:
        return len(
            connection.execute(
                statement("ledger/decide_unknown"),
                {
                    "notice_ids": list(notice_ids) if notice_ids is not None else None,
                    "campaigns": list(campaigns) if campaigns is not None else None,
                    "seen_at": seen_at,
                    "is_to_send": is_to_send,
                    "now": now,
                    "by": by,
                },
            ).all()
        )


def list_released_batches(engine: Engine) -> Sequence[ReleasedBatch]:
    """Batches in which notices wait to be sent again because somebody decided so."""
    with engine.connect() as connection:
        return [ReleasedBatch(**row._mapping) for row in connection.execute(statement("ledger/list_released_batches"))]
