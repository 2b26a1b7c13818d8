"""Logging in with a real OpenID Connect provider, as browsers do it, and what goes wrong on the way."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx2
import pytest

from tests.administration import run
from tests.running import RunningServer, free_port, serving
from tests.server.http.test_account_pages import ELSEWHERE, PASSWORD, Browser
from tests.servers.openid import consent, deny, openid_process, openid_provider

COOKIE = "heliograph-openid"
PEOPLE: dict[str, dict[str, object]] = {
    "1001": {"preferred_username": "Grace.Hopper@navy.example", "email": "ada@h.example", "email_verified": True},
    "1002": {"preferred_username": "ada", "email": "ada@h.example", "email_verified": True},
    "1003": {"name": "張"},
}


def settings(issuer: str, **more: str) -> dict[str, str]:
    known_as = {"OIDC_CLIENT_ID": "heliograph", "OIDC_CLIENT_SECRET": "any will do"}
    return {"OIDC_ISSUER": issuer, "OIDC_NAME": "Example ID", **known_as, **more}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with openid_provider("--require-nonce", "true", **PEOPLE) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[RunningServer]:
    """Where whoever the provider knows gets an account; ada and bob have passwords."""
    with serving(tmp_path_factory.mktemp("openid"), **settings(provider, OIDC_REGISTRATION="true")) as server:
        for name in ("ada", "bob"):
            words = ("account", "create", name, "--email", f"{name}@h.example", "--password-stdin")
            assert run(server.data, *words, stdin=PASSWORD + "\n").returncode == 0
        yield server


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[RunningServer]:
    """Where the operator alone makes accounts."""
    with serving(tmp_path_factory.mktemp("closed"), **settings(provider)) as server:
        yield server


class Visitor(Browser):
    """A browser that goes to the provider and comes back."""

    def leave(self, page: str = "/account") -> str:
        """Press the button. Returns the provider's address."""
        answer = self.http.get("/login/openid?next=" + quote(page, safe=""))
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def arrive(self, address: str) -> httpx2.Response:
        """Follow the provider's redirect, whatever host it names us by."""
        parts = urlsplit(address)
        return self.http.get(f"{parts.path}?{parts.query}")

    def come_as(self, subject: str, page: str = "/account") -> httpx2.Response:
        return self.arrive(consent(self.leave(page), subject))

    def link(self, subject: str) -> httpx2.Response:
        page = self.post("/account/settings", "/account/openid", change="link").text
        found = re.search(r'<a class="button" href="([^"]+/oauth2/authorize\?[^"]+)"', page)
        assert found, page
        return self.arrive(consent(found[1].replace("&amp;", "&"), subject))

    @property
    def name(self) -> str | None:
        """Who is logged in."""
        found = re.search(r'<a href="/account">([^<]+)</a>', self.http.get("/").text)
        return found[1] if found else None


@pytest.fixture
def visitor(running: RunningServer) -> Visitor:
    return Visitor(running)


@pytest.fixture
def ada(visitor: Visitor) -> Visitor:
    assert visitor.log_in("ada").status_code == 303
    return visitor


@pytest.fixture
def bob(running: RunningServer) -> Visitor:
    made = Visitor(running)
    assert made.log_in("bob").status_code == 303
    return made


def changed(address: str, **parameters: str) -> str:
    """The address with other values for some of its parameters."""
    parts = urlsplit(address)
    known = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(known | parameters)).geturl()


def refused(answer: httpx2.Response, status: int, words: str, visitor: Visitor) -> None:
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert visitor.http.get("/account").headers.get("location", "").startswith("/login")


def test_the_login_page_offers_the_provider_by_its_name(visitor: Visitor, server: RunningServer) -> None:
    page = visitor.http.get("/login?next=/account/tokens").text
    assert (
        '<a class="button" href="/login/openid?next=/account/tokens" rel="nofollow">Log in with Example ID</a>' in page
    )
    assert "/login/openid" not in httpx2.get(f"{server.url}/login").text, "this server knows no provider"


