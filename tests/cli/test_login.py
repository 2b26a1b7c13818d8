"""`heliograph login` as a program of its own, allowed by somebody in a real HTTP session; what it keeps, and renews."""

import re
import subprocess
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import httpx2
import pytest

from heliograph.client._kept import keep, name_server
from heliograph.client._login import CLIENT_ID, DEVICE_GRANT, login_of
from tests.administration import run as admin
from tests.cli.test_commands import only_line
from tests.running import SCRIPT, RunningServer, clean_environment, free_port, picture, serving, website
from tests.server.http.test_account_pages import OPEN, PASSWORD, Browser

HIDDEN = re.compile(r'<input (?:id="fkey" )?type="hidden" name="(\w+)" value="([^"]*)"')
TOKEN_SECONDS = 8


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with an account `ada`, whose access tokens last for seconds."""
    with serving(tmp_path_factory.mktemp("login"), ACCESS_TOKEN_SECONDS=str(TOKEN_SECONDS)) as server:
        add_ada(server)
        yield server


def add_ada(server: RunningServer) -> None:
    done = admin(server.data, "account", "create", "ada", "--password-stdin", stdin=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr


@pytest.fixture(autouse=True)
def _closes_browsers() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Computer:
    """A home folder of its own, in which programs run."""

    def __init__(self, home: Path) -> None:
        self.config = home / "heliograph" / "config.toml"
        no_screen = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""}
        self.environment = clean_environment() | no_screen | {"XDG_CONFIG_HOME": str(home), "PYTHONUTF8": "1"}

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [SCRIPT, *words], env=self.environment | environment, stdout=PIPE, stderr=PIPE, stdin=DEVNULL, text=True
        )

    def run(self, *words: str, **environment: str) -> tuple[int, str, str]:
        with self.start(*words, **environment) as process:
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err

    def log_in(self, server: RunningServer, *words: str, answer: str = "allow") -> tuple[int, str, str]:
        """`heliograph login`, and somebody who answers as soon as the code is shown."""
        with self.start("login", "--server", server.url, "--no-browser", *words) as process:
            decide(server, shown_code(process, server), answer)
            return rest_of(process)

    def has_login(self, server: RunningServer) -> None:
        """What `log_in` leaves behind, without its pauses: the server's own tokens, kept by the client's own hand."""
        client = {"client_id": CLIENT_ID}
        codes = httpx2.post(f"{server.url}/api/v1/oauth/device", data=client).json()
        decide(server, codes["user_code"], "allow")
        asked = {**client, "grant_type": DEVICE_GRANT, "device_code": codes["device_code"]}
        given = httpx2.post(f"{server.url}/api/v1/oauth/token", data=asked).json()
        keep(self.config, login_of(server.url, given))
        name_server(self.config, server.url)

    def kept(self, server: RunningServer) -> dict[str, Any]:
        login: dict[str, Any] = tomllib.loads(self.config.read_text())["logins"][server.url]
        return login

    def is_over(self, server: RunningServer) -> None:
        """Let the login's access token end, without waiting for it here."""
        expires = re.compile(r"^expires = .*$", re.MULTILINE)
        self.config.write_text(expires.sub("expires = 2026-01-01T00:00:00Z", self.config.read_text()))
        assert self.kept(server)["expires"].day == 1


