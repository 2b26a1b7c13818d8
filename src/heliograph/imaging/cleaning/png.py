"""PNG and APNG: keeps an allow-list of chunks. Hides chunk structure and checksums.

Facts: PNG, third edition (W3C 2025), sections 5 (chunks), 11 (their contents, APNG's included).
"""

import zlib
from dataclasses import dataclass

from heliograph.imaging.cleaning import exif, icc
from heliograph.imaging.cleaning.pieces import Plan
from heliograph.imaging.failures import CorruptImage

_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_ANIMATION = {b"acTL": 8, b"fcTL": 26, b"fdAT": None}
_LENGTHS = {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8, b"pHYs": 9}
_LONGEST = {b"tRNS": 256, b"bKGD": 6, b"sBIT": 4}
_MOST_CHUNKS = 200_000
_LARGEST_PROFILE = 8 << 20
_WORDS = {b"tEXt": "comment", b"zTXt": "comment", b"iTXt": "comment", b"tIME": "time"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its type, the places of its first byte and of its contents, and of the byte after its checksum."""

    kind: bytes
    start: int
    body: int
    end: int

    @property
    def length(self) -> int:
        """Bytes of contents."""
        return self.end - 4 - self.body


def chunks(data: memoryview) -> list[Chunk]:
    """All chunks up to IEND. Raises CorruptImage: no end, an unknown critical chunk, a critical one with a bad sum."""
    found: list[Chunk] = []
    at = 8
    while len(found) < _MOST_CHUNKS:
        body = at + 8
        end = body + int.from_bytes(data[at : at + 4], "big") + 4
        if end > len(data):
            raise CorruptImage("The picture ends too early.")
        kind = bytes(data[at + 4 : body])
        if not kind.isalpha() or (kind[0] < 0x60 and kind not in _CRITICAL) or (not found and kind != b"IHDR"):
            raise CorruptImage("The picture is damaged: it has a broken chunk.")
        if _checked(kind) and zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise CorruptImage("The picture is damaged: a checksum does not match.")
        found.append(Chunk(kind, at, body, end))
        if kind == b"IEND":
            return found
        at = end
    raise CorruptImage("The picture is damaged: it has too many chunks.")


def plan(data: memoryview) -> Plan:
    """What to keep of a PNG or APNG file. Raises CorruptImage."""
    found = chunks(data)
    animated = is_animated(found)
    result = Plan("apng" if animated else "png")
    result.keep(0, 8)
    for chunk in found:
        if _is_kept(chunk, data, animated=animated):
            result.keep(chunk.start, chunk.end)
        elif chunk.kind == b"eXIf" and _checksum_matches(chunk, data):
            _exif(result, chunk, data)
        elif chunk.kind == b"iCCP":
            _profile(result, chunk, data)
        else:
            result.drop(_word(chunk, data))
    if found[-1].end < len(data):
        result.drop("trailing bytes")
    return result


def is_animated(found: list[Chunk]) -> bool:
    """Whether it is an APNG: an acTL chunk before the first IDAT (section 11.3.6.1)."""
    kinds = [chunk.kind for chunk in found]
    return b"acTL" in kinds and b"IDAT" in kinds and kinds.index(b"acTL") < kinds.index(b"IDAT")


def _is_kept(chunk: Chunk, data: memoryview, *, animated: bool) -> bool:
    kind = chunk.kind
    if kind in _CRITICAL:
        if kind == b"IEND" and chunk.length:
            raise CorruptImage("The picture is damaged: its end marker is not empty.")
        return True
    if kind in _ANIMATION:
        return animated and _ANIMATION[kind] in (None, chunk.length)
    fits = _LENGTHS.get(kind) == chunk.length or 0 < chunk.length <= _LONGEST.get(kind, 0)
    return fits and _checksum_matches(chunk, data)


def _checked(kind: bytes) -> bool:
    return kind in _CRITICAL or kind in _ANIMATION


def _checksum_matches(chunk: Chunk, data: memoryview) -> bool:
    stored = int.from_bytes(data[chunk.end - 4 : chunk.end], "big")
    return zlib.crc32(data[chunk.start + 4 : chunk.end - 4]) == stored


def _exif(result: Plan, chunk: Chunk, data: memoryview) -> None:
    orientation, words = exif.describe(bytes(data[chunk.body : chunk.end - 4]))
    result.drop(*words)
    if orientation == 1 or result.orientation != 1:
        result.drop("EXIF")
        return
    result.orientation = orientation
    result.put(_chunk(b"eXIf", exif.minimal(orientation)))


def _profile(result: Plan, chunk: Chunk, data: memoryview) -> None:
    """An iCCP chunk is name, zero, compression method, compressed profile (section 11.3.2.3)."""
    body = bytes(data[chunk.body : chunk.end - 4])
    name, _, rest = body.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], _LARGEST_PROFILE)
    except zlib.error:
        profile = b""
    kept = icc.sound(profile)
    well_formed = 0 < len(name) < 80 and rest[:1] == b"\0" and inflater.eof and _checksum_matches(chunk, data)
    if kept is None or not well_formed:
        result.drop("broken colour profile")
    elif kept == profile and not inflater.unused_data:
        result.keep(chunk.start, chunk.end)
    else:
        result.put(_chunk(b"iCCP", name + b"\0\0" + zlib.compress(kept)))
        result.drop("trailing bytes")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _word(chunk: Chunk, data: memoryview) -> str:
    """What a dropped chunk is called."""
    keyword = bytes(data[chunk.body : min(chunk.body + 32, chunk.end)]).lower()
    if chunk.kind in (b"tEXt", b"zTXt", b"iTXt"):
        if keyword.startswith(b"xml:com.adobe.xmp") or b" type xmp" in keyword:
            return "XMP"
        if b" type exif" in keyword or b" type app1" in keyword:
            return "EXIF"
        if b" type iptc" in keyword:
            return "IPTC"
    if chunk.kind == b"eXIf":
        return "EXIF"
    return _WORDS.get(chunk.kind, "unknown chunk")
