"""The pages of OAuth 2 in a real browser: a yes and a no lead back to the program, and everybody can say them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, running
from tests.browser.test_account import PASSWORD, create_account
from tests.browser.test_for_everybody import assert_accessible
from tests.browser.test_oauth1 import LONG_NAME, _admin
from tests.running import website

NATIVE, IMGUR = "/api/v1/oauth/authorize", "/oauth2/authorize"


@dataclass(frozen=True)
class Home:
    """A server, a program that it knows, and where that program waits for answers."""

    address: str
    client_id: str
    callback: str

    def link(self, path: str, **more: str) -> str:
        """The link that the program sends its user to."""
        native = {"response_type": "code", "code_challenge": "c" * 43, "code_challenge_method": "S256"}
        asked = {"client_id": self.client_id, "state": "s t", **(native if path == NATIVE else {}), **more}
        return f"{self.address}{path}?{urlencode(asked)}"

    def code(self) -> str:
        """The code that a program without a browser shows."""
        form = {"client_id": self.client_id, "scope": "images:write images:read albums account"}
        return str(httpx2.post(f"{self.address}/api/v1/oauth/device", data=form).json()["user_code"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("oauth2") / "data"
    with website({}) as site, running(folder, HELIOGRAPH_LIMITS="off") as address:
        create_account(folder, "ada")
        made = _admin(folder, "app", "create", LONG_NAME, "--redirect", f"{site}/back")
        said = dict(line.split(": ") for line in made.splitlines())
        yield Home(address, said["client id"], f"{site}/back")


def log_in(page: Page, home: Home) -> None:
    page.goto(home.address + "/login?next=/account")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(home.address + "/account")


def back(page: Page, home: Home) -> dict[str, list[str]]:
    """What the program finds in its address."""
    page.wait_for_url(lambda url: url.startswith(home.callback))
    parts = urlsplit(page.url)
    return parse_qs(parts.query or parts.fragment)


@pytest.mark.parametrize("scripted", [True, False])
@pytest.mark.parametrize(("button", "told"), [("Allow", "code"), ("Do not allow", "error")])
def test_the_answer_leads_back_to_the_program_through_the_content_policy(
    visit, home: Home, button: str, told: str, scripted: bool
) -> None:
    visit.expected = ("status of 404",)  # the program's own page, which is not there
    page = visit(java_script_enabled=scripted)
    log_in(page, home)
    page.goto(home.link(NATIVE))
    page.get_by_role("button", name=button, exact=True).click()
    found = back(page, home)
    assert told in found
    assert found["state"] == ["s t"]


def test_imgurs_tokens_come_in_the_fragment_after_a_password_on_the_same_page(visit, home: Home) -> None:
    visit.expected = ("status of 404", "status of 403")
    page = visit()
    page.goto(home.link(IMGUR, response_type="token"))
    for password in ("wrong password", PASSWORD):
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Allow", exact=True).click()
        if password != PASSWORD:
            expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
            assert_accessible(page)
    assert {"access_token", "refresh_token", "state"} <= back(page, home).keys()


def test_imgurs_page_can_be_left_for_another_way_to_log_in(visit, home: Home) -> None:
    page = visit()
    page.goto(home.link(IMGUR, response_type="pin"))
    page.get_by_role("link", name="Other ways to log in").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("You are logged in as ada.")).to_be_visible()


def test_a_device_is_let_in_by_its_code(visit, home: Home) -> None:
    page = visit(java_script_enabled=False)
    log_in(page, home)
    page.goto(home.address + "/device")
    page.get_by_label("The code that the program shows").fill(home.code().lower().replace("-", " "))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about_nor_does_a_narrow_screen(
    visit: Callable[..., Page], home: Home, scheme: str
) -> None:
    visit.expected = ("status of 404", "status of 400")  # type: ignore[attr-defined] # an unknown code and program
    page = visit(color_scheme=scheme, viewport=NARROW)

    def look(name: str) -> None:
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name

    page.goto(home.link(IMGUR, response_type="pin"))
    look("before-login")
    log_in(page, home)
    for name, path, button in (
        ("question", home.link(NATIVE, scope="images:write images:read albums account"), None),
        ("unknown", home.address + NATIVE + "?client_id=unknown", None),
        ("pin", home.link(IMGUR, response_type="pin"), "Allow"),
        ("device", home.address + "/device", None),
        ("device-unknown", home.address + "/device?code=BCDF-GHJK", None),
        ("device-question", home.address + "/device?code=" + home.code(), None),
        ("device-done", home.address + "/device?code=" + home.code(), "Allow"),
        ("device-denied", home.address + "/device?code=" + home.code(), "Do not allow"),
        ("grants", home.address + "/account/grants", None),
    ):
        page.goto(path)
        if button:
            page.get_by_role("button", name=button, exact=True).click()
        look(name)
