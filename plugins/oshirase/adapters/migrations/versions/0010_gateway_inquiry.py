"""What a restored ledger has forgotten is asked of the gateway."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply `schema/0010_gateway_inquiry`, in one transaction."""
    op.get_bind().connection.cursor().execute(sql("schema/0010_gateway_inquiry"))
