"""What somebody who decides on a run signs now, from what its page has counted already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from oshirase.domain.campaign import Campaign, City
from oshirase.services.approval import code_of, is_stale, list_unusual
from oshirase.services.run_review import RunReview
from oshirase.services.run_tally import HANDED_OVER


@dataclass(frozen=True)
class Question:
    """The present content with its confirmation code; `handed_over` of it before, when the run was planned anew."""

    code: str
    recipients: int
    parts: int
    yen: int
    expected_calls: float
    handed_over: int
    is_stale: bool
    unusual: Sequence[str]


def load_question(engine: Engine, review: RunReview, campaign: Campaign, city: City, now: datetime) -> Question:
    """The question of a run that waits for its approval."""
    planned = review.tally.of("planned")
    recipients, parts = sum(heap.notices for heap in planned), sum(heap.parts for heap in planned)
    with engine.connect() as connection:
        run_id, counts = review.run.campaign_run_id, review.tally.state_counts()
        unusual, _ = list_unusual(connection, campaign, run_id, counts)
    return Question(
        code=code_of([review.run.digest or ""]),
        recipients=recipients,
        parts=parts,
        yen=round(parts * city.yen_per_part),
        expected_calls=recipients * campaign.pacing.call_rate,
        handed_over=review.tally.count("claimed", "unknown", "rejected", *HANDED_OVER),
        is_stale=is_stale(campaign, review.run.occurrence_at, now),
        unusual=unusual,
    )
