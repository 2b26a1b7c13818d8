"""The pages of OAuth 1.0a in a real browser: a yes leads back to the program, and everybody can say it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect
from requests_oauthlib import OAuth1

from tests.browser.conftest import NARROW, running
from tests.browser.test_account import PASSWORD, create_account
from tests.browser.test_for_everybody import assert_accessible
from tests.running import website

LONG_NAME = "A program with a name that takes rather more room than most programs have ever asked for"


@dataclass(frozen=True)
class Home:
    """A server, a program that it knows, and where that program waits for answers."""

    address: str
    key: str
    secret: str
    callback: str

    def link(self, callback: str | None = None) -> str:
        """The link that the program sends its user to."""
        auth = OAuth1(self.key, client_secret=self.secret, callback_uri=callback or "oob")
        with requests.post(f"{self.address}/oauth/request_token", auth=auth, timeout=60) as answer:
            return f"{self.address}/oauth/authorize?oauth_token={parse_qs(answer.text)['oauth_token'][0]}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("oauth1") / "data"
    with website({}) as site, running(folder, HELIOGRAPH_LIMITS="off") as address:
        create_account(folder, "ada")
        callback = f"{site}/back"
        made = _admin(folder, "app", "create", LONG_NAME, "--secret", "--redirect", callback)
        said = dict(line.split(": ") for line in made.splitlines())
        yield Home(address, said["key"], said["secret"], callback)


def _admin(folder: Path, *words: str) -> str:
    environment = {**os.environ, "HELIOGRAPH_DATA_DIR": str(folder)}
    command = [sys.executable, "-c", "from heliograph.cli import main; main()", "admin", *words]
    return subprocess.run(command, env=environment, text=True, check=True, capture_output=True).stdout


def arrive(page: Page, link: str) -> None:
    """Follow the program's link, log in on the way, and be asked."""
    page.goto(link)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(link)
    expect(page.get_by_role("heading", name=f"Let {LONG_NAME} act for you?")).to_be_visible()


@pytest.mark.parametrize("scripted", [True, False])
@pytest.mark.parametrize(("button", "told"), [("Allow", "oauth_verifier"), ("Do not allow", "oauth_problem")])
def test_the_answer_leads_back_to_the_program_through_the_content_policy(
    visit, home: Home, button: str, told: str, scripted: bool
) -> None:
    visit.expected = ("status of 404",)  # the program's own page, which is not there
    page = visit(java_script_enabled=scripted)
    arrive(page, home.link(home.callback))
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url(home.callback + "?**")
    assert told in parse_qs(urlsplit(page.url).query)


def test_a_program_without_a_callback_leaves_a_pin_to_type(visit, home: Home) -> None:
    page = visit()
    arrive(page, home.link())
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_text("Type it nowhere else")).to_be_visible()
    assert len(page.locator("p.code").inner_text()) == 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about_nor_does_a_narrow_screen(
    visit: Callable[..., Page], home: Home, scheme: str
) -> None:
    page = visit(color_scheme=scheme, viewport=NARROW)
    for callback, button in ((home.callback, None), (None, "Allow"), (None, "Do not allow")):
        link = home.link(callback)
        page.context.clear_cookies()
        arrive(page, link)
        if button:
            page.get_by_role("button", name=button, exact=True).click()
            expect(page.get_by_role("heading", name="Your PIN" if button == "Allow" else "Not allowed")).to_be_visible()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
