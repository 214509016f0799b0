"""What a restored ledger has forgotten is asked of the gateway."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply `schema/0013_gateway_inquiry`, in one transaction."""
    op.get_bind().connection.cursor().execute(sql("schema/0013_gateway_inquiry"))
