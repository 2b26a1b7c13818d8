"""Following plans over HTTP, blocking or not; hides the HTTP library and its errors. This is its only importer.

A driver makes the requests and the pauses that a plan asks for (see `_exchange`).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from heliograph.client._errors import ChangedError, InputError, UnreachableError
from heliograph.client._exchange import Answer, Plan, Send, Wait
from heliograph.client._operations import MULTIPART_NAME
from heliograph.client._renewal import Renewal

CONNECT_SECONDS = 10.0
PASSED_ON = (UnreachableError, ChangedError, OSError)
"""What a plan is told of, as it may know what to do; OSError is of files that are read or written meanwhile."""

T = TypeVar("T")


class Driver:
    """Follows plans, blocking; may be used by several threads. timeout: seconds that a server may be silent."""

    def __init__(self, renewal: Renewal, timeout: float) -> None:
        self._renewal = renewal
        with _speaking_of_settings():
            self._http = httpx2.Client(timeout=_timeout(timeout), headers=_identity())

    def follow(self, plan: Plan[T]) -> T:
        """Do what `plan` asks for, until it has its result."""
        plan = self._renewal.applied(plan)
        with closing(plan):
            try:
                step = next(plan)
                while True:
                    try:
                        answer = self._do(step)
                    except PASSED_ON as error:
                        step = plan.throw(error)
                    else:
                        step = plan.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _do(self, step: Send | Wait) -> Answer | None:
        if isinstance(step, Wait):
            time.sleep(step.seconds)
            return None
        with (
            _speaking_our_errors(step.url),
            closing(self._http.send(_request(self._http, step), stream=True)) as response,
        ):
            gathering = _Gathering(step, response.is_success)
            for block in response.iter_bytes():
                gathering.add(block)
            return gathering.answer(response)


class AsyncDriver:
    """Follows plans for asyncio. timeout: as for Driver."""

    def __init__(self, renewal: Renewal, timeout: float) -> None:
        self._renewal = renewal
        with _speaking_of_settings():
            self._http = httpx2.AsyncClient(timeout=_timeout(timeout), headers=_identity())

    async def follow(self, plan: Plan[T]) -> T:
        """Do what `plan` asks for, until it has its result."""
        plan = self._renewal.applied(plan)
        with closing(plan):
            try:
                step = next(plan)
                while True:
                    try:
                        answer = await self._do(step)
                    except PASSED_ON as error:
                        step = plan.throw(error)
                    else:
                        step = plan.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _do(self, step: Send | Wait) -> Answer | None:
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
            return None
        with _speaking_our_errors(step.url):
            async with aclosing(await self._http.send(_request(self._http, step), stream=True)) as response:
                gathering = _Gathering(step, response.is_success)
                async for block in response.aiter_bytes():
                    gathering.add(block)
                return gathering.answer(response)


class _Gathering:
    """The body of one answer as it arrives: kept, or, where the step wants that, only hashed or written to a file."""

    def __init__(self, step: Send, good: bool) -> None:
        self._hash = hashlib.sha256() if step.hashed else None
        self._into = step.into if good else None
        self._progress = step.progress if good else None
        self._kept = bytearray()
        self._size = 0
        if self._into is not None:
            self._into.seek(0)
            self._into.truncate()

    def add(self, block: bytes) -> None:
        self._size += len(block)
        if self._hash is None:
            self._kept += block
        else:
            self._hash.update(block)
        if self._into is not None:
            self._into.write(block)
        if self._progress is not None:
            self._progress(self._size)

    def answer(self, response: httpx2.Response) -> Answer:
        sha256 = self._hash.hexdigest() if self._hash is not None else ""
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(self._kept), sha256, self._size)


def _request(http: httpx2.Client | httpx2.AsyncClient, step: Send) -> httpx2.Request:
    """The HTTP library's form of `step`; a picture's part comes after the texts, so that a server may stream it."""
    body: dict[str, Any] = {}
    if step.picture is not None:
        file = (step.picture.name or MULTIPART_NAME, step.picture, "application/octet-stream")
        body = {"data": dict(step.fields), "files": {MULTIPART_NAME: file}}
    elif step.json is not None:
        body = {"json": dict(step.json)}
    elif step.form is not None:
        body = {"data": dict(step.form)}
    return http.build_request(
        step.method, step.url, headers=dict(step.headers), params=dict(step.query) or None, **body
    )


@contextmanager
def _speaking_our_errors(url: str) -> Iterator[None]:
    """Turn the HTTP library's errors into ours: UnreachableError, or InputError for what could never be sent."""
    host = httpx2.URL(url).netloc.decode("ascii", "replace") if "://" in url else url
    try:
        yield
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise InputError(f"{url!r} is not an address that can be asked: {error}.") from error
    except httpx2.LocalProtocolError as error:
        raise InputError(f"The request could not be sent: {error}. Did the file change meanwhile?") from error
    except httpx2.TimeoutException as error:
        raise UnreachableError(
            f"{host} did not answer in time. Try again later, or allow a longer timeout.",
            may_be_done=not isinstance(error, httpx2.ConnectTimeout),
        ) from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise UnreachableError(
            f"{host} could not be reached{_by_way_of(url)} ({error or type(error).__name__}). "
            "Is the server running, and is its address right (HELIOGRAPH_URL)?",
            may_be_done=not isinstance(error, httpx2.ConnectError),
        ) from error


@contextmanager
def _speaking_of_settings() -> Iterator[None]:
    """Turn what the HTTP library says of the proxies and certificates that a system names into InputError."""
    try:
        yield
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        raise InputError(
            f"The proxy or the certificates that this computer's settings name cannot be used ({error}). Check "
            "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
        ) from error


def _by_way_of(url: str) -> str:
    """The proxy that stands between, where the system's settings name one."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ""
    named = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname  # not its password
    return f" by way of the proxy {named or ''}".rstrip()


def _timeout(silence: float) -> httpx2.Timeout:
    return httpx2.Timeout(silence, connect=min(silence, CONNECT_SECONDS), pool=None)


def _identity() -> dict[str, str]:
    return {"User-Agent": f"heliograph-python/{version('heliograph')}", "Accept": "application/json"}
