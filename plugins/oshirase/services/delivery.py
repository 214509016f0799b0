"""Handing a batch over: claim, call, record, so that no notice goes out twice whatever fails."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine

from oshirase.adapters.clock import Clock
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import City
from oshirase.domain.gateway import Busy, OutcomeUnknown, Receipt, Refused, SmsGateway, Submission
from oshirase.domain.notice import NoticeState
from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from oshirase.services.planning import confirmed_since

LEASE = timedelta(minutes=10)
GROUP_SIZE = 50
BUSY_TRIES = 5
BUSY_PAUSE = timedelta(seconds=2)


class BatchChanged(OshiraseError):
    """A batch is not what was approved."""


class SendingStopped(OshiraseError):
    """The gateway refuses us altogether: no use in trying the rest."""


@dataclass(frozen=True)
class Claim:
    """Notices taken out of a batch's line in one transaction."""

    claim_id: UUID
    submissions: Sequence[Submission]
    # Suppressed or expired in the same statement.
    dropped: Counter[str]

    def __bool__(self) -> bool:
        return bool(self.submissions or self.dropped)


@dataclass(frozen=True)
class Outcome:
    """What became of one claimed notice."""

    notice_id: UUID
    state: NoticeState
    reason: str | None = None
    gateway_message_id: str | None = None


def verify_batch(engine: Engine, campaign_run_id: UUID, batch: int, key: bytes) -> None:
    """Hold a batch's notices against the digest that the approval is bound to.

    Raises:
        BatchChanged: a number, a text or a booking is not what was approved.
    """
    binds = {"campaign_run_id": campaign_run_id, "batch": batch, "key": key}
    with engine.connect() as connection:
        if not connection.scalar(statement("campaign_run/verify_batch"), binds):
            raise BatchChanged(
                f"batch {batch} of campaign run {campaign_run_id} is not what its digest says: nothing of it was sent; "
                "see docs/runbook.md, 'batch changed'"
            )


def deliver_batch(
    engine: Engine,
    gateway: SmsGateway,
    city: City,
    campaign_run_id: UUID,
    batch: int,
    *,
    by: str,
    clock: Clock,
    sleep: Callable[[float], None] = time.sleep,
) -> Counter[str]:
    """Claim, hand over and record a batch, a group at a time, until nothing is left to claim.

    Returns:
        How many notices went into which state.

    Raises:
        SendingStopped: the gateway refuses us altogether; what was claimed and not called is given back.
    """
    counts: Counter[str] = Counter()
    while claim := claim_notices(engine, gateway.name, city, campaign_run_id, batch, by=by, now=clock()):
        outcomes, refusal = hand_over(gateway, claim.submissions, clock, sleep)
        record_outcomes(engine, claim.claim_id, outcomes, by=by, now=clock())
        counts += claim.dropped + Counter(outcome.state.value for outcome in outcomes)
        if refusal:
            raise SendingStopped(f"{refusal}: mend the connection, then clear this task; nothing is sent twice")
    return counts


def claim_notices(
    engine: Engine, gateway: str, city: City, campaign_run_id: UUID, batch: int, *, by: str, now: datetime
) -> Claim:
    """Take up to a group of planned notices, committed before any call; the same statement asks the records again."""
    claim_id, today = uuid4(), now.astimezone(JST).date()
    with engine.begin() as connection:
        rows = connection.execute(
            statement("ledger/claim_notices"),
            {
                "campaign_run_id": campaign_run_id,
                "batch": batch,
                "most": GROUP_SIZE,
                "claim_id": claim_id,
                "gateway": gateway,
                "by": by,
                "now": now,
                "lease_until": now + LEASE,
                "known_at": ALL_THAT_IS_RECORDED,
                "on_day": today,
                "confirmed_since": confirmed_since(city, today),
            },
        ).all()
    claimed = [row for row in rows if row.state == NoticeState.CLAIMED]
    return Claim(
        claim_id,
        [
            Submission(
                notice_id=row.notice_id,
                campaign_run_id=campaign_run_id,
                phone_e164=row.phone_e164,
                body=row.body,
                scheduled_at=row.scheduled_at if row.scheduled_at > now else None,
                limited_at=row.limited_at,
            )
            for row in sorted(claimed, key=lambda row: (row.scheduled_at, row.notice_id))
        ],
        Counter(row.state for row in rows if row.state != NoticeState.CLAIMED),
    )


def hand_over(
    gateway: SmsGateway, submissions: Sequence[Submission], clock: Clock, sleep: Callable[[float], None]
) -> tuple[list[Outcome], Refused | Busy | None]:
    """Call the gateway for each, no transaction open.

    Returns:
        An outcome for every submission, and the refusal or busy answer after which the rest was not called any more.
    """
    outcomes: list[Outcome] = []
    stopped: Refused | Busy | None = None
    for submission in submissions:
        if stopped:
            outcomes.append(Outcome(submission.notice_id, NoticeState.PLANNED, "given_back"))
            continue
        outcome, stopped = _submit(gateway, submission, sleep)
        outcomes.append(outcome)
    return outcomes, stopped


def _submit(
    gateway: SmsGateway, submission: Submission, sleep: Callable[[float], None]
) -> tuple[Outcome, Refused | Busy | None]:
    notice_id = submission.notice_id
    try:
        receipt = _submit_patiently(gateway, submission, sleep)
    except Refused as refused:
        if refused.concerns_all:
            return Outcome(notice_id, NoticeState.PLANNED, refused.code), refused
        return Outcome(notice_id, NoticeState.REJECTED, refused.code), None
    except Busy as busy:
        return Outcome(notice_id, NoticeState.PLANNED, "gateway_busy"), busy
    except OutcomeUnknown as unknown:
        return Outcome(notice_id, NoticeState.UNKNOWN, str(unknown)), None
    return Outcome(notice_id, NoticeState.ACCEPTED, None, receipt.gateway_message_id), None


def _submit_patiently(gateway: SmsGateway, submission: Submission, sleep: Callable[[float], None]) -> Receipt:
    for _ in range(BUSY_TRIES - 1):
        try:
            return gateway.submit(submission)
        except Busy as busy:
            sleep((busy.retry_after or BUSY_PAUSE).total_seconds())
    return gateway.submit(submission)


def record_outcomes(engine: Engine, claim_id: UUID, outcomes: Sequence[Outcome], *, by: str, now: datetime) -> None:
    """Record a group's outcomes in one transaction; a worker that lost its claim records nothing."""
    if not outcomes:
        return
    with engine.begin() as connection:
        connection.execute(
            statement("ledger/record_hand_over"),
            {
                "claim_id": claim_id,
                "now": now,
                "by": by,
                "notice_ids": [outcome.notice_id for outcome in outcomes],
                "states": [outcome.state.value for outcome in outcomes],
                "reasons": [outcome.reason for outcome in outcomes],
                "gateway_message_ids": [outcome.gateway_message_id for outcome in outcomes],
            },
        )
