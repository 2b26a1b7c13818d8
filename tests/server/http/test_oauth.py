"""OAuth 2 over HTTP, by client libraries that nobody here wrote, against the real server: every flow, what is refused.

People answer through `Browser`, which keeps cookies and reads forms as a browser does.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from oauthlib.oauth2 import MobileApplicationClient
from requests_oauthlib import OAuth2Session

from tests.administration import run
from tests.running import RunningServer, picture, serving
from tests.server.http.test_account_pages import PASSWORD, Browser

BACK = "http://127.0.0.1:9/back"
HIDDEN = re.compile(r'<input (?:id="fkey" )?type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass(frozen=True)
class Program:
    """A registered application."""

    client_id: str
    secret: str | None


@dataclass(frozen=True)
class World:
    """A server with an account `ada`, a program with a secret and one without."""

    server: RunningServer
    confidential: Program
    public: Program

    def url(self, path: str) -> str:
        return self.server.url + path


@pytest.fixture(autouse=True)
def _plain_http_is_fine_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("oauth")) as made:
        yield made


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Where nothing lasts, for what is about that: a busy machine may take longer for anything else."""
    lifetimes = {"ACCESS_TOKEN_SECONDS": "3", "IMGUR_TOKEN_SECONDS": "3", "DEVICE_CODE_SECONDS": "4"}
    with a_world(tmp_path_factory.mktemp("hasty"), **lifetimes) as made:
        yield made


@contextmanager
def a_world(folder: Path, **lifetimes: str) -> Iterator[World]:
    with serving(folder, **lifetimes) as server:
        run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
        owner = httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"})
        with owner:
            made = [
                owner.post("/api/v1/applications", json={"name": name, "redirects": [BACK], "secret": secret}).json()
                for name, secret in (("Keeper", True), ("Open", False))
            ]
        programs = [Program(each["client_id"], each.get("secret")) for each in made]
        yield World(server, *programs)


@pytest.fixture
def ada(world: World) -> Browser:
    return ada_in(world)


def ada_in(world: World) -> Browser:
    browser = Browser(world.server)
    assert browser.log_in().status_code == 303
    return browser


def answer(browser: Browser, address: str, allow: bool = True) -> httpx2.Response:
    """What comes when somebody presses a button on the page at `address`."""
    page = browser.http.get(address)
    assert page.status_code == 200, page.text
    fields = dict(HIDDEN.findall(page.text.replace("&amp;", "&")))
    button = re.search(r'name="allow" value="([^"]*)"', page.text)
    assert button
    fields |= {"allow": button[1]} if allow else {"deny": "deny"}
    action = re.search(r'<form class="card narrow" method="post" action="([^"]+)"', page.text)
    assert action
    return browser.http.post(action[1], data=fields)


def landed(response: httpx2.Response) -> dict[str, str]:
    """What the program finds in the address that it is gone back to."""
    assert response.status_code == 302, response.text
    location = response.headers["location"]
    assert location.startswith(BACK)
    parts = urlsplit(location)
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


