"""What bytes are a picture, how large it is, and which pictures only say that another is gone; hides file formats.

Only headers and ends are read here. The server decodes every picture to its end when it is uploaded.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from heliograph import InputError

IMGUR_REMOVED_MD5 = "d835884373f4d6c8f24742ceabe74946"
"""The 503 bytes of Imgur's removed.png (github.com/HoverHell/RedditImageGrab issue 50; many programs test for it)."""
REMOVED_ADDRESSES = {
    ("i.imgur.com", "/removed.png"),
    ("imgur.com", "/removed.png"),
    ("i.stack.imgur.com", "/removed.png"),
}
"""Where Imgur redirects requests for pictures that are gone."""

FTYP = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic"}
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
SVG_START = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]", re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """What the bytes say of themselves. Width and height are in pixels, None where the header was not read for them.

    `whole`: they do not break off.
    """

    form: str
    width: int | None = None
    height: int | None = None
    whole: bool = True


def picture_in(body: bytes) -> Picture | None:
    """The picture that `body` is, by its signature; None where it is none."""
    if body.startswith(b"\x89PNG\r\n\x1a\n") and len(body) >= 33:
        width, height = struct.unpack(">II", body[16:24])
        return Picture("png", width, height, whole=b"IEND\xaeB`\x82" in body[-4096:])
    if body.startswith((b"GIF87a", b"GIF89a")) and len(body) >= 13:
        width, height = struct.unpack("<HH", body[6:10])
        return Picture("gif", width, height, whole=body.rstrip(b"\0\r\n ").endswith(b"\0;"))
    if body.startswith(b"\xff\xd8\xff"):
        return _jpeg(body)
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return Picture("webp", *_webp_size(body), whole=len(body) >= struct.unpack("<I", body[4:8])[0] + 8)
    if body.startswith(b"BM") and len(body) >= 26:
        width, height = struct.unpack("<ii", body[18:26])
        return Picture("bmp", width, abs(height), whole=len(body) >= struct.unpack("<I", body[2:6])[0])
    if body.startswith((b"II*\0", b"MM\0*")):
        return Picture("tiff")
    if body[4:8] == b"ftyp" and body[8:12] in FTYP:
        return Picture(FTYP[body[8:12]])
    if SVG_START.match(body[:4096]):
        return Picture("svg", whole=b"</svg>" in body[-4096:])
    return None


def _jpeg(body: bytes) -> Picture:
    """Go from marker to marker to the frame's header (ITU T.81, annex B)."""
    at, width, height = 2, None, None
    while at + 9 <= len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if marker in JPEG_FRAMES:
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            break
        at += 1 if marker == 0xFF else 2 + int(struct.unpack(">H", body[at + 2 : at + 4])[0])
    return Picture("jpeg", width, height, whole=body.rfind(b"\xff\xd9") > at)


def _webp_size(body: bytes) -> tuple[int | None, int | None]:
    """WebP container specification: VP8X, VP8L, VP8."""
    if body[12:16] == b"VP8X" and len(body) >= 30:
        return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
    if body[12:16] == b"VP8L" and len(body) >= 25:
        bits = int.from_bytes(body[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if body[12:16] == b"VP8 " and len(body) >= 30:
        return int.from_bytes(body[26:28], "little") & 0x3FFF, int.from_bytes(body[28:30], "little") & 0x3FFF
    return None, None


def sha256_of(body: bytes) -> str:
    """The hash that pictures are known by, in hex."""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Placeholders:
    """Pictures that stand where another was: known by their hashes (MD5, SHA-1 or SHA-256) and by their addresses."""

    hashes: frozenset[str] = frozenset({IMGUR_REMOVED_MD5})
    addresses: frozenset[tuple[str, str]] = field(default_factory=lambda: frozenset(REMOVED_ADDRESSES))

    @classmethod
    def with_own(cls, own: Iterable[str]) -> Placeholders:
        """Those that everybody knows and `own`: hashes in hex, addresses, or files. Raises InputError for all else."""
        known = cls()
        hashes, addresses = set(known.hashes), set(known.addresses)
        for each in own:
            if each.startswith(("http://", "https://")):
                addresses.add(_place(each))
            elif re.fullmatch(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", each):
                hashes.add(each.lower())
            elif Path(each).is_file():
                hashes.add(sha256_of(Path(each).read_bytes()))
            else:
                raise InputError(f"{each!r} is no file, no http(s) address, and no hash in hex of 32, 40 or 64 digits.")
        return cls(frozenset(hashes), frozenset(addresses))

    def are_at(self, url: str) -> bool:
        """Whether `url` is where one of them lies. The scheme and the query make no difference."""
        return _place(url) in self.addresses

    def hold(self, body: bytes) -> bool:
        """Whether `body` is one of them."""
        kinds: tuple[Callable[[bytes], str], ...] = (_md5, _sha1, sha256_of)
        return any(kind(body) in self.hashes for kind in kinds)


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.path


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()