@pytest.mark.parametrize("path", ["/login/openid", "/login/openid/back?code=c&state=s"])
def test_without_a_provider_nothing_is_there(server: RunningServer, path: str) -> None:
    assert httpx2.get(server.url + path).status_code == 404


def test_a_new_person_gets_an_account_that_is_theirs_from_then_on(running: RunningServer, visitor: Visitor) -> None:
    answer = visitor.come_as("1001", "/account/tokens")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/tokens")
    assert visitor.name == "grace.hopper"
    again = Visitor(running)
    again.come_as("1001")
    assert again.name == "grace.hopper"


def test_neither_a_name_nor_an_e_mail_address_opens_somebody_elses_account(visitor: Visitor) -> None:
    visitor.come_as("1002")
    assert re.fullmatch(r"ada-[0-9a-f]{8}", visitor.name or "")
    assert "ada@h.example" not in visitor.http.get("/account/settings").text


def test_a_name_that_cannot_be_one_here_is_replaced(visitor: Visitor) -> None:
    visitor.come_as("1003")
    assert re.fullmatch(r"user-[0-9a-f]{8}", visitor.name or "")


def test_the_request_says_what_the_specification_wants_and_asks_for_no_more(visitor: Visitor, provider: str) -> None:
    address = visitor.leave()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider}/oauth2/authorize?")
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid profile"
    assert asked["redirect_uri"] == f"{str(visitor.http.base_url).rstrip('/')}/login/openid/back"
    assert asked["code_challenge_method"] == "S256"
    secrets = {asked[name] for name in ("state", "nonce", "code_challenge")}
    assert len(secrets) == 3
    assert all(len(secret) == 43 for secret in secrets)
    again = {values[0] for values in parse_qs(urlsplit(visitor.leave()).query).values()}
    assert not secrets & again


def test_the_cookie_of_a_login_under_way_shows_and_tells_nothing(visitor: Visitor) -> None:
    answer = visitor.http.get("/login/openid")
    cookie = answer.headers["set-cookie"]
    assert {"httponly", "samesite=lax", "path=/", "max-age=600"} <= {word.strip() for word in cookie.lower().split(";")}
    state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
    assert state not in cookie
    assert answer.headers["cache-control"] == "no-store"
    gone = visitor.come_as("1001").headers.get_list("set-cookie")
    assert any(each.startswith(f'{COOKIE}="";') for each in gone), "it is of no use any more"


def test_with_https_both_cookies_go_over_tls_only(tmp_path: Path, provider: str) -> None:
    with serving(tmp_path, **settings(provider, PUBLIC_URL="https://h.example", OIDC_REGISTRATION="yes")) as server:
        leaving = httpx2.get(f"{server.url}/login/openid")
        cookie = leaving.headers["set-cookie"]
        assert cookie.startswith(f"__Host-{COOKIE}=")
        back = urlsplit(consent(leaving.headers["location"], "1001"))
        assert f"{back.scheme}://{back.netloc}{back.path}" == "https://h.example/login/openid/back"
        headers = {"cookie": cookie.partition(";")[0]}
        arrived = httpx2.get(f"{server.url}{back.path}?{back.query}", headers=headers)
        assert arrived.status_code == 303
        for each in (cookie, *arrived.headers.get_list("set-cookie")):
            assert each.startswith("__Host-")
            assert "secure" in each.lower()
            assert "domain" not in each.lower()


@pytest.mark.parametrize("elsewhere", [*ELSEWHERE, "/" + "a" * 5000])
def test_a_login_leads_nowhere_but_here(visitor: Visitor, elsewhere: str) -> None:
    assert visitor.come_as("1001", elsewhere).headers["location"] == "/"


