"""Stopping a run: nothing more is claimed, what is booked is cancelled, what went out is listed."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.clock import Clock
from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.adapters.settings import load_campaign, load_console
from oshirase.adapters.sql import statement
from oshirase.domain.notice import NoticeState
from oshirase.errors import BadSettings, OshiraseError, UnknownCampaign
from oshirase.services.campaign_run import StateCount, close_campaign_run, count_notices

STOPPED = "stopped"
PAGE_SIZE = 100
# The longest that a sender needs to end: it sits out a pause that the gateway asked for, and a call without an answer.
SENDER_SECONDS = 90.0
POLL_SECONDS = 0.5


class CannotStop(OshiraseError):
    """There is nothing that could be stopped, or nobody said why."""


class Whereabouts(StrEnum):
    """Where the notices are that a run was to send, as a person asks after a stop."""

    # With the gateway, and it is too late to cancel: sent, or about to be.
    GONE = "gone"
    # The gateway's answer was lost: it may have gone out.
    UNKNOWN = "unknown"
    # Claimed by a sender, or in an upload file that waits.
    UNDER_WAY = "under_way"
    TO_CANCEL = "to_cancel"
    CANCELLED = "cancelled"
    NEVER_HANDED_OVER = "never_handed_over"


_WHEREABOUTS = {
    **dict.fromkeys(
        (NoticeState.ACCEPTED, NoticeState.DELIVERED, NoticeState.UNDELIVERED, NoticeState.FAILED), Whereabouts.GONE
    ),
    **dict.fromkeys((NoticeState.PLANNED, NoticeState.REJECTED, NoticeState.EXPIRED), Whereabouts.NEVER_HANDED_OVER),
    NoticeState.CANCELLED: Whereabouts.CANCELLED,
    NoticeState.CLAIMED: Whereabouts.UNDER_WAY,
    NoticeState.UNKNOWN: Whereabouts.UNKNOWN,
}


@dataclass(frozen=True)
class CancelRule:
    """Until how long before its time a booking can be cancelled, and how soon after its upload a console books it."""

    margin: timedelta
    lead_minutes: int = 0
    # No gateway to call: staff cancel in the console themselves.
    is_by_hand: bool = False


API_RULE = CancelRule(KaradenGateway.cancel_margin)


@dataclass(frozen=True)
class GoneNotice:
    """One notice that went out or may have, the number masked; `cancel_outcome` says why a cancellation failed."""

    notice_id: UUID
    phone_masked: str | None
    state: str
    reason: str | None
    leaves_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    cancel_outcome: str | None


def stop_campaign_run(engine: Engine, campaign_run_id: UUID, by: str, reason: str, now: datetime) -> bool:
    """End a planned run for good, with who and why: whoever hands over looks, and claims and calls no more.

    What is booked is cancelled by the next reconciliation, once the senders have recorded it.

    Returns:
        Whether the run was stopped by this; False when it had been ended before: then nothing changes.

    Raises:
        CannotStop: no reason, no such run, or one that has not been planned yet.
    """
    if not reason.strip():
        raise CannotStop("a run is stopped with a reason only: say why")
    with engine.begin() as connection:
        binds = {"campaign_run_id": campaign_run_id}
        run = connection.execute(statement("campaign_run/lock_campaign_run"), binds).one_or_none()
        if run is None:
            raise CannotStop(f"there is no campaign run {campaign_run_id} in the ledger")
        if run.closed_as is not None:
            return False
        if run.composed_at is None:
            raise CannotStop(f"campaign run {campaign_run_id} has not been planned yet: there is nothing to stop")
        close_campaign_run(connection, campaign_run_id, STOPPED, reason.strip(), by, now)
    return True


def wait_for_senders(engine: Engine, clock: Clock, patience_seconds: float = SENDER_SECONDS) -> bool:
    """Wait until whoever was handing over a run when it was stopped has recorded what went out.

    Returns:
        Whether there was anybody to wait for: then there may be bookings that nobody has cancelled yet.
    """
    deadline, has_waited = time.monotonic() + patience_seconds, False
    while _has_senders(engine, clock()) and time.monotonic() < deadline:
        has_waited = True
        time.sleep(POLL_SECONDS)
    return has_waited


def _has_senders(engine: Engine, now: datetime) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(statement("stop/has_senders"), {"now": now}))


def cancel_rule(campaign: str) -> CancelRule:
    """The rule of a campaign's gateway; settings that cannot be read must not keep anybody from stopping a run."""
    try:
        sending = load_campaign(campaign).sending
        if sending.hand_over != "console":
            return API_RULE
        upload = load_console(str(sending.console)).upload
    except (BadSettings, UnknownCampaign):
        return API_RULE
    return CancelRule(timedelta(minutes=upload.cancel_margin_minutes), upload.lead_minutes, is_by_hand=True)


def count_whereabouts(
    engine: Engine, campaign_run_id: UUID, rule: CancelRule, now: datetime, counts: Sequence[StateCount] = ()
) -> Counter[Whereabouts]:
    """How many of the notices that a run was to send are where; `counts`: when somebody has counted them already."""
    places: Counter[Whereabouts] = Counter()
    for count in counts or count_notices(engine, campaign_run_id):
        if (place := _whereabouts(count)) is not None:
            places[place] += count.notices
    with engine.connect() as connection:
        binds = _binds(campaign_run_id, rule, now)
        to_cancel = connection.scalar(statement("stop/count_cancellable"), binds) or 0
    return +(places + Counter({Whereabouts.TO_CANCEL: to_cancel}) - Counter({Whereabouts.GONE: to_cancel}))


def _whereabouts(count: StateCount) -> Whereabouts | None:
    """Of what is with the gateway: as if it were too late to cancel. None: it was not to be sent."""
    if count.state == NoticeState.UNKNOWN and count.reason == "in_upload_file":
        return Whereabouts.UNDER_WAY
    return _WHEREABOUTS.get(NoticeState(count.state))


def list_gone(
    engine: Engine, campaign_run_id: UUID, rule: CancelRule, now: datetime, after: UUID | None = None
) -> Sequence[GoneNotice]:
    """A page of what went out or may have, in the order of leaving, from behind the notice `after`."""
    binds = {**_binds(campaign_run_id, rule, now), "after_id": after, "most": PAGE_SIZE}
    with engine.connect() as connection:
        rows = connection.execute(statement("stop/list_gone"), binds)
        return [GoneNotice(**row._mapping) for row in rows]


def _binds(campaign_run_id: UUID, rule: CancelRule, now: datetime) -> dict[str, object]:
    return {
        "campaign_run_id": campaign_run_id,
        "lead_minutes": rule.lead_minutes,
        "cancellable_until": now + rule.margin,
    }
