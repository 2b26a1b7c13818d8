"""Image files, GET and HEAD: the hot path. Plain ASGI, reached before the framework.

An image never changes behind its link, so its answer may be kept for ever; ETag is the name of the bytes. Small bodies
are read in one go from the page cache without leaving the event loop, and in a thread where the disk is needed.

What is served is counted: a view for each GET that is answered with a picture from its first byte on, in any size; and
the bytes of every picture or part of one. HEAD, 304 and failures count nothing.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from starlette.types import Scope, Send

from heliograph.imaging import vectors
from heliograph.imaging.formats import BY_MEDIA_TYPE, FORMATS
from heliograph.server import links
from heliograph.server.errors import Gone, HeliographError, NotFound, StorageUnavailable
from heliograph.server.library import Library, Variant
from heliograph.server.model import ImageRef
from heliograph.server.ports import StoredBlob
from heliograph.server.recent import Recent
from heliograph.server.statistics import Statistics

_CHUNK = 1024 * 1024
_SMALL = 1024 * 1024
_KEPT = 32 * 1024 * 1024
_CACHED = b"public, max-age=31536000, immutable"
_FIXED = (
    (b"cache-control", _CACHED),
    (b"accept-ranges", b"bytes"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_OF_VECTORS = tuple(
    (name, b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
    if name == b"content-security-policy"
    else (name, value)
    for name, value in _FIXED
)
"""An SVG, which was cleaned when it came, may besides have a style and pictures of its own, and nothing else."""
_NOT_KEPT = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_LONGEST_RANGE = 40
_VIDEO = ("mp4", "webm")
_NO_VIDEO = "There is no video of this picture: it is kept as it was uploaded, at /{}.{}"
_PICTURES = frozenset({each.extension for each in FORMATS.values()} | {"jpeg", "tif"})
"""Extensions behind which a picture was meant: not those of /robots.txt and /favicon.ico."""

Headers = list[tuple[bytes, bytes]]

STATUS = {
    "NotFound": 404,
    "Gone": 410,
    "BadParameter": 400,
    "CorruptImage": 422,
    "TooManyPixels": 422,
    "TooManyFrames": 422,
    "Busy": 503,
    "StorageUnavailable": 503,
}
"""Each failure that finding, rendering and opening can meet -> its status. Any other is a fault of ours: 500."""


def wanted(scope: Scope) -> ImageRef | None:
    """What image file a request is for; None where it is for none."""
    if scope["method"] not in ("GET", "HEAD"):
        return None
    return links.parse(scope["path"])


class ImageFiles:
    """Answers with originals and renditions. Bodies of at most 1 MiB stay in memory while asked for, 32 MiB in all.

    instead: the address that is answered for a picture that is missing or was removed; none where it is empty.
    """

    def __init__(self, library: Library, statistics: Statistics, instead: str = "") -> None:
        self._library = library
        self._statistics = statistics
        self._instead = instead
        self._bodies: Recent[bytes] = Recent(_KEPT)

    async def serve(self, ref: ImageRef, scope: Scope, send: Send) -> None:
        """Answer with the file that `ref` asks for, or say why not."""
        try:
            query = scope["query_string"].decode("latin-1")
            rendition = parse_qs(query).get("as", [""])[0] if query else ""
            variant = await self._library.variant(ref, rendition or None)
            if ref.extension.lower() in _VIDEO:
                raise NotFound(_NO_VIDEO.format(variant.image_id, BY_MEDIA_TYPE[variant.media_type].extension))
            asked = dict(scope["headers"])
            if _matches(asked.get(b"if-none-match"), variant.etag):
                await _send(send, 304, [(b"etag", variant.etag.encode()), (b"cache-control", _CACHED)], b"")
            else:
                await self._send_variant(variant, asked, scope["method"] == "HEAD", send)
        except HeliographError as error:
            missing = isinstance(error, NotFound | Gone) and ref.extension.lower() in _PICTURES
            await _send_failure(error, self._instead if missing else "", send)

    async def _send_variant(self, variant: Variant, asked: dict[bytes, bytes], head: bool, send: Send) -> None:
        body = self._bodies.get(variant.name)
        blob = StoredBlob(len(body), None, None) if body is not None else await self._library.open(variant)
        status, span, headers = _part(variant, {} if head else asked, blob.size)
        if head or status == 416:
            await _send(send, status, headers, b"")
            return
        views = int(span[0] == 0)
        if body is not None or (blob.path is not None and blob.size <= _SMALL):
            if body is None:
                body = await _read_small(blob)
                self._bodies.put(variant.name, body, len(body))
            await _send(send, status, headers, body if status == 200 else body[slice(*span)])
            self._statistics.note(variant.image_id, views, span[1] - span[0])
        else:
            if blob.path is None and status == 206:
                blob = await self._library.open(variant, span)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            async for chunk in blob.chunks if blob.chunks is not None else _read_large(blob, span):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                self._statistics.note(variant.image_id, views, len(chunk))
                views = 0
            await send({"type": "http.response.body", "body": b""})


def _part(variant: Variant, asked: dict[bytes, bytes], size: int) -> tuple[int, tuple[int, int], Headers]:
    """Status, span and headers of the answer: the whole, the part that a Range header asks for, or 416."""
    etag = variant.etag.encode()
    fixed = _OF_VECTORS if variant.media_type == vectors.MEDIA_TYPE else _FIXED
    headers: Headers = [(b"content-type", variant.media_type.encode()), (b"etag", etag), *fixed]
    found = None
    if b"range" in asked and asked.get(b"if-range", etag) == etag:
        found = parse_range(asked[b"range"].decode("latin-1"), size)
    if found == "unsatisfiable":
        # Not to be kept: a cache would give it to those who ask for the whole.
        return 416, (0, 0), [(b"content-range", b"bytes */%d" % size), (b"content-length", b"0"), *_NOT_KEPT]
    if isinstance(found, tuple):
        start, end = found
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
        headers.append((b"content-length", b"%d" % (end - start)))
        return 206, found, headers
    headers.append((b"content-length", b"%d" % size))
    return 200, (0, size), headers


async def _read_small(blob: StoredBlob) -> bytes:
    """A whole local file: at once where the page cache has it all, else in a thread."""
    assert blob.path is not None, "the caller looked"
    try:
        descriptor = os.open(blob.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageUnavailable from error
    try:
        buffer = bytearray(blob.size)
        try:
            got = os.preadv(descriptor, [buffer], 0, os.RWF_NOWAIT)
        except OSError:  # not in the page cache, or a file system that cannot say
            got = 0
        return bytes(buffer) if got == blob.size else await asyncio.to_thread(os.pread, descriptor, blob.size, 0)
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
    if (
        unit.strip().lower() != "bytes"
        or not dash
        or "," in ranges
        or not (first + last).isdecimal()
        or len(ranges) > _LONGEST_RANGE
    ):
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


async def _send_failure(error: HeliographError, instead: str, send: Send) -> None:
    """Say the failure, or lead to the address `instead`, where there is one."""
    headers: Headers = [(b"content-type", b"text/plain; charset=utf-8"), *_NOT_KEPT]
    if isinstance(error, Gone):
        headers[1] = (b"cache-control", b"public, max-age=300")
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers.append((b"retry-after", b"%d" % seconds))
    if instead:
        headers.append((b"location", instead.encode()))
    status = 302 if instead else STATUS.get(error.name, 500)
    await _send(send, status, headers, (error.message + "\n").encode())


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if not any(name == b"content-length" for name, _ in headers) and status != 304:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
