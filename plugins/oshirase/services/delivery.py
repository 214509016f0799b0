"""Handing a batch over: claim, call, record, so that no notice goes out twice whatever fails."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine

from oshirase.adapters.clock import Clock
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import City
from oshirase.domain.gateway import SmsGateway, Submission
from oshirase.domain.notice import NoticeState
from oshirase.errors import OshiraseError
from oshirase.services.calls import Calls, Outcome, never
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from oshirase.services.screening import confirmed_since
from oshirase.services.sending_lock import find_lock, require_unlocked

LEASE = timedelta(minutes=10)
# No call begins in the last minutes of a lease: it could end after somebody else took the claim for lost.
LEASE_RESERVE = timedelta(minutes=2)
GROUP_SIZE = 50
# Longer than Airflow leaves a cleared task to go on beside its new try: some 12 seconds.
PATIENCE_SECONDS = 20.0
WAIT_SECONDS = 1.0


class BatchChanged(OshiraseError):
    """A batch is not what was approved."""


@dataclass(frozen=True)
class Claim:
    """Notices taken out of a batch's line in one transaction, and ours to call about until `call_until` (monotonic)."""

    claim_id: UUID
    call_until: float
    submissions: Sequence[Submission]
    # Suppressed or expired in the same statement.
    dropped: Counter[str]

    def __bool__(self) -> bool:
        return bool(self.submissions or self.dropped)


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


def is_closed(engine: Engine, campaign_run_id: UUID) -> bool:
    """Whether somebody ended the run."""
    with engine.connect() as connection:
        return bool(connection.scalar(statement("campaign_run/is_closed"), {"campaign_run_id": campaign_run_id}))


def is_held(engine: Engine, campaign_run_id: UUID, batch: int, now: datetime) -> bool:
    """Whether a sender holds notices of the batch, and may give them back."""
    binds = {"campaign_run_id": campaign_run_id, "batch": batch, "now": now}
    with engine.connect() as connection:
        return bool(connection.scalar(statement("ledger/is_held"), binds))


@dataclass(frozen=True)
class Sender:
    """Hands batches over: through which gateway, in whose name, and whether that task was ended from outside."""

    engine: Engine
    gateway: SmsGateway
    city: City
    by: str
    clock: Clock
    is_killed: Callable[[], bool] = never
    patience_seconds: float = PATIENCE_SECONDS

    def deliver_batch(self, campaign_run_id: UUID, batch: int) -> Counter[str]:
        """Claim, hand over and record a batch, until nothing is left to claim.

        Returns:
            How many notices went into which state.

        Raises:
            SendingStopped: the gateway refuses us altogether or stays busy, or the task was ended: what was not called
                is given back, what was under way is recorded if its answer comes in time. Given back without an error
                when somebody ends the run meanwhile.
            SendingLocked: a restored database, or a person, lets nothing be sent.
            BaseException: something raised in this thread from outside, as Ctrl-C does; what was under way is finished
                and recorded first.
        """
        counts: Counter[str] = Counter()
        require_unlocked(self.engine)
        calls = Calls(self.gateway, lambda: self._is_ended(campaign_run_id), self.is_killed)
        with ThreadPoolExecutor(self.gateway.width, thread_name_prefix="call") as pool:
            while claim := self._begin(campaign_run_id, batch, calls):
                counts += self._hand_over(claim, campaign_run_id, batch, calls, pool)
        calls.raise_obstacle()
        # Locked amidst it: what is left has to be told, not passed over.
        require_unlocked(self.engine)
        return counts

    def _is_ended(self, campaign_run_id: UUID) -> bool:
        return is_closed(self.engine, campaign_run_id) or find_lock(self.engine) is not None

    def _begin(self, campaign_run_id: UUID, batch: int, calls: Calls) -> Claim | None:
        """The first group; what somebody else holds is waited for: a sender that Airflow ended gives it back.

        One that was killed for good does not: its claims are looked up at the gateway once their lease has ended.
        """
        give_up_at = time.monotonic() + self.patience_seconds
        while calls.are_wanted():
            others = is_held(self.engine, campaign_run_id, batch, self.clock())
            if claim := self._claim(campaign_run_id, batch):
                return claim
            if not others or time.monotonic() > give_up_at:
                return None
            time.sleep(WAIT_SECONDS)
        return None

    def _hand_over(
        self, claim: Claim, campaign_run_id: UUID, batch: int, calls: Calls, pool: ThreadPoolExecutor
    ) -> Counter[str]:
        """A group at a time; the next one is claimed while the calls of one are under way."""
        counts: Counter[str] = Counter()
        while claim:
            under_way, following = calls.start(pool, claim.submissions, claim.call_until), None
            with calls.stopping_on_error():
                following = self._claim(campaign_run_id, batch) if calls.are_wanted() else None
            counts += claim.dropped
            for outcomes in calls.finish(under_way):
                record_outcomes(self.engine, claim.claim_id, outcomes, by=self.by, now=self.clock())
                counts += Counter(outcome.state.value for outcome in outcomes)
            if following is None:
                break
            claim = following
        return counts

    def _claim(self, campaign_run_id: UUID, batch: int) -> Claim:
        return claim_notices(
            self.engine, self.gateway.name, self.city, campaign_run_id, batch, by=self.by, now=self.clock()
        )


def claim_notices(
    engine: Engine, gateway: str, city: City, campaign_run_id: UUID, batch: int, *, by: str, now: datetime
) -> Claim:
    """Take up to a group of planned notices, committed before any call; the same statement asks the records again."""
    claim_id, today = uuid4(), now.astimezone(JST).date()
    call_until = time.monotonic() + (LEASE - LEASE_RESERVE).total_seconds()
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
        call_until,
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


def record_outcomes(engine: Engine, claim_id: UUID, outcomes: Sequence[Outcome], *, by: str, now: datetime) -> None:
    """Record a group's outcomes in one transaction; a worker that lost its claim records nothing.

    What is given back expires at once when the run was ended.
    """
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
        if given_back := [outcome.notice_id for outcome in outcomes if outcome.state == NoticeState.PLANNED]:
            connection.execute(statement("ledger/expire_given_back"), {"notice_ids": given_back, "now": now, "by": by})
