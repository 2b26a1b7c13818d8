"""Is it alive, can it take uploads, and what has it done: for load balancers, operators and Prometheus."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from heliograph.server.errors import HeliographError
from heliograph.server.http.middleware import Metrics
from heliograph.server.http.replies import json_reply

Checks = Mapping[str, Callable[[], Awaitable[object]]]
_LEAST_FREE_BYTES = 64 * 1024 * 1024


class Status:
    """The handlers of `/livez`, `/readyz` and `/metrics`.

    `checks` raise a HeliographError where a part is down; without a `dispensable` part uploads can still be taken.
    """

    def __init__(self, metrics: Metrics, folder: Path, checks: Checks, dispensable: Checks) -> None:
        self._metrics = metrics
        self._folder = folder
        self._checks = checks
        self._dispensable = dispensable

    async def live(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /livez: the process answers."""
        return PlainTextResponse("alive\n")

    async def ready(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /readyz: 200 when uploads can be taken, else 503; either way what each part says."""
        said = {name: await _asked(check) for name, check in self._checks.items()}
        said["disk"] = "ok" if _free_bytes(self._folder) >= _LEAST_FREE_BYTES else "nearly full"
        healthy = all(word == "ok" for word in said.values())
        said.update({name: await _asked(check) for name, check in self._dispensable.items()})
        return json_reply({"ready": healthy, "parts": said}, 200 if healthy else 503, {"cache-control": "no-store"})

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /metrics in Prometheus's text format."""
        return Response(generate_latest(self._metrics.registry), media_type="text/plain; version=0.0.4")

    def speak(self, request: Request, error: HeliographError) -> Response:  # noqa: ARG002 - voices are alike
        """A failure in plain text."""
        return PlainTextResponse(error.message + "\n", 503)


async def _asked(check: Callable[[], Awaitable[object]]) -> str:
    try:
        await check()
    except HeliographError as error:
        return error.name
    return "ok"


def _free_bytes(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize
