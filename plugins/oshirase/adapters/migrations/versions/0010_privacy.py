"""Forgetting persons: keyed hashes in the place of numbers and ids, a role for it, every purge on record."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0010"
down_revision = "0009"

PARTS = ("privacy",)


def upgrade() -> None:
    """Apply each `schema/0010_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0010_{part}"))
