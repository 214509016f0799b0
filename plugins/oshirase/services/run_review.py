"""What a person sees of one run, at any time of its life: no telephone number, no resident id."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.text import split_parts, utf16_units
from oshirase.services.campaign_run import CampaignRun, load_campaign_run
from oshirase.services.run_tally import Tally, tally_notices


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
    """One text of the run as it arrives; `body`: None when retention has taken it away."""

    text_id: UUID
    variant: str
    version: int
    body: str | None
    parts: int

    @property
    def pieces(self) -> list[tuple[str, int]]:
        """The body in the parts that are billed, with the length of each as the gateway counts it."""
        return [(part, utf16_units(part)) for part in split_parts(self.body or "")]


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
    """One run; `subject_kind` says what settles its matters, None without a notice.

    `settled`: how many were, by days after the send. `lost_leases`: notices whose sender did not come back in time.
    """

    run: CampaignRun
    closed_at: datetime | None
    subject_kind: str | None
    tally: Tally
    settled: Mapping[int, int]
    lost_leases: int
    texts: Sequence[RunText]
    decisions: Sequence[Decision]

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.run.closed_as:
            return Stage(self.run.closed_as)
        if self.run.composed_at is None:
            return Stage.PREPARING
        waiting = self.tally.count("planned", "claimed")
        if self.run.approved_at is None:
            return Stage.AWAITING_APPROVAL if waiting else Stage.NOTHING_TO_SEND
        return Stage.HANDING_OVER if waiting else Stage.HANDED_OVER

    @property
    def is_stoppable(self) -> bool:
        """Whether there is something to stop: not ended yet, and not everything has been sent or left out."""
        is_open = self.run.closed_as is None and self.run.composed_at is not None
        return is_open and self.tally.count("planned", "claimed", "unknown", "accepted") > 0


def load_run_review(engine: Engine, campaign_run_id: UUID, now: datetime) -> RunReview:
    """The present state of a run.

    Raises:
        OshiraseError: there is none.
    """
    run, binds = load_campaign_run(engine, campaign_run_id), {"campaign_run_id": campaign_run_id}
    # At the same time: of a large run each of the two takes a tenth of a second, and a session uses one processor.
    with ThreadPoolExecutor(1) as beside, engine.connect() as connection:
        settled = beside.submit(_count_settled, engine, run)
        facts = connection.execute(statement("review/load_facts"), binds).one()
        texts = [RunText(**row._mapping) for row in connection.execute(statement("review/list_texts"), binds)]
        decisions = connection.execute(statement("review/list_decisions"), binds).all()
        lost_leases = connection.scalar(statement("review/count_lost_leases"), {**binds, "now": now})
        tally = tally_notices(connection, campaign_run_id, {text.text_id: (text.variant, text.parts) for text in texts})
    return RunReview(
        run=run,
        closed_at=facts.closed_at,
        subject_kind=facts.subject_kind,
        tally=tally,
        settled=settled.result(),
        lost_leases=lost_leases or 0,
        texts=texts,
        decisions=[Decision(**row._mapping) for row in decisions],
    )


def _count_settled(engine: Engine, run: CampaignRun) -> dict[int, int]:
    """Of a run that has been planned: before that nothing was sent."""
    if run.composed_at is None:
        return {}
    with engine.connect() as connection:
        rows = connection.execute(statement("review/count_settled"), {"campaign_run_id": run.campaign_run_id})
        return {row.days_after: row.settled for row in rows}
