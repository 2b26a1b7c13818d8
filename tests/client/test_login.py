"""How a login waits, and what it makes of answers: the plans, asked step by step; and both clients against a server."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

import heliograph
from heliograph import InputError, NotAllowedError, UnexpectedAnswerError, UnreachableError
from heliograph.client import _login
from heliograph.client._config import Target, config_path, load
from heliograph.client._exchange import Answer, Patience, Plan, Send, Wait
from heliograph.client._kept import Turn, keep, read
from heliograph.client._login import CLIENT_ID, DeviceCodes, LoginOperations, login_of
from heliograph.server.identity.applications import LOGIN_CLIENT
from tests.cli.test_login import add_ada, decide
from tests.client.conftest import Call
from tests.running import RunningServer, answering, serving
from tests.server.http.test_account_pages import OPEN

SERVER = "https://h.example"
OPERATIONS = LoginOperations(Target(SERVER, None), Patience(0, 0))
CODES = DeviceCodes("device", "BCDF-GHJK", f"{SERVER}/device", f"{SERVER}/device?code=x", 900, 5)
TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "account": "ada", "scope": "albums"}


def told(status: int, **content: object) -> Answer:
    return Answer(status, {}, json.dumps(content).encode())


def refused(word: str, status: int = 400) -> Answer:
    return told(status, error=word, error_description="because.")


def pauses(plan: Plan[Any], *answers: Answer | UnreachableError) -> list[float]:
    """The pauses that the plan makes while it is answered so."""
    made = []
    step = next(plan)
    for answer in answers:
        assert isinstance(step, Wait)
        made.append(step.seconds)
        assert isinstance(plan.send(None), Send)
        step = plan.throw(answer) if isinstance(answer, UnreachableError) else plan.send(answer)
    assert isinstance(step, Wait)
    return [*made, step.seconds]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "heliograph"


def test_client_and_server_mean_the_same_application() -> None:
    assert CLIENT_ID == LOGIN_CLIENT
    assert len(CLIENT_ID) == 15


def test_it_asks_more_slowly_when_it_is_told_to_or_the_server_is_away() -> None:
    """RFC 8628 section 3.5: five seconds more, for all questions that follow."""
    waiting, slower = refused("authorization_pending"), refused("slow_down")
    away, busy = UnreachableError("away"), refused("temporarily_unavailable", 503)
    enough = replace(refused("temporarily_unavailable", 429), headers={"retry-after": "40"})
    plan = OPERATIONS.finish(CODES)
    answers = waiting, slower, waiting, away, busy, waiting, enough, waiting
    assert pauses(plan, *answers) == [5, 5, 10, 10, 15, 20, 20, 40, 40]


def test_it_gives_up_when_the_code_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = OPERATIONS.finish(CODES)
    pauses(plan, refused("authorization_pending"))
    monkeypatch.setattr(_login.time, "monotonic", lambda: 1e9)
    plan.send(None)
    with pytest.raises(NotAllowedError, match="in time"):
        plan.send(refused("authorization_pending"))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("access_denied", "denied in the browser"),
        ("expired_token", "in time"),
        ("invalid_grant", "because"),
        ("invalid_client", "because"),
        ("server_does_as_it_likes", "because"),
    ],
)
def test_every_other_word_ends_it(word: str, told: str) -> None:
    plan = OPERATIONS.finish(CODES)
    next(plan)
    plan.send(None)
    with pytest.raises(NotAllowedError, match=told) as caught:
        plan.send(refused(word))
    assert caught.value.name == word


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"user_code": "x"}', b"null"])
def test_an_answer_that_is_none_is_called_so_and_not_kept(body: bytes, home: Path) -> None:
    for plan in (OPERATIONS.begin(), OPERATIONS.finish(CODES)):
        if isinstance(next(plan), Wait):
            plan.send(None)
        with pytest.raises(UnexpectedAnswerError, match="server's address right"):
            plan.send(Answer(200, {}, body))
    assert not home.exists()


SAID = {"user_code": "B", "device_code": "d", "verification_uri": f"{SERVER}/device", "expires_in": 9}


def refuses_codes(**wrong: object) -> None:
    plan = OPERATIONS.begin()
    next(plan)
    with pytest.raises(UnexpectedAnswerError):
        plan.send(told(200, **{**SAID, **wrong}))


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "javascript:alert(1)", "https://h.example/\x1b[2J", "h.example"]
)
@pytest.mark.parametrize("name", ["verification_uri", "verification_uri_complete"])
def test_only_web_addresses_are_shown_and_opened(address: str, name: str) -> None:
    refuses_codes(**{name: address})


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("interval", -1),
        ("interval", "inf"),
        ("interval", "nan"),
        ("expires_in", 0),
        ("expires_in", "nan"),
        ("expires_in", None),
    ],
)
def test_times_that_cannot_be_waited_for_are_no_answer(name: str, seconds: object) -> None:
    refuses_codes(**{name: seconds})


def test_codes_without_a_pause_are_asked_about_every_five_seconds() -> None:
    plan = OPERATIONS.begin()
    next(plan)
    with pytest.raises(StopIteration) as end:
        plan.send(told(200, **SAID))
    assert end.value.value.interval == 5


def test_what_is_kept_is_not_shown() -> None:
    assert "secret" not in repr(login_of(SERVER, {**TOKENS, "access_token": "secret", "refresh_token": "secret"}))
    assert "secret" not in repr(DeviceCodes("secret", "B", "a", "c", 1, 1))


@pytest.mark.parametrize(
    "bad", [{"access_token": "a\nb"}, {"refresh_token": None, "access_token": "ü"}, {"expires_in": "x"}]
)
def test_tokens_that_cannot_be_sent_are_not_kept(bad: dict[str, object]) -> None:
    with pytest.raises(UnexpectedAnswerError):
        login_of(SERVER, {**TOKENS, **bad})


def test_a_login_goes_to_its_server_only_and_wins_over_the_files_key(home: Path) -> None:
    keep(config_path(), login_of(SERVER, TOKENS))
    config_path().write_text('url = "https://h.example"\nkey = "filekey"\n' + config_path().read_text())
    assert load("https://H.example:443/").key == "a"
    assert load().login is not None
    assert load("https://stranger.example") == Target("https://stranger.example", None)
    assert load(SERVER, "argkey") == Target(SERVER, "argkey")


@pytest.mark.parametrize("text", ["[logins]\nx = 5", '[logins."https://h.example"]\naccount = "a"', "logins = 5"])
def test_a_damaged_login_is_named(home: Path, text: str) -> None:
    home.mkdir()
    config_path().write_text(text)
    with pytest.raises(InputError, match=r"config\.toml holds a damaged login"):
        load()


def test_logins_to_several_servers_live_side_by_side(home: Path) -> None:
    home.mkdir()
    config_path().write_text('# kept\r\nurl = "https://h.example"\r\n')
    servers = [SERVER, "https://h.example/x", "http://[::1]:8750", "https://münchen.example"]
    for _ in range(2):
        for server in servers:
            keep(config_path(), login_of(server, {**TOKENS, "account": f'at {server} \\ "quoted"'}))
    assert list(read(config_path()).logins) == servers
    assert config_path().read_text("utf-8").startswith('# kept\nurl = "https://h.example"\n')
    assert config_path().read_text("utf-8").count("[logins.") == len(servers)


def test_a_login_that_people_have_spelt_otherwise_is_left_alone(home: Path) -> None:
    home.mkdir()
    keep(config_path(), login_of(SERVER, TOKENS))
    spelt = config_path().read_text().replace(f'logins."{SERVER}"', f"logins.'{SERVER}'")
    config_path().write_text(spelt)
    with pytest.raises(InputError, match="Remove it there"):
        keep(config_path(), login_of(SERVER, {**TOKENS, "access_token": "b"}))
    assert config_path().read_text() == spelt


def test_a_link_to_the_config_file_stays_a_link(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (tmp_path / "elsewhere.toml").write_text("")
    config_path().symlink_to(tmp_path / "elsewhere.toml")
    keep(config_path(), login_of(SERVER, TOKENS))
    assert config_path().is_symlink()
    assert SERVER in (tmp_path / "elsewhere.toml").read_text()


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    home.write_text("a file where a folder should be")
    with pytest.raises(InputError, match="cannot be written"):
        Turn(config_path())
    with pytest.raises(InputError, match="cannot be written"):
        keep(config_path(), login_of(SERVER, TOKENS))


def test_one_has_the_turn_and_leaves_it_at_its_end(home: Path) -> None:
    first, second = Turn(config_path()), Turn(config_path())
    assert (first.taken(), second.taken()) == (True, False)
    first.end()
    assert second.taken()
    second.end()


class Losing(BaseHTTPRequestHandler):
    """Hands requests on to a server, and loses some of its answers about tokens."""

    server: "LosingServer"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = httpx2.request(self.command, self.server.upstream + self.path, content=body, headers=headers)
        if self.path == "/api/v1/oauth/token" and self.server.to_lose:
            self.server.to_lose -= 1
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST  # noqa: N815 - as http.server names it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        pass


class LosingServer(ThreadingHTTPServer):
    """The way to `upstream`, on which the next `to_lose` answers about tokens are lost."""

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Losing)
        self.upstream = upstream
        self.to_lose = 0
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def losing(hurried: RunningServer) -> Iterator[LosingServer]:
    server = LosingServer(hurried.url)
    with answering(server):
        yield server


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("login"), ACCESS_TOKEN_SECONDS="2") as server:
        add_ada(server)
        yield server
    while OPEN:
        OPEN.pop().close()


def allow(server: RunningServer) -> Callable[[DeviceCodes], None]:
    return lambda code: decide(server, code.user_code, "allow")


def test_either_client_logs_in_goes_on_and_logs_out(call: Call, hurried: RunningServer) -> None:
    assert call("log_in", allow(hurried), server=hurried.url, scope="images:read account") == "ada"
    first = read(config_path()).logins[hurried.url]
    time.sleep(2)
    assert call("account", server=hurried.url).name == "ada"
    assert read(config_path()).logins[hurried.url].access_token != first.access_token
    call("log_out", server=hurried.url)
    with pytest.raises(NotAllowedError, match="heliograph login"):
        call("account", server=hurried.url)


def test_one_client_serves_many_threads_while_its_token_ends(hurried: RunningServer) -> None:
    with heliograph.Client(hurried.url) as client:
        client.log_in(allow(hurried))
    failures: list[BaseException] = []
    with heliograph.Client(hurried.url) as client:

        def work() -> None:
            try:
                for _ in range(3):
                    list(client.list())
                    time.sleep(0.8)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert client.login is not None
        assert client.login.account == "ada"


def has_login(server: LosingServer, hurried: RunningServer) -> None:
    """A login by way of `server`, whose access token is over."""
    with heliograph.Client(server.url) as client:
        client.log_in(allow(hurried))
    login = read(config_path()).logins[server.url]
    keep(config_path(), replace(login, expires=datetime(2026, 1, 1, tzinfo=UTC)))


def test_a_login_outlives_an_answer_that_is_lost(call: Call, losing: LosingServer, hurried: RunningServer) -> None:
    has_login(losing, hurried)
    losing.to_lose = 1
    assert call("whoami", server=losing.url).account == "ada"
    assert losing.to_lose == 0


def test_a_login_goes_on_after_a_command_whose_answer_was_lost(losing: LosingServer, hurried: RunningServer) -> None:
    has_login(losing, hurried)
    losing.to_lose = 1
    with heliograph.Client(losing.url, retries=0) as client, pytest.raises(UnreachableError):
        client.whoami()
    with heliograph.Client(losing.url) as client:
        assert client.whoami().account == "ada"