def test_a_login_gets_a_session_of_its_own_whatever_cookie_came(visitor: Visitor, bob: Visitor) -> None:
    visitor.http.cookies.set("heliograph", planted := bob.http.cookies["heliograph"])
    assert visitor.name == "bob"
    back = consent(visitor.leave(), "1001")
    issued = visitor.arrive(back).headers.get_list("set-cookie")
    assert not any(planted in each for each in issued)
    visitor.http.cookies.clear()
    visitor.http.cookies.set("heliograph", issued[-1].partition(";")[0].partition("=")[2])
    assert visitor.name == "grace.hopper"


def test_where_registration_is_closed_a_stranger_gets_no_account(closed: RunningServer) -> None:
    visitor = Visitor(closed)
    refused(visitor.come_as("1001"), 403, "No account of this server is linked", visitor)
    assert "grace" not in run(closed.data, "account", "list").stdout


def test_open_registration_is_open_to_the_provider_too(tmp_path: Path, provider: str) -> None:
    with serving(tmp_path, **settings(provider, REGISTRATION="open")) as server:
        visitor = Visitor(server)
        visitor.come_as("1001")
        assert visitor.name == "grace.hopper"


def test_a_link_from_the_settings_opens_the_account_later_and_unlinking_closes_it(closed: RunningServer) -> None:
    assert run(closed.data, "account", "create", "eve", "--password-stdin", stdin=PASSWORD + "\n").returncode == 0
    visitor, later = Visitor(closed), Visitor(closed)
    visitor.log_in("eve")
    before = visitor.http.cookies["heliograph"]
    answer = visitor.link("linked")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/settings")
    assert visitor.http.cookies["heliograph"] == before, "to link is no login"
    assert "is linked to a login with Example ID" in visitor.http.get("/account/settings").text
    assert visitor.link("linked").status_code == 303, "it may be repeated"
    later.come_as("linked")
    assert later.name == "eve"
    assert visitor.post("/account/settings", "/account/openid", change="unlink").status_code == 303
    stranger = Visitor(closed)
    refused(stranger.come_as("linked"), 403, "No account of this server is linked", stranger)
    assert visitor.post("/account/settings", "/account/openid", change="unlink").status_code == 404


def test_an_account_has_one_login_there_and_a_login_one_account(ada: Visitor, bob: Visitor) -> None:
    assert ada.link("only ada").status_code == 303
    assert bob.link("only ada").status_code == 409
    assert ada.link("another").status_code == 409
    assert ada.post("/account/settings", "/account/openid", change="unlink").status_code == 303


def test_who_has_no_password_cannot_lock_themselves_out(visitor: Visitor) -> None:
    visitor.come_as("no password")
    name = visitor.name
    assert 'value="unlink"' not in visitor.http.get("/account/settings").text
    answer = visitor.post("/account/settings", "/account/openid", change="unlink")
    assert (answer.status_code, "Set a password first" in answer.text) == (409, True)
    visitor.http.cookies.clear()
    visitor.come_as("no password")
    assert visitor.name == name, "nothing was unlinked"
    assert visitor.post("/account/settings", change="password", new=PASSWORD).status_code == 303
    assert visitor.post("/account/settings", "/account/openid", change="unlink").status_code == 303


def test_only_a_form_of_ours_begins_a_link(ada: Visitor, bob: Visitor, running: RunningServer) -> None:
    assert ada.http.get("/account/openid").status_code == 405
    for fkey in (None, "0" * 64, bob.fkey("/account/settings")):
        answer = ada.http.post("/account/openid", data={"fkey": fkey} if fkey else {})
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    mine = {"fkey": ada.fkey("/account/settings"), "change": "link"}
    cross = ada.http.post("/account/openid", data=mine, headers={"sec-fetch-site": "cross-site"})
    assert cross.status_code == 403
    stranger = Visitor(running)
    assert stranger.http.post("/account/openid", data={"fkey": stranger.fkey("/login")}).status_code == 401


