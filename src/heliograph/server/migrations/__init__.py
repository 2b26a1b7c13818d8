"""The history of the tables: Alembic revisions, append-only. `HEAD` is the newest one's number.

Importing Alembic costs a third of a second, so a server whose database is up to date never does (`upgrade` is apart).
"""

from sqlalchemy import Connection, inspect, text

HEAD = "0012"


def version(connection: Connection) -> str | None:
    """The revision that the database is at; None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None
