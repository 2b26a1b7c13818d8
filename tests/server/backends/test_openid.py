"""The checks of OpenID Connect, against a provider whose every answer the test decides."""

import base64
import hashlib
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from heliograph.server.backends.openid import OpenIDProvider
from heliograph.server.errors import Busy, InvalidToken
from heliograph.server.model import Challenge, Person
from tests.running import answering, silent_server

pytestmark = pytest.mark.anyio

CHALLENGE = Challenge("the state", "the nonce", "the verifier, which is 43 characters or more")
CLIENT, SECRET, BACK = "helio graph", "se:cret/", "http://h.example/login/openid/back"
RSA, ANOTHER, EC = (
    RSAKey.generate_key(2048, {"kid": "one"}),
    RSAKey.generate_key(2048, {"kid": "one"}),
    ECKey.generate_key("P-256", {"kid": "ec"}),
)


class Provider:
    """Answers by path; what is asked is noted. `token` makes the ID token, and `more` is said beside it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[Key] = [RSA, EC]
        self.description: dict[str, Any] = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize?realm=a",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/keys",
        }
        self.claims: dict[str, Any] = {
            "iss": url,
            "sub": "1001",
            "aud": CLIENT,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": CHALLENGE.nonce,
            "name": "Grace Hopper",
        }
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: signed(claims, RSA)
        self.other: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.asked.append((path, headers, form))
        if path in self.other:
            return self.other[path]
        told: dict[str, Any] = {
            "/.well-known/openid-configuration": self.description,
            "/keys": {"keys": [key.as_dict(private=False) for key in self.keys]},
            "/token": {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(self.claims)},
        }
        return 200, json.dumps(told[path]).encode()

    def asked_for(self, path: str) -> int:
        return sum(each == path for each, _, _ in self.asked)

    def client(self, secret: str = SECRET, timeout: float = 10.0) -> OpenIDProvider:
        return OpenIDProvider(issuer=self.url, client_id=CLIENT, client_secret=secret, back=BACK, timeout=timeout)


def signed(claims: dict[str, Any], key: Key, **header: object) -> str:
    alg = {"RSA": "RS256", "EC": "ES256", "oct": "HS256"}[key.key_type]
    headers: dict[str, Any] = {"alg": alg, "kid": key.kid, **header}
    return jwt.encode({name: value for name, value in headers.items() if value}, claims, key, [headers["alg"]])


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@pytest.fixture
def provider() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = made.answer(
                self.path, {name.lower(): value for name, value in self.headers.items()}, body
            )
            with suppress(OSError):  # who has read enough hangs up
                self.send_response(status)
                if status in (302, 307):
                    self.send_header("Location", made.url + "/keys")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 # the library's names

        def log_message(self, *_: object) -> None:
            pass

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        made = Provider(url)
        yield made


async def test_a_right_answer_tells_who_it_is(provider: Provider) -> None:
    assert await provider.client().person("c", CHALLENGE) == Person(provider.url, "1001", "Grace Hopper")


async def test_the_code_is_exchanged_with_what_the_question_showed_the_hash_of(provider: Provider) -> None:
    client = provider.client()
    address = urlsplit(await client.question(CHALLENGE))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert asked["realm"] == "a", "the endpoint's own query stays"
    assert asked["state"] == CHALLENGE.state
    await client.person("the code", CHALLENGE)
    _, _, form = provider.asked[-2]
    expected = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert asked["code_challenge"] == expected
    assert form | {"code_verifier": ""} == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": BACK,
        "code_verifier": "",
    }


@pytest.mark.parametrize(
    ("secret", "methods", "shown"),
    [
        (SECRET, None, "basic"),
        (SECRET, ["client_secret_basic", "client_secret_post"], "basic"),
        (SECRET, ["client_secret_post"], "post"),
        ("", ["none"], "public"),
    ],
)
async def test_we_show_who_we_are_as_the_provider_wants_it(
    provider: Provider, secret: str, methods: list[str] | None, shown: str
) -> None:
    if methods:
        provider.description["token_endpoint_auth_methods_supported"] = methods
    await provider.client(secret).person("c", CHALLENGE)
    _, headers, form = next(each for each in provider.asked if each[0] == "/token")
    header = "Basic " + base64.b64encode(b"helio+graph:se%3Acret%2F").decode()
    assert headers.get("authorization") == (header if shown == "basic" else None)
    assert form.get("client_secret") == (SECRET if shown == "post" else None)
    assert form.get("client_id") == (None if shown == "basic" else CLIENT)


@pytest.mark.parametrize(
    "said",
    [
        {"name": None, "nickname": "grace"},
        {"preferred_username": "grace"},
        {"preferred_username": 5, "nickname": "", "name": "grace"},
    ],
)
async def test_a_name_is_taken_where_there_is_one(provider: Provider, said: dict[str, Any]) -> None:
    provider.claims |= said
    assert (await provider.client().person("c", CHALLENGE)).name == "grace"


async def test_a_slash_at_the_end_belongs_to_the_issuer(provider: Provider) -> None:
    with pytest.raises(Busy):
        await OpenIDProvider(issuer=provider.url + "/", client_id=CLIENT, client_secret="", back=BACK).question(
            CHALLENGE
        )
    provider.url += "/"
    provider.description["issuer"] = provider.claims["iss"] = provider.url
    assert (await provider.client().person("c", CHALLENGE)).issuer == provider.url


async def test_a_person_may_have_no_name(provider: Provider) -> None:
    del provider.claims["name"]
    assert (await provider.client().person("c", CHALLENGE)).name == ""


NOW = int(time.time())
WRONG: list[dict[str, Any]] = [
    {"iss": "https://other.example"},
    {"iss": None},
    {"aud": "another client"},
    {"aud": []},
    {"aud": None},
    {"aud": [CLIENT, "another"]},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"azp": "another"},
    {"exp": NOW - 100},
    {"exp": None},
    {"exp": "never"},
    {"iat": None},
    {"iat": NOW + 4000},
    {"nbf": NOW + 4000},
    {"nonce": "another login's"},
    {"nonce": None},
    {"nonce": ""},
    {"sub": None},
    {"sub": ""},
    {"sub": 1001},
    {"sub": "x" * 256},
    {"sub": "é"},
    {"sub": "a\0"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=" ".join)
async def test_a_token_with_a_claim_that_is_not_right_proves_nothing(provider: Provider, wrong: dict[str, Any]) -> None:
    provider.claims = {name: value for name, value in (provider.claims | wrong).items() if value is not None}
    with pytest.raises(InvalidToken):
        await provider.client().person("c", CHALLENGE)


@pytest.mark.parametrize("right", [{"aud": [CLIENT]}, {"aud": [CLIENT, "another"], "azp": CLIENT}])
async def test_a_token_for_several_is_good_where_it_was_made_for_us(provider: Provider, right: dict[str, Any]) -> None:
    provider.claims |= right
    assert (await provider.client().person("c", CHALLENGE)).subject == "1001"


async def test_clocks_may_differ_by_a_little(provider: Provider) -> None:
    provider.claims |= {"exp": int(time.time()) - 20, "iat": int(time.time()) + 20}
    assert (await provider.client().person("c", CHALLENGE)).subject == "1001"


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "not signed": unsigned,
    "by another key of that name": lambda claims: signed(claims, ANOTHER),
    "by a key nobody has shown": lambda claims: signed(claims, ANOTHER, kid="two"),
    "by our own secret": lambda claims: signed(claims, OctKey.import_key(SECRET * 8), kid="one"),
    "by the public key as if it were a secret": lambda claims: signed(
        claims, OctKey.import_key(json.dumps(RSA.as_dict(private=False))), kid="one"
    ),
    "without saying by which of several keys": lambda claims: signed(claims, RSA, kid=None),
    "changed": lambda claims: changed(signed(claims, RSA)),
    "no token": lambda _: "a.b.c",
    "empty": lambda _: "",
    "not ASCII": lambda _: "é.é.é",
}


def changed(token: str) -> str:
    head, _, signature = token.split(".")
    return ".".join((head, signed({"sub": "admin"}, RSA).split(".")[1], signature))


@pytest.mark.parametrize("how", FORGED)
async def test_a_token_that_the_provider_did_not_sign_proves_nothing(provider: Provider, how: str) -> None:
    provider.sign = FORGED[how]
    with pytest.raises(InvalidToken):
        await provider.client().person("c", CHALLENGE)


async def test_a_token_is_signed_as_the_provider_says_it_signs(provider: Provider) -> None:
    provider.sign = lambda claims: signed(claims, EC)
    assert (await provider.client().person("c", CHALLENGE)).subject == "1001"
    provider.description["id_token_signing_alg_values_supported"] = ["RS256"]
    with pytest.raises(InvalidToken):
        await provider.client().person("c", CHALLENGE)


async def test_description_and_keys_are_asked_for_once(provider: Provider) -> None:
    client = provider.client()
    for _ in range(3):
        await client.question(CHALLENGE)
        await client.person("c", CHALLENGE)
    asked = [provider.asked_for(path) for path in ("/.well-known/openid-configuration", "/keys", "/token")]
    assert asked == [1, 1, 3]


@pytest.mark.parametrize("kid", ["one", "two"])
async def test_new_keys_are_known_at_once(provider: Provider, kid: str) -> None:
    client = provider.client()
    await client.person("c", CHALLENGE)
    fresh = RSAKey.generate_key(2048, {"kid": kid})
    provider.keys, provider.sign = [fresh], lambda claims: signed(claims, fresh)
    assert (await client.person("c", CHALLENGE)).subject == "1001"
    assert provider.asked_for("/keys") == 2


async def test_keys_of_unknown_kinds_and_for_other_uses_are_left_alone(provider: Provider) -> None:
    keys = [{"kty": "new"}, {"kty": "oct", "k": "AAAA", "kid": "one"}, RSA.as_dict(private=False)]
    provider.other["/keys"] = (200, json.dumps({"keys": keys}).encode())
    assert (await provider.client().person("c", CHALLENGE)).subject == "1001"


ODD = [(500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (307, b"{}"), (200, b"{" + b" " * 2_000_000 + b"}")]


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd[0]} {odd[1][:6]!r}")
async def test_a_provider_that_answers_oddly_is_away_and_the_operator_is_told(
    provider: Provider, path: str, odd: tuple[int, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    provider.other[path] = odd
    with caplog.at_level(logging.WARNING), pytest.raises(Busy):
        await provider.client().person("c", CHALLENGE)
    assert "the provider cannot be used" in caplog.text
    assert SECRET not in caplog.text
    provider.other.clear()
    assert (await provider.client().person("c", CHALLENGE)).subject == "1001"


@pytest.mark.parametrize(("answer", "failure"), [("invalid_grant", InvalidToken), ("invalid_client", Busy)])
async def test_a_used_code_is_told_from_a_client_that_is_set_up_wrongly(
    provider: Provider, answer: str, failure: type[Exception]
) -> None:
    provider.other["/token"] = (400, json.dumps({"error": answer}).encode())
    with pytest.raises(failure):
        await provider.client().person("c", CHALLENGE)


@pytest.mark.parametrize("place", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", [None, "", 5, "/relative", "file:///etc/passwd", "javascript:alert(1)"])
async def test_an_endpoint_that_is_no_web_address_is_not_used(provider: Provider, place: str, address: object) -> None:
    provider.description[place] = address
    client = provider.client()
    with pytest.raises(Busy):
        await (client.question(CHALLENGE) if place == "authorization_endpoint" else client.person("c", CHALLENGE))


async def test_a_provider_that_says_nothing_is_not_waited_for() -> None:
    with silent_server() as (url, _):
        client = OpenIDProvider(issuer=url, client_id=CLIENT, client_secret="", back=BACK, timeout=0.3)
        began = time.monotonic()
        with pytest.raises(Busy):
            await client.question(CHALLENGE)
        assert time.monotonic() - began < 3


def test_a_server_without_a_provider_loads_nothing_for_one() -> None:
    code = "import heliograph.server.app, sys; print(*sys.modules)"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert "heliograph.server.openid" in loaded
    assert not {"joserfc", "heliograph.server.backends.openid"} & loaded
