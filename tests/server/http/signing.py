"""People and programs for tests of OAuth 1.0a: who logs in and is asked, and who signs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx2
import requests
from requests_oauthlib import OAuth1Session

from tests.administration import run
from tests.running import RunningServer

PASSWORD = "correct horse battery"
CALLBACK = "http://program.example/back?x=a%20b"


_opened: list[httpx2.Client | requests.Session] = []


@contextmanager
def closing_all() -> Iterator[None]:
    """Close, at the end, every session and browser that was opened here."""
    try:
        yield
    finally:
        while _opened:
            _opened.pop().close()


@dataclass(frozen=True)
class Program:
    """A registered application."""

    client_id: str
    key: str
    secret: str


def register(server: RunningServer, *redirects: str) -> Program:
    """A new application with a secret."""
    asked = [word for each in redirects for word in ("--redirect", each)]
    made = run(server.data, "app", "create", "Old program", "--secret", *asked)
    assert made.returncode == 0, made.stderr
    said = dict(line.split(": ") for line in made.stdout.splitlines())
    return Program(said["client id"], said["key"], said["secret"])


def add_person(server: RunningServer, name: str) -> None:
    """A new account with a password."""
    made = run(server.data, "account", "create", name, "--password-stdin", stdin=PASSWORD + "\n")
    assert made.returncode == 0, made.stderr


class Person:
    """Somebody at a browser, logged in."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self.http = httpx2.Client(base_url=server.url, timeout=60)
        _opened.append(self.http)
        done = self.http.post("/login", data={"fkey": self.fkey("/login"), "name": name, "password": PASSWORD})
        assert done.status_code == 303, done.text

    def fkey(self, path: str) -> str:
        return fields(self.http.get(path).text)["fkey"]

    def answer(self, address: str, answer: str = "allow") -> httpx2.Response:
        """Follow a program's link to the page that asks, and answer it."""
        page = self.http.get(address)
        assert page.status_code == 200, page.text
        return self.http.post("/oauth/authorize", data={**fields(page.text.partition("<main")[2]), "answer": answer})


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: value.replace("&amp;", "&") for name, value in found}


def verifier_of(answer: httpx2.Response) -> str:
    """What the person is sent back with, or the PIN that is shown."""
    if answer.status_code == 200:
        return re.search(r'<p class="code">(\d{8})</p>', answer.text)[1]
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["location"]).query)["oauth_verifier"][0]


Session = TypeVar("Session", bound=requests.Session)


def opened(session: Session) -> Session:
    """The session, which `closing_all` closes."""
    _opened.append(session)
    return session


def session_of(program: Program, **how: Any) -> OAuth1Session:
    """A session of requests-oauthlib that signs for the program, and asks for a PIN unless `how` says otherwise."""
    return opened(OAuth1Session(program.key, **{"client_secret": program.secret, "callback_uri": "oob", **how}))


def let_in(server: RunningServer, program: Program, person: Person, **how: Any) -> OAuth1Session:
    """The whole dance, by PIN; the session may act for the person afterwards."""
    session = session_of(program, **how)
    session.fetch_request_token(f"{server.url}/oauth/request_token")
    pin = verifier_of(person.answer(session.authorization_url(f"{server.url}/oauth/authorize")))
    session.fetch_access_token(f"{server.url}/oauth/access_token", verifier=pin)
    return session
