"""The URL table: every URL on one screen, each wrapped in the voice that speaks its failures.

Image files (`/ID.ext`, `/IDl.jpg`) are not here: `images.serve` answers them before the framework is reached.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from heliograph.server.errors import HeliographError, Internal, NotFound
from heliograph.server.http import images
from heliograph.server.http.imgur_v1 import ImgurV1
from heliograph.server.http.imgur_v3 import ImgurV3
from heliograph.server.http.middleware import Metrics
from heliograph.server.http.native import Native
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


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    method: str
    path: str
    handler: Handler
    voice: Voice


def table(
    native: Native,
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
        Row("POST",   "/api/v1/images/{id}/claim",         native.claim,       native),
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
          for noun in ("image", "upload") for form in ("", "/", ".json", ".xml")),
        Row("GET",    "/3/image/{name}",                   v3.find,            v3),
        Row("DELETE", "/3/image/{name}",                   v3.remove,          v3),

        Row("GET",    "/",                                 pages.front,        pages),
        Row("POST",   "/",                                 pages.upload,       pages),
        Row("GET",    "/docs/api",                         pages.api,          pages),
        Row("GET",    "/docs/problems",                    pages.problems,     pages),
        Row("GET",    "/delete/{hash}",                    pages.ask_to_delete, pages),
        Row("POST",   "/delete/{hash}",                    pages.delete,       pages),
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
        routes = [Route(row.path, _spoken(row, metrics), methods=[row.method]) for row in ordered]
        self._router = Router(routes, redirect_slashes=False, default=_Lost(rows, metrics))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and (ref := images.wanted(scope)) is not None:
            await self._files.serve(ref, scope, send)
            return
        await self._router(scope, receive, send)


def _spoken(row: Row, metrics: Metrics) -> Handler:
    """The row's handler; what it raises is said in the row's voice, and what nobody foresaw becomes Internal."""

    async def answer(request: Request) -> Response:
        try:
            return await row.handler(request)
        except HeliographError as error:
            failure = error
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it
        except Exception:
            log.exception("request %s failed", request.scope["state"]["request_id"])
            failure = Internal()
        metrics.failures.labels(failure.name).inc()
        return row.voice.speak(request, failure)

    return answer


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