def test_a_login_that_was_begun_by_a_link_links_nothing(ada: Visitor) -> None:
    """Another site can send a browser to /login/openid; the answer then logs in, and never links."""
    ada.come_as("sent by a link")
    assert ada.name != "ada"
    ada.http.cookies.clear()
    ada.log_in("ada")
    assert "Link to Example ID" in ada.http.get("/account/settings").text


@pytest.mark.parametrize("then", [None, "bob", "ada"])
def test_a_link_counts_for_the_login_that_asked_for_it_only(ada: Visitor, then: str | None) -> None:
    page = ada.post("/account/settings", "/account/openid", change="link").text
    address = re.findall(r'href="([^"]+/oauth2/authorize\?[^"]+)"', page)[0].replace("&amp;", "&")
    ada.post("/account", "/logout")
    if then:
        ada.log_in(then)
    answer = ada.arrive(consent(address, "in between"))
    assert (answer.status_code, "You are not logged in any more" in answer.text) == (403, True)
    ada.http.cookies.clear()
    ada.come_as("in between")
    assert ada.name not in ("ada", "bob")


def test_an_answer_with_another_state_is_refused(visitor: Visitor) -> None:
    address = consent(visitor.leave(), "1001")
    refused(visitor.arrive(changed(address, state="0" * 43)), 403, "not begun in this browser", visitor)
    refused(visitor.arrive(address.partition("&state=")[0]), 403, "not begun in this browser", visitor)
    refused(visitor.arrive(changed(address, state="é")), 403, "not begun in this browser", visitor)


def test_an_answer_that_another_provider_says_it_gave_is_refused(visitor: Visitor, provider: str) -> None:
    """Some providers name themselves in the answer (RFC 9207)."""
    address = consent(visitor.leave(), "1001")
    refused(visitor.arrive(f"{address}&iss=https://other.example"), 403, "comes from another provider", visitor)
    assert visitor.arrive(f"{address}&iss={quote(provider)}").status_code == 303


def test_an_answer_counts_in_the_browser_that_began_alone(visitor: Visitor, running: RunningServer) -> None:
    """Else somebody could log a victim in as themselves, and see what the victim then uploads."""
    address = consent(visitor.leave(), "1001")
    victim = Visitor(running)
    refused(victim.arrive(address), 403, "not begun in this browser", victim)
    victim.leave()
    refused(victim.arrive(address), 403, "not begun in this browser", victim)


@pytest.mark.parametrize("cookie", ["", "x", "AAAA", "A" * 400, "é"])
def test_a_cookie_that_is_none_of_ours_is_refused(visitor: Visitor, cookie: str) -> None:
    address = consent(visitor.leave(), "1001")
    visitor.http.cookies.clear()
    parts = urlsplit(address)
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())]
    answer = visitor.http.get(f"{parts.path}?{parts.query}", headers=headers)
    assert (answer.status_code, "not begun in this browser" in answer.text) == (403, True)


def test_a_token_with_another_nonce_is_refused_and_noted(visitor: Visitor, running: RunningServer) -> None:
    address = consent(changed(visitor.leave(), nonce="another login's"), "1001")
    refused(visitor.arrive(address), 401, "does not prove who you are", visitor)
    assert "an answer that is not Example ID's" in run(running.data, "audit").stdout


def test_a_code_counts_once(visitor: Visitor) -> None:
    address = consent(visitor.leave(), "1001")
    cookie = visitor.http.cookies[COOKIE]
    assert visitor.arrive(address).status_code == 303
    visitor.http.cookies.clear()
    visitor.http.cookies.set(COOKIE, cookie)
    refused(visitor.arrive(address), 401, "finished already", visitor)


def test_a_code_that_was_made_up_is_refused(visitor: Visitor) -> None:
    address = consent(visitor.leave(), "1001")
    for code in ("made up", "", "\0"):
        refused(visitor.arrive(changed(address, code=code)), 401, "finished already", visitor)


