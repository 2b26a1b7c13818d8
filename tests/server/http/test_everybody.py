"""Every endpoint of the native API, tried by everybody: who may, who may not, and that nothing leaks what exists."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from heliograph.server.http.openapi import Reference
from heliograph.server.links import Links
from tests.administration import run
from tests.running import RunningServer, change_rows, picture, serving

ALL = ("account", "albums", "images:read", "images:write")


@dataclass(frozen=True)
class Case:
    """One endpoint, on what another account owns.

    without: what nobody in particular gets. stranger: what another account gets. scope: what it needs. missing: what
    the stranger gets where there is no such thing.
    """

    method: str
    path: str
    without: int
    stranger: int
    scope: str | None
    missing: int | None = None
    body: dict[str, Any] | None = None


CASES = [
    Case("post", "/api/v1/images", 201, 201, "images:write"),
    Case("get", "/api/v1/images", 401, 200, "images:read"),
    Case("get", "/api/v1/images/{image}", 200, 200, None, 404),
    Case("patch", "/api/v1/images/{image}", 403, 403, "images:write", 404, {"title": "mine"}),
    Case("delete", "/api/v1/images/{image}", 403, 403, "images:write", 404),
    Case("get", "/api/v1/images/{image}/source", 200, 200, None, 404),
    Case("delete", "/api/v1/images/{image}/source", 403, 403, "images:write", 404),
    Case("delete", "/api/v1/images/{image}/vector", 403, 403, "images:write", 404),
    Case("post", "/api/v1/images/{image}/claim", 401, 403, "images:write", 404),
    Case("put", "/api/v1/images/{image}/favorite", 401, 204, "images:write", 404),
    Case("delete", "/api/v1/images/{image}/favorite", 401, 204, "images:write", 404),
    Case("put", "/api/v1/albums/{album}/favorite", 401, 204, "albums", 404),
    Case("delete", "/api/v1/albums/{album}/favorite", 401, 204, "albums", 404),
    Case("post", "/api/v1/albums", 201, 201, "albums", None, {"title": "t"}),
    Case("get", "/api/v1/albums", 401, 200, "albums"),
    Case("get", "/api/v1/albums/{album}", 200, 200, None, 404),
    Case("patch", "/api/v1/albums/{album}", 403, 403, "albums", 404, {"title": "mine"}),
    Case("delete", "/api/v1/albums/{album}", 403, 403, "albums", 404),
    Case("put", "/api/v1/albums/{album}/images", 403, 403, "albums", 404, {"images": []}),
    Case("post", "/api/v1/albums/{album}/images", 403, 403, "albums", 404, {"images": ["aaaaaaaaaa"]}),
    Case("delete", "/api/v1/albums/{album}/images?images=aaaaaaaaaa", 403, 403, "albums", 404),
    Case("get", "/api/v1/account", 401, 200, "account"),
    Case("patch", "/api/v1/account", 401, 200, "account", None, {"email": "a@h.example"}),
    Case("get", "/api/v1/applications", 401, 200, "account"),
    Case("post", "/api/v1/applications", 401, 201, "account", None, {"name": "a"}),
    Case("get", "/api/v1/applications/{application}", 401, 404, "account", 404),
    Case("patch", "/api/v1/applications/{application}", 401, 404, "account", 404, {"name": "mine"}),
    Case("post", "/api/v1/applications/{application}/secret", 401, 404, "account", 404),
    Case("get", "/api/v1/whoami", 401, 200, None),
    Case("get", "/api/v1/tokens", 401, 200, "account"),
    Case("post", "/api/v1/tokens", 401, 201, "account", None, {"name": "t", "scopes": ["account"]}),
    Case("delete", "/api/v1/tokens/{token}", 401, 404, "account", 404),
    Case("get", "/.well-known/heliograph-keys.json", 200, 200, None),
]
IDS = [f"{case.method} {case.path}" for case in CASES]
TOKENLESS = {"/.well-known/heliograph-keys.json"}
"""What looks at no token at all."""


@dataclass(frozen=True)
class World:
    """A server, the things of its owner, and tokens of everybody else."""

    server: RunningServer
    things: dict[str, str]
    tokens: dict[str, str]

    def ask(self, case: Case, token: str | None, things: dict[str, str] | None = None) -> httpx2.Response:
        sent: dict[str, Any] = {"json": case.body} if case.body else {}
        if (case.method, case.path) == ("post", "/api/v1/images"):
            sent = {"files": {"image": picture()}}
        headers = {"authorization": f"Bearer {token}"} if token else {}
        url = self.server.url + case.path.format(**(things or self.things))
        return httpx2.request(case.method, url, headers=headers, timeout=60, **sent)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("everybody")) as server:
        owner = httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=60)

        def admin(*words: str) -> str:
            done = run(server.data, *words)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        def token(account: str, *scopes: str, expires: str = "") -> str:
            asked = [word for scope in scopes for word in ("--scope", scope)]
            return admin("token", "create", account, *asked, *(["--expires", expires] if expires else []))

        for name in ("stranger", "disabled"):
            admin("account", "create", name, "--no-password")
        tokens = {
            "stranger": token("stranger", *ALL),
            "disabled": token("disabled", *ALL),
            "revoked": token("stranger", *ALL),
            "expired": token("stranger", *ALL, expires="1d"),
            **{f"without {scope}": token("stranger", *(each for each in ALL if each != scope)) for scope in ALL},
        }
        revoked = admin("token", "list", "stranger").splitlines()[1].split("\t")[0]
        admin("token", "revoke", "stranger", revoked)
        admin("account", "disable", "disabled")
        beside = {"source": "print(1)", "vector": '<svg xmlns="http://www.w3.org/2000/svg"/>'}
        things = {
            "image": owner.post("/api/v1/images", files={"image": picture()}, data=beside).json()["id"],
            "application": owner.post("/api/v1/applications", json={"name": "a"}).json()["client_id"],
            "album": owner.post("/api/v1/albums", json={"title": "a"}).json()["id"],
            "token": owner.post("/api/v1/tokens", json={"name": "t", "scopes": ["albums"]}).json()["id"],
        }
        change_rows(server, "UPDATE keys SET expires = 1 WHERE expires IS NOT NULL")
        with closing(owner):
            yield World(server, things, tokens)
            for place in ("images/{image}", "images/{image}/source", "albums/{album}", "applications/{application}"):
                assert owner.get("/api/v1/" + place.format(**things)).status_code == 200, "it is as it was"
            assert things["token"] in owner.get("/api/v1/tokens").text


def test_the_table_holds_every_operation_of_the_api() -> None:
    described = Reference(Links("http://h.example")).content["paths"]
    operations = {(method, path) for path, item in described.items() for method in item if method != "parameters"}
    names = ("{image}", "{album}", "{application}", "{token}")
    tried = set()
    for case in CASES:
        path = case.path.partition("?")[0]
        for name in names:
            path = path.replace(name, "{id}")
        tried.add((case.method, path))
    assert tried == operations


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_nobody_in_particular(case: Case, world: World) -> None:
    assert world.ask(case, None).status_code == case.without


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_another_account(case: Case, world: World) -> None:
    answer = world.ask(case, world.tokens["stranger"])
    assert answer.status_code == case.stranger
    assert not {name for name, thing in world.things.items() if thing in answer.text and f"{{{name}}}" not in case.path}


@pytest.mark.parametrize("who", ["disabled", "revoked", "expired", "made up"])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_token_that_is_no_good_is_refused_whatever_is_asked(case: Case, who: str, world: World) -> None:
    answer = world.ask(case, world.tokens.get(who, "0" * 32))
    if case.path in TOKENLESS:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["name"]) == (401, "InvalidToken")
    assert answer.json()["detail"] == "The access token provided is invalid."


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_token_without_the_scope_is_refused_and_every_other_scope_is_not_needed(case: Case, world: World) -> None:
    for scope in ALL:
        answer = world.ask(case, world.tokens[f"without {scope}"])
        if scope == case.scope:
            assert (answer.status_code, answer.json()["name"]) == (403, "Forbidden")
            assert scope in answer.json()["detail"]
        else:
            assert answer.status_code == case.stranger


@pytest.mark.parametrize("case", [case for case in CASES if case.missing], ids=lambda case: case.method + case.path)
def test_what_is_not_there_answers_as_what_is_private(case: Case, world: World) -> None:
    """Without the scope nothing tells whether a thing exists; with it, nothing tells of a private one."""
    nothing = {"image": "a" * 10, "album": "a" * 12, "application": "0123456789abcde", "token": "a" * 10}
    assert world.ask(case, world.tokens["stranger"], nothing).status_code == case.missing
    if case.scope:
        token = world.tokens[f"without {case.scope}"]
        there, not_there = (world.ask(case, token, things).json() for things in (world.things, nothing))
        assert there | {"request_id": ""} == not_there | {"request_id": ""}
