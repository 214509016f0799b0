"""How much memory a sending task holds: `python -m tests.services.sending_memory DATABASE NOTICES…`, in MiB."""

import sys
import tracemalloc
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine, make_url, text

from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.campaign import Pacing
from oshirase.domain.gateway import DeliveryState, Receipt, Submission
from oshirase.services.approval import approve_campaign_run
from oshirase.services.campaign_run import open_campaign_run
from oshirase.services.delivery import Sender
from oshirase.services.planning import plan_notices
from tests.processes import ROOT
from tests.scene import KEY, OCCURRENCE

PEOPLE = (ROOT / "bench" / "sql" / "insert_debtors.sql").read_text(encoding="utf-8")


class TakingAll:
    """A gateway in memory that keeps nothing of what it takes."""

    name = "karaden"
    width = 4

    def submit(self, submission: Submission) -> Receipt:
        at = submission.limited_at
        words = ("processing", "waiting", "none")
        return Receipt(str(uuid4()), (), DeliveryState.PENDING, *words, None, None, None, None, at)


def plan_batch(owner: Engine, engine: Engine, notices: int, number: int) -> tuple[object, datetime]:
    """A run of its own with one batch of so many notices, approved."""
    with owner.begin() as connection:
        first = number * 1_000_000 + 1
        connection.execute(text(PEOPLE), {"first_number": first, "last_number": first + notices - 1})
    campaign, now = load_campaign("nhi_overdue"), OCCURRENCE
    sending = campaign.sending.model_copy(update={"batch_size": notices})
    pacing = Pacing(call_rate=0, per_occurrence=notices, per_hour=100_000)
    campaign = campaign.model_copy(update={"sending": sending, "pacing": pacing})
    run = open_campaign_run(engine, campaign.name, OCCURRENCE + timedelta(days=number), now, "test")
    digest = plan_notices(engine, campaign, load_city(), run, now, "test", KEY)
    approve_campaign_run(engine, run, digest, "test", now)
    return run, now


def measure(url: str, notices: int, number: int) -> float:
    """The most that Python held while it sent one batch, over what it held before."""
    owner = create_records_engine(make_url(url))
    engine = create_records_engine(make_url(url), CAMPAIGN_ROLE)
    run, now = plan_batch(owner, engine, notices, number)
    sender = Sender(engine, TakingAll(), load_city(), "test", lambda: now)  # type: ignore[arg-type]
    tracemalloc.start()
    counts = sender.deliver_batch(run, 1)  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts == {"accepted": notices}, counts
    return peak / 2**20


def main(url: str, sizes: Sequence[str]) -> None:
    # The first batch of a process also fills its caches.
    measure(url, 50, 0)
    for number, size in enumerate(sizes, start=1):
        print(f"{measure(url, int(size), number):.3f}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
