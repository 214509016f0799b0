"""Several approvers, who asked for a run, planning anew; statistics after a load."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply `schema/0005_approval` and `schema/0005_statistics`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in ("approval", "statistics"):
        cursor.execute(sql(f"schema/0005_{part}"))
