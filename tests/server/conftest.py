"""What the tests of the server share."""

from pathlib import Path

import pytest


@pytest.fixture
def under_way(tmp_path: Path) -> Path:
    """A folder for files under way."""
    return tmp_path
