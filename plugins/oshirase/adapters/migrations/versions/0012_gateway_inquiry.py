"""What a restored ledger has forgotten is asked of the gateway."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply `schema/0012_gateway_inquiry`, in one transaction."""
    op.get_bind().connection.cursor().execute(sql("schema/0012_gateway_inquiry"))
