"""The URL table: every URL on one screen, each wrapped in the voice that speaks its failures.

Image files (`/ID.ext`, `/IDl.jpg`) are not here: `images.serve` answers them before the framework is reached.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.server.errors import HeliographError, Internal, MethodNotAllowed, NotFound
from heliograph.server.http import images
from heliograph.server.http.imgur_v1 import ImgurV1
from heliograph.server.http.imgur_v3 import ImgurV3
from heliograph.server.http.middleware import Metrics
from heliograph.server.http.native import Native
from heliograph.server.http.native_albums import NativeAlbums
from heliograph.server.http.native_identity import NativeIdentity
from heliograph.server.http.openapi import Reference
from heliograph.server.http.pages import Pages
from heliograph.server.http.status import Status
from heliograph.server.library import Library

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


def table(
    native: Native,
    albums: NativeAlbums,
    identity: NativeIdentity,
    reference: Reference,
    v1: ImgurV1,
    v3: ImgurV3,
    pages: Pages,
    status: Status,
) -> tuple[Row, ...]:
    """Every URL of the server."""
    # fmt: off
    return (
        Row("POST",   "/api/v1/images",                    native.upload,      native),
        Row("GET",    "/api/v1/images",                    native.list,        native),
        Row("GET",    "/api/v1/images/{id}",               native.find,        native),
        Row("PATCH",  "/api/v1/images/{id}",               native.edit,        native),
        Row("DELETE", "/api/v1/images/{id}",               native.remove,      native),
        Row("POST",   "/api/v1/albums",                    albums.create,      native),
        Row("GET",    "/api/v1/albums",                    albums.list,        native),
        Row("GET",    "/api/v1/albums/{id}",               albums.find,        native),
        Row("PATCH",  "/api/v1/albums/{id}",               albums.edit,        native),
        Row("DELETE", "/api/v1/albums/{id}",               albums.remove,      native),
        Row("PUT",    "/api/v1/albums/{id}/images",        albums.set_images,  native),
        Row("POST",   "/api/v1/albums/{id}/images",        albums.add_images,  native),
        Row("DELETE", "/api/v1/albums/{id}/images",        albums.remove_images, native),
        Row("POST",   "/api/v1/images/{id}/claim",         native.claim,       native),
        Row("GET",    "/api/v1/account",                   identity.account, native),
        Row("PATCH",  "/api/v1/account",                   identity.change_account, native),
        Row("GET",    "/api/v1/applications",              identity.applications, native),
        Row("POST",   "/api/v1/applications",              identity.register,  native),
        Row("GET",    "/api/v1/applications/{id}",         identity.application, native),
        Row("PATCH",  "/api/v1/applications/{id}",         identity.change,    native),
        Row("POST",   "/api/v1/applications/{id}/secret",  identity.rotate,    native),
        Row("GET",    "/api/v1/tokens",                    identity.tokens,    native),
        Row("POST",   "/api/v1/tokens",                    identity.make,      native),
        Row("DELETE", "/api/v1/tokens/{id}",               identity.revoke,    native),
        Row("GET",    "/api/v1/openapi.json",              reference.document, native),
        Row("GET",    "/.well-known/heliograph-keys.json", native.keys,        native),

        Row("POST",   "/api/upload.xml",                   v1.upload,          v1),
        Row("POST",   "/api/upload.json",                  v1.upload,          v1),

        *(Row("POST", f"/3/{noun}{form}",                  v3.upload,          v3)
          for noun in ("image", "upload") for form in ("", ".json", ".xml")),
        *(Row("OPTIONS", path,                             v3.preflight,       v3)
          for path in ("/3/image", "/3/upload", "/3/image/{name}")),
        Row("GET",    "/3/image/{name}",                   v3.find,            v3),
        Row("DELETE", "/3/image/{name}",                   v3.remove,          v3),

        Row("GET",    "/",                                 pages.front,        pages),
        Row("POST",   "/",                                 pages.upload,       pages),
        Row("GET",    "/docs/api",                         pages.api,          pages),
        Row("GET",    "/docs/problems",                    pages.problems,     pages),
        Row("GET",    "/delete/{hash}",                    pages.ask_to_delete, pages),
        Row("POST",   "/delete/{hash}",                    pages.delete,       pages),
        Row("GET",    "/a/{id}",                           pages.album,        pages),
        Row("GET",    "/static/{name}",                    pages.asset,        pages),
        Row("GET",    "/{id}",                             pages.image,        pages),

        Row("GET",    "/livez",                            status.live,        status),
        Row("GET",    "/readyz",                           status.ready,       status),
        Row("GET",    "/metrics",                          status.metrics,     status),
    )
    # fmt: on


class Application:
    """Image files first, then the table, then 404 in the voice that fits the path."""

    def __init__(self, rows: Sequence[Row], library: Library, metrics: Metrics) -> None:
        self._files = images.ImageFiles(library)
        # "/{id}" takes any word, so it comes after all that are spelt out.
        ordered = sorted(rows, key=lambda row: row.path == "/{id}")
        by_path: dict[str, dict[str, Row]] = {}
        for row in ordered:
            by_path.setdefault(row.path, {})[row.method] = row
        routes = [Route(path, _Address(methods, metrics)) for path, methods in by_path.items()]
        self._router = Router(routes, redirect_slashes=False, default=_Lost(rows, metrics))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and (ref := images.wanted(scope)) is not None:
            await self._files.serve(ref, scope, send)
            return
        await self._router(_as_imgur_reads(scope), receive, send)


def _as_imgur_reads(scope: Scope) -> Scope:
    """Imgur v3 took its nouns in any case and with a slash behind them (wire page imgur-v3, section 1)."""
    path = scope["path"]
    if not path.startswith("/3/"):
        return scope
    noun, slash, rest = path[3:].rstrip("/").partition("/")
    return {**scope, "path": f"/3/{noun.lower()}{slash}{rest}"}


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
        if isinstance(row.voice, Telling):
            answer.headers.update(row.voice.headers_of_all(request))
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
    """What answers where no row does: NotFound in the voice of the rows whose paths begin alike."""

    def __init__(self, rows: Sequence[Row], metrics: Metrics) -> None:
        self._voices: dict[str, Voice] = {}
        for row in rows:
            self._voices.setdefault(row.path.rpartition("/")[0] + "/", row.voice)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        alike = max((folder for folder in self._voices if scope["path"].startswith(folder)), key=len)
        self._metrics.failures.labels("NotFound").inc()
        answer: ASGIApp = self._voices[alike].speak(request, NotFound())
        await answer(scope, receive, send)
