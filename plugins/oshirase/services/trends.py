"""Trends: the last runs of a campaign side by side. What the campaign brought about is another question."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.notice import NoticeState

# So many runs at most, and so many reasons by name.
RUNS = 12
REASONS = 3
# Settled within so many days of the message.
SETTLED_WITHIN_DAYS = 14

WITH_THE_GATEWAY = ("accepted", "delivered", "undelivered", "failed", "unknown")
CONCLUDED = ("delivered", "undelivered", "failed")


@dataclass(frozen=True)
class TrendRun:
    """One run: its notices by state, those left out by reason, and what followed its messages."""

    campaign_run_id: UUID
    occurrence_on: date
    states: Counter[str]
    suppressed: Counter[str]
    settled: int
    call_rate: float

    @property
    def recipients(self) -> int:
        """Messages that were handed over and not cancelled."""
        return sum(self.states[state] for state in WITH_THE_GATEWAY)

    @property
    def concluded(self) -> int:
        """Messages whose receipt says how they ended."""
        return sum(self.states[state] for state in CONCLUDED)

    @property
    def delivered(self) -> int:
        """Messages that a telephone received."""
        return self.states["delivered"]

    @property
    def delivered_share(self) -> float | None:
        """Of those with a receipt; None without any."""
        return self.delivered / self.concluded if self.concluded else None

    @property
    def settled_share(self) -> float | None:
        """Of the messages received, those whose subject was settled within 14 days; None without any."""
        return self.settled / self.delivered if self.delivered else None

    @property
    def expected_calls(self) -> float:
        """Telephone inquiries that the messages were expected to cause."""
        return self.recipients * self.call_rate


def load_trends(engine: Engine, campaign: str) -> list[TrendRun]:
    """The last planned runs, oldest first."""
    with engine.connect() as connection:
        binds = {"campaign": campaign, "most": RUNS}
        runs = connection.execute(statement("campaign/list_recent_runs"), binds).all()
        ids = [run.campaign_run_id for run in runs]
        outcomes = connection.execute(statement("campaign/count_outcomes"), {"campaign_run_ids": ids}).all()
        binds = {"campaign_run_ids": ids, "days": SETTLED_WITHIN_DAYS}
        rows = connection.execute(statement("campaign/count_settled"), binds).all()
    settled = {row.campaign_run_id: row.settled for row in rows}
    states: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    suppressed: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for row in outcomes:
        states[row.campaign_run_id][row.state] += row.notices
        if row.state == NoticeState.SUPPRESSED:
            suppressed[row.campaign_run_id][row.reason] += row.notices
    return [
        TrendRun(
            run.campaign_run_id,
            run.occurrence_on,
            states[run.campaign_run_id],
            suppressed[run.campaign_run_id],
            settled.get(run.campaign_run_id, 0),
            run.call_rate or 0.0,
        )
        for run in runs
    ]


def main_reasons(runs: Sequence[TrendRun]) -> list[str]:
    """The most frequent reasons not to send over all of some runs, most frequent first."""
    total: Counter[str] = Counter()
    for run in runs:
        total.update(run.suppressed)
    return [reason for reason, _ in total.most_common(REASONS)]
