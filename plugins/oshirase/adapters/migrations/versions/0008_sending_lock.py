"""A restored database notices that it is one, and sends nothing until a person says that it may."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply `schema/0008_sending_lock`, in one transaction."""
    op.get_bind().connection.cursor().execute(sql("schema/0008_sending_lock"))
