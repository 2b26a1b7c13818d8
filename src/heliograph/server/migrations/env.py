"""Alembic's entry: runs the revisions on the connection that `upgrade.to_head` hands over."""

from alembic import context

from heliograph.server.catalog import albums as catalog_albums

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=catalog_albums.albums.metadata, transactional_ddl=False)
context.run_migrations()
