"""Records and ledger from empty."""

from alembic import op

from oshirase.adapters.sql import sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both schemas, the screening functions and the roles."""
    for name in ("records", "ledger", "screening", "roles"):
        # Straight to the driver: SQLAlchemy would read the bodies' % as placeholders.
        op.get_bind().connection.cursor().execute(sql(f"schema/0001_{name}"))
