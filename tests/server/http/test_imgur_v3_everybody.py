"""Every endpoint of Imgur v3, tried by everybody: who may, who may not, and that nothing leaks what exists."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from heliograph.server.http.routes import Handlers, table
from tests.administration import run
from tests.running import RunningServer, change_rows, picture, serving

ALL = ("account", "albums", "images:read", "images:write")
APPLICATION = {"authorization": "Client-ID 0123456789abcde"}


@dataclass(frozen=True)
class Case:
    """One endpoint, on what another account owns.

    without: what an application without an account gets. stranger: what another account gets. scope: what it needs.
    missing: what the stranger gets where there is no such thing.
    """

    method: str
    path: str
    without: int
    stranger: int
    scope: str | None = None
    missing: int | None = None


CASES = [
    Case("POST", "/3/image", 200, 200, "images:write"),
    Case("POST", "/3/upload", 200, 200, "images:write"),
    Case("GET", "/3/image/{image}", 200, 200, None, 404),
    Case("POST", "/3/image/{image}", 403, 403, "images:write", 404),
    Case("PUT", "/3/image/{image}", 403, 403, "images:write", 404),
    Case("DELETE", "/3/image/{image}", 403, 403, "images:write", 404),
    Case("POST", "/3/image/{image}/favorite", 401, 200, "images:write", 404),
    Case("GET", "/upload/poll", 404, 404),
    Case("POST", "/3/album", 200, 200, "albums"),
    Case("GET", "/3/album/{album}", 404, 404, None, 404),
    Case("POST", "/3/album/{album}", 404, 404, "albums", 404),
    Case("PUT", "/3/album/{album}", 404, 404, "albums", 404),
    Case("DELETE", "/3/album/{album}", 404, 404, "albums", 404),
    Case("GET", "/3/album/{album}/images", 404, 404, None, 404),
    Case("GET", "/3/album/{album}/image/{image}", 404, 404, None, 404),
    Case("POST", "/3/album/{album}/add", 404, 404, "albums", 404),
    Case("PUT", "/3/album/{album}/add", 404, 404, "albums", 404),
    Case("POST", "/3/album/{album}/remove_images", 404, 404, "albums", 404),
    Case("DELETE", "/3/album/{album}/remove_images", 404, 404, "albums", 404),
    Case("POST", "/3/album/{album}/favorite", 401, 404, "albums", 404),
    Case("GET", "/3/account/me", 401, 200, "images:read"),
    Case("GET", "/3/account/me/settings", 401, 200, "images:read"),
    Case("GET", "/3/account/me/images", 401, 200, "images:read"),
    Case("GET", "/3/account/me/images/ids", 401, 200, "images:read"),
    Case("GET", "/3/account/me/images/ids/0", 401, 200, "images:read"),
    Case("GET", "/3/account/me/images/count", 401, 200, "images:read"),
    Case("GET", "/3/account/me/images/0", 401, 200, "images:read"),
    Case("GET", "/3/account/me/image/{image}", 401, 404, "images:read", 404),
    Case("DELETE", "/3/account/me/image/{image}", 401, 404, "images:write", 404),
    Case("GET", "/3/account/me/albums", 401, 200, "albums"),
    Case("GET", "/3/account/me/albums/ids", 401, 200, "albums"),
    Case("GET", "/3/account/me/albums/ids/0", 401, 200, "albums"),
    Case("GET", "/3/account/me/albums/count", 401, 200, "albums"),
    Case("GET", "/3/account/me/albums/0", 401, 200, "albums"),
    Case("GET", "/3/account/me/album/{album}", 401, 404, "albums", 404),
    Case("DELETE", "/3/account/me/album/{album}", 401, 404, "albums", 404),
    Case("GET", "/3/credits", 200, 200),
    *(Case(method, "/3/gallery/hot", 404, 404) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
]
"""The album of these cases is a secret one: it answers strangers as if it were not there."""

IDS = [f"{case.method} {case.path}" for case in CASES]


@dataclass(frozen=True)
class World:
    """A server, the things of its owner, and tokens of everybody else."""

    server: RunningServer
    things: dict[str, str]
    tokens: dict[str, str]

    def ask(self, case: Case, token: str | None, things: dict[str, str] | None = None) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"} if token else APPLICATION
        url = self.server.url + case.path.format(**(things or self.things))
        files = {"image": picture()} if case.path in ("/3/image", "/3/upload") else None
        return httpx2.request(case.method, url, headers=headers, files=files, timeout=60)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("v3-everybody")) as server:
        owner = {"authorization": f"Bearer {server.key}"}

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
        image = httpx2.post(f"{server.url}/3/image", files={"image": picture()}, headers=owner).json()["data"]
        sent = {"ids": image["id"], "privacy": "secret"}
        album = httpx2.post(f"{server.url}/3/album", data=sent, headers=owner).json()["data"]
        change_rows(server, "UPDATE keys SET expires = 1 WHERE expires IS NOT NULL")
        yield World(server, {"image": image["id"], "album": album["id"]}, tokens)
        kept = httpx2.get(f"{server.url}/3/album/{album['id']}", headers=owner).json()["data"]
        assert [each["id"] for each in kept["images"]] == [image["id"]], "it is as it was"


class _Anything:
    """Stands for every handler: the table only needs names."""

    def __getattr__(self, name: str) -> "_Anything":
        return self


def test_the_table_holds_every_row_of_v3() -> None:
    handlers = Handlers(**dict.fromkeys(Handlers.__dataclass_fields__, _Anything()))
    rows = {
        (row.method, row.path.replace("{name}", "{thing}"))
        for row in table(handlers)
        if row.path.startswith(("/3/", "/upload/poll")) and row.method != "OPTIONS"
    }
    tried = set()
    for case in CASES:
        path = case.path.replace("/account/me", "/account/{user}").replace("/0", "/{page}")
        if path == "/3/gallery/hot":
            path = "/3/{rest:path}"
        path = path.replace("/album/{album}/image/{image}", "/album/{thing}/image/{IMAGE}")
        tried.add(
            (case.method, path.replace("{image}", "{thing}").replace("{album}", "{thing}").replace("IMAGE", "image"))
        )
    assert tried == rows


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_application_without_an_account(case: Case, world: World) -> None:
    answer = world.ask(case, None)
    assert answer.status_code == case.without
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_who_names_nobody_is_refused_whatever_is_asked_and_whatever_is_there(case: Case, world: World) -> None:
    answers = []
    for things in (world.things, {"image": "aaaaaaaaaa", "album": "aaaaaaaaaa"}):
        path = case.path.format(**things)
        answer = httpx2.request(case.method, world.server.url + path, timeout=60)
        answers.append((answer.status_code, answer.json()["data"]["error"]))
    nobody = (404, "There is no such ticket: this server takes pictures, no videos.")
    wanted = nobody if case.path == "/upload/poll" else (401, "Authentication required")
    assert answers == [wanted, wanted]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_another_account(case: Case, world: World) -> None:
    answer = world.ask(case, world.tokens["stranger"])
    assert answer.status_code == case.stranger
    assert not {name for name, thing in world.things.items() if thing in answer.text and f"{{{name}}}" not in case.path}


@pytest.mark.parametrize("who", ["disabled", "revoked", "expired", "made up"])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_token_that_is_no_good_is_refused_whatever_is_asked(case: Case, who: str, world: World) -> None:
    answer = world.ask(case, world.tokens.get(who, "0" * 32))
    assert answer.status_code == 403
    assert answer.json()["data"]["error"] == "The access token provided is invalid."


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_token_without_the_scope_is_refused_and_every_other_scope_is_not_needed(case: Case, world: World) -> None:
    for scope in ALL:
        answer = world.ask(case, world.tokens[f"without {scope}"])
        if scope == case.scope:
            assert answer.status_code == 403
            assert scope in answer.json()["data"]["error"]
        else:
            assert answer.status_code == case.stranger


@pytest.mark.parametrize("case", [case for case in CASES if case.missing], ids=lambda case: case.method + case.path)
def test_what_is_not_there_answers_as_what_is_private(case: Case, world: World) -> None:
    """Without the scope nothing tells whether a thing exists; with it, nothing tells of a secret album."""
    nothing = {"image": "a" * 10, "album": "a" * 12}
    assert world.ask(case, world.tokens["stranger"], nothing).status_code == case.missing
    if case.scope:
        token = world.tokens[f"without {case.scope}"]
        there, not_there = (world.ask(case, token, things).json() for things in (world.things, nothing))
        assert there["data"]["error"] == not_there["data"]["error"]
    if "{album}" in case.path:
        there, not_there = (
            world.ask(case, world.tokens["stranger"], things).text.replace(things["album"], "ALBUM")
            for things in (world.things, {**world.things, "album": nothing["album"]})
        )
        assert there == not_there
