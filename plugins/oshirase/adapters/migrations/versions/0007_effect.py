"""Measuring the effect: when a subject was settled first, calls that were counted, every measurement."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0007"
down_revision = "0006"

PARTS = ("effect",)


def upgrade() -> None:
    """Apply each `schema/0007_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0007_{part}"))
