"""A campaign on stage: the steps of a run as one-word calls, against real PostgreSQL and the real emulator."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from oshirase.adapters.gateways.karaden import KaradenAccount, KaradenGateway
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.adapters.transport import Trust
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.gateway import SmsGateway
from oshirase.services import approval, campaign_run, delivery, planning, receipts, reconciliation, unknown
from sandbox.gateway.testing import HandClock, RunningGateway

OCCURRENCE = datetime(2026, 10, 2, 10, 0, tzinfo=JST)
# The emulator without TLS.
BARE = Trust(allow_http=True)
KEY = b"a key for tests, 32 characters..."


@dataclass
class Scene:
    """Everything a run needs; `owner` may do all, `engine` what campaigns may."""

    engine: Engine
    owner: Engine
    running: RunningGateway
    clock: HandClock
    campaign: Campaign = field(default_factory=lambda: load_campaign("nhi_overdue"))
    city: City = field(default_factory=load_city)

    def __post_init__(self) -> None:
        self.gateway = KaradenGateway("karaden", self.account())

    def account(self) -> KaradenAccount:
        return KaradenAccount(self.running.base_url, self.running.tenant, self.running.token, 1, trust=BARE)

    def change(self, **sending: Any) -> None:
        """Other sending settings for this test."""
        self.campaign = self.campaign.model_copy(update={"sending": self.campaign.sending.model_copy(update=sending)})

    def pace(self, **pacing: Any) -> None:
        """Other pacing for this test; the section takes what the campaign sends."""
        pacing = {"call_rate": 0.0, "per_hour": 80, **pacing}
        self.campaign = self.campaign.model_copy(update={"pacing": self.campaign.pacing.model_copy(update=pacing)})

    def open(self, occurrence: datetime = OCCURRENCE) -> UUID:
        return campaign_run.open_campaign_run(self.engine, self.campaign.name, occurrence, self.clock(), "test")

    def plan(self, run: UUID) -> str | None:
        return planning.plan_notices(self.engine, self.campaign, self.city, run, self.clock(), "test", KEY)

    def approve(self, run: UUID, digest: str | None) -> None:
        approval.approve_campaign_run(self.engine, run, str(digest), "sato", self.clock())

    def approved_run(self) -> UUID:
        """A run of today's occurrence that has been planned and approved."""
        run = self.open()
        self.approve(run, self.plan(run))
        return run

    def send(self, run: UUID) -> Counter[str]:
        counts: Counter[str] = Counter()
        for batch in campaign_run.list_batches(self.engine, run):
            delivery.verify_batch(self.engine, run, batch, KEY)
            counts += self.send_batch(run, batch)
        return counts

    def send_batch(self, run: UUID, batch: int = 1, gateway: SmsGateway | None = None) -> Counter[str]:
        gateway = gateway or self.gateway
        sender = delivery.Sender(self.engine, gateway, self.city, "test", self.clock, patience_seconds=0)
        return sender.deliver_batch(run, batch)

    def look_up(self) -> Counter[str]:
        return unknown.look_up_unknown(self.engine, self.gateway, self.clock(), "test")

    def collect(self) -> Counter[str]:
        return receipts.collect_receipts(self.engine, self.gateway, self.clock(), "test")

    def reconcile(self) -> Counter[str]:
        return reconciliation.reconcile(self.engine, self.gateway, self.city, self.clock(), "test")

    def states(self) -> Counter[str]:
        """Notices by `state`, or by `state/reason` where there is one."""
        query = text("select state, reason, count(*) as n from ledger.notice group by state, reason")
        with self.owner.connect() as connection:
            rows = connection.execute(query).all()
        return Counter({f"{row.state}/{row.reason}" if row.reason else row.state: row.n for row in rows})

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def accepted_per_number(self) -> Counter[str]:
        """What the gateway took, by telephone, from its own side."""
        telephones = self.running.counts()["telephones"]
        return Counter({number: count["accepted"] for number, count in telephones.items()})
