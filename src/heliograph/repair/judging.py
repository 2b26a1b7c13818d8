"""What has become of a picture's address; hides which requests tell it.

HEAD as a page elsewhere would ask, then GET, and both again after a pause before anything is called broken. Trouble on
the way to a host says nothing about the picture: that is `unknown`, never `dead`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from heliograph.repair.pictures import Picture, Placeholders, picture_in, sha256_of
from heliograph.repair.web import MOST_BYTES, Answer, Trouble, Web

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    "Accept-Language": "en-US,en;q=0.5",
}
"""What a browser sends for a picture; only where asked for."""


class Verdict(StrEnum):
    """What has become of an address."""

    LIVE = "live"
    DEAD = "dead"
    PLACEHOLDER = "placeholder"
    HTTP_ONLY = "http-only"
    BLOCKED = "hot-link-blocked"
    UNKNOWN = "unknown"


BROKEN = frozenset({Verdict.DEAD, Verdict.PLACEHOLDER, Verdict.HTTP_ONLY, Verdict.BLOCKED})


@dataclass(frozen=True)
class Observation:
    """What one look at an address gave. `at`: seconds since 1970. `sha256`: of the picture that was seen, or ""."""

    verdict: Verdict
    reason: str
    at: float = 0.0
    sha256: str = ""


def settled(history: Sequence[Observation], now: float, pause: float, fresh: float) -> Observation | None:
    """What the observations of one address, oldest first, prove by now; None where it must be looked at again.

    Live is believed at once; anything else is looked at twice, `pause` seconds apart at least. Two looks that found it
    broken, in whatever way, prove that; two of which the last told nothing leave it unknown. Only the first of two
    looks may be older than `fresh` seconds.
    """
    if not history or now - history[-1].at > fresh:
        return None
    last = history[-1]
    if last.verdict is Verdict.LIVE:
        return last
    before = [each for each in history[:-1] if last.at - each.at >= pause]
    if not before or (last.verdict in BROKEN and before[-1].verdict not in BROKEN):
        return None
    return last


@dataclass(frozen=True)
class Judge:
    """Looks at addresses. `page`: where the documents are read, which decides what a host thinks of its visitors.

    `as_browser`: whether to ask once more as a browser does where a host refuses programs.
    """

    web: Web
    placeholders: Placeholders
    page: str
    as_browser: bool = False

    def look(self, url: str, shown: bool) -> tuple[Observation, bytes]:
        """One look at `url`, and the picture that it gave. `shown`: it is part of a page, so it must be a picture."""
        try:
            verdict, reason, body = self._look(url, shown)
        except Trouble as trouble:
            if trouble.no_host and self.web.answered:
                return Observation(Verdict.DEAD, trouble.reason), b""
            return Observation(Verdict.UNKNOWN, trouble.reason), b""
        return Observation(verdict, reason, sha256=sha256_of(body) if body else ""), body

    def _look(self, url: str, shown: bool) -> tuple[Verdict, str, bytes]:
        as_reader = self._head(url)
        if as_reader.good and _length(as_reader) > MOST_BYTES and _says_picture(as_reader):
            return Verdict.LIVE, f"a picture of {_length(as_reader):,} bytes, too large to fetch", b""
        got = self.web.ask("GET", url)
        if got.status in (401, 403) and self.as_browser:
            return self._look_as_browser(url)
        if not got.good:
            gone = got.status in (404, 410)
            return (Verdict.DEAD if gone else Verdict.UNKNOWN), f"its host answers {got.status}", b""
        if self._is_placeholder(got):
            return Verdict.PLACEHOLDER, "its host shows a picture that says it is gone", b""
        picture = _picture(got)
        if picture is None:
            if not shown and got.body:
                return Verdict.LIVE, "its host answers with a page", b""
            return Verdict.DEAD, f"its host answers with no picture ({_kind(got)})", b""
        body = got.body if got.whole else b""
        if self._is_blocked(url, as_reader, got):
            return Verdict.BLOCKED, "its host does not show it on pages of others", body
        if not self._has_https(url, got):
            return Verdict.HTTP_ONLY, "it is not to be had by https", body
        return Verdict.LIVE, f"a picture ({picture.form})", body

    def _head(self, url: str) -> Answer:
        """What a page elsewhere is told of it. Some hosts answer HEAD with nothing at all: then GET decides."""
        try:
            return self.web.ask("HEAD", url, {"Referer": self.page})
        except Trouble as trouble:
            if trouble.no_host:
                raise
            return Answer(0, url, {})

    def _look_as_browser(self, url: str) -> tuple[Verdict, str, bytes]:
        """Look at what refuses programs as its own pages would, then as a page elsewhere would."""
        parts = urlsplit(url)
        own = self.web.ask("GET", url, {**BROWSER, "Referer": f"{parts.scheme}://{parts.netloc}/"})
        if not own.good or _picture(own) is None:
            return Verdict.UNKNOWN, f"its host refuses, also as a browser ({own.status})", b""
        if self._is_placeholder(own):
            return Verdict.PLACEHOLDER, "its host shows a picture that says it is gone", b""
        other = self.web.ask("GET", url, {**BROWSER, "Referer": self.page})
        if other.good and other.body == own.body:
            return Verdict.LIVE, "a picture, for browsers only", own.body
        return Verdict.BLOCKED, "its host does not show it on pages of others", own.body

    def _is_placeholder(self, got: Answer) -> bool:
        return self.placeholders.are_at(got.url) or self.placeholders.hold(got.body)

    def _is_blocked(self, url: str, as_reader: Answer, got: Answer) -> bool:
        """Whether a page elsewhere gets something else than who just asks. A picture that is always another is not."""
        if as_reader.good and as_reader.url == got.url and _length(as_reader) in (-1, len(got.body)):
            return False
        seen = self.web.ask("GET", url, {"Referer": self.page})
        if seen.good and seen.body == got.body:
            return False
        _answers(seen)
        return self.web.ask("GET", url).body == got.body

    def _has_https(self, url: str, got: Answer) -> bool:
        """Whether pages that were loaded by https can show it."""
        if not got.url.startswith("http://"):
            return True
        try:
            secure = self.web.ask("GET", "https://" + url.partition("://")[2])
        except Trouble:
            return False
        _answers(secure)
        return secure.good and _picture(secure) is not None and not self._is_placeholder(secure)


def _answers(answer: Answer) -> None:
    """Raise Trouble where a host only says that it cannot answer now."""
    if answer.status == 429 or answer.status >= 500:
        raise Trouble(f"its host answers {answer.status}")


def _picture(got: Answer) -> Picture | None:
    """The picture in an answer, by its bytes; one of a rarer format by what its host calls it."""
    known = picture_in(got.body)
    if known is None and got.body and _says_picture(got) and got.body.lstrip()[:1] != b"<":
        return Picture(_kind(got))
    return known


def _says_picture(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").lower().startswith("image/")


def _kind(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip() or "of no type"


def _length(answer: Answer) -> int:
    """What the header says, -1 where it says nothing, or the body was compressed."""
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in answer.headers else -1
