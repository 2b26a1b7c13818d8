"""Asking the web for pictures, politely; hides connections, turns, redirects and robots.txt.

One request at a time and only so many a second go to each host, whoever asks; robots.txt is obeyed (RFC 9309).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import httpx2

MOST_BYTES = 20 * 1024 * 1024
"""Larger pictures are not fetched: the server takes no larger ones unless told to."""
MOST_REDIRECTS = 10
LONGEST_CRAWL_DELAY = 30.0
"""Seconds between two requests that a host's robots.txt may ask for; more is taken for this."""
ROBOTS_NAME = "heliograph-repair"
NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


@dataclass(frozen=True)
class Answer:
    """What came back. `url`: where redirects led; `whole`: whether `body` is all of it, not only its beginning."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    whole: bool = True

    @property
    def good(self) -> bool:
        """Whether the status says that this is what was asked for."""
        return 200 <= self.status < 300


class Trouble(Exception):  # noqa: N818 # not every trouble is an error
    """There was no answer. `no_host`: because there is no such name in the DNS."""

    def __init__(self, reason: str, *, no_host: bool = False) -> None:
        """`reason` completes a sentence about the address."""
        super().__init__(reason)
        self.reason = reason
        self.no_host = no_host


@dataclass
class _Turn:
    """Whose turn it is at one host."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    reading: threading.Lock = field(default_factory=threading.Lock)
    gap: float = 0.0
    next_at: float = 0.0
    robots: RobotFileParser | None = None
    refused: str = ""


class Web:
    """Asks any host; may be used by several threads.

    `per_second`: requests to one host. `timeout`: seconds that a host may be silent. `connect_to`: what to connect to
    instead of a host and port, ("", "") for every other; a port of "" is any. TLS still expects the host's own name.
    """

    def __init__(
        self,
        *,
        per_second: float = 1.0,
        timeout: float = 20.0,
        connect_to: Mapping[tuple[str, str], tuple[str, int]] | None = None,
    ) -> None:
        self._gap = 1.0 / per_second
        self._connect_to = connect_to or {}
        self._turns: dict[str, _Turn] = {}
        self._lock = threading.Lock()
        agent = f"{ROBOTS_NAME}/{version('heliograph')}"
        self._http = httpx2.Client(timeout=timeout, headers={"User-Agent": agent, "Accept": "image/*,*/*;q=0.5"})
        self.answered = False
        """Whether any host has answered yet: the network is there."""

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, method: str, url: str, headers: Mapping[str, str] | None = None, *, robots: bool = True) -> Answer:
        """Ask for `url`, following redirects. Raises Trouble where nothing answers, or robots.txt forbids it.

        `robots`: False where the address is made for programs.
        """
        seen = {url}
        while True:
            if robots:
                self._check_robots(url)
            answer = self._once(method, url, headers or {})
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = urljoin(url, target).partition("#")[0]
            if url in seen or len(seen) > MOST_REDIRECTS:
                raise Trouble("its redirects go round in circles")
            if not url.startswith(("http://", "https://")):
                raise Trouble("it redirects to something that is no http(s) address")
            seen.add(url)

    def _once(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """One request, when it is the host's turn."""
        turn = self._turn(url)
        with turn.lock:
            time.sleep(max(0.0, turn.next_at - time.monotonic()))
            try:
                with (
                    _speaking_of_trouble(),
                    closing(self._http.send(self._request(method, url, headers), stream=True)) as got,
                ):
                    answer = _read(got, url)
            finally:
                turn.next_at = time.monotonic() + max(turn.gap, self._gap)
        self.answered = True
        return answer

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> httpx2.Request:
        parsed = httpx2.URL(url)
        port = str(parsed.port or (443 if parsed.scheme == "https" else 80))
        wanted = ((parsed.host, port), (parsed.host, ""), ("", port), ("", ""))
        instead = next((self._connect_to[each] for each in wanted if each in self._connect_to), None)
        if instead is None:
            return self._http.build_request(method, parsed, headers=dict(headers))
        there = parsed.copy_with(host=instead[0], port=instead[1])
        # A connection that is kept would be used for another host, whose certificate nobody has looked at.
        named = {**headers, "Host": parsed.netloc.decode("ascii"), "Connection": "close"}
        return self._http.build_request(method, there, headers=named, extensions={"sni_hostname": parsed.host})

    def _turn(self, url: str) -> _Turn:
        with self._lock:
            return self._turns.setdefault(urlsplit(url).netloc.lower(), _Turn())

    def _check_robots(self, url: str) -> None:
        """Raise Trouble where the host does not want programs to ask for `url`."""
        turn = self._turn(url)
        with turn.reading:
            if turn.robots is None and not turn.refused:
                self._read_robots(turn, url)
        if turn.refused:
            raise Trouble(turn.refused)
        assert turn.robots is not None
        if not turn.robots.can_fetch(ROBOTS_NAME, url):
            raise Trouble("the host's robots.txt forbids programs to ask for it")

    def _read_robots(self, turn: _Turn, url: str) -> None:
        """RFC 9309, section 2.3.1: 4xx allows all, 5xx nothing."""
        answer = self.ask("GET", urljoin(url, "/robots.txt"), robots=False)
        parser = RobotFileParser()
        if answer.status >= 500:
            turn.refused = f"the host's robots.txt cannot be read ({answer.status})"
        parser.parse(answer.body.decode("utf-8", "replace").splitlines() if answer.good else [])
        parser.modified()
        turn.gap = min(float(parser.crawl_delay(ROBOTS_NAME) or 0), LONGEST_CRAWL_DELAY)
        turn.robots = parser


def _read(response: httpx2.Response, url: str) -> Answer:
    """All of an answer, or its beginning where it is too large."""
    body = bytearray()
    whole = True
    for block in response.iter_bytes():
        body += block
        if len(body) > MOST_BYTES:
            whole = False
            break
    return Answer(response.status_code, url, {k.lower(): v for k, v in response.headers.items()}, bytes(body), whole)


@contextmanager
def _speaking_of_trouble() -> Iterator[None]:
    """Turn what the HTTP library raises into Trouble."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise Trouble("its host did not answer in time") from error
    except httpx2.HTTPError as error:
        no_host = any(isinstance(cause, socket.gaierror) and cause.errno in NO_SUCH_HOST for cause in _causes(error))
        reason = (
            "there is no such host" if no_host else f"its host could not be asked ({error or type(error).__name__})"
        )
        raise Trouble(reason, no_host=no_host) from error
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise Trouble(f"it cannot be asked for ({error})") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
