"""One matrix for the whole run."""

import pytest

from tests.clients.matrix import Matrix


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """What the programs of this run did so far."""
    return Matrix()
