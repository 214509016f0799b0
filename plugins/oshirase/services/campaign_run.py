"""Campaign runs: opened once per occurrence, planned once, counted as often as anybody asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.errors import OshiraseError

EXPIRED = "expired"
# What is known now: all that is recorded, also by a clock that runs ahead of ours.
ALL_THAT_IS_RECORDED = datetime(9999, 1, 1, tzinfo=JST)


@dataclass(frozen=True)
class CampaignRun:
    """One campaign run as the ledger has it; `approved_by` names all who approved, once they are enough.

    `purged_at`: since when retention has taken numbers and texts; `pseudonymised_at`: ids as well.
    """

    campaign_run_id: UUID
    campaign: str
    occurrence_on: date
    occurrence_at: datetime
    digest: str | None
    composed_at: datetime | None
    opened_at: datetime
    closed_as: str | None
    closed_by: str | None
    closed_reason: str | None
    approvals_needed: int
    approved_by: str | None
    approved_at: datetime | None
    purged_at: datetime | None
    pseudonymised_at: datetime | None


@dataclass(frozen=True)
class StateCount:
    """How many notices of a run stand in one state for one reason, and their billable parts."""

    state: str
    reason: str | None
    notices: int
    parts: int


def open_campaign_run(engine: Engine, campaign: str, occurrence_at: datetime, now: datetime, by: str) -> UUID:
    """The run of a campaign's occurrence: made by the first who asks, the same one for everybody after.

    One that expired before it was planned, for want of fresh records, is open again.

    Returns:
        Its id.
    """
    occurrence = {
        "campaign": campaign,
        "occurrence_on": occurrence_at.astimezone(JST).date(),
        "occurrence_at": occurrence_at,
        "opened_at": now,
        "opened_by": by,
    }
    opened: UUID | None = None
    # A row that somebody else commits meanwhile is invisible to the statement that waited for it: ask once more.
    while opened is None:
        with engine.begin() as connection:
            opened = connection.scalar(statement("campaign_run/open_campaign_run"), occurrence)
            binds = {"campaign_run_id": opened, "opened_at": now, "opened_by": by}
            connection.execute(statement("campaign_run/reopen_campaign_run"), binds)
    return opened


def close_campaign_run(
    connection: Connection, campaign_run_id: UUID, closed_as: str, reason: str, by: str, now: datetime
) -> None:
    """End a run for good, with who and why: what is in its line expires, what was handed over stays what it is."""
    connection.execute(
        statement("campaign_run/close_campaign_run"),
        {
            "campaign_run_id": campaign_run_id,
            "closed_as": closed_as,
            "closed_at": now,
            "closed_by": by,
            "closed_reason": reason,
        },
    )
    connection.execute(statement("ledger/expire_notices"), {"now": now, "by": by})


def expire_campaign_run(engine: Engine, campaign_run_id: UUID, reason: str, by: str, now: datetime) -> None:
    """End a run that came too late or waited too long; one that is closed already stays as it is."""
    with engine.begin() as connection:
        connection.execute(statement("campaign_run/lock_campaign_run"), {"campaign_run_id": campaign_run_id})
        close_campaign_run(connection, campaign_run_id, EXPIRED, reason, by, now)


def load_campaign_run(engine: Engine, campaign_run_id: UUID) -> CampaignRun:
    """A run by its id.

    Raises:
        OshiraseError: there is none.
    """
    with engine.connect() as connection:
        row = connection.execute(
            statement("campaign_run/load_campaign_run"), {"campaign_run_id": campaign_run_id}
        ).one_or_none()
    if row is None:
        raise OshiraseError(f"there is no campaign run {campaign_run_id} in the ledger")
    return CampaignRun(**row._mapping)


def count_notices(engine: Engine, campaign_run_id: UUID) -> Sequence[StateCount]:
    """Notices of a run by state and reason."""
    with engine.connect() as connection:
        rows = connection.execute(statement("campaign_run/count_notices"), {"campaign_run_id": campaign_run_id})
        return [StateCount(**row._mapping) for row in rows]


def list_batches(engine: Engine, campaign_run_id: UUID) -> list[int]:
    """Batches of an approved run in which something is left to hand over; none when the run is closed."""
    with engine.connect() as connection:
        return list(connection.scalars(statement("campaign_run/list_batches"), {"campaign_run_id": campaign_run_id}))
