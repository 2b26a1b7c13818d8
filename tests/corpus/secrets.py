"""Pictures with private data planted wherever their format has room for it.

Every planted place holds SECRET, so that a test need only look for it. Pixels stay as they are, except that AVIF and
HEIC are encoded again (their boxes are full of offsets, and real encoders write real metadata).
"""

import io
import struct
import zlib
from collections.abc import Callable

import pillow_heif
from PIL import Image

SECRET = b"HELIOGRAPH-SECRET"
_PADDED = SECRET + b"\0"
_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b"<rdf:Description>" + SECRET + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def plant(format_: str, data: bytes) -> bytes:
    """The picture `data` of this format, full of secrets."""
    return _PLANTERS[format_](data)


def exif_block(orientation: int = 1, base: int = 0, order: str = ">") -> bytes:
    """A TIFF block with maker, artist, maker note, serial number, position and an embedded thumbnail, each a secret."""
    thumbnail = b"\xff\xd8\xff\xe0" + SECRET + b"\xff\xd9"
    gps = {27: (7, _PADDED)}
    details = {0x927C: (7, _PADDED * 3), 0xA431: (2, _PADDED)}
    first = {0x0112: (3, orientation), 0x010F: (2, _PADDED), 0x013B: (2, _PADDED), 0x8769: (4, 0), 0x8825: (4, 0)}
    start = base + 8
    at_details = start + len(directory(first, start, order))
    at_gps = at_details + len(directory(details, at_details, order))
    at_small = at_gps + len(directory(gps, at_gps, order))
    small = {0x0103: (3, 6), 0x0201: (4, 0), 0x0202: (4, len(thumbnail))}
    at_thumbnail = at_small + len(directory(small, at_small, order))
    small[0x0201] = (4, at_thumbnail)
    first |= {0x8769: (4, at_details), 0x8825: (4, at_gps)}
    mark = b"MM" if order == ">" else b"II"
    return (
        mark
        + struct.pack(order + "HI", 42, start)
        + directory(first, start, order, following=at_small)
        + directory(details, at_details, order)
        + directory(gps, at_gps, order)
        + directory(small, at_small, order)
        + thumbnail
    )


def directory(entries: dict[int, tuple[int, int | bytes]], start: int, order: str, following: int = 0) -> bytes:
    """A TIFF directory at the offset `start` with its values behind it. entries: tag -> (type, value)."""
    head, values = struct.pack(order + "H", len(entries)), b""
    at = start + 2 + 12 * len(entries) + 4
    for tag, (kind, value) in sorted(entries.items()):
        if isinstance(value, bytes):
            head += struct.pack(order + "HHII", tag, kind, len(value), at + len(values))
            values += value + bytes(len(value) % 2)
        else:
            head += struct.pack(order + "HHI", tag, kind, 1)
            head += struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
    return head + struct.pack(order + "I", following) + values


def _jpeg(data: bytes) -> bytes:
    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    planted = segment(0xE0, b"JFXX\0\x10" + SECRET)
    planted += segment(0xE1, b"Exif\0\0" + exif_block(_orientation(data)))
    planted += segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _XMP)
    planted += segment(0xE2, b"MPF\0MM\0*" + SECRET)
    planted += segment(0xE7, b"Odd\0" + SECRET)
    planted += segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(SECRET)) + SECRET)
    planted += segment(0xFE, SECRET)
    return data[:2] + planted + data[2:] + b"\xff\xd8\xff\xfe\0\x13" + SECRET + b"\xff\xd9" + SECRET


