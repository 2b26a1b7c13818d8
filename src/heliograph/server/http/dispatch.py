"""From a request to its row: image files first, then the table's path and method, then NotFound.

Whatever a handler raises, foreseen or not, comes back here and is said in its row's voice.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from heliograph.server.errors import HeliographError, Internal, MethodNotAllowed, NotFound
from heliograph.server.http import images
from heliograph.server.http.hosts import ImageHost
from heliograph.server.http.middleware import Metrics

log = logging.getLogger("heliograph")

Handler = Callable[[Request], Awaitable[Response]]


class Voice(Protocol):
    """Whoever can speak failures: a dialect."""

    def speak(self, request: Request, error: HeliographError) -> Response:
        """The answer that says `error` in this dialect's words."""


@runtime_checkable
class Telling(Protocol):
    """A voice that says something with each of its answers, successes and failures alike."""

    def headers_of_all(self, request: Request) -> Mapping[str, str]:
        """The headers that every answer to this request gets."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    method: str
    path: str
    handler: Handler
    voice: Voice


class Application:
    """Image files first, then the table, then 404 in the voice that fits the path."""

    def __init__(self, rows: Sequence[Row], files: images.ImageFiles, metrics: Metrics, image_host: ImageHost) -> None:
        self._files = files
        self._image_host = image_host
        # "/{id}" takes any word, so it comes after all that are spelt out.
        ordered = sorted(rows, key=lambda row: row.path == "/{id}")
        by_path: dict[str, dict[str, Row]] = {}
        for row in ordered:
            by_path.setdefault(row.path, {})[row.method] = row
        routes = [Route(path, _Address(methods, metrics)) for path, methods in by_path.items()]
        self._router = Router(routes, redirect_slashes=False, default=_Lost(rows, metrics))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Several slashes are one: programs put their paths behind an address that somebody has
        written with a slash at its end.
        """
        if scope["type"] == "http" and "//" in scope["path"]:
            scope = {**scope, "path": re.sub("/{2,}", "/", scope["path"])}
        if scope["type"] == "http" and (ref := images.wanted(scope)) is not None:
            await self._files.serve(ref, scope, send)
            return
        if scope["type"] == "http" and (refusal := self._image_host.refusal(scope)) is not None:
            await refusal(scope, receive, send)
            return
        await self._router(_as_imgur_reads(scope), receive, send)


def _as_imgur_reads(scope: Scope) -> Scope:
    """Imgur v3 took its nouns in any case, and behind any path a slash or the suffix of a format (wire page imgur-v3,
    section 1). Names, which are every second word, keep their case. Behind the paths of its sign-in programs write a
    slash too: the token's address is copied so from example to example.
    """
    path = scope["path"]
    if path.lower().startswith("/oauth2/"):
        return {**scope, "path": path.lower().rstrip("/").removesuffix(".json")}
    if not path.startswith("/3/"):
        return scope
    words = _FORMAT.sub("", path[3:].rstrip("/")).split("/")
    words[::2] = [word.lower() for word in words[::2]]
    if len(words) > 3 and words[2] in ("images", "albums"):
        words[3] = words[3].lower()
    return {**scope, "path": "/3/" + "/".join(words), "asked_path": path}


_FORMAT = re.compile(r"\.(json|xml)\Z", re.IGNORECASE)
_FOR_WHO_ASKED = "private, no-cache"
"""What caches are told where a handler says nothing of them. Many keep what says nothing at all, by its address alone:
whose token asked, and that the answer holds delete hashes, they do not look at.
"""


class _Address:
    """One path with all its methods; what a handler raises, foreseen or not, is said in its row's voice."""

    def __init__(self, methods: dict[str, Row], metrics: Metrics) -> None:
        self._methods = methods
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        method = "GET" if request.method == "HEAD" else request.method
        row = self._methods.get(method) or next(iter(self._methods.values()))
        answer = await self._answer(row, request) if method in self._methods else self._refuse(row, request)
        answer = _with_headers_of_all(answer, row.voice, request)
        answer.headers.setdefault("cache-control", _FOR_WHO_ASKED)
        await answer(scope, receive, send)

    async def _answer(self, row: Row, request: Request) -> Response:
        try:
            return await row.handler(request)
        except HeliographError as error:
            failure = error
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it
        except Exception:
            log.exception("request %s failed", request.scope["state"]["request_id"])
            failure = Internal()
        self._metrics.failures.labels(failure.name).inc()
        return row.voice.speak(request, failure)

    def _refuse(self, row: Row, request: Request) -> Response:
        self._metrics.failures.labels("MethodNotAllowed").inc()
        return row.voice.speak(request, MethodNotAllowed(allow=tuple(self._methods)))


class _Lost:
    """What answers where no row does: NotFound in the voice of the folder's own row, else of the rows in it; where the
    table has no such folder, of the rows further down the one above.
    """

    def __init__(self, rows: Sequence[Row], metrics: Metrics) -> None:
        own = {row.path: row.voice for row in rows if row.path.endswith("/")}
        inside: dict[str, Voice] = {}
        below: dict[str, Voice] = {}
        for row in rows:
            folder = row.path.rpartition("/")[0]
            inside.setdefault(folder + "/", row.voice)
            while folder:
                folder = folder.rpartition("/")[0]
                below.setdefault(folder + "/", row.voice)
        self._voices = below | inside | own
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        alike = max((folder for folder in self._voices if scope["path"].startswith(folder)), key=len)
        self._metrics.failures.labels("NotFound").inc()
        voice = self._voices[alike]
        await _with_headers_of_all(voice.speak(request, NotFound()), voice, request)(scope, receive, send)


def _with_headers_of_all(answer: Response, voice: Voice, request: Request) -> Response:
    if isinstance(voice, Telling):
        answer.headers.update(voice.headers_of_all(request))
    return answer
