"""Image files, GET and HEAD: the hot path. Plain ASGI, reached before the framework.

An image never changes behind its link, so its answer may be kept for ever; ETag is the name of the bytes. Small bodies
are read in one go from the page cache without leaving the event loop, and in a thread where the disk is needed.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from starlette.types import Scope, Send

from heliograph.server import links
from heliograph.server.errors import Gone, HeliographError, NotFound
from heliograph.server.library import Library, Variant
from heliograph.server.model import ImageRef
from heliograph.server.ports import StoredBlob

_CHUNK = 1024 * 1024
_CACHED = b"public, max-age=31536000, immutable"
_FIXED = (
    (b"cache-control", _CACHED),
    (b"accept-ranges", b"bytes"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
Headers = list[tuple[bytes, bytes]]

STATUS = {
    "NotFound": 404,
    "Gone": 410,
    "BadParameter": 400,
    "CorruptImage": 422,
    "TooManyPixels": 422,
    "Busy": 503,
    "StorageUnavailable": 503,
}
"""Each failure that finding, rendering and opening can meet -> its status. Any other is a fault of ours: 500."""


def wanted(scope: Scope) -> ImageRef | None:
    """What image file a request is for; None where it is for none."""
    if scope["method"] not in ("GET", "HEAD"):
        return None
    return links.parse(scope["path"])


async def serve(library: Library, ref: ImageRef, scope: Scope, send: Send) -> None:
    """Answer with the file that `ref` asks for, or say why not."""
    try:
        query = scope["query_string"]
        rendition = parse_qs(query).get(b"as", [b""])[0].decode("latin-1") if query else ""
        variant = await library.variant(ref, rendition or None)
        asked = dict(scope["headers"])
        if _matches(asked.get(b"if-none-match"), variant.etag):
            await _send(send, 304, [(b"etag", variant.etag.encode()), (b"cache-control", _CACHED)], b"")
            return
        await _send_variant(library, variant, asked, scope["method"] == "HEAD", send)
    except HeliographError as error:
        await _send_failure(error, send)


async def _send_variant(library: Library, variant: Variant, asked: dict[bytes, bytes], head: bool, send: Send) -> None:
    blob = await library.open(variant)
    headers: Headers = [
        (b"content-type", variant.media_type.encode()),
        (b"etag", variant.etag.encode()),
        *_FIXED,
    ]
    status, span = 200, (0, blob.size)
    if b"range" in asked and asked.get(b"if-range", variant.etag.encode()) == variant.etag.encode():
        found = parse_range(asked[b"range"].decode("latin-1"), blob.size)
        if found == "unsatisfiable":
            await _send(send, 416, [(b"content-range", b"bytes */%d" % blob.size), *_FIXED], b"")
            return
        if isinstance(found, tuple):
            status, span = 206, found
            headers.append((b"content-range", b"bytes %d-%d/%d" % (span[0], span[1] - 1, blob.size)))
    headers.append((b"content-length", b"%d" % (span[1] - span[0])))
    if head:
        await _send(send, status, headers, b"")
        return
    if blob.path is None and status == 206:
        blob = await library.open(variant, span)
    await _send_span(blob, span, status, headers, send)


async def _send_span(blob: StoredBlob, span: tuple[int, int], status: int, headers: Headers, send: Send) -> None:
    if blob.path is not None and span[1] - span[0] <= _CHUNK:
        await _send(send, status, headers, await _read_small(blob, span))
        return
    chunks = blob.chunks if blob.chunks is not None else _read_large(blob, span)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _read_small(blob: StoredBlob, span: tuple[int, int]) -> bytes:
    """The span of a local file: at once where the page cache has it all, else in a thread."""
    assert blob.path is not None, "the caller looked"
    start, size = span[0], span[1] - span[0]
    buffer = bytearray(size)
    try:
        descriptor = os.open(blob.path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise NotFound from error
    try:
        try:
            got = os.preadv(descriptor, [buffer], start, os.RWF_NOWAIT)
        except (BlockingIOError, OSError):
            got = 0
        if got < size:
            return await asyncio.to_thread(os.pread, descriptor, size, start)
        return bytes(buffer)
    finally:
        os.close(descriptor)


async def _read_large(blob: StoredBlob, span: tuple[int, int]) -> AsyncIterator[bytes]:
    assert blob.path is not None, "the caller looked"
    at, end = span
    with await asyncio.to_thread(open, blob.path, "rb", 0) as file:
        while at < end:
            chunk = await asyncio.to_thread(os.pread, file.fileno(), min(_CHUNK, end - at), at)
            if not chunk:
                return
            at += len(chunk)
            yield chunk


def parse_range(header: str, size: int) -> tuple[int, int] | str | None:
    """The span (first byte, byte after the last) that a Range header asks of a body of `size` bytes.

    None where the header is to be ignored: another unit, several ranges, or nonsense (RFC 9110 section 14.2);
    "unsatisfiable" where no byte of it exists.
    """
    unit, _, ranges = header.partition("=")
    first, dash, last = ranges.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or "," in ranges or not (first + last).isdecimal():
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    return (start, end) if start < end else "unsatisfiable"


def _matches(header: bytes | None, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110 section 13.1.2)."""
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.decode("latin-1").split(",")]
    return etag in tags or tags == ["*"]


async def _send_failure(error: HeliographError, send: Send) -> None:
    headers: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if isinstance(error, Gone):
        headers[1] = (b"cache-control", b"public, max-age=300")
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers.append((b"retry-after", b"%d" % seconds))
    await _send(send, STATUS.get(error.name, 500), headers, (error.message + "\n").encode())


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if not any(name == b"content-length" for name, _ in headers) and status != 304:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
