"""What is measured against: a PostgreSQL of its own, and the gateway emulator in a process of its own."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import Engine, text

from oshirase.adapters import embedded
from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine, migrate
from oshirase.adapters.gateways.karaden import KaradenAccount
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.adapters.transport import Trust
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City, Pacing
from oshirase.services.approval import approve_campaign_run
from oshirase.services.campaign_run import open_campaign_run
from oshirase.services.planning import plan_notices
from sandbox.gateway.app import Settings
from sandbox.gateway.testing import running_gateway

OCCURRENCE = datetime(2026, 10, 2, 10, 0, tzinfo=JST)
KEY = b"a key for benches, 32 characters"
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Gateway:
    """Where the emulator's process is reached."""

    account: KaradenAccount
    messages_url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """A planned and approved run of many notices, and a gateway that answers at once."""

    engine: Engine
    owner: Engine
    gateway: Gateway
    seconds_now: "Synchronized[float]"
    campaign: Campaign
    city: City

    def clock(self) -> datetime:
        """The one clock of campaign and gateway; it stands still until moved."""
        return datetime.fromtimestamp(self.seconds_now.value, UTC)

    def advance(self, **delta: float) -> None:
        """Move it."""
        self.seconds_now.value += timedelta(**delta).total_seconds()

    def approved_run(self, debtors: int, days_ago: int = 0) -> UUID:
        """A run over so many new obligors, planned and approved; for each run another occurrence."""
        self._insert_debtors(days_ago * 1_000_000 + 1, debtors)
        now = self.clock()
        occurrence = OCCURRENCE - timedelta(days=days_ago)
        run = open_campaign_run(self.engine, self.campaign.name, occurrence, now, "bench")
        digest = plan_notices(self.engine, self.campaign, self.city, run, now, "bench", KEY)
        # Many recipients: two persons have to agree.
        for person in ("first", "second"):
            approve_campaign_run(self.engine, run, digest, person, now)
        return run

    def _insert_debtors(self, first: int, debtors: int) -> None:
        statement = (Path(__file__).parent / "sql" / "insert_debtors.sql").read_text(encoding="utf-8")
        with self.owner.begin() as connection:
            connection.execute(text(statement), {"first_number": first, "last_number": first + debtors - 1})
        with self.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Start everything, and end it with the block."""
    seconds_now = SPAWN.Value("d", OCCURRENCE.timestamp())
    with (
        TemporaryDirectory(prefix="oshirase-bench-") as folder,
        embedded.start_server(Path(folder) / "postgres") as server,
        gateway_process(seconds_now) as gateway,
    ):
        url = embedded.database_url(server, "bench")
        owner, engine = create_records_engine(url), create_records_engine(url, CAMPAIGN_ROLE)
        migrate(owner)
        yield Stage(engine, owner, gateway, seconds_now, roomy(load_campaign("nhi_overdue")), load_city())
        engine.dispose()
        owner.dispose()


def roomy(campaign: Campaign) -> Campaign:
    """The campaign with room for a whole bench in one send window; batches stay as large as they are."""
    pacing = Pacing(call_rate=0, per_occurrence=1_000_000, per_hour=100_000)
    return campaign.model_copy(update={"pacing": pacing})


@contextmanager
def gateway_process(seconds_now: "Synchronized[float]") -> Iterator[Gateway]:
    """The emulator in a process of its own, answering at once."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(there, seconds_now), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("enough")
        process.join(10)


def _serve(pipe: "Connection[Gateway, str]", seconds_now: "Synchronized[float]") -> None:
    def clock() -> datetime:
        return datetime.fromtimestamp(seconds_now.value, UTC)

    with running_gateway(Settings(outcomes="received", clock=clock)) as running:
        account = KaradenAccount(running.base_url, running.tenant, running.token, 1, trust=Trust(allow_http=True))
        pipe.send(Gateway(account, running.messages_url, running.headers))
        pipe.recv()
