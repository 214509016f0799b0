"""Who looked up whom and downloaded what; what the pages need to be quick."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0006"
down_revision = "0005"

PARTS = ("access", "lists", "home")


def upgrade() -> None:
    """Apply each `schema/0006_PART`, in one transaction."""
    cursor = op.get_bind().connection.cursor()
    for part in PARTS:
        cursor.execute(sql(f"schema/0006_{part}"))