def test_a_no_is_said_without_the_words_that_came_with_it(visitor: Visitor) -> None:
    answer = visitor.arrive(deny(visitor.leave()) + "&error_description=Call+0900+1234")
    refused(answer, 403, "Example ID did not let you in.", visitor)
    assert "0900" not in answer.text


def test_a_disabled_account_stays_closed(visitor: Visitor, running: RunningServer) -> None:
    visitor.come_as("disabled")
    name = visitor.name
    assert name
    run(running.data, "account", "disable", name)
    visitor.http.cookies.clear()
    refused(visitor.come_as("disabled"), 403, "This account cannot be used.", visitor)


def test_who_deletes_their_account_starts_anew(visitor: Visitor) -> None:
    visitor.come_as("leaving")
    first = visitor.name
    answer = visitor.post("/account/settings", "/account/delete", name=first, images="keep")
    assert answer.status_code == 303
    assert visitor.name is None
    visitor.come_as("leaving")
    assert visitor.name not in (None, first)


def test_the_audit_tells_of_accounts_logins_and_links(ada: Visitor, running: RunningServer) -> None:
    ada.link("told of")
    ada.post("/account/settings", "/account/openid", change="unlink")
    ada.come_as("told of")
    told = run(running.data, "audit").stdout
    for words in ("account.link", "to told of of http", "account.unlink", "with Example ID", "role user, for told of"):
        assert words in told, words


def test_guesses_from_an_address_are_slowed(tmp_path: Path, provider: str) -> None:
    with serving(tmp_path, **settings(provider)) as server:
        visitor = Visitor(server)
        address = consent(visitor.leave(), "1001")
        answers = [visitor.arrive(changed(address, code=f"guess {number}")).status_code for number in range(31)]
        assert answers == [401] * 30 + [429]


@pytest.mark.parametrize(("secret", "status"), [("right", 303), ("wrong", 503)])
def test_a_registered_client_shows_its_secret(tmp_path: Path, secret: str, status: int) -> None:
    with openid_provider("--require-registration", "true", **PEOPLE) as issuer:
        back = "http://h.example/login/openid/back"
        made = httpx2.post(f"{issuer}/oauth2/clients", json={"redirect_uris": [back]}).json()
        given = made["client_secret"] if secret == "right" else "wrong"
        named = settings(issuer, OIDC_CLIENT_SECRET=given, REGISTRATION="open", PUBLIC_URL="http://h.example")
        with serving(tmp_path, **named | {"OIDC_CLIENT_ID": made["client_id"]}) as server:
            visitor = Visitor(server)
            assert visitor.come_as("1001").status_code == status
        assert given not in (tmp_path / "server.log").read_text()


def test_while_the_provider_is_away_passwords_work_and_afterwards_it_does_again(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, **settings(f"http://127.0.0.1:{port}", REGISTRATION="open")) as server:
        run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
        visitor = Visitor(server)
        answer = visitor.http.get("/login/openid")
        refused(answer, 503, "does not answer as it should", visitor)
        assert int(answer.headers["retry-after"]) > 0
        assert "set-cookie" not in answer.headers
        with openid_process(port, **PEOPLE):
            address = consent(visitor.leave(), "1001")
        refused(visitor.arrive(address), 503, "does not answer as it should", visitor)
        with openid_process(port, **PEOPLE):
            visitor.come_as("1001")
            assert visitor.name == "grace.hopper"
        other = Visitor(server)
        assert other.log_in("ada").status_code == 303
        assert other.http.get("/account/settings").status_code == 200
        assert other.post("/account/settings", "/account/openid", change="link").status_code == 200, "known already"


def test_a_provider_that_is_another_than_its_name_is_not_used(tmp_path: Path, provider: str) -> None:
    """The issuer must be spelt as the provider spells it (OpenID Connect Discovery 1.0, section 4.3)."""
    with serving(tmp_path, **settings(provider + "/")) as server:
        assert httpx2.get(f"{server.url}/login/openid").status_code == 503
        assert "names the issuer" in (tmp_path / "server.log").read_text()
