"""Logging in with a provider in a real browser, through the content policy and back; its pages by axe's rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, running
from tests.browser.test_account import create_account, log_in
from tests.browser.test_for_everybody import assert_accessible
from tests.servers.openid import openid_provider

LONG_NAME = "The identity service of an institution with a long name"


@dataclass(frozen=True)
class Home:
    """A server with one account, and the folder of its data."""

    address: str
    folder: Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("openid") / "data"
    with openid_provider() as issuer:
        known_as = {"HELIOGRAPH_OIDC_CLIENT_ID": "heliograph", "HELIOGRAPH_OIDC_CLIENT_SECRET": "any will do"}
        named = {"HELIOGRAPH_OIDC_ISSUER": issuer, "HELIOGRAPH_OIDC_NAME": LONG_NAME, "HELIOGRAPH_LIMITS": "off"}
        with running(folder, **known_as, **named) as address:
            yield Home(address, folder)


def say_yes(page: Page, subject: str) -> None:
    """At the provider."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize", exact=True).click()


@pytest.mark.parametrize("scripted", [True, False])
def test_an_account_is_linked_by_hand_and_logged_in_to(visit, home: Home, scripted: bool) -> None:
    visit.expected = ("fonts", "stylesheet", "Failed to load resource")  # what the provider's own page wants
    name = f"ada{int(scripted)}"
    create_account(home.folder, name)
    page = visit(java_script_enabled=scripted)
    log_in(page, home.address, "/account/settings", name)
    page.get_by_role("button", name=f"Link to {LONG_NAME}").click()
    page.get_by_role("link", name=f"Go on to {LONG_NAME}").click()
    say_yes(page, name)
    page.wait_for_url(home.address + "/account/settings")
    expect(page.get_by_text("This account is linked")).to_be_visible()
    page.get_by_role("button", name="Log out", exact=True).click()
    page.goto(home.address + "/login?next=/account/tokens")
    page.get_by_role("link", name=f"Log in with {LONG_NAME}").click()
    say_yes(page, name)
    page.wait_for_url(home.address + "/account/tokens")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about_nor_does_a_narrow_screen(
    visit: Callable[..., Page], home: Home, scheme: str
) -> None:
    visit.expected = ("status of 403",)
    create_account(home.folder, f"bob-{scheme}")
    page = visit(color_scheme=scheme, viewport=NARROW)

    def look(heading: str) -> None:
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

    page.goto(home.address + "/login")
    look("Log in")
    page.goto(home.address + "/login/openid/back?error=access_denied")
    look(f"Not with {LONG_NAME} this time")
    log_in(page, home.address, "/account/settings", f"bob-{scheme}")
    look(f"Log in with {LONG_NAME}")
    page.get_by_role("button", name=f"Link to {LONG_NAME}").click()
    look(f"Link your account to {LONG_NAME}?")
