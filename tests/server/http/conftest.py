"""What all of these tests leave behind is closed."""

from collections.abc import Iterator

import pytest

from tests.server.http.test_account_pages import OPEN


@pytest.fixture(autouse=True)
def _closes_browsers() -> Iterator[None]:
    """Ends the connections of those who have logged in: what is open at the end of a run is warned of."""
    yield
    while OPEN:
        OPEN.pop().close()
