"""What the records forget with time, and persons who asked to be erased."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0012"
down_revision = "0011"

PARTS = ("forgetting",)


def upgrade() -> None:
    """Apply each `schema/0012_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0012_{part}"))
