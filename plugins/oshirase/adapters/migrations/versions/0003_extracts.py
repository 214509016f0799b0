"""What loading the business system's extracts needs."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply `schema/0003_extracts` and `schema/0003_aliases`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in ("extracts", "aliases"):
        cursor.execute(sql(f"schema/0003_{part}"))
