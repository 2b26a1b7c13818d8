"""Applications and tokens over the native API, passwords, and what scopes allow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.administration import run
from tests.cli.test_admin import PASSWORD
from tests.running import RunningServer, picture, serving, worked
from tests.server.http.test_native import failure, upload

ALL = ["account", "albums", "images:read", "images:write"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose limits of passwords no other test has used up."""
    with serving(tmp_path_factory.mktemp("identity")) as server:
        yield server


@pytest.fixture(scope="module")
def ada(running: RunningServer) -> str:
    """The name of an account with a password."""
    return add_ada(running)


def add_ada(server: RunningServer) -> str:
    done = run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD)
    assert done.returncode == 0, done.stderr
    return "ada"


def client(server: RunningServer, token: str) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=60)


def made(http: httpx2.Client, **wanted: Any) -> dict[str, Any]:
    answer = http.post("/api/v1/tokens", json={"name": "t", "scopes": ALL, **wanted})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    said: dict[str, Any] = answer.json()
    return said


def test_the_first_key_has_every_scope_and_is_listed(owner: httpx2.Client) -> None:
    first = owner.get("/api/v1/tokens").json()["tokens"][0]
    assert (first["name"], first["scopes"], first["expires"]) == ("first key", ALL, None)
    assert first["used"] is not None
    assert "token" not in first


def test_a_token_works_until_it_is_revoked(owner: httpx2.Client, server: RunningServer) -> None:
    said = made(owner, scopes=["images:read", "images:write"])
    with client(server, said["token"]) as http:
        assert upload(http)["delete_hash"]
        assert owner.delete(f"/api/v1/tokens/{said['id']}").status_code == 204
        assert failure(http.get("/api/v1/images")) == (401, "InvalidToken")
    assert failure(owner.delete(f"/api/v1/tokens/{said['id']}")) == (404, "NotFound")


def test_a_token_makes_none_that_may_more_or_lasts_longer(owner: httpx2.Client, server: RunningServer) -> None:
    ends = datetime.now(UTC) + timedelta(hours=1)
    with client(server, made(owner, scopes=["account", "images:read"], expires=ends.isoformat())["token"]) as http:
        answer = http.post("/api/v1/tokens", json={"name": "more", "scopes": ["images:write"]})
        assert failure(answer) == (403, "Forbidden")
        assert made(http, scopes=["account"])["expires"][:19] == ends.isoformat()[:19]


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"name": "\0"}, {"expires": "2001-01-01T00:00:00Z"},
     {"expires": "2099-01-01T00:00:00"}, {"more": 1}],
)  # fmt: skip
def test_a_wrong_wish_for_a_token_is_a_bad_parameter(wrong: dict[str, object], owner: httpx2.Client) -> None:
    answer = owner.post("/api/v1/tokens", json={"name": "t", "scopes": ["albums"], **wrong})
    assert failure(answer) in [(400, "BadParameter"), (403, "Forbidden")]


def test_reading_alone_shows_no_delete_hash(owner: httpx2.Client, server: RunningServer) -> None:
    image = upload(owner)
    with client(server, made(owner, scopes=["images:read"])["token"]) as http:
        listed = http.get("/api/v1/images").json()["images"]
        assert image["id"] in {each["id"] for each in listed}
        assert not [each for each in listed if "delete_hash" in each]
        assert "delete_hash" not in http.get(f"/api/v1/images/{image['id']}").json()
        assert "deletehash" not in http.get(f"/3/image/{image['id']}").json()["data"]


def test_the_foreign_dialects_hold_to_scopes_too(owner: httpx2.Client, server: RunningServer) -> None:
    image, token = upload(owner), made(owner, scopes=["images:read"])["token"]
    with client(server, token) as http:
        assert http.post("/3/image", files={"image": picture()}).status_code == 403
        assert http.delete(f"/3/image/{image['id']}").status_code == 403
        answer = http.post("/api/upload.json", data={"key": token}, files={"image": picture()})
        assert (answer.status_code, answer.json()["rsp"]["stat"]) == (403, "fail")
    whole = made(owner)["token"]
    answer = httpx2.post(f"{server.url}/api/upload.json", data={"key": whole}, files={"image": picture()})
    assert answer.json()["rsp"]["stat"] == "ok"


