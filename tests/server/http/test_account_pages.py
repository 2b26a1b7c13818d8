"""Logging in and the account's pages over HTTP, as a browser does it: cookies, forms, and what others may not."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest

from tests.administration import run
from tests.running import RunningServer, picture, serving

PASSWORD = "correct horse battery"
FIELD = re.compile(r'<input type="hidden" name="fkey" value="([0-9a-f]{64})">')


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(tmp_path_factory.mktemp("pages"), REGISTRATION="open") as server:
        for name in ("ada", "bob"):
            done = run(server.data, "account", "create", name, "--password-stdin", stdin=PASSWORD + "\n")
            assert done.returncode == 0, done.stderr
        yield server


class Browser:
    """Keeps cookies, reads the fkey out of a page and sends it with the page's form."""

    def __init__(self, server: RunningServer) -> None:
        self.http = httpx2.Client(base_url=server.url, timeout=60)
        OPEN.append(self.http)

    def fkey(self, page: str) -> str:
        found = FIELD.search(self.http.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def post(self, page: str, action: str | None = None, **fields: object) -> httpx2.Response:
        return self.http.post(action or page, data={"fkey": self.fkey(page), **fields})

    def log_in(self, name: str = "ada", password: str = PASSWORD, **fields: str) -> httpx2.Response:
        return self.post("/login", name=name, password=password, **fields)


OPEN: list[httpx2.Client] = []


@pytest.fixture
def browser(running: RunningServer) -> Browser:
    return Browser(running)


@pytest.fixture
def ada(browser: Browser) -> Browser:
    assert browser.log_in().status_code == 303
    return browser


@pytest.fixture
def bob(running: RunningServer) -> Browser:
    made = Browser(running)
    assert made.log_in("bob").status_code == 303
    return made


def test_name_and_password_log_in_and_lead_on(browser: Browser) -> None:
    answer = browser.log_in(next="/account/tokens")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/tokens")
    assert "Your tokens" in browser.http.get("/account/tokens").text
    assert ">ada</a>" in browser.http.get("/").text


def test_the_cookie_is_hidden_from_scripts_and_from_other_sites(browser: Browser) -> None:
    cookie = browser.log_in().headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie, "this server has no TLS"


def test_with_https_the_cookie_goes_over_tls_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("tls"), PUBLIC_URL="https://h.example") as server:
        run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
        made = Browser(server)
        cookie = made.log_in().headers["set-cookie"]
        assert cookie.startswith("__Host-")
        assert "secure" in cookie.lower()
        assert "domain" not in cookie.lower()


def test_a_login_gets_a_session_of_its_own_whatever_cookie_came(browser: Browser, bob: Browser) -> None:
    planted = bob.http.cookies["heliograph"]
    fkey = browser.fkey("/login")
    answer = browser.http.post(
        "/login", data={"fkey": fkey, "name": "ada", "password": PASSWORD}, headers={"cookie": f"heliograph={planted}"}
    )
    assert answer.status_code == 403, "the form was shown to nobody, and is sent by bob"
    browser.log_in()
    assert browser.http.cookies["heliograph"] != planted


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong password"), ("nobody", PASSWORD), ("", ""), ("a\0", "x")]
)
def test_what_is_wrong_is_not_told(browser: Browser, name: str, password: str) -> None:
    answer = browser.log_in(name, password)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers
    assert f'value="{password}"' not in answer.text or not password


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "",
    "account/tokens",
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_a_login_leads_nowhere_but_here(browser: Browser, elsewhere: str) -> None:
    assert browser.log_in(next=elsewhere).headers["location"] == "/"
    assert browser.http.get("/login?next=" + quote(elsewhere)).headers["location"] == "/"


def test_logging_out_forgets_the_cookie(ada: Browser) -> None:
    assert ada.post("/account", "/logout").headers["location"] == "/"
    assert ada.http.get("/account").headers["location"] == "/login?next=%2Faccount"


def test_logging_out_everywhere_ends_the_other_browsers_too(running: RunningServer, ada: Browser) -> None:
    other = Browser(running)
    other.log_in()
    ada.post("/account/settings", "/account/logout")
    assert other.http.get("/account").status_code == 303


PLACES = [
    "/account", "/account/albums", "/account/settings", "/account/tokens", "/account/applications", "/account/grants"
]  # fmt: skip


