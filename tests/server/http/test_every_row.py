"""Every line of the URL table, whatever its dialect, asked by everybody for what belongs to somebody else.

What each caller may do is said in the dialects' own tables (`test_everybody`, `test_imgur_v3_everybody`,
`test_imgur_v2_account`); here nobody is left out: no line breaks, none changes another's things, none tells a secret.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from heliograph.server.http.dispatch import Row
from heliograph.server.http.routes import table
from tests.administration import run
from tests.running import RunningServer, picture, serving

SCOPES = ("account", "albums", "images:read", "images:write")
WHO = ("nobody", "stranger", "disabled", "revoked", "narrow", "made up")


class Anything:
    """Stands for every handler: the table only looks them up."""

    def __getattr__(self, name: str) -> "Anything":
        return self


ROWS: tuple[Row, ...] = table(Anything())  # type: ignore[arg-type]
IDS = [f"{row.method} {row.path}" for row in ROWS]


@dataclass(frozen=True)
class World:
    """A server, what its owner has there, and everybody's tokens."""

    server: RunningServer
    things: dict[str, str]
    secrets: tuple[str, ...]
    tokens: dict[str, str]

    def path(self, row: Row) -> str:
        """The row's address, for what is the owner's."""
        kind = next((kind for kind in ("album", "application", "token") if kind in row.path), "image")
        named = self.things["album"] if row.path == "/a/{id}" else self.things[kind]
        return re.sub(r"\{\w+(:path)?\}", named, row.path)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("rows"), REGISTRATION="open") as server:
        owner = httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=60)
        with owner:
            image = owner.post("/api/v1/images", files={"image": picture()}, data={"title": "mine"}).json()
            album = owner.post("/api/v1/albums", json={"title": "secret", "privacy": "secret"}).json()
            application = owner.post("/api/v1/applications", json={"name": "a", "secret": True}).json()
            token = owner.post("/api/v1/tokens", json={"name": "t", "scopes": ["albums"]}).json()
            tokens = {who: _token(server, who) for who in WHO if who not in ("nobody", "made up")}
            tokens["made up"] = "0" * 32
            revoked = run(server.data, "token", "list", "revoked").stdout.split("\t")[0]
            run(server.data, "token", "revoke", "revoked", revoked)
            run(server.data, "account", "disable", "disabled")
            time.sleep(3.1)  # a running server sees it within that
            things = {
                "image": image["id"],
                "album": album["id"],
                "application": application["client_id"],
                "token": token["id"],
            }
            secrets = (image["delete_hash"], album["delete_hash"], application["secret"], token["token"], server.key)
            yield World(server, things, secrets, tokens)
            assert owner.get(f"/api/v1/images/{image['id']}").json()["title"] == "mine", "nobody has changed it"
            assert owner.get(f"/api/v1/albums/{album['id']}").json()["title"] == "secret"
            assert owner.get(f"/api/v1/applications/{application['client_id']}").json()["enabled"] is True
            assert token["id"] in owner.get("/api/v1/tokens").text


def _token(server: RunningServer, account: str) -> str:
    run(server.data, "account", "create", account, "--no-password")
    scopes = ("albums",) if account == "narrow" else SCOPES
    asked = [word for scope in scopes for word in ("--scope", scope)]
    made = run(server.data, "token", "create", account, *asked)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_no_row_breaks_or_tells_anybody_what_is_anothers(row: Row, world: World) -> None:
    for who in WHO:
        headers = {"authorization": f"Bearer {world.tokens[who]}"} if who in world.tokens else {}
        sent = {"data": {"title": "taken", "ids": world.things["image"]}} if row.method in ("POST", "PUT") else {}
        answer = httpx2.request(row.method, world.server.url + world.path(row), headers=headers, timeout=60, **sent)
        assert answer.status_code < 500, (who, answer.text)
        told = answer.text + str(answer.headers)
        assert not [secret for secret in world.secrets if secret in told], who
