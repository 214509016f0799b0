"""Screening for every kind of subject, and what pacing over runs needs."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply `schema/0004_screening`."""
    op.get_bind().connection.cursor().execute(sql("schema/0004_screening"))
