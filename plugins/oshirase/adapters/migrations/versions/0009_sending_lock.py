"""A restored database notices that it is one, and sends nothing until a person says that it may."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply `schema/0009_sending_lock`, in one transaction."""
    op.get_bind().connection.cursor().execute(sql("schema/0009_sending_lock"))
