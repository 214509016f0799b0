"""Alerts: since when, until when, what was told of each; heartbeats of the upkeep DAGs."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0008"
down_revision = "0007"

PARTS = ("alerts",)


def upgrade() -> None:
    """Apply each `schema/0008_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0008_{part}"))
