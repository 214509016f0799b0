"""Approval: what a person is shown, and what becomes of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.services.campaign_run import (
    CampaignRun,
    StateCount,
    close_campaign_run,
    count_notices,
    load_campaign_run,
)

APPROVED = "approved"
REJECTED = "rejected"


@dataclass(frozen=True)
class ReviewText:
    """One text of the run as it will arrive, and how many get it."""

    variant: str
    version: int
    body: str
    parts: int
    notices: int


@dataclass(frozen=True)
class Review:
    """All that a person signs: no telephone number, no resident id."""

    run: CampaignRun
    counts: Sequence[StateCount]
    texts: Sequence[ReviewText]
    first_at: datetime | None
    last_at: datetime | None

    @property
    def recipients(self) -> int:
        """Notices that would be handed over."""
        return sum(count.notices for count in self.counts if count.state == "planned")

    @property
    def parts(self) -> int:
        """Billable parts of them."""
        return sum(count.parts for count in self.counts if count.state == "planned")

    @property
    def cohort(self) -> int:
        """Everybody whom the cohort statement selected."""
        return sum(count.notices for count in self.counts)

    @property
    def confirmation_code(self) -> str:
        """What the approver types, so that an old page cannot approve new content: the digest's beginning."""
        return (self.run.digest or "")[:6].upper()


def review_campaign_run(engine: Engine, campaign_run_id: UUID) -> Review:
    """The present content of a run, for a person to decide on."""
    run = load_campaign_run(engine, campaign_run_id)
    binds = {"campaign_run_id": campaign_run_id}
    with engine.connect() as connection:
        texts = connection.execute(statement("campaign_run/review_texts"), binds).all()
        bookings = connection.execute(statement("campaign_run/review_bookings"), binds).one()
    return Review(
        run=run,
        counts=count_notices(engine, campaign_run_id),
        texts=[ReviewText(**row._mapping) for row in texts],
        first_at=bookings.first_at,
        last_at=bookings.last_at,
    )


def approve_campaign_run(engine: Engine, campaign_run_id: UUID, digest: str, by: str, now: datetime) -> None:
    """Record that a named person approved the content with this digest; sending asks for exactly that record."""
    with engine.begin() as connection:
        connection.execute(
            statement("campaign_run/insert_decision"), _decision(campaign_run_id, digest, APPROVED, by, now, None)
        )


def reject_campaign_run(
    engine: Engine, campaign_run_id: UUID, digest: str, by: str, now: datetime, reason: str
) -> None:
    """Record a rejection with its reason, and end the run: nothing of it will be sent."""
    with engine.begin() as connection:
        connection.execute(statement("campaign_run/lock_campaign_run"), {"campaign_run_id": campaign_run_id})
        connection.execute(
            statement("campaign_run/insert_decision"), _decision(campaign_run_id, digest, REJECTED, by, now, reason)
        )
        close_campaign_run(connection, campaign_run_id, REJECTED, reason, by, now)


def _decision(
    campaign_run_id: UUID, digest: str, decision: str, by: str, now: datetime, reason: str | None
) -> dict[str, object]:
    return {
        "campaign_run_id": campaign_run_id,
        "digest": digest,
        "decision": decision,
        "decided_by": by,
        "decided_at": now,
        "reason": reason,
    }
