"""What the records forget with time, and persons who asked to be erased."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0011"
down_revision = "0010"

PARTS = ("forgetting",)


def upgrade() -> None:
    """Apply each `schema/0011_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0011_{part}"))
