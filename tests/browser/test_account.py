"""The pages of an account, in a real browser: logging in, uploading into it, by axe's rules, on a narrow screen."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, running
from tests.browser.pictures import small_picture
from tests.browser.test_for_everybody import assert_accessible

PASSWORD = "correct horse battery"
PLACES = [
    "/account",
    "/account/albums",
    "/account/tokens",
    "/account/applications",
    "/account/grants",
    "/account/settings",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server where people may register, and one has, with a picture and an application."""
    folder = tmp_path_factory.mktemp("account") / "data"
    with running(folder, HELIOGRAPH_LIMITS="off", HELIOGRAPH_REGISTRATION="open") as address:
        create_account(folder, "ada")
        yield address


def create_account(folder: Path, name: str) -> None:
    environment = {**os.environ, "HELIOGRAPH_DATA_DIR": str(folder)}
    words = ["admin", "account", "create", name, "--password-stdin"]
    command = [sys.executable, "-c", "from heliograph.cli import main; main()", *words]
    subprocess.run(command, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)


def log_in(page: Page, home: str, to: str = "/account", name: str = "ada") -> None:
    page.goto(home + to)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(home + to)


@pytest.mark.parametrize("scripted", [True, False])
def test_a_picture_uploaded_while_logged_in_is_among_ones_own(visit, home: str, scripted: bool) -> None:
    page = visit(java_script_enabled=scripted)
    log_in(page, home)
    page.goto(home + "/")
    page.get_by_label("Picture", exact=True).set_input_files(small_picture(f"mine-{scripted}.png"))
    page.get_by_role("button", name="Upload").click()
    if scripted:
        expect(page.get_by_role("status")).to_have_text("Done.")
    page.goto(home + "/account")
    expect(page.get_by_text(f"mine-{scripted}.png")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["/login", "/register", *PLACES])
def test_axe_finds_nothing_to_complain_about(visit, home: str, place: str, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    if place in PLACES:
        log_in(page, home, place)
    page.goto(home + place)
    assert_accessible(page)


@pytest.mark.parametrize("place", ["/login", "/register", *PLACES])
def test_nothing_has_to_be_scrolled_sideways_at_320_pixels(visit, home: str, place: str) -> None:
    page = visit(viewport=NARROW)
    if place in PLACES:
        log_in(page, home, place)
    page.goto(home + place)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_token_and_an_application_are_made_by_hand(visit, home: str) -> None:
    page = visit(java_script_enabled=False)
    log_in(page, home, "/account/tokens")
    page.get_by_label("What is it for?").fill("Notebook")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_label("Token", exact=True)).to_have_value(re.compile("[0-9a-f]{32}"))
    page.get_by_role("button", name="Revoke Notebook").click()
    expect(page.get_by_text("Notebook")).to_have_count(0)
    page.goto(home + "/account/applications")
    page.get_by_label("Name", exact=True).last.fill("My program")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="My program")).to_be_visible()


def test_a_wrong_password_is_said_where_it_was_typed(visit, home: str) -> None:
    visit.expected = ("status of 401",)
    page = visit()
    page.goto(home + "/login")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("something else")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    expect(page.get_by_label("Name")).to_have_value("ada")
