"""GIF: keeps pictures, delays, transparency, the loop count and a colour profile; drops comments, texts and the rest.

Hides blocks and sub-blocks (GIF89a specification, sections 15 to 27; NETSCAPE2.0 loop extension).
"""

from heliograph.imaging.cleaning import icc
from heliograph.imaging.cleaning.pieces import Plan
from heliograph.imaging.failures import CorruptImage

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _COMMENT, _PLAIN_TEXT, _APPLICATION = 0xF9, 0xFE, 0x01, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_PROFILE = b"ICCRGBG1012"
_XMP = b"XMP DataXMP"
_SCREEN_END = 13


def plan(data: memoryview) -> Plan:
    """What to keep of a GIF file. Raises CorruptImage."""
    return _read(data)[0]


def screen(data: memoryview) -> tuple[int, int, int]:
    """Width and height in pixels as declared, and the number of frames. Raises CorruptImage."""
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"), _read(data)[1]


def _read(data: memoryview) -> tuple[Plan, int]:
    result, frames = Plan("gif"), 0
    if len(data) < _SCREEN_END:
        raise CorruptImage("The picture ends too early.")
    at = _SCREEN_END + _table_length(data[10])
    result.keep(0, at)
    while at < len(data):
        kind = data[at]
        if kind == _TRAILER:
            result.keep(at, at + 1)
            if at + 1 < len(data):
                result.drop("trailing bytes")
            return result, frames
        if kind == _IMAGE:
            end = _image_end(data, at)
            result.keep(at, end)
            frames += 1
        elif kind == _EXTENSION:
            end = _extension(result, data, at)
        else:
            raise CorruptImage("The picture is damaged: it has an unknown block.")
        at = end
    raise CorruptImage("The picture ends too early: its end marker is missing.")


def _image_end(data: memoryview, at: int) -> int:
    if at + 11 > len(data):
        raise CorruptImage("The picture ends too early.")
    return _blocks_end(data, at + 11 + _table_length(data[at + 9]))


def _extension(result: Plan, data: memoryview, at: int) -> int:
    """Keep, rewrite or drop the extension at `at`; returns where it ends."""
    if at + 2 > len(data):
        raise CorruptImage("The picture ends too early.")
    label, end = data[at + 1], _blocks_end(data, at + 2)
    if label == _GRAPHIC_CONTROL and end == at + 8:
        result.keep(at, end)
    elif label == _APPLICATION:
        _application(result, data, at, end)
    else:
        result.drop({_COMMENT: "comment", _PLAIN_TEXT: "text"}.get(label, "unknown extension"))
    return end


def _application(result: Plan, data: memoryview, at: int, end: int) -> None:
    name = bytes(data[at + 3 : at + 14]) if data[at + 2] == 11 else b""
    if name in _LOOPS and bytes(data[at + 14 : at + 16]) == b"\x03\x01":
        if end == at + 19:
            result.keep(at, end)
        else:
            result.put(bytes(data[at : at + 18]) + b"\0")
            result.drop("unknown extension")
    elif name == _PROFILE and icc.sound(profile := _joined(data, at + 14)) == profile:
        result.keep(at, end)
    else:
        result.drop("XMP" if name == _XMP else "unknown extension")


def _table_length(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: memoryview, at: int) -> int:
    """Where the sub-blocks that begin at `at` end, their terminator included."""
    size = len(data)
    while at < size:
        length = data[at]
        at += length + 1
        if not length:
            return at
    raise CorruptImage("The picture ends too early.")


def _joined(data: memoryview, at: int) -> bytes:
    """What the sub-blocks at `at` contain."""
    parts = []
    while length := data[at]:
        parts.append(bytes(data[at + 1 : at + 1 + length]))
        at += length + 1
    return b"".join(parts)
