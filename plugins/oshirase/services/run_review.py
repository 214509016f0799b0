"""What a person sees of one run, at any time of its life: no telephone number, no resident id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.notice import SUPPRESSION_LABELS, NoticeState
from oshirase.services.campaign_run import CampaignRun, StateCount, count_notices, load_campaign_run


class Stage(StrEnum):
    """How far a run has come; the last three are the ways to end one."""

    PREPARING = "preparing"
    NOTHING_TO_SEND = "nothing_to_send"
    AWAITING_APPROVAL = "awaiting_approval"
    HANDING_OVER = "handing_over"
    HANDED_OVER = "handed_over"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STOPPED = "stopped"


STAGE_LABELS = {
    Stage.PREPARING: "準備中",
    Stage.NOTHING_TO_SEND: "送信する方なし",
    Stage.AWAITING_APPROVAL: "承認待ち",
    Stage.HANDING_OVER: "承認済み（引渡し中）",
    Stage.HANDED_OVER: "引渡し済み",
    Stage.REJECTED: "差戻し",
    Stage.EXPIRED: "送信せずに終了",
    Stage.STOPPED: "停止",
}


@dataclass(frozen=True)
class RunText:
    """One text of the run as it arrives, how many were to get it, and how many were handed over."""

    variant: str
    version: int
    body: str
    parts: int
    notices: int
    handed_over: int


@dataclass(frozen=True)
class Decision:
    """Somebody's word on a run; `is_current`: on the content that it has now."""

    decision: str
    decided_by: str
    decided_at: datetime
    reason: str | None
    is_current: bool


@dataclass(frozen=True)
class RunReview:
    """One run: counts in the order of a notice's life and of judgement."""

    run: CampaignRun
    closed_at: datetime | None
    first_at: datetime | None
    last_at: datetime | None
    counts: Sequence[StateCount]
    texts: Sequence[RunText]
    decisions: Sequence[Decision]

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.run.closed_as:
            return Stage(self.run.closed_as)
        if self.run.composed_at is None:
            return Stage.PREPARING
        waiting = any(count.state in {NoticeState.PLANNED, NoticeState.CLAIMED} for count in self.counts)
        if self.run.approved_at is None:
            return Stage.AWAITING_APPROVAL if waiting else Stage.NOTHING_TO_SEND
        return Stage.HANDING_OVER if waiting else Stage.HANDED_OVER

    @property
    def is_stoppable(self) -> bool:
        """Whether a person may end it: planned, and not ended yet."""
        return self.run.closed_as is None and self.run.composed_at is not None

    @property
    def cohort(self) -> int:
        """Everybody whom the cohort statement selected."""
        return sum(count.notices for count in self.counts)


def load_run_review(engine: Engine, campaign_run_id: UUID) -> RunReview:
    """The present state of a run.

    Raises:
        OshiraseError: there is none.
    """
    run, binds = load_campaign_run(engine, campaign_run_id), {"campaign_run_id": campaign_run_id}
    with engine.connect() as connection:
        moments = connection.execute(statement("review/load_moments"), binds).one()
        texts = connection.execute(statement("review/list_texts"), binds).all()
        decisions = connection.execute(statement("review/list_decisions"), binds).all()
    return RunReview(
        run=run,
        closed_at=moments.closed_at,
        first_at=moments.first_at,
        last_at=moments.last_at,
        counts=sorted(count_notices(engine, campaign_run_id), key=_order_of_life),
        texts=[RunText(**row._mapping) for row in texts],
        decisions=[Decision(**row._mapping) for row in decisions],
    )


def _order_of_life(count: StateCount) -> tuple[int, int, str]:
    states, reasons = list(NoticeState), list(SUPPRESSION_LABELS)
    place = reasons.index(count.reason) if count.reason in reasons else len(reasons)
    return states.index(NoticeState(count.state)), place, count.reason or ""