def rest_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How the program ends, and what it says from here on."""
    assert process.stdout
    assert process.stderr
    return process.wait(60), process.stdout.read(), process.stderr.read()


def shown_code(process: subprocess.Popen[str], server: RunningServer) -> str:
    """The code that the program shows, beside the address, and in it."""
    assert process.stderr
    first, second = process.stderr.readline(), process.stderr.readline()
    found = re.fullmatch(rf"Open {re.escape(server.url)}/device and type ([A-Z]{{4}}-[A-Z]{{4}})\n", first)
    assert found, first
    assert second == f"or open {server.url}/device?code={found[1]}\n"
    return found[1]


def decide(server: RunningServer, code: str, answer: str) -> None:
    """What somebody does who is logged in."""
    browser = Browser(server)
    assert browser.log_in().status_code == 303
    page = browser.http.get("/device", params={"code": code.lower()})
    assert "heliograph on the command line" in page.text
    assert code in page.text
    fields = dict(HIDDEN.findall(page.text))
    assert browser.http.post("/device", data={**fields, answer: "yes"}).status_code == 200


def revoke_all(server: RunningServer) -> None:
    browser = Browser(server)
    browser.log_in()
    for place in re.findall(r'action="(/account/grants/\w+/revoke)"', browser.http.get("/account/grants").text):
        assert browser.post("/account/grants", place).status_code == 303


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
    code, out, err = computer.log_in(hurried)
    assert (code, err) == (0, "")
    assert out == f"You are logged in to {hurried.url} as ada.\n"
    assert computer.config.stat().st_mode & 0o777 == 0o600
    assert computer.config.parent.stat().st_mode & 0o777 == 0o700
    kept = computer.kept(hurried)
    assert (kept["account"], kept["scopes"]) == ("ada", "albums images:read images:write")
    code, link, _ = computer.run("upload", cat)
    assert code == 0, "the server need not be named again"
    assert link.strip() in computer.run("list")[1]


def test_what_stands_in_the_config_file_stays_and_is_closed_to_others(
    hurried: RunningServer, computer: Computer
) -> None:
    computer.config.parent.mkdir(parents=True)
    mine = '# mine\nurl = "https://elsewhere.example" # by day\nkey = "abc"\n'
    computer.config.write_text(mine)
    computer.config.chmod(0o644)
    _, _, err = computer.log_in(hurried)
    assert err == f"Another server is the usual one here: use this login with --server {hurried.url}.\n"
    assert computer.config.read_text().startswith(mine)
    assert computer.config.stat().st_mode & 0o777 == 0o600
    assert computer.run("whoami", "--server", hurried.url)[0] == 0
    computer.run("logout", "--server", hurried.url)
    assert computer.config.read_text().rstrip("\n") == mine.rstrip("\n")


def test_whoami_tells_who_one_is_and_where_and_what_one_may(hurried: RunningServer, computer: Computer) -> None:
    computer.has_login(hurried)
    told = "may: albums, images:read, images:write\nthrough: heliograph on the command line\n"
    assert computer.run("whoami") == (0, f"ada\non: {hurried.url}\n{told}", "")
    code, out, _ = computer.run("whoami", "--server", hurried.url, "--key", hurried.key)
    assert (code, out.splitlines()[:2]) == (0, ["owner", f"on: {hurried.url}"])
    assert out.splitlines()[-1] == "through: first application"


def test_a_login_may_be_for_more_or_less(hurried: RunningServer, computer: Computer, cat: str) -> None:
    computer.log_in(hurried, "--scope", "account")
    assert computer.run("account")[1].startswith("name:    ada\n")
    assert computer.run("upload", cat)[0] == 4


def test_a_token_that_is_over_is_renewed_once_by_many_programs_at_once(
    hurried: RunningServer, computer: Computer, cat: str
) -> None:
    """A refresh token that came twice would end the login, so programs take turns."""
    computer.has_login(hurried)
    first = computer.kept(hurried)
    time.sleep(TOKEN_SECONDS)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: computer.run("upload", cat), range(6)))
    assert [code for code, _, _ in done] == [0] * 6, done
    second = computer.kept(hurried)
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["account"] == "ada"
    assert computer.config.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in computer.config.parent.iterdir()} == {"config.toml", "config.toml.lock"}
    computer.is_over(hurried)
    assert computer.run("list")[0] == 0, "the login goes on"


def test_one_program_renews_its_token_for_all_that_it_sends(
    hurried: RunningServer, computer: Computer, cat: str
) -> None:
    computer.has_login(hurried)
    computer.is_over(hurried)
    code, out, err = computer.run("upload", *[cat] * 6)
    assert (code, len(out.splitlines()), err.count("Error")) == (0, 6, 0), err


def test_a_token_that_the_server_refuses_too_early_is_renewed(hurried: RunningServer, computer: Computer) -> None:
    """Clocks differ: what counts is the server's 401."""
    computer.has_login(hurried)
    text = computer.config.read_text()
    computer.config.write_text(re.sub(r"(?m)^expires = 2\d\d\d", "expires = 2999", text))
    first = computer.kept(hurried)["access_token"]
    time.sleep(TOKEN_SECONDS + 0.5)
    assert computer.run("list")[0] == 0
    assert computer.kept(hurried)["access_token"] != first


