"""A server on each of the databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import RunningServer, serving
from tests.server.test_migrations import emptied
from tests.servers.postgres import PostgresServer

DATABASES = ("sqlite", "postgresql")


@contextmanager
def serving_on(request: pytest.FixtureRequest, folder: Path, **settings: str) -> Iterator[RunningServer]:
    """A server on the database that is the parameter of the fixture which makes this `request`."""
    if request.param == "sqlite":
        with serving(folder, **settings) as server:
            yield server
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    with emptied(postgres), serving(folder, DATABASE_URL=postgres.url, **settings) as server:
        yield server