def upload(world: World, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.post(world.url("/api/v1/images"), headers=headers, files={"image": picture()}).status_code


def session(program: Program, **more: Any) -> AuthlibSession:
    method = "client_secret_basic" if program.secret else "none"
    return AuthlibSession(
        program.client_id, program.secret, redirect_uri=BACK, token_endpoint_auth_method=method,
        code_challenge_method="S256", leeway=0, **more,
    )  # fmt: skip


# Our own flow


@pytest.mark.parametrize("kind", ["confidential", "public"])
def test_the_code_flow_by_authlib(world: World, ada: Browser, kind: str) -> None:
    client, verifier = session(getattr(world, kind), scope="images:write images:read"), generate_token(48)
    address, state = client.create_authorization_url(world.url("/api/v1/oauth/authorize"), code_verifier=verifier)
    back = answer(ada, address).headers["location"]
    token = client.fetch_token(
        world.url("/api/v1/oauth/token"), authorization_response=back, state=state, code_verifier=verifier
    )
    assert (token["token_type"], token["scope"], token["account"]) == ("Bearer", "images:read images:write", "ada")
    assert upload(world, token["access_token"]) == 201
    assert client.get(world.url("/api/v1/images")).json()["total"] >= 1
    assert client.get(world.url("/api/v1/albums")).status_code == 403, "it did not ask for albums"
    renewed = client.refresh_token(world.url("/api/v1/oauth/token"), token["refresh_token"])
    assert renewed["refresh_token"] != token["refresh_token"]
    assert upload(world, renewed["access_token"]) == 201


def test_the_code_flow_by_requests_oauthlib(world: World, ada: Browser) -> None:
    client = OAuth2Session(world.public.client_id, redirect_uri=BACK, scope=["albums"], pkce="S256")
    address, _ = client.authorization_url(world.url("/api/v1/oauth/authorize"))
    back = answer(ada, address).headers["location"]
    token = client.fetch_token(world.url("/api/v1/oauth/token"), authorization_response=back, include_client_id=True)
    assert token["scope"] == ["albums"]
    assert client.get(world.url("/api/v1/albums")).status_code == 200


def test_an_access_token_expires_and_the_refresh_token_gives_another(hasty: World) -> None:
    world, ada = hasty, ada_in(hasty)
    tokens = exchange(world, world.public, code_for(world, ada, world.public))
    assert upload(world, tokens["access_token"]) == 201
    time.sleep(3.2)
    assert upload(world, tokens["access_token"]) == 401
    renewed = ask_token(world, world.public, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert upload(world, renewed["access_token"]) == 201


VERIFIER = "v" * 50
CHALLENGE = create_s256_code_challenge(VERIFIER)


def authorize_address(world: World, program: Program, **changes: str | None) -> str:
    fields: dict[str, str | None] = {
        "response_type": "code",
        "client_id": program.client_id,
        "redirect_uri": BACK,
        "state": "s t&te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/api/v1/oauth/authorize?" + urlencode({name: value for name, value in fields.items() if value is not None})


def code_for(world: World, browser: Browser, program: Program, **changes: str | None) -> str:
    found = landed(answer(browser, authorize_address(world, program, **changes)))
    assert found["state"] == "s t&te"
    return found["code"]


def ask_token(world: World, program: Program, **fields: str) -> httpx2.Response:
    secret = {"client_secret": program.secret} if program.secret else {}
    form = {"client_id": program.client_id, **secret, **fields}
    return httpx2.post(world.url("/api/v1/oauth/token"), data=form)


def exchange(world: World, program: Program, code: str, **changes: str) -> dict[str, Any]:
    answered = ask_token(world, program, **code_fields(code, **changes))
    assert answered.status_code == 200, answered.text
    assert answered.headers["cache-control"] == "no-store"
    given: dict[str, Any] = answered.json()
    return given


def code_fields(code: str, **changes: str) -> dict[str, str]:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return fields | changes


def refused(answered: httpx2.Response, reason: str, status: int = 400) -> None:
    said = answered.json()
    assert (answered.status_code, said["error"]) == (status, reason), said
    assert said["error_description"]


def test_a_program_is_told_that_somebody_said_no(world: World, ada: Browser) -> None:
    found = landed(answer(ada, authorize_address(world, world.public), allow=False))
    assert (found["error"], found["state"]) == ("access_denied", "s t&te")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "ü" * 43}, "invalid_request"),
        ({"code_challenge": "\0" * 43}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_to_the_program(
    world: World, ada: Browser, changes: dict[str, str | None], reason: str
) -> None:
    found = landed(ada.http.get(authorize_address(world, world.public, **changes)))
    assert (found["error"], found["state"]) == (reason, "s t&te")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": BACK + "/more"},
        {"redirect_uri": BACK + "#fragment"},
        {"redirect_uri": "http://127.0.0.1.evil.example/back"},
        {"redirect_uri": "http://127.0.0.1:9@evil.example/back"},
        {"client_id": "0123456789abcde"},
        {"client_id": ""},
    ],
)
def test_nobody_is_sent_to_an_address_that_the_program_has_not_registered(
    world: World, ada: Browser, changes: dict[str, str]
) -> None:
    for browser in (ada, Browser(world.server)):
        answered = browser.http.get(authorize_address(world, world.public, **changes))
        assert answered.status_code == 400
        assert "location" not in answered.headers
        assert "No access for this program" in answered.text


