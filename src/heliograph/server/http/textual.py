"""What a text means that was sent where a picture belongs: raw bytes after all, a URL, a data URI, or base64.

In this order: an image signature means the bytes themselves; then `scheme://` is a URL, and a host without it is told
what it lacks; `data:...,` is unpacked; something that looks like a path on the sender's computer is refused by name
(need N14); all else is base64, with line breaks dropped and blanks read as `+`, because some clients do not
percent-encode it (wire page clients, shapes d' and e). A file is its bytes, or base64 of a picture, and nothing else.
"""

import binascii
import re
from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote_to_bytes

import pybase64

from heliograph.imaging.formats import SIGNATURE_BYTES, sniff
from heliograph.server.errors import InvalidUrl, LocalPathSent, UnsupportedFormat
from heliograph.server.http.spelling import cut_before_escape
from heliograph.server.incoming import Incoming
from heliograph.server.model import RemoteImage

_LONGEST_URL = 8192
"""Bytes of text that are waited for before it is seen what it is."""
_FILE_START = 1024
"""Bytes of a file that are waited for before it is seen what it is."""
_BLANK = 4096
"""Bytes of blanks, as the first of a text, that make it a blank one."""
_MOST_BLANKS = 64 * 1024
"""Blanks in a row that may stand for as many plus signs."""
_URL = re.compile(rb"\s*[A-Za-z][A-Za-z0-9+.-]{1,20}://")
_DATA_URI = re.compile(rb"\s*data:([^,]{0,200}),", re.IGNORECASE)
_LOCAL_PATH = re.compile(
    rb"""\s*@?(?: file: | [A-Za-z]:[\\/] | \\\\ | ~/ | \.{1,2}[\\/]
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

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_REPAIRED = bytes.maketrans(b" -_", b"++/")
_LINE_BREAKS = b"\r\n\t\v\f"
_NOT_A_PICTURE = (
    "The text is neither base64 of an image nor a URL. "
    "Base64 of a PNG begins with 'iVBORw0KGgo', of a JPEG with '/9j/'."
)


class _Arriving:
    """Bytes that are kept until there are `_enough` to see what they are, and are decoded from then on as they come."""

    _enough: int

    def __init__(self) -> None:
        self._begun = bytearray()
        self._decoder: _Decoder | None = None

    def write(self, piece: bytes | bytearray) -> None:
        """Take `piece` in. Raises UnsupportedFormat and TooManyBytes."""
        if self._decoder is not None:
            self._decoder.write(bytes(piece))
            return
        self._begun += piece
        if len(self._begun) >= self._enough:
            self._decoder = self._begin(bytes(self._begun))
            self._begun.clear()

    def _begin(self, begun: bytes) -> "_Decoder":
        """Decode in the way that the first bytes of `begun` show: as many in every case, however it was cut."""
        raise NotImplementedError


class Text(_Arriving):
    """A text in a picture's place, made into the picture while it arrives, so that a large one never stands in memory.

    `open_(limit)` makes the place for the picture's bytes, at most `limit` of them.
    """

    _enough = _LONGEST_URL + 1

    def __init__(self, open_: Callable[[int], Incoming], limit: int) -> None:
        super().__init__()
        self._open = open_
        self._limit = limit

    def short(self, most: int) -> str:
        """The text without the blanks around it, "" where it has more than `most` bytes."""
        return self._begun.decode("utf-8", "replace").strip() if len(self._begun) <= most else ""

    def picture(self) -> Incoming | RemoteImage | None:
        """The picture that the whole text is, is the address of, or encodes; None where it is empty or blank.

        Raises LocalPathSent, InvalidUrl, UnsupportedFormat, TooManyBytes.
        """
        if self._decoder is None:
            text = bytes(self._begun)
            if not sniff(text[:SIGNATURE_BYTES]) and (named := _named(text)):
                return named
            self._decoder = self._begin(text)
        return self._decoder.end()

    def _begin(self, begun: bytes) -> "_Decoder":
        if sniff(begun[:SIGNATURE_BYTES]):
            return _Bytes(self._open(self._limit), begun)
        if not begun[:_BLANK].strip():
            return _Nothing()
        data_uri = _DATA_URI.match(begun[:_LONGEST_URL])
        if data_uri and not data_uri[1].lower().endswith(b";base64"):
            return _PercentEncoded(self._open(self._limit), begun[data_uri.end() :])
        return _Base64(self._open(self._limit), begun[data_uri.end() if data_uri else 0 :])


class File(_Arriving):
    """A file in a picture's place: its own bytes, or the picture that they are base64 or a data URI of, decoded while
    it arrives, because some programs encode a picture and then send it as they send files.

    `open_(limit)` makes the place for the picture's bytes, at most `limit` of them.
    """

    _enough = _FILE_START

    def __init__(self, open_: Callable[[int], Incoming], limit: int) -> None:
        super().__init__()
        self._picture = open_(limit)

    def picture(self) -> Incoming | None:
        """The picture, or None where the file is empty. Raises UnsupportedFormat and TooManyBytes."""
        if self._decoder is None:
            self._decoder = self._begin(bytes(self._begun))
        picture = self._decoder.end()
        return picture if picture is not None and picture.size else None

    def _begin(self, begun: bytes) -> "_Decoder":
        head = begun[:_FILE_START]
        data_uri = _DATA_URI.match(head)
        start = data_uri.end() if data_uri else 0
        if not sniff(head[:SIGNATURE_BYTES]) and is_picture_in_base64(head[start:].lstrip()):
            return _Base64(self._picture, begun[start:])
        return _Bytes(self._picture, begun)


def is_picture_in_base64(begun: bytes) -> bool:
    """Whether these first characters of a text decode to a picture's signature."""
    first = begun.translate(_REPAIRED, _LINE_BREAKS)[: 2 * SIGNATURE_BYTES]
    if first.rstrip(b"=").translate(None, _ALPHABET):
        return False
    try:
        return sniff(binascii.a2b_base64(first[: len(first) - len(first) % 4])[:SIGNATURE_BYTES]) is not None
    except binascii.Error:
        return False


class _Decoder(Protocol):
    """One way in which a text holds a picture."""

    def write(self, piece: bytes) -> None: ...

    def end(self) -> Incoming | None: ...


class _Nothing:
    """Blanks, and whatever comes behind so many of them."""

    def write(self, piece: bytes) -> None:
        pass

    def end(self) -> None:
        return None


class _Bytes:
    """The picture as it is."""

    def __init__(self, picture: Incoming, begun: bytes) -> None:
        self._picture = picture
        self.write(begun)

    def write(self, piece: bytes) -> None:
        self._picture.write(piece)

    def end(self) -> Incoming:
        return self._picture


class _Lead:
    """The blanks that a text may begin with, however many pieces they are in."""

    def __init__(self) -> None:
        self._is_over = False

    def dropped(self, piece: bytes) -> bytes:
        """The next piece without them."""
        if not self._is_over:
            piece = piece.lstrip()
            self._is_over = bool(piece)
        return piece


class _PercentEncoded:
    """What a `data:` URI without base64 holds (RFC 2397)."""

    def __init__(self, picture: Incoming, begun: bytes) -> None:
        self._picture = picture
        self._left = b""
        self._lead = _Lead()
        self.write(begun)

    def write(self, piece: bytes) -> None:
        whole, self._left = cut_before_escape(self._left + self._lead.dropped(piece))
        self._picture.write(unquote_to_bytes(whole))

    def end(self) -> Incoming:
        self._picture.write(self._left)
        return self._picture


class _Base64:
    """Base64 of either alphabet, with or without padding, in lines or not."""

    def __init__(self, picture: Incoming, begun: bytes) -> None:
        self._picture = picture
        self._left = b""
        self._blanks = 0
        self._padded = False
        self._lead = _Lead()
        self.write(begun)

    def write(self, piece: bytes) -> None:
        piece = self._lead.dropped(piece)
        if self._decode_plain(self._left + piece):
            return
        piece = self._repaired(piece)
        unpadded = piece.rstrip(b"=")
        if unpadded.translate(None, _ALPHABET) or (self._padded and unpadded):  # padding has nothing behind it
            raise UnsupportedFormat(_NOT_A_PICTURE)
        self._padded = self._padded or len(unpadded) < len(piece)
        self._decode(self._left + piece)

    def end(self) -> Incoming:
        if self._left.rstrip(b"="):
            self._decode(self._left + b"=" * (-len(self._left) % 4))
        return self._picture

    def _decode_plain(self, text: bytes) -> bool:
        """Decode what is written as RFC 4648 has it, all but its end: in a thirtieth of the time all other takes."""
        whole = len(text) - len(text) % 4
        if self._blanks or self._padded or text[max(whole - 1, 0) :].translate(None, _ALPHABET):
            return False
        try:
            self._picture.write(pybase64.b64decode(text[:whole], validate=True))
        except binascii.Error:
            return False
        self._left = text[whole:]
        return True

    def _repaired(self, piece: bytes) -> bytes:
        """In the plain alphabet, without line breaks. Blanks are read as `+`, but are dropped at the text's end."""
        piece = piece.translate(None, _LINE_BREAKS)
        text = piece.rstrip(b" ")
        before, self._blanks = (self._blanks, 0) if text else (0, self._blanks)
        self._blanks += len(piece) - len(text)
        if before > _MOST_BLANKS:
            raise UnsupportedFormat(_NOT_A_PICTURE)
        return b"+" * before + text.translate(_REPAIRED)

    def _decode(self, text: bytes) -> None:
        whole = len(text) - len(text) % 4
        self._left = text[whole:]
        try:
            self._picture.write(binascii.a2b_base64(text[:whole]))
        except binascii.Error as problem:
            raise UnsupportedFormat(_NOT_A_PICTURE) from problem


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
