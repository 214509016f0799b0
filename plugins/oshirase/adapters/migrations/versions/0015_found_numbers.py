"""Retention of the telephone numbers that were found at the gateway after a restore."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply `schema/0015_found_numbers`, in one transaction."""
    op.get_bind().connection.cursor().execute(sql("schema/0015_found_numbers"))