def test_nobody_is_sent_on_before_they_have_logged_in(world: World) -> None:
    answered = Browser(world.server).http.get(authorize_address(world, world.public, response_type="token"))
    assert answered.headers["location"].startswith("/login?next=")


def test_a_page_names_the_program_of_an_address_that_is_no_web_address(world: World, ada: Browser) -> None:
    redirects = {"name": "Evil", "redirects": ["evil://bank.example/back"]}
    owner = {"authorization": f"Bearer {world.server.key}"}
    made = httpx2.post(world.url("/api/v1/applications"), headers=owner, json=redirects).json()
    page = ada.http.get(imgur(world, Program(made["client_id"], None), response_type="code")).text
    assert "sent on to <code>evil:</code>" in page
    assert "bank.example" not in re.sub(r"<input[^>]*>", "", page)


def test_a_loopback_address_may_have_another_port(world: World, ada: Browser) -> None:
    other = BACK.replace(":9/", ":54321/")
    response = answer(ada, authorize_address(world, world.public, redirect_uri=other))
    assert response.headers["location"].startswith(other + "?code=")


def test_who_is_not_logged_in_logs_in_first_and_comes_back(world: World) -> None:
    address = authorize_address(world, world.public)
    browser = Browser(world.server)
    to_login = browser.http.get(address).headers["location"]
    assert to_login.startswith("/login?next=")
    back = parse_qs(urlsplit(to_login).query)["next"][0]
    assert browser.log_in(next=back).headers["location"] == address
    assert landed(answer(browser, address))["code"]


def test_the_question_may_not_be_framed_and_its_form_is_ours(world: World, ada: Browser) -> None:
    address = authorize_address(world, world.public)
    page = ada.http.get(address)
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9" in policy
    fields = dict(HIDDEN.findall(page.text.replace("&amp;", "&")))
    forged = ada.http.post("/api/v1/oauth/authorize", data={**fields, "fkey": "0" * 64, "allow": "1"})
    assert forged.status_code == 403
    moved = ada.http.post(
        "/api/v1/oauth/authorize", data={**fields, "redirect_uri": "https://evil.example/", "allow": "1"}
    )
    assert moved.status_code == 400


def test_a_replayed_code_ends_what_it_gave(world: World, ada: Browser) -> None:
    code = code_for(world, ada, world.public)
    tokens = exchange(world, world.public, code)
    assert upload(world, tokens["access_token"]) == 201
    refused(ask_token(world, world.public, **code_fields(code)), "invalid_grant")
    assert upload(world, tokens["access_token"]) == 401
    again = ask_token(world, world.public, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    refused(again, "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 50},
        {"code_verifier": ""},
        {"code_verifier": "é" * 43},
        {"redirect_uri": BACK + "x"},
        {"redirect_uri": ""},
        {"code": "0" * 32},
        {"code": ""},
    ],
)
def test_a_code_that_does_not_fit_gives_nothing_and_is_good_for_who_it_is_for(
    world: World, ada: Browser, changes: dict[str, str]
) -> None:
    code = code_for(world, ada, world.public)
    refused(ask_token(world, world.public, **(code_fields(code) | changes)), "invalid_grant")
    assert exchange(world, world.public, code)["access_token"]


def test_a_code_of_one_program_is_no_good_to_another(world: World, ada: Browser) -> None:
    code = code_for(world, ada, world.public)
    refused(ask_token(world, world.confidential, **code_fields(code)), "invalid_grant")
    assert exchange(world, world.public, code)["access_token"]


@pytest.mark.parametrize("secret", ["", "0" * 32, None])
def test_a_program_with_a_secret_has_to_show_it(world: World, ada: Browser, secret: str | None) -> None:
    code = code_for(world, ada, world.confidential)
    stranger = Program(world.confidential.client_id, secret)
    refused(ask_token(world, stranger, **code_fields(code)), "invalid_client", 401)
    assert exchange(world, world.confidential, code)["access_token"]


def test_a_refresh_token_that_comes_twice_ends_the_access(world: World, ada: Browser) -> None:
    first = exchange(world, world.public, code_for(world, ada, world.public))
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = ask_token(world, world.public, **renew).json()
    assert upload(world, second["access_token"]) == 201
    refused(ask_token(world, world.public, **renew), "invalid_grant")
    assert upload(world, second["access_token"]) == 401
    last = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    refused(ask_token(world, world.public, **last), "invalid_grant")
    noted = next(line for line in run(world.server.data, "audit").stdout.splitlines() if "grant.reuse" in line)
    assert "its refresh token was used twice" in noted
    assert "127.0.0.1" in noted


