"""One stage a module: the whole cast is played once, and each rule looks at what became of its person."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine
from sandbox.gateway.testing import HandClock, RunningGateway
from tests.conftest import empty
from tests.scene import Scene


@pytest.fixture(scope="module")
def stage(session_database_url: URL, emulator: tuple[RunningGateway, HandClock]) -> Iterator[Scene]:
    """An empty ward, for all tests of the module together."""
    empty(session_database_url)
    running, clock = emulator
    engine, owner = (
        create_records_engine(session_database_url, CAMPAIGN_ROLE),
        create_records_engine(session_database_url),
    )
    scene = Scene(engine, owner, running, clock)
    yield scene
    scene.gateway.close()
    engine.dispose()
    owner.dispose()
