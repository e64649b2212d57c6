"""Alembic's environment for every service: the caller hands over a connection that stands in the service's schema."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes["metadata"],
    version_table="migrations",
    compare_type=True,
    include_name=lambda name, kind, parents: not (kind == "table" and name == "migrations"),
)
with context.begin_transaction():
    context.run_migrations()
