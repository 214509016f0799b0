"""Rights of the database roles, narrowed to what their statements need."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0014"
down_revision = "0013"

PARTS = ("rights",)


def upgrade() -> None:
    """Apply each `schema/0014_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0014_{part}"))
