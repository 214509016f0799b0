"""Alembic's entry: runs the revisions on the connection that `oshirase.adapters.database` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="ledger",
)
with context.begin_transaction():
    context.run_migrations()
