"""What the tests of repair share: the net on this machine, and everything that asks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.repair.judging import Judge
from heliograph.repair.pictures import Placeholders
from heliograph.repair.web import Web
from tests.repair.internet import PAGE, Internet, internet


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """The hosts; those below `secure.example` have certificates, and `Web` trusts them."""
    with internet(tmp_path, "*.secure.example", "i.imgur.com", "i.stack.imgur.com", "i.sstatic.net") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
        yield made


@pytest.fixture
def web(net: Internet) -> Iterator[Web]:
    """Asks the net as fast as it can."""
    asking = Web(per_second=10_000, timeout=5, connect_to=net.connections)
    yield asking
    asking.close()


@pytest.fixture
def judge(web: Web) -> Judge:
    """Looks at addresses as a page elsewhere."""
    return Judge(web, Placeholders(), PAGE)
