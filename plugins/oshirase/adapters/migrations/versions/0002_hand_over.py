"""One pace for all processes; what became of a cancellation."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply `schema/0002_hand_over`."""
    op.get_bind().connection.cursor().execute(sql("schema/0002_hand_over"))
