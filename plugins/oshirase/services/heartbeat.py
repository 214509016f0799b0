"""Heartbeats: every DAG that keeps things in step notes that it did its work, and by when it is to do so again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from oshirase.adapters.sql import statement


@dataclass(frozen=True)
class Heartbeat:
    """A DAG's last work."""

    name: str
    beaten_at: datetime
    late_at: datetime


def note_heartbeat(engine: Engine, name: str, now: datetime, within: timedelta) -> None:
    """Keep that a DAG has done its work; it is late when it has not done so again within some time."""
    with engine.begin() as connection:
        binds = {"name": name, "beaten_at": now, "late_at": now + within}
        connection.execute(statement("alert/note_heartbeat"), binds)


def list_heartbeats(engine: Engine) -> dict[str, Heartbeat]:
    """Those of every DAG that ever did its work, by name."""
    with engine.connect() as connection:
        rows = connection.execute(statement("alert/list_heartbeats")).all()
    return {row.name: Heartbeat(**row._mapping) for row in rows}
