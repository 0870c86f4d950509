"""Runs migrations over the connection that :mod:`cordboard.journal.sql.store` hands in."""

from __future__ import annotations

from alembic import context

from cordboard.journal.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