@pytest.mark.parametrize("page", PLACES)
def test_who_is_not_logged_in_is_led_to_the_login_and_back(browser: Browser, page: str) -> None:
    answer = browser.http.get(page + "?q=a%26b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=" + quote(page + "?q=a%26b", safe=""))


@pytest.mark.parametrize("page", PLACES)
def test_account_pages_are_kept_by_nobody(ada: Browser, page: str) -> None:
    answer = ada.http.get(page)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]


FORMS = [
    ("/account", "/logout"),
    ("/account/settings", "/account/settings"),
    ("/account/settings", "/account/logout"),
    ("/account/settings", "/account/delete"),
    ("/account/tokens", "/account/tokens"),
    ("/account/applications", "/account/applications"),
    ("/account/grants", "/account/grants/abc/revoke"),
]


@pytest.mark.parametrize(("page", "action"), FORMS)
def test_a_form_that_is_not_ours_is_refused(ada: Browser, bob: Browser, page: str, action: str) -> None:
    """Without a key, with a made up one, with another's, and from another site's page."""
    for fkey in (None, "0" * 64, bob.fkey(page)):
        answer = ada.http.post(action, data={"fkey": fkey} if fkey else {})
        assert (answer.status_code, "form has expired" in answer.text) == (403, True)
    for site in ("cross-site", "same-site"):
        cross = ada.http.post(action, data={"fkey": ada.fkey(page)}, headers={"sec-fetch-site": site})
        assert cross.status_code == 403
    assert ada.http.get("/account").status_code == 200, "she is still logged in, and there"


@pytest.mark.parametrize(("page", "action"), FORMS[1:])
def test_nobody_can_send_an_accounts_forms(browser: Browser, page: str, action: str) -> None:
    assert browser.http.post(action, data={"fkey": browser.fkey("/login")}).status_code == 401


def test_an_upload_of_who_is_logged_in_belongs_to_the_account(ada: Browser, browser: Browser) -> None:
    answer = ada.http.post("/", data={"fkey": ada.fkey("/"), "title": "a rare word"}, files={"image": picture()})
    assert answer.status_code == 303
    assert "a rare word" in ada.http.get("/account").text
    assert "a rare word" in ada.http.get("/account?q=RARE").text
    assert "a rare word" not in ada.http.get("/account?q=common").text


def test_the_owner_of_a_picture_is_told_so_and_not_that_it_has_just_come(ada: Browser, bob: Browser) -> None:
    sent = ada.http.post("/", data={"fkey": ada.fkey("/")}, files={"image": ("mine.png", picture(), "image/png")})
    page = sent.headers["location"]
    ada.http.cookies.delete("heliograph-delete")
    shown = ada.http.get(page).text
    assert "This is your picture" in shown
    assert "ten minutes" not in shown
    assert "/delete/" in shown
    assert "/delete/" not in bob.http.get(page).text


def test_another_site_cannot_upload_into_the_account(ada: Browser) -> None:
    answer = ada.http.post("/", data={"title": "forged"}, files={"image": picture()})
    assert answer.status_code == 403
    assert "forged" not in ada.http.get("/account").text


def test_scripts_of_our_page_upload_for_the_account_with_the_forms_key_only(ada: Browser, bob: Browser) -> None:
    for fkey, title, mine in ((ada.fkey("/"), "by script", True), (bob.fkey("/"), "by another", False)):
        headers = {"x-fkey": fkey}
        files, data = {"image": picture()}, {"title": title}
        assert ada.http.post("/api/v1/images", data=data, files=files, headers=headers).status_code == 201
        assert (title in ada.http.get("/account").text) is mine


def test_the_cookie_alone_opens_no_api(ada: Browser) -> None:
    assert ada.http.get("/api/v1/images").status_code == 401
    assert ada.http.get("/api/v1/tokens").status_code == 401


def test_a_token_is_made_shown_once_used_and_revoked(ada: Browser) -> None:
    answer = ada.post("/account/tokens", name="laptop", scope=["images:write", "images:read"], days="90")
    secret = re.search(r'id="secret" type="text" value="([0-9a-f]{32})"', answer.text)
    assert secret
    bearer = {"authorization": f"Bearer {secret[1]}"}
    assert ada.http.get("/api/v1/images", headers=bearer).status_code == 200
    listing = ada.http.get("/account/tokens").text
    assert secret[1] not in listing
    revoke = re.findall(r'action="(/account/tokens/\w+/revoke)"', listing)[-1]
    assert ada.post("/account/tokens", revoke).status_code == 303
    assert ada.http.get("/api/v1/images", headers=bearer).status_code == 401


