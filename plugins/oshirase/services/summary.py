"""The summary of a campaign run: where every cohort member ended so far."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import count_notices, load_campaign_run


class NoticesLeft(OshiraseError):
    """Something that was approved is still in the line, and nobody is left who would hand it over."""


def summarise(engine: Engine, campaign_run_id: UUID) -> dict[str, Any]:
    """Counts by state, and suppressions by reason; ids, counts and digests only.

    Returns:
        `{campaign, occurrence_on, cohort, digest, approved_by, closed_as, closed_reason}` with `states: {state: n}` and
        `suppressed: {reason: n}`.
    """
    run, counts = load_campaign_run(engine, campaign_run_id), count_notices(engine, campaign_run_id)
    states: Counter[str] = Counter()
    for count in counts:
        states[count.state] += count.notices
    return {
        "campaign": run.campaign,
        "occurrence_on": run.occurrence_on.isoformat(),
        "cohort": states.total(),
        "digest": run.digest,
        "approved_by": run.approved_by,
        "closed_as": run.closed_as,
        "closed_reason": run.closed_reason,
        "states": dict(states),
        "suppressed": {str(c.reason): c.notices for c in counts if c.state == "suppressed"},
    }


def verify_handed_over(summary: dict[str, Any]) -> None:
    """Hold the summary of a run at its end against what was approved.

    Raises:
        NoticesLeft: a sender gave notices back after the last try of its task had looked.
    """
    left = summary["states"].get("planned", 0)
    if summary["approved_by"] and not summary["closed_as"] and left:
        raise NoticesLeft(
            f"{left} approved notices of {summary['campaign']} {summary['occurrence_on']} were not handed over: clear "
            "the task that hands over, and this one; nothing is sent twice"
        )
