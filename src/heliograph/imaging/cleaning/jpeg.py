"""JPEG: keeps the coded picture, JFIF's density, Adobe's colour transform, the colour profile and the orientation.

Hides markers and segments (ITU-T T.81 annex B, JFIF 1.02, EXIF 2.32 section 4.7, ICC.1 annex B.4). Entropy-coded data
is skipped by a regular expression at memory speed. Everything after the end-of-image marker goes: other pictures (MPF,
gain maps, Samsung trailers) and whatever else hides there.
"""

import re

from heliograph.imaging.cleaning import exif, icc
from heliograph.imaging.cleaning.pieces import Plan
from heliograph.imaging.failures import CorruptImage

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP13, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF
_CODING = (set(range(0xC0, 0xD0)) - {0xC8}) | set(range(_SOS, 0xE0))
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_MOST_SEGMENTS = 5_000
_ICC_HEAD = b"ICC_PROFILE\0"
_ICC_ROOM = 65_519
_JFIF_LENGTH, _ADOBE_LENGTH = 14, 12

_Segment = tuple[int, int, int, int]


class _Walk:
    """One pass over the segments, building the plan."""

    def __init__(self, data: memoryview, profile: bytes) -> None:
        self.data = data
        self.plan = Plan("jpeg")
        self.profile = profile
        self.profile_written = False
        self.exif_seen = False

    def segment(self, marker: int, start: int, end: int) -> None:
        """Keep, rewrite or drop the segment from its marker at `start` to `end`."""
        if marker in _CODING:
            self.plan.keep(start, end)
            return
        body = bytes(self.data[start + 4 : end])
        if marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= _JFIF_LENGTH:
            self._jfif(start, end, body)
        elif marker == _APP1 and body.startswith(b"Exif\0"):
            self._exif(body)
        elif marker == _APP2 and body.startswith(_ICC_HEAD) and self.profile:
            self._icc()
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= _ADOBE_LENGTH:
            self._adobe(start, end, body)
        else:
            self.plan.drop(_word(marker, body))

    def _jfif(self, start: int, end: int, body: bytes) -> None:
        if len(body) == _JFIF_LENGTH:
            self.plan.keep(start, end)
        else:
            self.plan.put(_segment(_APP0, body[:12] + b"\0\0"))
            self.plan.drop("thumbnail")

    def _exif(self, body: bytes) -> None:
        orientation, words = exif.describe(body)
        self.plan.drop(*words)
        if self.exif_seen:
            self.plan.drop("EXIF")
            return
        self.exif_seen = True
        self.plan.orientation = orientation
        if orientation != 1:
            self.plan.put(_segment(_APP1, b"Exif\0\0" + exif.minimal(orientation)))
        else:
            self.plan.drop("EXIF")

    def _icc(self) -> None:
        if self.profile_written:
            return
        self.profile_written = True
        parts = [self.profile[at : at + _ICC_ROOM] for at in range(0, len(self.profile), _ICC_ROOM)]
        for number, part in enumerate(parts, 1):
            self.plan.put(_segment(_APP2, _ICC_HEAD + bytes((number, len(parts))) + part))

    def _adobe(self, start: int, end: int, body: bytes) -> None:
        if len(body) == _ADOBE_LENGTH:
            self.plan.keep(start, end)
        else:
            self.plan.put(_segment(_APP14, body[:_ADOBE_LENGTH]))
            self.plan.drop("unknown segment")


def plan(data: memoryview) -> Plan:
    """What to keep of a JPEG file. Raises CorruptImage."""
    segments = _segments(data)
    walk = _Walk(data, _profile(data, segments))
    walk.plan.keep(0, 2)
    for marker, start, end, entropy_end in segments:
        if marker == _EOI:
            walk.plan.keep(start, end)
            if end < len(data):
                walk.plan.drop("trailing bytes")
            return walk.plan
        walk.segment(marker, start, end)
        walk.plan.keep(end, entropy_end)
    raise CorruptImage("The picture ends too early: its end marker is missing.")


def _segments(data: memoryview) -> list[_Segment]:
    """(marker, its place, end of the segment, end of the entropy-coded data after it), up to the end of the image."""
    found: list[_Segment] = []
    at = 2
    for _ in range(_MOST_SEGMENTS):
        match = _NEXT_MARKER.search(data, at)
        if match is None:
            return found
        start = match.start()
        marker = data[start + 1]
        if marker == _EOI:
            if not any(each[0] == _SOS for each in found):
                raise CorruptImage("The file ends before the picture begins.")
            return [*found, (marker, start, start + 2, start + 2)]
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if marker < 0xC0 or marker == _SOI or end < start + 4 or end > len(data):
            raise CorruptImage("The picture is damaged: it has a broken segment.")
        at = end
        if marker == _SOS:
            following = _NEXT_MARKER.search(data, end)
            at = following.start() if following else len(data)
        found.append((marker, start, end, at))
    raise CorruptImage("The picture is damaged: it has too many segments.")


def _profile(data: memoryview, segments: list[_Segment]) -> bytes:
    """The colour profile in all APP2 segments together; empty where there is none or it is no profile."""
    parts: dict[int, bytes] = {}
    for marker, start, end, _ in segments:
        body = bytes(data[start + 4 : end]) if marker == _APP2 else b""
        if body.startswith(_ICC_HEAD) and len(body) > len(_ICC_HEAD) + 2:
            parts.setdefault(body[len(_ICC_HEAD)], body[len(_ICC_HEAD) + 2 :])
    return icc.sound(b"".join(parts[number] for number in sorted(parts))) or b""


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _word(marker: int, body: bytes) -> str:
    """What a dropped segment is called."""
    if marker == _APP1 and body.startswith(b"http://ns.adobe.com/x"):
        return "XMP"
    if marker == _APP13:
        return "IPTC"
    if marker == _COM:
        return "comment"
    if body.startswith((b"MPF\0", b"JFXX\0")):
        return "thumbnail"
    if marker == _APP2 and body.startswith(_ICC_HEAD):
        return "broken colour profile"
    return "unknown segment"
