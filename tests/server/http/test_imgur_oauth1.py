"""The OAuth 1.0a dance against a real server, by two client libraries of others, and all that may go wrong."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
import requests
from authlib.integrations.requests_client import OAuth1Session as AuthlibSession
from oauthlib.oauth1 import Client as Signer
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied

from tests.administration import run
from tests.running import RunningServer, change_rows, serving
from tests.server.http.signing import (
    CALLBACK,
    Person,
    Program,
    add_person,
    closing_all,
    let_in,
    opened,
    register,
    session_of,
    verifier_of,
)

ACCOUNT = "/2/account.json"


@dataclass(frozen=True)
class World:
    server: RunningServer
    program: Program
    ada: Person

    def url(self, step: str) -> str:
        return f"{self.server.url}/oauth/{step}"

    def session(self, **how: Any) -> OAuth1Session:
        return session_of(self.program, **how)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("oauth1")) as server, closing_all():
        add_person(server, "ada")
        yield World(server, register(server, CALLBACK, "http://127.0.0.1/cb"), Person(server, "ada"))


def problem(answer: httpx2.Response | requests.Response) -> tuple[int, str]:
    """The status and the word of a refusal."""
    assert answer.headers["content-type"] == "application/x-www-form-urlencoded"
    said = dict(parse_qsl(answer.text))
    assert said["oauth_problem_advice"].endswith(".")
    return answer.status_code, said["oauth_problem"]


# The dance


@pytest.mark.parametrize("kind", ["AUTH_HEADER", "QUERY", "BODY"])
def test_requests_oauthlib_dances_with_a_callback(world: World, kind: str) -> None:
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "data": ""} if kind == "BODY" else {}
    session = world.session(callback_uri=CALLBACK, signature_type=kind)
    begun = session.fetch_request_token(world.url("request_token"), **form)
    assert begun["oauth_callback_confirmed"] == "true"
    back = world.ada.answer(session.authorization_url(world.url("authorize"))).headers["location"]
    assert back.startswith(CALLBACK + "&"), "what the callback had is kept"
    session.parse_authorization_response(back)
    made = session.fetch_access_token(world.url("access_token"), **form)
    assert set(made) == {"oauth_token", "oauth_token_secret"}
    answer = session.request("POST" if form else "GET", world.server.url + ACCOUNT, **form)
    assert answer.json()["account"]["url"] == "ada"


@pytest.mark.parametrize("kind", ["HEADER", "QUERY"])
def test_authlib_dances_with_a_pin(world: World, kind: str) -> None:
    program = world.program
    session = opened(AuthlibSession(program.client_id, program.secret, redirect_uri="oob", signature_type=kind))
    begun = session.fetch_request_token(world.url("request_token"))
    address = session.create_authorization_url(world.url("authorize"), begun["oauth_token"])
    session.redirect_uri = None
    session.token = begun
    session.fetch_access_token(world.url("access_token"), verifier_of(world.ada.answer(address)))
    assert session.get(world.server.url + ACCOUNT).json()["account"]["url"] == "ada"


def test_tokens_are_given_by_get_too(world: World) -> None:
    signer = Signer(world.program.key, client_secret=world.program.secret, signature_type="QUERY")
    begun = dict(parse_qsl(httpx2.get(signer.sign(world.url("request_token"))[0]).text))
    pin = verifier_of(world.ada.answer(world.url("authorize") + f"?oauth_token={begun['oauth_token']}"))
    signer = Signer(
        world.program.key, client_secret=world.program.secret, resource_owner_key=begun["oauth_token"],
        resource_owner_secret=begun["oauth_token_secret"], verifier=pin, signature_type="QUERY",
    )  # fmt: skip
    answer = httpx2.get(signer.sign(world.url("access_token"))[0])
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert re.fullmatch(r"oauth_token=[0-9a-f]{32}&oauth_token_secret=[0-9a-f]{32}", answer.text)


def test_a_callback_that_comes_with_the_page_only_is_gone_back_to(world: World) -> None:
    session = world.session(callback_uri=None)
    session.fetch_request_token(world.url("request_token"))
    address = session.authorization_url(world.url("authorize"), oauth_callback=CALLBACK)
    session.parse_authorization_response(world.ada.answer(address).headers["location"])
    session.fetch_access_token(world.url("access_token"))
    assert session.get(world.server.url + ACCOUNT).status_code == 200


def test_a_blank_callback_means_a_pin(world: World) -> None:
    session = world.session(callback_uri=None)
    session.fetch_request_token(world.url("request_token"))
    answer = world.ada.answer(session.authorization_url(world.url("authorize"), oauth_callback=""))
    assert len(verifier_of(answer)) == 8


def test_the_callback_of_the_signed_request_wins(world: World) -> None:
    session = world.session(callback_uri="oob")
    session.fetch_request_token(world.url("request_token"))
    answer = world.ada.answer(session.authorization_url(world.url("authorize"), oauth_callback=CALLBACK))
    assert answer.status_code == 200
    assert len(verifier_of(answer)) == 8


def test_a_loopback_callback_may_have_any_port(world: World) -> None:
    session = world.session(callback_uri="http://127.0.0.1:54321/cb")
    session.fetch_request_token(world.url("request_token"))
    back = world.ada.answer(session.authorization_url(world.url("authorize"))).headers["location"]
    assert back.startswith("http://127.0.0.1:54321/cb?oauth_token=")


@pytest.mark.parametrize("public", ["api.imgur.com", "API.Imgur.com:443"])
def test_a_program_that_calls_another_host_by_https_is_understood_behind_a_front(world: World, public: str) -> None:
    signer = Signer(world.program.key, client_secret=world.program.secret, callback_uri="oob")
    address, headers, _ = signer.sign(f"https://{public}/oauth/request_token", "POST")
    path = urlsplit(address).path
    answer = httpx2.post(world.server.url + path, headers={**headers, "Host": public})
    assert answer.status_code == 200, answer.text


# The page


def test_nobody_is_asked_before_logging_in(world: World) -> None:
    session = world.session()
    session.fetch_request_token(world.url("request_token"))
    address = session.authorization_url(world.url("authorize"))
    answer = httpx2.get(address)
    parts = urlsplit(answer.headers["location"])
    assert (answer.status_code, parts.path) == (303, "/login")
    asked = urlsplit(address)
    assert parse_qs(parts.query)["next"] == [f"{asked.path}?{asked.query}"]


def test_the_page_says_who_asks_what_and_where_it_leads(world: World) -> None:
    session = world.session(callback_uri=CALLBACK)
    session.fetch_request_token(world.url("request_token"))
    page = world.ada.http.get(session.authorization_url(world.url("authorize")))
    for words in ("Old program", "ada", "program.example", "albums"):
        assert words in page.text
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://program.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"


def test_a_no_is_told_to_the_program_and_ends_the_request(world: World) -> None:
    session = world.session(callback_uri=CALLBACK)
    begun = session.fetch_request_token(world.url("request_token"))
    address = session.authorization_url(world.url("authorize"))
    back = dict(parse_qsl(urlsplit(world.ada.answer(address, "deny").headers["location"]).query))
    assert back["oauth_problem"] == "permission_denied"
    assert back["oauth_token"] == back["denied"] == begun["oauth_token"]
    assert "oauth_verifier" not in back
    assert world.ada.http.get(address).status_code == 401
    with pytest.raises(TokenRequestDenied) as refused:
        session.fetch_access_token(world.url("access_token"), verifier="00000000")
    assert problem(refused.value.response) == (401, "token_rejected")


def test_a_no_without_a_callback_is_said_on_the_page(world: World) -> None:
    session = world.session()
    session.fetch_request_token(world.url("request_token"))
    answer = world.ada.answer(session.authorization_url(world.url("authorize")), "deny")
    assert "Not allowed" in answer.text
    assert 'class="code"' not in answer.text


@pytest.mark.parametrize(("fkey", "status"), [("", 403), ("0" * 64, 403)])
def test_no_other_site_can_say_yes_for_somebody(world: World, fkey: str, status: int) -> None:
    session = world.session()
    token = session.fetch_request_token(world.url("request_token"))["oauth_token"]
    sent = {"fkey": fkey, "oauth_token": token, "answer": "allow"}
    assert world.ada.http.post("/oauth/authorize", data=sent).status_code == status
    assert httpx2.post(world.url("authorize"), data=sent).status_code == 401, "nor for nobody"


def test_what_was_allowed_cannot_be_allowed_again(world: World) -> None:
    session = world.session()
    session.fetch_request_token(world.url("request_token"))
    address = session.authorization_url(world.url("authorize"))
    page = world.ada.http.get(address)
    assert world.ada.answer(address).status_code == 200
    assert page.status_code == 200
    assert world.ada.http.get(address).status_code == 401


# What is refused


@pytest.mark.parametrize(
    "callback",
    [
        "http://evil.example/",
        CALLBACK + "1",
        "http://127.0.0.1:54321/cb/x",
        "http://127.0.0.1:1\r\nX-A: b/cb",
        "nonsense",
    ],
)
def test_a_callback_that_is_not_registered_is_refused_at_both_steps(world: World, callback: str) -> None:
    with pytest.raises(TokenRequestDenied) as refused:
        world.session(callback_uri=callback).fetch_request_token(world.url("request_token"))
    assert problem(refused.value.response) == (400, "parameter_rejected")
    session = world.session(callback_uri=None)
    session.fetch_request_token(world.url("request_token"))
    address = session.authorization_url(world.url("authorize"), oauth_callback=callback)
    assert world.ada.http.get(address).status_code == 400


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"client_secret": "0" * 32}, (401, "signature_invalid")),
        ({"signature_method": "PLAINTEXT"}, (401, "signature_method_rejected")),
        ({"signature_method": "HMAC-SHA256"}, (401, "signature_method_rejected")),
        ({"timestamp": str(int(time.time()) - 1000)}, (401, "timestamp_refused")),
        ({"timestamp": str(int(time.time()) + 100_000)}, (401, "timestamp_refused")),
    ],
)
def test_a_request_that_proves_nothing_is_refused_by_its_word(
    world: World, how: dict[str, str], expected: tuple[int, str]
) -> None:
    with pytest.raises(TokenRequestDenied) as refused:
        world.session(**how).fetch_request_token(world.url("request_token"))
    assert problem(refused.value.response) == expected
    assert refused.value.response.headers["www-authenticate"].startswith("OAuth realm=")


@pytest.mark.parametrize(
    "key", ["0" * 32, "fedcba987654321", "ef8c51ce1140df5ff9cfe16f17b3d36704e6c0b48", "ä", "x" * 300]
)
def test_an_unknown_consumer_is_refused(world: World, key: str) -> None:
    with pytest.raises(TokenRequestDenied) as refused:
        session_of(Program("", key, "s")).fetch_request_token(world.url("request_token"))
    assert problem(refused.value.response) == (401, "consumer_key_unknown")


@pytest.mark.parametrize("step", ["request_token", "access_token"])
def test_an_unsigned_request_is_told_what_is_missing(world: World, step: str) -> None:
    answer = httpx2.post(world.url(step))
    assert problem(answer) == (400, "parameter_rejected")
    assert "oauth_consumer_key" in answer.text


def test_a_wrong_verifier_is_refused_and_the_fifth_ends_the_request(world: World) -> None:
    session = world.session()
    session.fetch_request_token(world.url("request_token"))
    pin = verifier_of(world.ada.answer(session.authorization_url(world.url("authorize"))))
    wrong = f"{(int(pin) + 1) % 10**8:08}"
    for expected in [(401, "verifier_invalid")] * 5 + [(401, "token_rejected")]:
        with pytest.raises(TokenRequestDenied) as refused:
            session.fetch_access_token(world.url("access_token"), verifier=wrong)
        assert problem(refused.value.response) == expected
    with pytest.raises(TokenRequestDenied):
        session.fetch_access_token(world.url("access_token"), verifier=pin)


def test_nothing_is_given_before_somebody_has_allowed_it(world: World) -> None:
    session = world.session()
    session.fetch_request_token(world.url("request_token"))
    with pytest.raises(TokenRequestDenied) as refused:
        session.fetch_access_token(world.url("access_token"), verifier="12345678")
    assert problem(refused.value.response) == (401, "verifier_invalid")


def test_another_program_cannot_use_a_token(world: World) -> None:
    other = register(world.server)
    session = let_in(world.server, world.program, world.ada)
    token = session.auth.client
    stolen = session_of(
        other,
        resource_owner_key=token.resource_owner_key,
        resource_owner_secret=token.resource_owner_secret,
    )
    assert stolen.get(world.server.url + ACCOUNT).status_code == 401


def test_a_request_cannot_be_made_again_nor_its_nonce(world: World) -> None:
    token = let_in(world.server, world.program, world.ada).auth.client
    signer = Signer(
        world.program.key, client_secret=world.program.secret,
        resource_owner_key=token.resource_owner_key, resource_owner_secret=token.resource_owner_secret,
    )  # fmt: skip
    address, headers, _ = signer.sign(world.server.url + ACCOUNT)
    assert [httpx2.get(address, headers=headers).status_code for _ in range(3)] == [200, 401, 401]
    assert "made before" in httpx2.get(address, headers=headers).json()["error"]["message"]


def test_a_disabled_program_an_account_and_a_revoked_access_are_refused(world: World) -> None:
    add_person(world.server, "bob")
    bob, program = Person(world.server, "bob"), register(world.server)
    session = let_in(world.server, program, bob)
    assert session.get(world.server.url + ACCOUNT).json()["account"]["url"] == "bob"
    run(world.server.data, "app", "disable", program.client_id)
    assert session.get(world.server.url + ACCOUNT).status_code in (401, 403)
    run(world.server.data, "app", "enable", program.client_id)
    assert session.get(world.server.url + ACCOUNT).status_code == 200
    run(world.server.data, "account", "disable", "bob")
    assert session.get(world.server.url + ACCOUNT).status_code in (401, 403)
    run(world.server.data, "account", "enable", "bob")
    assert session.get(world.server.url + ACCOUNT).status_code == 200
    run(world.server.data, "app", "rotate", program.client_id)
    assert session.get(world.server.url + ACCOUNT).status_code == 401, "the old secret signs no more"
    run(world.server.data, "account", "delete", "bob")
    assert session.get(world.server.url + ACCOUNT).status_code == 401


def test_what_was_allowed_is_listed_and_ends_when_it_is_revoked(world: World) -> None:
    add_person(world.server, "carol")
    carol = Person(world.server, "carol")
    assert "You have let no program act for you." in carol.http.get("/account/grants").text
    one, two = (let_in(world.server, world.program, carol) for _ in range(2))
    assert one.get(world.server.url + ACCOUNT).status_code == 200
    page = carol.http.get("/account/grants").text
    first, _ = re.findall(r'action="(/account/grants/\w+/revoke)"', page)
    assert page.count("never used") == 1
    sent = {"fkey": carol.fkey("/account/grants")}
    assert world.ada.http.post(first, data={"fkey": world.ada.fkey("/account/grants")}).status_code == 404
    assert carol.http.post(first, data=sent).status_code == 303
    assert carol.http.post(first, data=sent).status_code == 404, "it is there no more"
    assert [each.get(world.server.url + ACCOUNT).status_code for each in (one, two)] == [401, 200]
    audit = run(world.server.data, "audit").stdout
    assert "oauth1.revoke" in audit
    assert audit.count("oauth1.allow") >= 2


def test_a_secret_from_before_this_version_must_be_rotated_once(world: World) -> None:
    program = register(world.server)
    change_rows(world.server, "UPDATE applications SET sealed_secret = NULL WHERE client_id = ?", program.client_id)
    with pytest.raises(TokenRequestDenied) as refused:
        session_of(program).fetch_request_token(world.url("request_token"))
    assert problem(refused.value.response) == (401, "consumer_key_unknown")
    assert "Rotate" in refused.value.response.text
    secret = run(world.server.data, "app", "rotate", program.client_id).stdout.split()[1]
    assert session_of(program, client_secret=secret).fetch_request_token(world.url("request_token"))


def test_a_request_token_is_over_after_an_hour(world: World) -> None:
    session = world.session()
    token = session.fetch_request_token(world.url("request_token"))["oauth_token"]
    pin = verifier_of(world.ada.answer(session.authorization_url(world.url("authorize"))))
    an_hour = 3_600_000
    change_rows(world.server, "UPDATE oauth1_requests SET created = created - ? WHERE token = ?", an_hour, token)
    with pytest.raises(TokenRequestDenied) as refused:
        session.fetch_access_token(world.url("access_token"), verifier=pin)
    assert problem(refused.value.response) == (401, "token_rejected")


def test_the_database_alone_gives_no_secret_away(world: World) -> None:
    given = let_in(world.server, world.program, world.ada).auth.client
    stored = b"".join(path.read_bytes() for path in world.server.data.glob("heliograph.db*"))
    assert given.resource_owner_key.encode() in stored, "it was looked for in the right place"
    assert world.program.secret.encode() not in stored
    assert given.resource_owner_secret.encode() not in stored


def test_plaintext_is_taken_where_the_public_address_is_https(tmp_path: Path) -> None:
    with serving(tmp_path, PUBLIC_URL="https://h.example") as server, closing_all():
        program = register(server)
        session = session_of(program, signature_method="PLAINTEXT")
        assert set(session.fetch_request_token(f"{server.url}/oauth/request_token")) >= {"oauth_token"}
        session.headers["X-Forwarded-Proto"] = "http"
        with pytest.raises(TokenRequestDenied):
            session.fetch_request_token(f"{server.url}/oauth/request_token")


def test_guessing_is_limited_by_the_address(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="3/hour by address") as server:
        codes = [httpx2.post(f"{server.url}/oauth/request_token").status_code for _ in range(5)]
        assert codes == [400, 400, 400, 429, 429]