def _orientation(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as image:
        return image.getexif().get(0x0112, 1)


def _png(data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    planted = chunk(b"tEXt", b"Comment\0" + SECRET) + chunk(b"zTXt", b"Author\0\0" + zlib.compress(SECRET, 0))
    planted += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP)
    planted += (
        chunk(b"eXIf", exif_block(1))
        + chunk(b"seCr", SECRET)
        + chunk(b"tIME", struct.pack(">H5B", 2024, 1, 2, 3, 4, 5))
    )
    return data[:33] + planted + data[33:] + SECRET


def _gif(data: bytes) -> bytes:
    block = bytes((len(SECRET),)) + SECRET + b"\0"
    planted = b"\x21\xfe" + block + b"\x21\xff\x0bHELIOGRAPH9" + block
    planted += b"\x21\xff\x0bXMP DataXMP" + _XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    planted += b"\x21\x01\x0c" + bytes(12) + block
    start = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    return b"GIF89a" + data[6:start] + planted + data[start:] + SECRET


def _webp(data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)

    body = data[12:]
    if body[:4] != b"VP8X":
        with Image.open(io.BytesIO(data)) as image:
            size = struct.pack("<I", image.width - 1)[:3] + struct.pack("<I", image.height - 1)[:3]
            body = chunk(b"VP8X", bytes((0x10 if image.mode == "RGBA" else 0, 0, 0, 0)) + size) + body
    body = body[:8] + bytes((body[8] | 0x0C,)) + body[9:]
    body += chunk(b"EXIF", exif_block(1)) + chunk(b"XMP ", _XMP) + chunk(b"ODD ", SECRET)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body + SECRET


def _avif(data: bytes) -> bytes:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        several = getattr(image, "n_frames", 1) > 1
        image.save(stream, "AVIF", exif=exif_block(_orientation(data)), xmp=_XMP, save_all=several, speed=9)
    return _with_boxes(stream.getvalue())


def _heic(data: bytes) -> bytes:
    stream = io.BytesIO()
    image = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    heif = pillow_heif.from_pillow(image)
    heif.save(stream, exif=b"Exif\0\0" + exif_block(1), xmp=_XMP, quality=80)
    return _with_boxes(stream.getvalue())


def _with_boxes(data: bytes) -> bytes:
    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    return data + box(b"uuid", bytes(16) + SECRET) + box(b"free", SECRET) + SECRET


def _tiff(data: bytes) -> bytes:
    """A new first directory at the end, with the old one's entries and secret ones; the old one becomes waste."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    old = [data[start + 2 + 12 * number : start + 14 + 12 * number] for number in range(count)]
    (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * count)
    data += bytes(len(data) % 2) + SECRET + bytes(len(SECRET) % 2)
    entries = {struct.unpack(order + "H", entry[:2])[0]: entry for entry in old}
    at_exif = len(data)
    data += directory({0x927C: (7, _PADDED), 0xA431: (2, _PADDED)}, at_exif, order)
    at_gps = len(data)
    data += directory({27: (7, _PADDED)}, at_gps, order)
    for tag in (270, 271, 272, 305, 306, 315, 316, 33432, 700, 33723, 34377, 65000, 37724):
        entries[tag] = struct.pack(order + "HHII", tag, 1 if tag > 30000 or tag == 700 else 2, len(_PADDED), len(data))
        data += _PADDED
    entries[34665] = struct.pack(order + "HHII", 34665, 4, 1, at_exif)
    entries[34853] = struct.pack(order + "HHII", 34853, 4, 1, at_gps)
    new = struct.pack(order + "H", len(entries)) + b"".join(entry for _, entry in sorted(entries.items()))
    place = len(data)
    return data[:4] + struct.pack(order + "I", place) + data[8:] + new + struct.pack(order + "I", following) + SECRET


def _bmp(data: bytes) -> bytes:
    (start,) = struct.unpack_from("<I", data, 10)
    room = SECRET + bytes(-len(SECRET) % 4)
    return data[:10] + struct.pack("<I", start + len(room)) + data[14:start] + room + data[start:] + SECRET


_PLANTERS: dict[str, Callable[[bytes], bytes]] = {
    "jpeg": _jpeg,
    "png": _png,
    "apng": _png,
    "gif": _gif,
    "webp": _webp,
    "avif": _avif,
    "heic": _heic,
    "tiff": _tiff,
    "bmp": _bmp,
}
