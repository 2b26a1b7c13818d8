"""One's own account over the native API."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.administration import run
from tests.cli.test_admin import PASSWORD
from tests.running import RunningServer, serving
from tests.server.http.test_native import failure

NEW = "another horse battery"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(tmp_path_factory.mktemp("account")) as server:
        yield server


@pytest.fixture(scope="module")
def ada(running: RunningServer) -> Iterator[httpx2.Client]:
    with ada_of(running) as client:
        yield client


def ada_of(server: RunningServer) -> httpx2.Client:
    assert run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD).returncode == 0
    token = run(server.data, "token", "create", "ada", "--scope", "account").stdout.strip()
    return httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=60)


def knows(running: RunningServer, password: str) -> bool:
    wanted = {"name": "t", "scopes": ["account"]}
    answer = httpx2.post(f"{running.url}/api/v1/tokens", auth=("ada", password), json=wanted)
    assert answer.status_code in (201, 401)
    return answer.status_code == 201


def test_the_e_mail_address_is_set_and_taken_away(ada: httpx2.Client) -> None:
    assert ada.patch("/api/v1/account", json={"email": "ada@h.example"}).json()["email"] == "ada@h.example"
    for wrong in ("ada", "ada@h.example\0", "a b@h.example"):
        assert failure(ada.patch("/api/v1/account", json={"email": wrong})) == (400, "BadParameter")
    assert ada.get("/api/v1/account").json()["email"] == "ada@h.example"
    assert ada.patch("/api/v1/account", json={"email": None}).json()["email"] is None


def test_a_new_password_needs_the_old_one(ada: httpx2.Client, running: RunningServer) -> None:
    assert failure(ada.patch("/api/v1/account", json={"password": NEW})) == (400, "BadParameter")
    wrong = ada.patch("/api/v1/account", json={"password": NEW, "old_password": NEW})
    assert failure(wrong) == (403, "Forbidden")
    assert knows(running, PASSWORD)
    answer = ada.patch("/api/v1/account", json={"password": NEW, "old_password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (knows(running, NEW), knows(running, PASSWORD)) == (True, False)


def test_an_account_without_a_password_gets_none_by_a_token(owner: httpx2.Client) -> None:
    """Else who finds a token could sign in for ever."""
    answer = owner.patch("/api/v1/account", json={"password": NEW, "old_password": ""})
    assert failure(answer) == (403, "Forbidden")


def test_guessing_the_old_password_is_slowed(tmp_path: Path) -> None:
    guess = {"password": NEW, "old_password": "no"}
    with serving(tmp_path) as server, ada_of(server) as ada:
        said = [failure(ada.patch("/api/v1/account", json=guess)) for _ in range(12)]
    assert said[-1] == (429, "TooManyAttempts")
