"""Seals: a keyed hash chain over the event log and the approvals."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0011"
down_revision = "0010"

PARTS = ("seals",)


def upgrade() -> None:
    """Apply each `schema/0011_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0011_{part}"))
