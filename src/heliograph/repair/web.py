"""Asking the web for pictures, politely; hides connections, turns, redirects and robots.txt.

One request at a time and only so many a second go to each host, whoever asks; robots.txt is obeyed, and so is a host
that asks to come back later. A host that does not answer is let be for a while, however many addresses it has.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit

import httpx2

from heliograph.repair.robots import Robots, robots_in

MOST_BYTES = 20 * 1024 * 1024
"""Larger pictures are not fetched: the server takes no larger ones unless told to."""
MOST_REDIRECTS = 10
LONGEST_CRAWL_DELAY = 30.0
"""Seconds between two requests that a host's robots.txt may ask for; more is taken for this."""
LONGEST_ANSWER = 120.0
"""Seconds that one answer may take, however little comes at a time."""
LONGEST_WAIT = 60.0
"""Seconds that a host may ask to wait (`Retry-After`); one that asks for more is not asked again until then."""
REFUSALS = 3
"""Answers one after the other that ask to come back later, after which a host is not asked again."""
SILENCES, LET_BE = 2, 50.0
"""Time-outs one after the other, after which a host is let be, and for how many seconds."""
ROBOTS_NAME = "heliograph-repair"
ROBOTS_NAMES = (ROBOTS_NAME, "heliograph")
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


class Silence(Trouble):
    """There was no answer in time."""


@dataclass
class _Turn:
    """Whose turn it is at one host."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    reading: threading.Lock = field(default_factory=threading.Lock)
    gap: float = 0.0
    next_at: float = 0.0
    robots: Robots | None = None
    refusals: int = 0
    silences: int = 0
    closed_until: float = 0.0
    closed: str = ""  # why


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
            with _speaking_of_trouble():
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
            if time.monotonic() < turn.closed_until:
                raise Trouble(turn.closed)
            time.sleep(max(0.0, turn.next_at - time.monotonic()))
            try:
                with (
                    _speaking_of_trouble(),
                    closing(self._http.send(self._request(method, url, headers), stream=True)) as got,
                ):
                    answer = _read(got, url)
            except Silence:
                turn.silences += 1
                if turn.silences >= SILENCES:
                    turn.closed = f"its host did not answer in time, {turn.silences} times in a row"
                    turn.closed_until = time.monotonic() + LET_BE
                raise
            finally:
                turn.next_at = time.monotonic() + max(turn.gap, self._gap)
            turn.silences = 0
            self._heed(turn, answer)
        self.answered = True
        return answer

    def _heed(self, turn: _Turn, answer: Answer) -> None:
        """Come back as late as the host asks (RFC 6585, section 4; RFC 9110, section 10.2.3)."""
        if answer.status != 429 and not (answer.status == 503 and "retry-after" in answer.headers):
            turn.refusals = 0
            return
        turn.refusals += 1
        seconds = max(_retry_after(answer.headers.get("retry-after", "")), 10 * self._gap)
        turn.next_at = time.monotonic() + min(seconds, LONGEST_WAIT)
        if seconds > LONGEST_WAIT or turn.refusals >= REFUSALS:
            turn.closed = f"its host asks to come back later ({answer.status})"
            turn.closed_until = time.monotonic() + max(seconds, LET_BE)

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
            if turn.robots is None:
                turn.robots = self._robots(turn, url)
        if not turn.robots.allow(url):
            raise Trouble("the host's robots.txt forbids programs to ask for it")

    def _robots(self, turn: _Turn, url: str) -> Robots:
        """RFC 9309, section 2.3.1: 4xx allows all, 5xx nothing for now. 429 is no answer either."""
        answer = self.ask("GET", urljoin(url, "/robots.txt"), robots=False)
        if answer.status >= 500 or answer.status == 429:
            turn.closed = f"the host's robots.txt cannot be read ({answer.status})"
            turn.closed_until = max(turn.closed_until, time.monotonic() + LET_BE)
            raise Trouble(turn.closed)
        robots = robots_in(answer.body.decode("utf-8", "replace") if answer.good else "", ROBOTS_NAMES)
        turn.gap = min(robots.delay, LONGEST_CRAWL_DELAY)
        return robots


def _read(response: httpx2.Response, url: str) -> Answer:
    """All of an answer, or its beginning where it is too large."""
    body = bytearray()
    whole = True
    until = time.monotonic() + LONGEST_ANSWER
    for block in response.iter_bytes():
        if time.monotonic() > until:
            raise Silence(f"its host took longer than {LONGEST_ANSWER:.0f} s for one answer")
        body += block
        if len(body) > MOST_BYTES:
            whole = False
            break
    return Answer(response.status_code, url, {k.lower(): v for k, v in response.headers.items()}, bytes(body), whole)


def _retry_after(told: str) -> float:
    """Seconds from now: told as such, or as a date."""
    if told.strip().isdecimal():
        return float(told)
    try:
        return parsedate_to_datetime(told).timestamp() - time.time()
    except ValueError:
        return 0.0


@contextmanager
def _speaking_of_trouble() -> Iterator[None]:
    """Turn what the HTTP library raises into Trouble."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise Silence("its host did not answer in time") from error
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