def test_a_program_whose_answer_was_lost_asks_once_more(world: World, ada: Browser) -> None:
    first = exchange(world, world.public, code_for(world, ada, world.public))
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    lost, second = (ask_token(world, world.public, **renew).json() for _ in range(2))
    assert upload(world, second["access_token"]) == 201
    assert upload(world, lost["access_token"]) == 401
    next_one = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    assert upload(world, ask_token(world, world.public, **next_one).json()["access_token"]) == 201
    assert "grant.again" in run(world.server.data, "audit").stdout


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_program_gives_its_access_back(world: World, ada: Browser, which: str) -> None:
    tokens = exchange(world, world.public, code_for(world, ada, world.public))
    ended = httpx2.post(
        world.url("/api/v1/oauth/revoke"), data={"client_id": world.public.client_id, "token": tokens[which]}
    )
    assert ended.status_code == 200
    assert upload(world, tokens["access_token"]) == 401
    unknown = {"client_id": world.public.client_id, "token": "nothing"}
    assert httpx2.post(world.url("/api/v1/oauth/revoke"), data=unknown).status_code == 200


def test_another_program_cannot_end_it(world: World, ada: Browser) -> None:
    tokens = exchange(world, world.public, code_for(world, ada, world.public))
    form = {
        "client_id": world.confidential.client_id,
        "client_secret": world.confidential.secret,
        "token": tokens["refresh_token"],
    }
    assert httpx2.post(world.url("/api/v1/oauth/revoke"), data=form).status_code == 200
    assert upload(world, tokens["access_token"]) == 201


def test_people_see_who_has_access_and_revoke_it(world: World, ada: Browser) -> None:
    tokens = exchange(world, world.confidential, code_for(world, ada, world.confidential))
    listing = ada.http.get("/account/grants").text
    assert "Keeper" in listing
    before = listing.count("/revoke")
    place = re.findall(r'action="(/account/grants/\w+/revoke)"', listing)[0]
    assert ada.post("/account/grants", place).status_code == 303
    assert ada.http.get("/account/grants").text.count("/revoke") == before - 1
    assert upload(world, tokens["access_token"]) == 401
    stranger = Browser(world.server)
    run(world.server.data, "account", "create", "eve", "--password-stdin", stdin=PASSWORD + "\n")
    stranger.log_in("eve")
    other = exchange(world, world.public, code_for(world, ada, world.public))
    place = re.findall(r'action="(/account/grants/\w+/revoke)"', ada.http.get("/account/grants").text)[0]
    assert stranger.post("/account/settings", place).status_code == 404
    assert upload(world, other["access_token"]) == 201


@pytest.mark.parametrize("kind", ["", "password", "client_credentials", "implicit"])
def test_other_grant_types_are_refused(world: World, kind: str) -> None:
    refused(ask_token(world, world.public, grant_type=kind), "unsupported_grant_type")


def test_the_metadata_names_places_that_are_there(world: World) -> None:
    said = httpx2.get(world.url("/.well-known/oauth-authorization-server")).json()
    assert said["issuer"] == world.server.url
    for name in ("token_endpoint", "revocation_endpoint", "device_authorization_endpoint"):
        refused(httpx2.post(said[name], data={}), "invalid_client", 401)
    assert httpx2.get(said["authorization_endpoint"]).status_code == 400


# Devices


def begin(world: World, program: Program, **fields: str) -> dict[str, Any]:
    answered = httpx2.post(world.url("/api/v1/oauth/device"), data={"client_id": program.client_id, **fields})
    assert answered.status_code == 200, answered.text
    codes: dict[str, Any] = answered.json()
    return codes


def ask(world: World, program: Program, codes: dict[str, Any]) -> httpx2.Response:
    kind = "urn:ietf:params:oauth:grant-type:device_code"
    return ask_token(world, program, grant_type=kind, device_code=codes["device_code"])


