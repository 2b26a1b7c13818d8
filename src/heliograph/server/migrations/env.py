"""Alembic's entry: runs the revisions on the connection that `upgrade.to_head` hands over."""

from alembic import context

from heliograph.server import catalog

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=catalog.metadata, transactional_ddl=False)
context.run_migrations()
