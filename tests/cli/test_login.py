"""`heliograph login` as a program of its own, allowed by somebody in a real HTTP session; what it keeps, and renews."""

import re
import subprocess
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.test_admin import run as admin
from tests.running import SCRIPT, RunningServer, clean_environment, picture, serving
from tests.server.http.test_account_pages import OPEN, PASSWORD, Browser

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
KEY_SECONDS = 4


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with an account `ada`, whose keys last for seconds."""
    folder = tmp_path_factory.mktemp("login")
    with serving(folder, ACCESS_TOKEN_SECONDS=str(KEY_SECONDS), DEVICE_CODE_SECONDS="20") as server:
        assert admin(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n").returncode == 0
        yield server


@pytest.fixture(autouse=True)
def _closes_browsers() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Computer:
    """A home folder of its own, in which programs run."""

    def __init__(self, home: Path) -> None:
        self.config = home / "heliograph" / "config.toml"
        self.environment = clean_environment() | {"XDG_CONFIG_HOME": str(home), "PYTHONUTF8": "1"}

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [SCRIPT, *words], env=self.environment | environment, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *words: str, **environment: str) -> tuple[int, str, str]:
        with self.start(*words, **environment) as process:
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err

    def log_in(self, server: RunningServer, answer: str = "allow", **environment: str) -> tuple[int, str, str]:
        """`heliograph login`, and somebody who answers as soon as the code is shown."""
        with self.start("login", "--server", server.url, "--no-browser", **environment) as process:
            assert process.stderr
            shown = process.stderr.readline()
            found = re.search(r"Open (\S+) and type ([A-Z]{4}-[A-Z]{4})", shown)
            assert found, shown
            assert found[1] == f"{server.url}/device"
            decide(server, found[2], answer)
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err

    def kept(self) -> dict[str, str]:
        return tomllib.loads(self.config.read_text())


def decide(server: RunningServer, code: str, answer: str) -> None:
    """What somebody does who is logged in."""
    browser = Browser(server)
    assert browser.log_in().status_code == 303
    page = browser.http.get("/device", params={"code": code.lower()})
    assert "heliograph on the command line" in page.text
    fields = dict(HIDDEN.findall(page.text))
    assert browser.http.post("/device", data={**fields, answer: "yes"}).status_code == 200


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path / "home")


@pytest.fixture
def cat(tmp_path: Path) -> str:
    path = tmp_path / "cat.png"
    path.write_bytes(picture())
    return str(path)


def test_a_login_is_kept_for_its_owner_alone_and_uploads_for_the_account(
    hurried: RunningServer, computer: Computer, cat: str
) -> None:
    assert computer.log_in(hurried)[:2] == (0, "You are logged in as ada.\n")
    assert computer.config.stat().st_mode & 0o777 == 0o600
    assert set(computer.kept()) == {"url", "key", "refresh", "expires"}
    assert computer.kept()["url"] == hurried.url
    assert computer.run("upload", cat)[0] == 0
    assert computer.run("whoami") == (
        0, "ada\nmay: albums, images:read, images:write\nthrough: heliograph on the command line\n", ""
    )  # fmt: skip
    assert len(computer.run("list")[1].splitlines()) == 1


def test_a_key_that_has_ended_is_renewed_once_by_many_programs_at_once(
    hurried: RunningServer, computer: Computer, cat: str
) -> None:
    """A refresh token that came twice would end the login, so programs take turns."""
    computer.log_in(hurried)
    first = computer.kept()
    time.sleep(KEY_SECONDS + 0.5)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: computer.run("upload", cat), range(4)))
    assert [code for code, _, _ in done] == [0, 0, 0, 0], done
    second = computer.kept()
    assert second["key"] != first["key"]
    assert second["refresh"] != first["refresh"]
    assert computer.config.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in computer.config.parent.iterdir()] == ["config.toml"], "nothing is left lying about"
    time.sleep(KEY_SECONDS + 0.5)
    assert computer.run("whoami")[0] == 0


def test_one_program_renews_its_key_for_all_that_it_sends(hurried: RunningServer, computer: Computer, cat: str) -> None:
    computer.log_in(hurried)
    time.sleep(KEY_SECONDS + 0.5)
    code, out, err = computer.run("upload", *[cat] * 6)
    assert (code, len(out.splitlines())) == (0, 6), err


def test_logging_out_ends_the_key_and_forgets_it(hurried: RunningServer, computer: Computer) -> None:
    computer.log_in(hurried)
    key = computer.kept()["key"]
    assert computer.run("logout") == (0, "You are logged out.\n", "")
    assert computer.kept() == {"url": hurried.url}
    assert computer.run("whoami")[0] == 4
    code, _, err = computer.run("whoami", "--key", key)
    assert (code, len(err.splitlines())) == (4, 1)
    code, _, err = computer.run("logout")
    assert (code, "no login to end" in err) == (2, True)


def test_a_login_that_was_revoked_on_the_pages_says_what_to_do(hurried: RunningServer, computer: Computer) -> None:
    computer.log_in(hurried)
    browser = Browser(hurried)
    browser.log_in()
    found = re.search(r'action="(/account/grants/\w+/revoke)"', browser.http.get("/account/grants").text)
    assert found
    assert browser.post("/account/grants", found[1]).status_code == 303
    time.sleep(KEY_SECONDS)
    code, _, err = computer.run("whoami")
    assert (code, "heliograph login" in err, len(err.splitlines())) == (4, True, 1)


def test_who_is_turned_away_gets_nothing(hurried: RunningServer, computer: Computer) -> None:
    code, out, err = computer.log_in(hurried, answer="deny")
    assert (code, out) == (4, "")
    assert "denied" in err
    assert not computer.config.exists()


def test_a_code_that_nobody_types_is_given_up(computer: Computer, tmp_path: Path) -> None:
    with serving(tmp_path, DEVICE_CODE_SECONDS="2") as server:
        code, out, err = computer.run("login", "--server", server.url, "--no-browser")
    assert (code, out) == (4, "")
    assert err.splitlines()[-1].startswith("heliograph: ")
    assert not computer.config.exists()


def test_the_address_with_the_code_is_opened_in_the_browser(
    hurried: RunningServer, computer: Computer, tmp_path: Path
) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o700)
    with computer.start("login", "--server", hurried.url, BROWSER=str(browser)) as process:
        assert process.stderr
        shown = process.stderr.readline() + process.stderr.readline()
        deadline = time.monotonic() + 20
        while not (opened.exists() and opened.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
    assert opened.read_text().strip() in shown
    assert re.search(r"/device\?code=[A-Z]{4}-[A-Z]{4}$", opened.read_text().strip())


def test_a_key_in_the_environment_is_named_because_it_wins(hurried: RunningServer, computer: Computer) -> None:
    code, _, err = computer.log_in(hurried, HELIOGRAPH_KEY="another")
    assert (code, "HELIOGRAPH_KEY is set" in err) == (0, True)


def test_what_is_no_heliograph_is_said(computer: Computer) -> None:
    from tests.running import website

    with website({}) as url:
        code, _, err = computer.run("login", "--server", url, "--no-browser")
    assert (code, "Heliograph" in err, len(err.splitlines())) == (1, True, 1)
