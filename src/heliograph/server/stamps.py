"""How the tables keep time: whole milliseconds since 1970, UTC. Records hold aware datetimes."""

from datetime import UTC, datetime


def stamp(at: datetime) -> int:
    """A time as the tables keep it: whole milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def time_of(kept: int) -> datetime:
    """The time, aware and in UTC, of a stamp (milliseconds since 1970)."""
    return datetime.fromtimestamp(kept / 1000, UTC)