def test_a_device_is_let_in(world: World, ada: Browser) -> None:
    codes = begin(world, world.public, scope="images:write")
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes["user_code"])
    assert codes["verification_uri_complete"] == world.url("/device?code=" + codes["user_code"])
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    page = ada.http.get(f"/device?code={codes['user_code'].lower().replace('-', '')}").text
    assert "<strong>ada</strong>" in page
    assert "publish pictures" in page
    done = answer(ada, f"/device?code={codes['user_code']}")
    assert "Connected" in done.text
    given = ask(world, world.public, codes)
    assert given.status_code == 200, given.text
    assert given.json()["scope"] == "images:write"
    assert upload(world, given.json()["access_token"]) == 201
    refused(ask(world, world.public, codes), "invalid_grant")
    assert ada.http.get(f"/device?code={codes['user_code']}").status_code == 404


def test_a_device_waits_is_slowed_and_is_turned_away(world: World, ada: Browser) -> None:
    codes = begin(world, world.public)
    refused(ask(world, world.public, codes), "authorization_pending")
    refused(ask(world, world.public, codes), "slow_down")
    assert "Turned away" in answer(ada, f"/device?code={codes['user_code']}", allow=False).text
    refused(ask(world, world.public, codes), "access_denied")


def test_a_device_code_expires_and_is_its_programs_own(hasty: World) -> None:
    world, ada = hasty, ada_in(hasty)
    codes = begin(world, world.public)
    refused(ask(world, world.confidential, codes), "invalid_grant")
    time.sleep(4.1)
    refused(ask(world, world.public, codes), "expired_token")
    gone = ada.http.get(f"/device?code={codes['user_code']}")
    assert gone.status_code == 404
    assert "No device shows this code" in gone.text


def test_guessing_user_codes_is_slowed(world: World) -> None:
    run(world.server.data, "account", "create", "guesser", "--password-stdin", stdin=PASSWORD + "\n")
    browser = Browser(world.server)
    browser.log_in("guesser")
    answers = [browser.http.get(f"/device?code=BBBB-{number:04}".replace("0", "C")).status_code for number in range(21)]
    assert answers[:20] == [404] * 20
    assert answers[20] == 429


# Imgur's flow


def imgur(world: World, program: Program, **fields: str) -> str:
    return "/oauth2/authorize?" + urlencode({"client_id": program.client_id, **fields})


def imgur_token(world: World, program: Program, *, json: bool = False, **fields: str) -> httpx2.Response:
    form = {"client_id": program.client_id, "client_secret": program.secret or "", **fields}
    return httpx2.post(world.url("/oauth2/token"), **({"json": form} if json else {"data": form}))


NO_REFRESH = "Refresh token doesn't exist or is invalid for the client"
NO_CODE = "Authorization code doesn't exist or is invalid for the client"
ANSWER = ["access_token", "expires_in", "token_type", "scope", "refresh_token", "account_id", "account_username"]


def test_imgurs_code_flow(world: World, ada: Browser) -> None:
    found = landed(answer(ada, imgur(world, world.confidential, response_type="code", state="x")))
    assert found["state"] == "x"
    given = imgur_token(world, world.confidential, grant_type="authorization_code", code=found["code"])
    assert (given.status_code, given.headers["content-type"]) == (200, "application/json")
    assert list(given.json()) == ANSWER
    assert not [name for name in given.headers if name.startswith("x-ratelimit")]
    assert (given.json()["token_type"], given.json()["account_username"]) == ("bearer", "ada")
    assert upload(world, given.json()["access_token"]) == 201


def test_imgurs_refresh_token_stays_the_same(world: World, ada: Browser) -> None:
    found = landed(answer(ada, imgur(world, world.confidential, response_type="code")))
    first = imgur_token(world, world.confidential, grant_type="authorization_code", code=found["code"]).json()
    for json in (False, True, False):
        renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        given = imgur_token(world, world.confidential, json=json, **renew)
        assert given.status_code == 200
        assert given.json()["refresh_token"] == first["refresh_token"]
        assert upload(world, given.json()["access_token"]) == 201


