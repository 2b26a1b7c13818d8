"""The end of grants: all that was given for them goes with them."""

from typing import Any

from sqlalchemy import Connection, delete, select

from heliograph.server.catalog.tables import device_requests, grant_codes, grants, keys, refresh_tokens


def end_grants(connection: Connection, which: Any) -> bool:  # noqa: ANN401 - a condition on `grants`
    """Drop the grants that the condition fits, with their codes and tokens. Returns False where there is none."""
    ending = select(grants.c.id).where(which)
    for table in (grant_codes, refresh_tokens, device_requests, keys):
        connection.execute(delete(table).where(table.c.grant_id.in_(ending)))
    return bool(connection.execute(delete(grants).where(which)).rowcount)