def test_an_application_is_made_changed_and_disabled_by_its_owner(owner: httpx2.Client, server: RunningServer) -> None:
    answer = owner.post(
        "/api/v1/applications", json={"name": "App", "redirects": ["https://h.example/back"], "secret": True}
    )
    said = answer.json()
    assert (answer.status_code, len(said["client_id"]), len(said["key"]), len(said["secret"])) == (201, 15, 32, 32)
    place = f"/api/v1/applications/{said['client_id']}"
    shown = owner.get(place).json()
    assert shown == {name: value for name, value in said.items() if name != "secret"}
    assert shown in owner.get("/api/v1/applications").json()["applications"]
    assert owner.post(f"{place}/secret").json()["secret"] != said["secret"]
    assert owner.patch(place, json={"name": "Other", "enabled": False}).json()["name"] == "Other"
    answer = httpx2.post(f"{server.url}/3/image", headers={"authorization": f"Client-ID {said['client_id']}"})
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, "Invalid client_id")
    assert owner.patch(place, json={"enabled": True}).json()["enabled"] is True


@pytest.mark.parametrize(
    "redirect",
    [
        "javascript:alert(1)",
        "/relative",
        "https://h.example/#part",
        "https:///no",
        "https://h.example/ x",
        "https://bank.example@h.example/",
        "https://h.example\\@bank.example/",
        "https://h.example;sandbox/",
        "https://*/",
        "https://h.example:port/",
    ],
)
def test_a_dangerous_redirect_address_is_refused(redirect: str, owner: httpx2.Client) -> None:
    answer = owner.post("/api/v1/applications", json={"name": "App", "redirects": [redirect]})
    assert failure(answer) == (400, "BadParameter")


def test_a_password_makes_a_token_and_nothing_else(running: RunningServer, ada: str) -> None:
    with httpx2.Client(base_url=running.url, auth=(ada, PASSWORD)) as http:
        token = made(http)["token"]
        assert failure(http.get("/api/v1/tokens")) == (401, "InvalidToken")
    with client(running, token) as http:
        assert http.get("/api/v1/images").json()["images"] == []


def test_guessing_is_slowed_and_tells_nothing(tmp_path: Path) -> None:
    """Need: the same words, and about the same work, whether the name exists or not; and after some tries none."""
    with serving(tmp_path) as running:
        ada = add_ada(running)
        answers, work = set(), {}
        for name in (ada, "nobody", "no name"):
            begun = worked(running)
            for _ in range(4):
                answer = httpx2.post(
                    f"{running.url}/api/v1/tokens", auth=(name, "wrong"), json={"name": "t", "scopes": ["account"]}
                )
                answers.add((answer.status_code, answer.json()["detail"]))
            work[name] = worked(running) - begun
        assert len(answers) == 1
        assert max(work.values()) < 3 * min(work.values()), work
        names = {_attempt(running, ada) for _ in range(12)}
        assert names == {"InvalidToken", "TooManyAttempts"}
        refused = httpx2.post(f"{running.url}/api/v1/tokens", auth=(ada, PASSWORD), json={"name": "t", "scopes": ALL})
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert _attempt(running, "another") == "InvalidToken", "others are not slowed by it"
        assert {_attempt(running, f"name-{number}") for number in range(30)} == {"InvalidToken", "TooManyAttempts"}


def _attempt(server: RunningServer, name: str) -> str:
    answer = httpx2.post(f"{server.url}/api/v1/tokens", auth=(name, "wrong"), json={"name": "t", "scopes": ALL})
    said: str = answer.json()["name"]
    return said


def test_a_moderator_removes_what_others_own_and_cannot_edit_it(running: RunningServer) -> None:
    assert run(running.data, "account", "create", "mod", "--role", "moderator", "--no-password").returncode == 0
    token = run(running.data, "token", "create", "mod", "--scope", "images:write").stdout.strip()
    with client(running, running.key) as owner, client(running, token) as moderator:
        place = f"/api/v1/images/{upload(owner)['id']}"
        assert failure(moderator.patch(place, json={"title": "t"})) == (403, "Forbidden")
        assert moderator.delete(place).status_code == 204
        assert failure(owner.get(place)) == (410, "Gone")