def test_imgurs_implicit_flow_by_oauthlib(world: World, ada: Browser) -> None:
    client = OAuth2Session(client=MobileApplicationClient(world.public.client_id))
    address, _ = client.authorization_url(world.url("/oauth2/authorize"), state="x")
    back = answer(ada, address).headers["location"]
    assert "#" in back
    token = client.token_from_fragment(back.replace("http://127.0.0.1:9", "https://127.0.0.1:9"))
    assert token["account_username"] == "ada"
    assert token["refresh_token"]
    assert upload(world, token["access_token"]) == 201
    denied = landed(answer(ada, imgur(world, world.public, response_type="token"), allow=False))
    assert denied["error"] == "access_denied"


def test_imgurs_pin_flow(world: World, ada: Browser) -> None:
    page = answer(ada, imgur(world, world.confidential, response_type="pin"))
    pin = re.search(r'id="pin" type="text" value="(\w+)"', page.text)
    assert pin
    given = imgur_token(world, world.confidential, grant_type="pin", pin=pin[1])
    assert upload(world, given.json()["access_token"]) == 201
    again = imgur_token(world, world.confidential, grant_type="pin", pin=pin[1])
    assert (again.status_code, again.json()["data"]["error"]) == (400, "Invalid Pin")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "x"}, NO_REFRESH),
        ({"grant_type": "refresh_token"}, NO_REFRESH),
        ({"grant_type": "pin", "pin": "0"}, "Invalid Pin"),
        ({"grant_type": "authorization_code", "code": "0"}, NO_CODE),
        ({}, "Invalid grant_type parameter or parameter missing"),
        ({"grant_type": "pin", "pin": "0", "client_secret": "wrong"}, "The client_secret is missing or wrong."),
        ({"client_id": "unknown"}, "There is no such client_id here, or it is disabled."),
    ],
)  # fmt: skip
def test_imgurs_failures_are_wrapped_400s(world: World, fields: dict[str, str], error: str) -> None:
    form = {"client_id": world.confidential.client_id, "client_secret": world.confidential.secret or "", **fields}
    answered = httpx2.post(world.url("/oauth2/token"), data=form)
    wanted = {"data": {"error": error, "request": "/oauth2/token", "method": "POST"}, "success": False, "status": 400}
    assert (answered.status_code, answered.json()) == (400, wanted)


def test_the_tokens_address_may_end_in_a_slash_as_in_imgurs_example_for_python(world: World) -> None:
    form = {"client_id": world.confidential.client_id, "client_secret": world.confidential.secret or ""}
    answered = httpx2.post(world.url("/oauth2/token/"), data={**form, "grant_type": "pin", "pin": "0"})
    assert (answered.status_code, answered.json()["data"]["error"]) == (400, "Invalid Pin")


def test_imgurs_page_says_what_is_missing(world: World) -> None:
    answered = httpx2.get(world.url("/oauth2/authorize?client_id=x"))
    assert answered.status_code == 400
    assert "client_id and response_type are required" in answered.text


def test_a_program_logs_in_without_a_browser_as_node_imgur_does(world: World) -> None:
    address = world.url(imgur(world, world.public, response_type="token"))
    first = httpx2.get(address)
    found = re.match(r"authorize_token=([^;]*)", first.headers["set-cookie"])
    assert found
    form = {"username": "ada", "password": PASSWORD, "allow": found[1]}
    cookie = {"cookie": f"authorize_token={found[1]}"}
    given = landed(httpx2.post(address, data=form, headers=cookie))
    assert upload(world, given["access_token"]) == 201
    wrong = httpx2.post(address, data={**form, "password": "wrong"}, headers=cookie)
    assert (wrong.status_code, "location" in wrong.headers) == (403, False)
    assert wrong.json()["data"]["error"] == "Unauthorized"
    assert httpx2.post(address, data={**form, "allow": "0" * 64}, headers=cookie).status_code == 403


def test_the_form_with_a_password_counts_only_from_where_it_was_shown(world: World) -> None:
    """Else another site's page could log somebody in as an account of its own choice."""
    address = world.url(imgur(world, world.public, response_type="token"))
    with httpx2.Client() as there, httpx2.Client() as here:
        foreign = re.match(r"authorize_token=([^;]*)", there.get(address).headers["set-cookie"])
        assert foreign
        cookie = here.get(address).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        form = {"username": "ada", "password": PASSWORD, "allow": foreign[1]}
        for client in (here, httpx2):
            answered = client.post(address, data=form)
            assert (answered.status_code, answered.json()["success"]) == (403, False)
        assert there.post(address, data=form).status_code == 302


