"""What happens around every request: its id, the true client address, the last catch-all, access log and metrics; and
that whoever sends a large body gets to read why it was refused.

Plain ASGI, because Starlette's BaseHTTPMiddleware costs more than serving a small picture does.
"""

import asyncio
import logging
import re
import secrets
import sys
import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph.server.links import DELETE_HASH_LENGTH

_DELETE_HASH = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{{DELETE_HASH_LENGTH}}}(?![A-Za-z0-9])")
_MOST_DISCARDED = 256 * 1024 * 1024
"""Bytes of a refused body that are read for nothing."""
_SILENCE = 5.0
"""Seconds that are waited for the next of them."""
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
        seconds = time.perf_counter() - exchange.began
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
        self._receive = receive
        self._left = _Left(scope)
        self.request_id = request_id
        self.began = time.perf_counter()
        self.status = 0
        self._send = send
        self._sent = 0
        self._id_header = (b"x-request-id", request_id.encode())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["address"] = address

    async def receive(self) -> Message:
        """Receive on, and note what is left."""
        message = await self._receive()
        self._left.note(message)
        return message

    async def send(self, message: Message) -> None:
        """Send on, with the request's id among the headers."""
        if message["type"] == "http.response.start":
            await self._discard()
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._id_header]
        else:
            self._sent += len(message.get("body", b""))
        await self._send(message)

    async def _discard(self) -> None:
        """Read what is left of a body that nobody wants, before a connection that is to be closed behind the answer.

        Closed with bytes unread, it is reset, and a client that is still sending never sees the answer (RFC 9112
        section 9.6): Python's urllib, which closes always, would not learn that a picture is too large. A connection
        that stays is read on by the server itself.
        """
        discarded = 0
        try:
            while self._left.is_in_the_way and discarded < _MOST_DISCARDED:
                message = await asyncio.wait_for(self.receive(), _SILENCE)
                discarded += len(message.get("body", b""))
        except TimeoutError:
            pass

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


class _Left:
    """Whether there is more of a request's body."""

    def __init__(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        self._has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        words = headers.get(b"connection", b"").lower()
        self._is_closed_behind = b"close" in words or (
            scope.get("http_version") == "1.0" and b"keep-alive" not in words
        )
        self._is_waiting = b"expect" in headers
        """For a word of ours, before it sends anything."""

    def note(self, message: Message) -> None:
        """What has come."""
        self._is_waiting = False
        self._has_body = message["type"] == "http.request" and message.get("more_body", False)

    @property
    def is_in_the_way(self) -> bool:
        """Whether what is left would have the connection reset before its client has read the answer."""
        return self._has_body and self._is_closed_behind and not self._is_waiting


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
