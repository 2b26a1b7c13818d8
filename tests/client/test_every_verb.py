"""Every route of the native API has a verb in both clients: each is called, and seen to use that route."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import heliograph
from heliograph.client import _http
from heliograph.server.http.routes import table
from tests.cli.test_login import add_ada, decide
from tests.client.conftest import Call
from tests.running import RunningServer, picture, serving
from tests.server.http.test_account_pages import OPEN

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
DOCUMENTED = re.compile(r"^\| `(\w+) (/\S+)` \| `(\w+)` \|", re.MULTILINE)

NOT_FOR_CLIENTS = {
    "GET /api/v1/openapi.json": "for those who make other clients",
    "GET /.well-known/oauth-authorization-server": "for libraries of OAuth, which know no server by themselves",
    "GET /api/v1/oauth/authorize": "a page for people",
    "POST /api/v1/oauth/authorize": "the form of that page",
}


@dataclass
class Things:
    """What an account has on a server, made when it is first asked for."""

    server: RunningServer
    client: heliograph.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = heliograph.Client(self.server.url, self.server.key)

    @cached_property
    def image(self) -> heliograph.Image:
        return self.client.upload(picture(), source="x = 1", vector=SVG)

    @cached_property
    def album(self) -> heliograph.Album:
        return self.client.create_album([self.image])

    @cached_property
    def token(self) -> heliograph.Token:
        return self.client.make_token("laptop", ["albums"])

    @cached_property
    def application(self) -> heliograph.Application:
        return self.client.register_application("Program", secret=True)

    @cached_property
    def nobodys(self) -> heliograph.Image:
        with heliograph.Client(self.server.url) as nobody:
            return nobody.upload(picture())


@dataclass(frozen=True)
class Verb:
    """A method of the clients, and what it is called with."""

    name: str
    arguments: Callable[[Things], tuple[Any, ...]] = lambda _: ()
    options: dict[str, Any] = field(default_factory=dict)


VERBS = {
    "POST /api/v1/images": Verb("upload", lambda _: (picture(),)),
    "GET /api/v1/images": Verb("list"),
    "GET /api/v1/images/{id}": Verb("info", lambda have: (have.image,)),
    "PATCH /api/v1/images/{id}": Verb("update", lambda have: (have.image,), {"title": "T"}),
    "DELETE /api/v1/images/{id}": Verb("delete", lambda have: (have.image,)),
    "POST /api/v1/albums": Verb("create_album"),
    "GET /api/v1/albums": Verb("albums"),
    "GET /api/v1/albums/{id}": Verb("album", lambda have: (have.album,)),
    "PATCH /api/v1/albums/{id}": Verb("update_album", lambda have: (have.album,), {"title": "T"}),
    "DELETE /api/v1/albums/{id}": Verb("delete_album", lambda have: (have.album,)),
    "PUT /api/v1/albums/{id}/images": Verb("set_album_images", lambda have: (have.album, [])),
    "POST /api/v1/albums/{id}/images": Verb("add_to_album", lambda have: (have.album, [have.image])),
    "DELETE /api/v1/albums/{id}/images": Verb("remove_from_album", lambda have: (have.album, [have.image])),
    "PUT /api/v1/images/{id}/favorite": Verb("favorite", lambda have: (have.image,)),
    "DELETE /api/v1/images/{id}/favorite": Verb("unfavorite", lambda have: (have.image,)),
    "PUT /api/v1/albums/{id}/favorite": Verb("favorite_album", lambda have: (have.album,)),
    "DELETE /api/v1/albums/{id}/favorite": Verb("unfavorite_album", lambda have: (have.album,)),
    "GET /api/v1/images/{id}/source": Verb("source", lambda have: (have.image,)),
    "DELETE /api/v1/images/{id}/source": Verb("remove_source", lambda have: (have.image,)),
    "DELETE /api/v1/images/{id}/vector": Verb("remove_vector", lambda have: (have.image,)),
    "POST /api/v1/images/{id}/claim": Verb("claim", lambda have: (have.nobodys,)),
    "GET /api/v1/account": Verb("account"),
    "PATCH /api/v1/account": Verb("change_account", options={"email": ""}),
    "GET /api/v1/applications": Verb("applications"),
    "POST /api/v1/applications": Verb("register_application", lambda _: ("Program",)),
    "GET /api/v1/applications/{id}": Verb("application", lambda have: (have.application,)),
    "PATCH /api/v1/applications/{id}": Verb("change_application", lambda have: (have.application,), {"name": "N"}),
    "POST /api/v1/applications/{id}/secret": Verb("renew_secret", lambda have: (have.application,)),
    "GET /api/v1/whoami": Verb("whoami"),
    "GET /api/v1/tokens": Verb("tokens"),
    "POST /api/v1/tokens": Verb("make_token", lambda _: ("laptop", ["albums"])),
    "DELETE /api/v1/tokens/{id}": Verb("revoke_token", lambda have: (have.token,)),
    "GET /.well-known/heliograph-keys.json": Verb("verify", lambda have: (have.image,)),
}
OF_LOGGING_IN = {
    "POST /api/v1/oauth/device": "log_in",
    "POST /api/v1/oauth/token": "log_in",
    "POST /api/v1/oauth/revoke": "log_out",
}
"""These wait for somebody in a browser: they have a test of their own."""


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that clients make from here on, as METHOD PATH; they are made all the same."""
    made: list[str] = []
    build = _http._request

    def noting(http: Any, step: Any) -> Any:
        made.append(f"{step.method} {urlsplit(step.url).path}")
        return build(http, step)

    monkeypatch.setattr(_http, "_request", noting)
    return made