def test_logging_out_ends_the_login_there_and_here(hurried: RunningServer, computer: Computer) -> None:
    computer.has_login(hurried)
    token = computer.kept(hurried)["access_token"]
    assert computer.run("logout") == (0, f"You are logged out from {hurried.url}.\n", "")
    assert token not in computer.config.read_text()
    used = httpx2.get(f"{hurried.url}/api/v1/images", headers={"authorization": f"Bearer {token}"})
    assert used.status_code == 401
    code, _, err = computer.run("whoami")
    assert (code, "heliograph login" in only_line(err)) == (4, True)
    code, _, err = computer.run("logout")
    told = f"heliograph: There is no login to end: you are not logged in to {hurried.url}."
    assert (code, only_line(err)) == (2, told)


def test_a_login_that_was_revoked_on_the_pages_says_what_to_do(hurried: RunningServer, computer: Computer) -> None:
    computer.has_login(hurried)
    revoke_all(hurried)
    for _ in range(2):
        code, _, err = computer.run("list")
        assert (code, "Run 'heliograph login' again." in only_line(err)) == (4, True)


def test_a_login_is_good_however_its_server_is_spelt(hurried: RunningServer, computer: Computer) -> None:
    computer.has_login(hurried)
    assert computer.run("whoami", "--server", hurried.url.upper() + "/")[0] == 0


def test_keys_win_over_a_login(hurried: RunningServer, computer: Computer) -> None:
    computer.has_login(hurried)
    assert computer.run("whoami", HELIOGRAPH_KEY=hurried.key)[1].startswith("owner\n")
    with computer.start("login", "--server", hurried.url, "--no-browser", HELIOGRAPH_KEY=hurried.key) as process:
        decide(hurried, shown_code(process, hurried), "allow")
        _, _, err = rest_of(process)
    assert only_line(err) == "HELIOGRAPH_KEY is set and wins over this login: unset it."


def test_who_is_turned_away_gets_nothing(hurried: RunningServer, computer: Computer) -> None:
    code, _, err = computer.log_in(hurried, answer="deny")
    assert (code, only_line(err)) == (4, "heliograph: Access was denied in the browser, so you are not logged in.")
    assert not computer.config.exists()


def test_a_code_that_nobody_types_expires(computer: Computer, tmp_path: Path) -> None:
    with serving(tmp_path, DEVICE_CODE_SECONDS="2") as server:
        code, out, err = computer.run("login", "--server", server.url, "--no-browser")
    assert (code, out) == (4, "")
    assert err.splitlines()[-1] == "heliograph: Nobody allowed it in time. Run 'heliograph login' again."
    assert not computer.config.exists()


def test_a_server_that_is_away_is_named(computer: Computer) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    code, _, err = computer.run("login", "--server", away)
    assert code == 3
    assert away.removeprefix("http://") in only_line(err)


def test_a_server_that_goes_away_loses_no_login(computer: Computer, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        add_ada(server)
        computer.has_login(server)
        computer.is_over(server)
    before = computer.config.read_text()
    code, _, err = computer.run("list", "--server", server.url)
    assert (code, "could not be reached" in only_line(err)) == (3, True)
    assert computer.config.read_text() == before
    code, _, err = computer.run("logout", "--server", server.url)
    assert (code, f"{server.url}/account/grants" in only_line(err)) == (3, True)
    assert "access_token" not in computer.config.read_text()


def test_what_is_no_heliograph_is_said(computer: Computer) -> None:
    with website({}) as url:
        code, _, err = computer.run("login", "--server", url)
    assert (code, "Is the server's address right?" in only_line(err)) == (1, True)


def test_an_operator_can_bar_the_command_line_for_good(computer: Computer, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert admin(server.data, "app", "disable", "heliographlogin").returncode == 0
        time.sleep(3.1)  # other processes see it within that
        code, _, err = computer.run("login", "--server", server.url)
        assert (code, "it does not know the command line, or bars it" in only_line(err)) == (4, True)
    with serving(tmp_path) as server:
        assert computer.run("login", "--server", server.url)[0] == 4, "also after a new start"


def test_the_address_with_the_code_is_opened_in_the_browser_unless_told_not_to(
    hurried: RunningServer, computer: Computer, tmp_path: Path
) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o700)
    for words in ((), ("--no-browser",)):
        with computer.start("login", "--server", hurried.url, *words, BROWSER=str(browser)) as process:
            decide(hurried, shown_code(process, hurried), "allow")
            assert rest_of(process)[0] == 0
        assert re.fullmatch(rf"{re.escape(hurried.url)}/device\?code=[A-Z]{{4}}-[A-Z]{{4}}\n", opened.read_text())
