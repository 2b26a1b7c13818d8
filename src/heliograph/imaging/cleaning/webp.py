"""WebP: keeps an allow-list of chunks, also inside animation frames, and corrects the flags that announce the others.

Facts: RFC 9649, section 2.3 (RIFF) to 2.7 (extended format).
"""

from heliograph.imaging.cleaning import exif, icc
from heliograph.imaging.cleaning.pieces import Plan
from heliograph.imaging.failures import CorruptImage

_PICTURE = {b"ALPH", b"VP8 ", b"VP8L"}
_KEPT = _PICTURE | {b"ANIM", b"ANMF"}
_LENGTHS = {b"VP8X": 10, b"ANIM": 6}
_ICC_FLAG, _EXIF_FLAG, _XMP_FLAG, _KNOWN_FLAGS = 0x20, 0x08, 0x04, 0x3E
_FRAME_HEADER = 16
_WORDS = {b"XMP ": "XMP", b"EXIF": "EXIF", b"ICCP": "broken colour profile"}
_MOST_CHUNKS = 100_000

_Chunk = tuple[bytes, int, int]


def plan(data: memoryview) -> Plan:
    """What to keep of a WebP file. Raises CorruptImage."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) or end < 20:
        raise CorruptImage("The picture ends too early.")
    body = Plan("webp")
    found = _chunks(data, 12, end)
    extended = found[0][0] == b"VP8X"
    flags_kept = 0
    for kind, start, stop in found[1:] if extended else found:
        if kind in _KEPT and _LENGTHS.get(kind, stop - start) == stop - start:
            _keep_chunk(body, data, kind, start, stop)
        elif kind == b"ICCP" and extended:
            flags_kept |= _profile(body, data, start, stop)
        elif kind == b"EXIF" and extended:
            flags_kept |= _exif(body, data, start, stop)
        else:
            body.drop(_WORDS.get(kind, "unknown chunk"))
    if end < len(data):
        body.drop("trailing bytes")
    return _assembled(data, body, found[0] if extended else None, flags_kept)


def _assembled(data: memoryview, body: Plan, header: _Chunk | None, flags_kept: int) -> Plan:
    """The file header, the extended header with true flags, then `body`."""
    pieces, body.pieces = body.pieces, []
    extended = b""
    if header is not None:
        if header[2] - header[1] != _LENGTHS[b"VP8X"]:
            raise CorruptImage("The picture is damaged: its header has a wrong length.")
        flags = data[header[1]] & _KNOWN_FLAGS & ~(_ICC_FLAG | _EXIF_FLAG | _XMP_FLAG) | flags_kept
        extended = b"VP8X\x0a\0\0\0" + bytes((flags, 0, 0, 0)) + bytes(data[header[1] + 4 : header[2]])
    size = sum(piece[1] - piece[0] if isinstance(piece, tuple) else len(piece) for piece in pieces)
    body.pieces = [b"RIFF" + (size + 4 + len(extended)).to_bytes(4, "little") + b"WEBP" + extended, *pieces]
    return body


def _chunks(data: memoryview, at: int, end: int) -> list[_Chunk]:
    """(type, first byte of the contents, byte after the last) of the chunks from `at` to `end`."""
    found: list[_Chunk] = []
    while at + 8 <= end:
        stop = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if stop > end or len(found) > _MOST_CHUNKS:
            raise CorruptImage("The picture is damaged: it has a broken chunk.")
        found.append((bytes(data[at : at + 4]), at + 8, stop))
        at = stop + (stop - at) % 2
    if not found:
        raise CorruptImage("The picture is damaged: it has no chunks.")
    return found


def _keep_chunk(body: Plan, data: memoryview, kind: bytes, start: int, stop: int) -> None:
    """Keep a chunk; of an animation frame, only the chunks that make the picture."""
    if kind != b"ANMF":
        _keep_padded(body, data, start, stop)
        return
    inner = _chunks(data, start + _FRAME_HEADER, stop)
    if all(each[0] in _PICTURE for each in inner) and inner[-1][2] + inner[-1][2] % 2 >= stop:
        _keep_padded(body, data, start, stop)
        return
    body.drop("unknown chunk")
    kept = Plan("webp")
    for each in inner:
        if each[0] in _PICTURE:
            _keep_padded(kept, data, each[1], each[2])
    size = sum(piece[1] - piece[0] if isinstance(piece, tuple) else len(piece) for piece in kept.pieces)
    body.put(b"ANMF" + (size + _FRAME_HEADER).to_bytes(4, "little") + bytes(data[start : start + _FRAME_HEADER]))
    body.pieces += kept.pieces


def _keep_padded(body: Plan, data: memoryview, start: int, stop: int) -> None:
    """Keep the chunk with these contents, its head and its padding byte, which has to be zero."""
    body.keep(start - 8, stop)
    if (stop - start) % 2:
        if stop < len(data) and data[stop] == 0:
            body.keep(stop, stop + 1)
        else:
            body.put(b"\0")


def _profile(body: Plan, data: memoryview, start: int, stop: int) -> int:
    profile = bytes(data[start:stop])
    kept = icc.sound(profile)
    if kept is None:
        body.drop("broken colour profile")
        return 0
    if kept == profile:
        _keep_padded(body, data, start, stop)
    else:
        body.put(_chunk(b"ICCP", kept))
        body.drop("trailing bytes")
    return _ICC_FLAG


def _exif(body: Plan, data: memoryview, start: int, stop: int) -> int:
    orientation, words = exif.describe(bytes(data[start:stop]))
    body.drop(*words)
    if orientation == 1 or body.orientation != 1:
        body.drop("EXIF")
        return 0
    body.orientation = orientation
    body.put(_chunk(b"EXIF", exif.minimal(orientation)))
    return _EXIF_FLAG


def _chunk(kind: bytes, contents: bytes) -> bytes:
    return kind + len(contents).to_bytes(4, "little") + contents + b"\0" * (len(contents) % 2)