@pytest.fixture
def have(server: RunningServer) -> Iterator[Things]:
    things = Things(server)
    yield things
    things.client.close()


def native_routes() -> set[str]:
    class Anything:
        def __getattr__(self, name: str) -> "Anything":
            return self

    rows = table(Anything())  # type: ignore[arg-type] # the table only looks the handlers up
    return {f"{row.method} {row.path}" for row in rows if row.path.startswith(("/api/v1/", "/.well-known/"))}


def test_every_native_route_has_a_verb_or_a_reason() -> None:
    assert native_routes() == VERBS.keys() | OF_LOGGING_IN.keys() | NOT_FOR_CLIENTS.keys()


@pytest.mark.parametrize("route", VERBS)
def test_the_verb_uses_its_route_by_either_client(route: str, call: Call, have: Things, used: list[str]) -> None:
    verb = VERBS[route]
    arguments = verb.arguments(have)
    used.clear()
    call(verb.name, *arguments, server=have.server.url, key=have.server.key, retries=0, **verb.options)
    pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", route))
    assert [request for request in used if pattern.fullmatch(request)], used


def test_logging_in_and_out_uses_the_routes_of_oauth(
    call: Call, used: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with serving(tmp_path) as own:
        add_ada(own)
        name = call("log_in", lambda codes: decide(own, codes.user_code, "allow"), server=own.url)
        call("log_out", server=own.url)
    while OPEN:
        OPEN.pop().close()
    assert name == "ada"
    assert set(used) == OF_LOGGING_IN.keys()


@pytest.mark.parametrize("name", sorted({verb.name for verb in VERBS.values()} | set(OF_LOGGING_IN.values())))
def test_both_clients_take_the_same_arguments_for_a_verb(name: str) -> None:
    sync, awaited = (inspect.signature(getattr(each, name)) for each in (heliograph.Client, heliograph.AsyncClient))
    assert sync.parameters == awaited.parameters
    assert inspect.getdoc(getattr(heliograph.Client, name))


@pytest.mark.parametrize("call", [heliograph.upload, heliograph.upload_async])
def test_uploading_in_one_call_takes_all_that_a_client_takes(call: Callable[..., Any]) -> None:
    taken = set(inspect.signature(call).parameters)
    assert taken == set(inspect.signature(heliograph.Client.upload).parameters) - {"self"} | {"server", "key"}


def test_a_picture_goes_into_an_album_in_one_call(have: Things) -> None:
    who = {"server": have.server.url, "key": have.server.key}
    image = heliograph.upload(picture(), album=have.album, **who)
    assert have.client.album(have.album).images[-1].id == image.id


def test_the_documentation_lists_these_verbs_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    documented = {f"{method} {path}": verb for method, path, verb in DOCUMENTED.findall(page)}
    assert documented == {route: verb.name for route, verb in VERBS.items()} | OF_LOGGING_IN
