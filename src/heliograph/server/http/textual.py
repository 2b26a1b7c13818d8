"""What a text means that was sent where a picture belongs: raw bytes after all, a URL, a data URI, or base64.

In this order: an image signature means the bytes themselves; then `scheme://` is a URL, and a host without it is told
what it lacks; `data:...,` is unpacked; something that looks like a path on the sender's computer is refused by name
(need N14); all else is base64, with line breaks dropped and blanks read as `+`, because some clients do not
percent-encode it (wire page clients, shapes d' and e).
"""

import asyncio
import binascii
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from heliograph.imaging.formats import SIGNATURE_BYTES, sniff
from heliograph.server.errors import InvalidUrl, LocalPathSent, TooManyBytes, UnsupportedFormat
from heliograph.server.incoming import Incoming
from heliograph.server.model import RemoteImage

_LONGEST_URL = 8192
_URL = re.compile(rb"\s*[A-Za-z][A-Za-z0-9+.-]{1,20}://")
_DATA_URI = re.compile(rb"\s*data:([^,]{0,200}),", re.IGNORECASE)
_LOCAL_PATH = re.compile(
    rb"""\s*(?: file: | [A-Za-z]:[\\/] | \\\\ | ~/ | \.{1,2}[\\/]
             | /(?:home|Users|tmp|var|mnt|media|root|opt|usr|storage|sdcard)/ )
    | [^\r\n]{0,1024} \.(?:png|jpe?g|gif|webp|avif|hei[cf]|tiff?|bmp)\s*\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_WEB_HOST = re.compile(
    rb"""\s*(?: www\. | //[\w-]
             | (?: localhost | \d{1,3}(?:\.\d{1,3}){3} | (?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,10}[a-z]{2,24} )
               (?: :\d{1,5} )? / \S )""",
    re.VERBOSE | re.IGNORECASE,
)
"""A web address without its scheme: `www.`, `//host`, or a name with a dot in it (or an address) before a slash."""

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_REPAIRED = bytes.maketrans(b" -_", b"++/")
_LINE_BREAKS = b"\r\n\t\v\f"
_NOT_A_PICTURE = (
    "The text is neither base64 of an image nor a URL. "
    "Base64 of a PNG begins with 'iVBORw0KGgo', of a JPEG with '/9j/'."
)


async def picture_of_text(
    text: Incoming, open_: Callable[[int], Incoming], limit: int
) -> Incoming | RemoteImage | None:
    """The picture that `text` is, is the address of, or encodes; None where it is empty or blank.

    `open_(limit)` makes the place for decoded bytes, at most `limit` of them.
    Raises LocalPathSent, InvalidUrl, UnsupportedFormat, TooManyBytes.
    """
    head = text.head(4096)
    if sniff(head[:SIGNATURE_BYTES]):
        if text.size > limit:
            raise TooManyBytes(f"The image is larger than this server accepts ({limit:,} bytes).")
        return text
    if not head.strip():
        return None
    if text.size <= _LONGEST_URL and (named := _named(b"".join(text.pieces()))):
        return named
    decoded = open_(limit)
    data_uri = _DATA_URI.match(head)
    if data_uri and not data_uri[1].lower().endswith(b";base64"):
        for piece in _after(text, data_uri.end()):
            decoded.write(unquote_to_bytes(piece))
        return decoded
    await _decode_base64(text, data_uri.end() if data_uri else 0, decoded)
    return decoded


def _named(text: bytes) -> RemoteImage | None:
    """The URL that a short text is. Raises LocalPathSent or InvalidUrl where it wants to be one and cannot."""
    if _DATA_URI.match(text):
        return None
    shown = text.decode("utf-8", "replace").strip()
    if _LOCAL_PATH.match(text) and not _URL.match(text) and not _WEB_HOST.match(text):
        raise LocalPathSent
    if text.lstrip().lower().startswith(b"file:"):
        raise LocalPathSent
    if _WEB_HOST.match(text):
        raise InvalidUrl("The address must begin with http:// or https://.", url=shown)
    if _URL.match(text):
        if not shown.lower().startswith(("http://", "https://")):
            raise InvalidUrl(url=shown)
        return RemoteImage(shown)
    return None


async def picture_in_base64(file: Incoming, open_: Callable[[], Incoming]) -> Incoming:
    """The picture that a file holds as base64 or as a data URI, decoded; the file itself where it holds anything else.

    Some programs encode a picture and then send it as they send files. `open_()` makes the place for decoded bytes.
    Raises TooManyBytes, and UnsupportedFormat where what follows is not base64.
    """
    head = file.head(4096)
    if not begins_in_base64(head):
        return file
    decoded = open_()
    await _decode_base64(file, _after_data_uri(head), decoded)
    return decoded


def begins_in_base64(head: bytes) -> bool:
    """Whether a file that begins so holds base64 of a picture: its first characters decode to a signature."""
    if sniff(head[:SIGNATURE_BYTES]):
        return False
    first = head[_after_data_uri(head) :].lstrip().translate(_REPAIRED, _LINE_BREAKS)[: 2 * SIGNATURE_BYTES]
    first = first[: len(first) - len(first) % 4]
    if first.translate(None, _BASE64):
        return False
    try:
        return sniff(binascii.a2b_base64(first)[:SIGNATURE_BYTES]) is not None
    except binascii.Error:
        return False


def _after_data_uri(head: bytes) -> int:
    """Where a data URI's own data begins; 0 in any other text."""
    data_uri = _DATA_URI.match(head)
    return data_uri.end() if data_uri else 0


async def _decode_base64(text: Incoming, start: int, decoded: Incoming) -> None:
    """Decode the base64 that begins at byte `start`, a piece at a time, so that others get their turn."""
    left, padded = b"", False
    for piece in _after(text, start):
        piece = piece.translate(_REPAIRED, _LINE_BREAKS)
        if piece.translate(None, _BASE64) or (padded and piece.strip(b"=")):
            raise UnsupportedFormat(_NOT_A_PICTURE)
        piece = left + piece
        padded = padded or b"=" in piece
        whole = len(piece) - len(piece) % 4
        left = piece[whole:]
        decoded.write(_decoded(piece[:whole]))
        await asyncio.sleep(0)
    if left.rstrip(b"="):
        decoded.write(_decoded(left + b"=" * (-len(left) % 4)))


def _decoded(quanta: bytes) -> bytes:
    try:
        return binascii.a2b_base64(quanta)
    except binascii.Error as problem:
        raise UnsupportedFormat(_NOT_A_PICTURE) from problem


def _after(text: Incoming, start: int) -> Iterator[bytes]:
    """The pieces of `text` from the byte `start`, which lies in the first, without blanks before or behind the text."""
    previous = None
    for piece in text.pieces():
        if previous is None:
            previous = piece[start:].lstrip()
            continue
        yield previous
        previous = piece
    if previous is not None:
        yield previous.rstrip()