@pytest.mark.parametrize("fields", [{"name": "", "scope": "albums"}, {"name": "x"}, {"name": "x", "scope": "all"}])
def test_a_token_form_that_is_not_right_says_why_and_makes_none(ada: Browser, fields: dict[str, str]) -> None:
    before = ada.http.get("/account/tokens").text.count("/revoke")
    answer = ada.post("/account/tokens", **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert ada.http.get("/account/tokens").text.count("/revoke") == before


def test_an_application_is_registered_changed_given_a_secret_and_disabled(ada: Browser, bob: Browser) -> None:
    place = "/account/applications"
    made = ada.post(place, name="My program", redirects="https://h.example/back", secret="yes")
    client_id = re.search(r'id="id-([0-9a-f]{15})"', made.text)
    assert client_id
    assert re.search(r'id="secret" type="text" value="[0-9a-f]{32}"', made.text)
    one = f"{place}/{client_id[1]}"
    assert ada.post(place, one, name="Renamed", redirects="http://127.0.0.1:1/a\nh.example:/b").status_code == 303
    assert "Renamed" in ada.http.get(place).text
    assert ada.post(place, one, name="Renamed", redirects="not an address").status_code == 400
    assert 'id="secret"' in ada.post(place, one, verb="rotate").text
    assert ada.post(place, one, verb="disable").status_code == 303
    assert "Renamed (disabled)" in ada.http.get(place).text
    assert bob.post(place, one, verb="enable").status_code == 404, "it is ada's"
    assert "Renamed (disabled)" in ada.http.get(place).text


def test_somebody_registers_and_is_logged_in(browser: Browser) -> None:
    answer = browser.post("/register", name="eve", password=PASSWORD, email="eve@h.example", next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert browser.http.get("/account").status_code == 200
    again = browser.http.get("/account/settings").text
    assert 'value="eve@h.example"' in again
    changed = browser.post("/account/settings", change="password", password="wrong", new="another long password")
    assert changed.status_code == 401
    changed = browser.post("/account/settings", change="password", password=PASSWORD, new="another long password")
    assert changed.status_code == 303
    assert browser.http.get("/account").status_code == 200, "this browser stays logged in"
    assert browser.post("/account/settings", change="email", email="no address").status_code == 400
    assert browser.post("/account/settings", change="email", email="").status_code == 303
    browser.http.post("/", data={"fkey": browser.fkey("/"), "title": "kept"}, files={"image": picture()})
    page = re.search(r'href="(?:http://[^"/]+)?(/[A-Za-z0-9]{10})"', browser.http.get("/account").text)
    assert page
    gone = {"name": "eve", "password": "another long password"}
    assert browser.post("/account/settings", "/account/delete", **gone, images="keep").status_code == 303
    assert browser.http.get(page[1]).status_code == 200, "the image stays"
    assert browser.log_in("eve", "another long password").status_code == 401


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"name": "ada"}, 409), ({"name": "A b"}, 400), ({"password": "short"}, 400), ({"email": "nowhere"}, 400)],
)
def test_a_registration_that_cannot_be_says_why(browser: Browser, fields: dict[str, str], status: int) -> None:
    answer = browser.post("/register", **{"name": "new", "password": PASSWORD, **fields})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers


def test_registering_is_slowed_and_closed_unless_the_operator_opens_it(
    tmp_path_factory: pytest.TempPathFactory, server: RunningServer
) -> None:
    assert Browser(server).http.get("/register").status_code == 404
    with serving(tmp_path_factory.mktemp("open"), REGISTRATION="open") as opened:
        answers = [Browser(opened).post("/register", name=f"n{number}", password=PASSWORD) for number in range(6)]
        assert [answer.status_code for answer in answers] == [303] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0


def test_guessing_is_slowed_whether_the_name_exists_or_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("guessing")) as server:
        run(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
        for name in ("ada", "nobody"):
            answers = [Browser(server).log_in(name, f"guess {number}").status_code for number in range(11)]
            assert answers == [401] * 10 + [429]
        audit = run(server.data, "audit").stdout
        assert "account.refuse" in audit
