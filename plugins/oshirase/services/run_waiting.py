"""What of a run waits for a person or has gone on too long."""

from dataclasses import dataclass
from datetime import datetime

from oshirase.domain.campaign import Campaign, City
from oshirase.services.approval import answer_until, is_stale
from oshirase.services.run_review import RunReview, Stage


@dataclass(frozen=True)
class Waiting:
    """Counts of notices, and until when an approval is waited for; `is_stale`: it needs a reason.

    `undecided`: looked up and not found, a person decides. `looked_up`: looked up by itself before that.
    `lost_leases`: their sender did not come back in time. `in_upload_file`: a person uploads the file.
    """

    needs_approval: bool
    answer_until: datetime | None
    is_stale: bool
    undecided: int
    looked_up: int
    lost_leases: int
    in_upload_file: int

    @property
    def is_anything(self) -> bool:
        """Whether there is anything to tell."""
        counts = (self.undecided, self.looked_up, self.lost_leases, self.in_upload_file)
        return self.needs_approval or any(counts)


def list_waiting(review: RunReview, settings: tuple[Campaign, City] | None, now: datetime) -> Waiting:
    """What waits; without settings nobody knows until when."""
    run, tally = review.run, review.tally
    needs_approval = review.stage == Stage.AWAITING_APPROVAL
    until, stale = None, False
    if needs_approval and settings and run.composed_at:
        until, stale = answer_until(*settings, run.composed_at), is_stale(settings[0], run.occurrence_at, now)
    undecided, in_file = (tally.count("unknown", reason=reason) for reason in ("not_found", "in_upload_file"))
    return Waiting(
        needs_approval=needs_approval,
        answer_until=until,
        is_stale=stale,
        undecided=undecided,
        looked_up=tally.count("unknown") - undecided - in_file - tally.count("unknown", reason="left"),
        lost_leases=review.lost_leases,
        in_upload_file=in_file,
    )
