"""Servers that count in one Valkey."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tests.running import RunningServer, picture, serving
from tests.servers.valkey import ValkeyServer


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey that the test may kill."""
    server = ValkeyServer()
    server.start()
    yield server
    server.dispose()


def upload(server: RunningServer) -> httpx2.Response:
    return httpx2.post(f"{server.url}/api/v1/images", files={"image": picture()}, timeout=30)


def let_through(server: RunningServer) -> float:
    lines = httpx2.get(f"{server.url}/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith("heliograph_limits_let_through_total")).split()[1])


def test_two_servers_share_their_limits_and_outlive_their_valkey(tmp_path: Path, valkey: ValkeyServer) -> None:
    settings = {"VALKEY_URL": valkey.url(), "LIMITS": "3/hour uploads by address"}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with serving(tmp_path / "one", **settings) as one, serving(tmp_path / "two", **settings) as two:
        assert [upload(server).status_code for server in (one, two, one, two, one)] == [201, 201, 201, 429, 429]
        assert httpx2.get(f"{two.url}/readyz").json()["parts"]["limits"] == "ok"
        valkey.kill()
        for _ in range(3):
            answer = upload(one)
            assert answer.status_code == 201
            assert "ratelimit" not in answer.headers
        assert let_through(one) == 3
        assert let_through(two) == 0
        ready = httpx2.get(f"{one.url}/readyz")
        assert (ready.status_code, ready.json()["ready"]) == (200, True)
        assert ready.json()["parts"]["limits"] == "StorageUnavailable"


def test_guessing_is_slowed_while_valkey_is_away_too(tmp_path: Path, valkey: ValkeyServer) -> None:
    with serving(tmp_path, VALKEY_URL=valkey.url()) as server:
        valkey.kill()
        guesses = [
            httpx2.post(f"{server.url}/api/v1/tokens", auth=("owner", f"a wrong one, number {number}"), json={})
            for number in range(11)
        ]
        assert [each.status_code for each in guesses] == [401] * 10 + [429]


def test_of_64_requests_at_once_to_four_servers_just_the_limit_is_admitted(
    tmp_path: Path, valkey: ValkeyServer
) -> None:
    with ExitStack() as stack:
        servers = []
        for number in range(4):
            folder = tmp_path / str(number)
            folder.mkdir()
            running = serving(folder, VALKEY_URL=valkey.url(), LIMITS="10/hour by address", IMAGE_WORKERS="1")
            servers.append(stack.enter_context(running))

        def ask(number: int) -> int:
            return httpx2.get(f"{servers[number % 4].url}/api/v1/images/aaaaaaaaaa", timeout=30).status_code

        with ThreadPoolExecutor(64) as threads:
            statuses = Counter(threads.map(ask, range(64)))
        assert [let_through(server) for server in servers] == [0] * 4
    assert statuses == {404: 10, 429: 54}


def test_a_server_starts_while_its_valkey_is_away(tmp_path: Path) -> None:
    with serving(tmp_path, VALKEY_URL="valkey://127.0.0.1:1/0", LIMITS="1/hour uploads by address") as server:
        assert [upload(server).status_code for _ in range(2)] == [201, 201]
