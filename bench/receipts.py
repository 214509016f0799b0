"""Receipts: applied to real rows of the ledger, and collected whole over HTTP."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from bench.measurement import Lap, Result, of_laps, timed
from bench.stage import Stage
from oshirase.adapters.gateways.karaden import PAGE_SIZE, KaradenGateway
from oshirase.domain.gateway import DeliveryState, Receipt, SmsGateway, Submission
from oshirase.services.campaign_run import list_batches
from oshirase.services.delivery import Sender
from oshirase.services.receipts import apply_receipts, collect_receipts

GATEWAY = "karaden"
HANDED_OVER = """
select notice_id, gateway_message_id from ledger.notice
where campaign_run_id = :run and state = 'accepted' order by scheduled_at desc
"""


class TakingAll:
    """A gateway in memory that takes every message: only to have notices in the ledger that wait for receipts."""

    name = GATEWAY
    width = 4

    def submit(self, submission: Submission) -> Receipt:
        """Take it."""
        return receipt(submission.notice_id, str(uuid4()), submission.limited_at)


def receipt(notice_id: UUID, gateway_message_id: str, at: datetime) -> Receipt:
    """The receipt of a message that has arrived, as the list of the gateway gives it."""
    return Receipt(
        gateway_message_id,
        (str(notice_id),),
        DeliveryState.DELIVERED,
        "done",
        "done",
        "received",
        "docomo",
        2,
        at,
        at,
        at,
    )


def hand_over_to(gateway: SmsGateway, stage: Stage, run: UUID) -> None:
    """Bring all notices of a run to `accepted`."""
    sender = Sender(stage.engine, gateway, stage.city, "bench", stage.clock)
    for batch in list_batches(stage.engine, run):
        sender.deliver_batch(run, batch)


def measure_applying(stage: Stage, run: UUID, n: int, laps: int) -> Result:
    """Time `laps` times the pages of `n` receipts, a transaction each, on rows that wait for them."""
    hand_over_to(TakingAll(), stage, run)  # type: ignore[arg-type]
    pages = list_pages(stage, run)
    apply(stage, pages.pop())
    return of_laps(
        f"receipts applied, pages of {PAGE_SIZE}",
        n,
        [apply(stage, *[pages.pop() for _ in range(n // PAGE_SIZE)]) for _ in range(laps)],
    )


def list_pages(stage: Stage, run: UUID) -> list[list[Receipt]]:
    """What the gateway would list of a run whose messages have all arrived."""
    at = stage.clock() + timedelta(hours=2)
    with stage.owner.connect() as connection:
        rows = connection.execute(text(HANDED_OVER), {"run": run}).all()
    receipts = [receipt(row.notice_id, row.gateway_message_id, at) for row in rows]
    return [receipts[start : start + PAGE_SIZE] for start in range(0, len(receipts), PAGE_SIZE)]


def apply(stage: Stage, *pages: Sequence[Receipt]) -> Lap:
    """Apply pages as they would come; every receipt moves a notice."""
    with timed() as lap:
        for page in pages:
            assert apply_receipts(stage.engine, GATEWAY, page, stage.clock(), "bench") == {"delivered": len(page)}
    return lap


def measure_collecting(stage: Stage) -> Result:
    """Time one whole collection over HTTP, of everything that was handed over to the emulator."""
    stage.advance(hours=8)
    gateway = KaradenGateway(GATEWAY, stage.gateway.account)
    with timed() as lap:
        counts = collect_receipts(stage.engine, gateway, stage.clock(), "bench")
    gateway.close()
    return of_laps("receipts collected over HTTP", counts["delivered"], [lap])
