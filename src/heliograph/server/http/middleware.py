"""What happens around every request: its id, the true client address, the last catch-all, access log and metrics.

Plain ASGI, because Starlette's BaseHTTPMiddleware costs more than serving a small picture does.
"""

import asyncio
import logging
import re
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph.server.links import DELETE_HASH_LENGTH

_DELETE_HASH = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{{DELETE_HASH_LENGTH}}}(?![A-Za-z0-9])")
_LINGER_SECONDS = 10
"""How long what nobody wants is taken in, before the connection is closed."""
log = logging.getLogger("heliograph")


class Metrics:
    """The counters of one server, kept apart from any other server in the same process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("heliograph_requests", "Requests answered.", ["area", "status"], registry=self.registry)
        self.seconds = Histogram(
            "heliograph_request_seconds",
            "Seconds from a request's head to its answer's end.",
            ["area"],
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
            registry=self.registry,
        )
        self.under_way = Gauge("heliograph_requests_under_way", "Requests being answered.", registry=self.registry)
        self.failures = Counter(
            "heliograph_failures", "Requests that failed, by the failure's name.", ["name"], registry=self.registry
        )


class Surroundings:
    """The outermost ASGI application. It fills `scope["state"]` with `request_id` and `address` (the client's IP)."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        *,
        trusted_proxies: Sequence[IPv4Network | IPv6Network],
        access_log: bool,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._trusted = trusted_proxies
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; whatever goes wrong behind, there is an answer and a line in the log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, secrets.token_hex(8), self._client_address(scope))
        self._metrics.under_way.inc()
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            log.exception("request %s failed", exchange.request_id)
            await exchange.fail()
        finally:
            self._metrics.under_way.dec()
            self._record(exchange)

    def _client_address(self, scope: Scope) -> str:
        """The client's address: the peer's, or the nearest untrusted hop of X-Forwarded-For behind trusted proxies.

        A hop that is no address is not believed: the client is then who stands before it, a proxy of ours.
        """
        peer = str(scope["client"][0]) if scope.get("client") else "unknown"
        address = _plain_address(peer) or peer
        if not self._trusted:
            return address
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        while hops and self._is_trusted(address) and (before := _plain_address(hops.pop())):
            address = before
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)

    def _record(self, exchange: "_Exchange") -> None:
        seconds = exchange.seconds
        area = _area(exchange.scope["path"])
        self._metrics.requests.labels(area, exchange.status).inc()
        self._metrics.seconds.labels(area).observe(seconds)
        if self._access_log:
            sys.stderr.write(msgspec.json.encode(exchange.line(seconds)).decode() + "\n")


def _plain_address(hop: str) -> str | None:
    """The IP address that a hop is, as `ipaddress` writes it; None where it is none.

    Some proxies add the port (`192.0.2.1:80`, `[2001:db8::1]:80`), which changes with each connection. An IPv4-mapped
    address, which a socket for both families tells, is the IPv4 address.
    """
    bare = re.fullmatch(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+", hop)
    try:
        parsed = ip_address((bare[1] or bare[2]) if bare else hop.partition("%")[0])
    except ValueError:
        return None
    return str((parsed.version == 6 and parsed.ipv4_mapped) or parsed)


class _Exchange:
    """One request and what has been answered to it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str, address: str) -> None:
        self.scope = scope
        self.receive = receive
        self._unread = None
        if _closes_behind_a_body(scope):
            self._unread = _Unread(receive, waits=any(name == b"expect" for name, _ in scope["headers"]))
            self.receive = self._unread.receive
        self.request_id = request_id
        self._began = time.perf_counter()
        self._ended = 0.0
        self.status = 0
        self._send = send
        self._sent = 0
        self._id_header = (b"x-request-id", request_id.encode())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["address"] = address

    async def send(self, message: Message) -> None:
        """Send on, with the request's id among the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._id_header]
        else:
            self._sent += len(message.get("body", b""))
        if self._unread is None or message.get("more_body") or message["type"] != "http.response.body":
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        self._ended = time.perf_counter()
        await self._unread.drop()
        await self._send({"type": "http.response.body", "body": b""})

    @property
    def seconds(self) -> float:
        """From the request's head to its answer's end, without what was taken in behind that."""
        return (self._ended or time.perf_counter()) - self._began

    async def fail(self) -> None:
        """The last catch-all: an answer in plain text, if none has begun."""
        if self.status:
            return
        body = f"An internal error occurred. It was logged as request {self.request_id}.\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def line(self, seconds: float) -> dict[str, Any]:
        """The access log's record, without the query, which may hold keys, and without delete hashes in the path."""
        return {
            "at": round(time.time(), 3),
            "request_id": self.request_id,
            "address": self.scope["state"]["address"],
            "method": self.scope["method"],
            "path": _DELETE_HASH.sub("***", self.scope["path"]),
            "status": self.status,
            "bytes": self._sent,
            "ms": round(seconds * 1000, 2),
        }


def _closes_behind_a_body(scope: Scope) -> bool:
    """Whether the connection is closed once the request, which brings a body, has been answered."""
    headers = dict(scope["headers"])
    brings = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    closes = scope.get("http_version") == "1.0" or b"close" in headers.get(b"connection", b"").lower()
    return brings and closes


class _Unread:
    """What a refused client is still sending. A connection that is closed on it is reset, and a program that sends all
    before it reads never sees why it was refused.
    """

    def __init__(self, receive: Receive, *, waits: bool) -> None:
        """waits: whether the client sends nothing before somebody receives (`Expect: 100-continue`)."""
        self._receive = receive
        self._more = not waits

    async def receive(self) -> Message:
        """The next piece, for who answers."""
        message = await self._receive()
        self._more = message["type"] == "http.request" and bool(message.get("more_body"))
        return message

    async def drop(self) -> None:
        """Take in all that is left, as long as it does not last too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while self._more:
                    await self.receive()


def _area(path: str) -> str:
    """What part of the server a path belongs to, for metrics: few words, however many paths there are."""
    if path.startswith(("/api/v1/", "/.well-known/")):
        return "native"
    if path.startswith("/3/") or path == "/upload/poll":
        return "imgur_v3"
    if path.startswith(("/2/", "/oauth/", "/oembed")):
        return "imgur_v2"
    if path.startswith("/api/"):
        return "imgur_v1"
    if path in ("/upload/image", "/image/upload"):
        return "stack_web"
    if path.startswith("/1/"):
        return "stack_mobile"
    return "images" if "." in path else "pages"