def test_people_are_told_on_a_page_and_may_try_another_password(world: World) -> None:
    address, html = world.url(imgur(world, world.public, response_type="pin")), {"accept": "text/html"}
    with httpx2.Client(headers=html) as browser:
        missing = browser.get(world.url("/oauth2/authorize"))
        assert (missing.status_code, missing.headers["content-type"]) == (400, "text/html; charset=utf-8")
        fields = dict(HIDDEN.findall(browser.get(address).text))
        form = {**fields, "allow": fields["fkey"], "username": "ada"}
        again = browser.post(world.url("/oauth2/authorize"), data={**form, "password": "wrong"})
        assert again.status_code == 403
        assert "The name or the password is wrong." in again.text
        fields = dict(HIDDEN.findall(again.text))
        form = {**fields, "allow": fields["fkey"], "username": "ada", "password": PASSWORD}
        assert 'id="pin"' in browser.post(world.url("/oauth2/authorize"), data=form).text


def test_imgurs_flow_needs_a_secret(world: World, ada: Browser) -> None:
    """Without PKCE nothing else proves who brings the code."""
    code = landed(answer(ada, imgur(world, world.public, response_type="code")))["code"]
    given = imgur_token(world, world.public, grant_type="authorization_code", code=code)
    assert (given.status_code, given.json()["success"]) == (400, False)
    ours = ask_token(world, world.public, grant_type="authorization_code", code=code, redirect_uri=BACK)
    refused(ours, "invalid_grant")


def test_the_answer_says_which_server_it_is_from(world: World, ada: Browser) -> None:
    """RFC 9207, for programs that know several."""
    address, _ = session(world.public, scope="albums").create_authorization_url(
        world.url("/api/v1/oauth/authorize"), code_verifier=generate_token(48)
    )
    for allow in (True, False):
        assert landed(answer(ada, address, allow=allow))["iss"] == world.server.url


def test_a_program_with_several_addresses_says_which(world: World, ada: Browser) -> None:
    with httpx2.Client(base_url=world.server.url, headers={"authorization": f"Bearer {world.server.key}"}) as owner:
        redirects = [BACK, "https://h.example/back"]
        made = owner.post("/api/v1/applications", json={"name": "Both", "redirects": redirects}).json()
    asked = {"client_id": made["client_id"], "response_type": "code"}
    challenge = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
    shown = ada.http.get("/api/v1/oauth/authorize", params=asked | challenge)
    assert (shown.status_code, "redirect_uri is missing" in shown.text) == (400, True)
    named = ada.http.get("/api/v1/oauth/authorize", params=asked | challenge | {"redirect_uri": BACK})
    assert named.status_code == 200


def test_a_parameter_that_comes_twice_is_refused(world: World) -> None:
    body = f"client_id={world.public.client_id}&grant_type=refresh_token&refresh_token=a&refresh_token=b"
    form = {"content-type": "application/x-www-form-urlencoded"}
    refused(httpx2.post(world.url("/api/v1/oauth/token"), content=body, headers=form), "invalid_request")


def test_a_disabled_program_or_account_has_no_access(world: World, ada: Browser) -> None:
    tokens = exchange(world, world.public, code_for(world, ada, world.public))
    renew = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for disable, enable in ((("app", world.public.client_id),) * 2, (("account", "ada"),) * 2):
        run(world.server.data, disable[0], "disable", disable[1])
        time.sleep(3.1)  # other processes see it within that
        assert upload(world, tokens["access_token"]) == 401
        assert ask_token(world, world.public, **renew).status_code in (400, 401)
        run(world.server.data, enable[0], "enable", enable[1])
    time.sleep(3.1)
    assert ask_token(world, world.public, **renew).status_code == 200


@pytest.mark.parametrize(("scope", "told"), [("account", "not your password"), ("albums", "nor your e-mail address")])
def test_people_are_told_whether_the_program_learns_their_address(
    world: World, ada: Browser, scope: str, told: str
) -> None:
    address, _ = session(world.public, scope=scope).create_authorization_url(
        world.url("/api/v1/oauth/authorize"), code_verifier=generate_token(48)
    )
    assert told in ada.http.get(address).text
