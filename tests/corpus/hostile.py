"""Files that nobody should be able to hurt us with, each with the name of the failure that it has to be answered by.

`hostile(folder, pictures)` makes them all: broken on purpose, cut short, too large, or no pictures at all.
"""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.pictures import Picture

SEED = 20240229
CUTS = (0.03, 0.2, 0.5, 0.8, 0.97)
"""Where pictures are cut, as a share of their length; also one byte before the end of what holds pixels."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """failure: the name of the failure in `heliograph.imaging.failures`."""

    name: str
    path: Path
    failure: str


def hostile(folder: Path, pictures: list[Picture]) -> list[Hostile]:
    """All hostile files, written into `folder` where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, failure, data in (*_impostors(), *_pngs(), *_jpegs(pictures), *_others(), *_truncated(pictures)):
        path = folder / name
        path.write_bytes(data)
        found.append(Hostile(name, path, failure))
    return found


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 0, extra: bytes = b"") -> bytes:
    """A PNG file that declares this size and holds these (uncompressed) rows; `extra` goes before the pixels."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + head + extra + pixels + png_chunk(b"IEND", b"")


def flat_png(width: int, height: int) -> bytes:
    """A true PNG of one colour, small as a file whatever its size in pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int) -> bytes:
    """A true GIF of so many frames of one pixel each."""
    frame = b"\x21\xf9\x04\0\x0a\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0" + b"\x02\x02\x44\x01\0"
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    return head + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0" + frame * frames + b";"


def box(kind: bytes, body: bytes) -> bytes:
    """An ISO media box."""
    return struct.pack(">I", len(body) + 8) + kind + body


def _impostors() -> Iterator[tuple[str, str, bytes]]:
    noise = random.Random(SEED)
    yield "empty.png", "UnsupportedFormat", b""
    yield "random.jpg", "UnsupportedFormat", b"\x7f" + noise.randbytes(50_000)
    yield "page.png", "UnsupportedFormat", b"<!DOCTYPE html><script>alert(1)</script>"
    yield "drawing.png", "UnsupportedFormat", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    yield "drawing-with-prolog.png", "UnsupportedFormat", b'<?xml version="1.0"?><svg width="9" height="9"/>'
    yield "text.gif", "UnsupportedFormat", b"GIF is a format. This is a text."
    yield "paper.jpg", "UnsupportedFormat", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"
    yield "archive.png", "UnsupportedFormat", b"PK\x03\x04" + bytes(100)
    yield "program.png", "UnsupportedFormat", b"\x7fELF\x02\x01\x01" + bytes(100)
    yield "video.heic", "UnsupportedFormat", box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"mdat", bytes(100))
    yield "big.tif", "UnsupportedFormat", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + bytes(100)
    yield "icon.bmp", "UnsupportedFormat", b"\0\0\1\0\1\0\x10\x10" + bytes(100)
    yield "postscript.png", "UnsupportedFormat", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file"
    yield "magick.png", "UnsupportedFormat", b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/'"
    for name, start in (
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("jpg", b"\xff\xd8\xff"),
        ("gif", b"GIF89a"),
        ("webp", b"RIFF\xff\xff\0\0WEBP"),
        ("tif", b"II*\0"),
        ("avif", box(b"ftyp", b"avif\0\0\0\0avifmif1")),
        ("heic", box(b"ftyp", b"heic\0\0\0\0heicmif1")),
        ("bmp", b"BM" + bytes(12) + struct.pack("<I", 40)),
    ):
        yield f"signature-only.{name}", "UnsupportedFormat" if name == "tif" else "CorruptImage", start
        noisy = start + noise.randbytes(5_000)
        yield f"signature-and-noise.{name}", "UnsupportedFormat" if name == "bmp" else "CorruptImage", noisy


def _pngs() -> Iterator[tuple[str, str, bytes]]:
    rows = bytes(101 * 100)
    good = png(100, 100, rows)
    yield "huge-flat.png", "TooManyPixels", flat_png(30_000, 30_000)
    yield "huge-claim.png", "TooManyPixels", png(2**31 - 1, 2**31 - 1, rows)
    yield "no-width.png", "CorruptImage", png(0, 100, rows)
    yield "bomb.png", "CorruptImage", png(100, 100, bytes(200 << 20))
    yield "rows-missing.png", "CorruptImage", png(100, 100, rows[:-500])
    yield "unknown-filter.png", "CorruptImage", png(100, 100, rows[:-101] + b"\5" + bytes(100))
    yield "no-palette.png", "CorruptImage", png(100, 100, rows, colour=3)
    yield "no-such-colours.png", "CorruptImage", png(100, 100, rows, colour=5)
    yield "unknown-critical.png", "CorruptImage", png(100, 100, rows, extra=png_chunk(b"EVIL", b"x"))
    yield "wrong-checksum.png", "CorruptImage", good.replace(b"IDAT\x78", b"IDAT\x79", 1)
    yield "no-pixels.png", "CorruptImage", good[:33] + png_chunk(b"IEND", b"")
    yield "endless-chunk.png", "CorruptImage", good[:33] + struct.pack(">I", 2**32 - 1) + b"IDAT" + bytes(99)
    control = struct.pack(">IIIIIHHBB", 0, 100, 100, 0, 0, 1, 10, 0, 0)
    many = png_chunk(b"acTL", struct.pack(">II", 100_000, 0)) + png_chunk(b"fcTL", control)
    yield "many-frames.png", "TooManyFrames", png(100, 100, rows, extra=many)
    two = png_chunk(b"acTL", struct.pack(">II", 2, 0)) + png_chunk(b"fcTL", control)
    start = png(100, 100, rows, extra=two)[:-12]
    yield "frame-missing.png", "CorruptImage", start + png_chunk(b"IEND", b"")
    second = png_chunk(b"fcTL", struct.pack(">I", 1) + control[4:])
    for name, frame in (
        ("broken", b"\x78\x9cnot deflate"),
        ("short", zlib.compress(rows[:-9])),
        ("bomb", zlib.compress(bytes(50 << 20))),
    ):
        data = start + second + png_chunk(b"fdAT", struct.pack(">I", 2) + frame) + png_chunk(b"IEND", b"")
        yield f"frame-{name}.png", "CorruptImage", data
    outside = png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 100, 100, 2**31, 9, 1, 10, 0, 0))
    yield "frame-outside.png", "CorruptImage", start + outside + png_chunk(b"IEND", b"")


def _jpegs(pictures: list[Picture]) -> Iterator[tuple[str, str, bytes]]:
    data = next(picture.path for picture in pictures if picture.name == "full-chroma.jpg").read_bytes()
    size = data.index(b"\xff\xc0") + 5
    yield "huge-claim.jpg", "TooManyPixels", data[:size] + struct.pack(">HH", 65_500, 65_500) + data[size + 4 :]
    yield "larger-claim.jpg", "CorruptImage", data[:size] + struct.pack(">HH", 3_000, 3_000) + data[size + 4 :]
    yield "no-height.jpg", "CorruptImage", data[:size] + bytes(4) + data[size + 4 :]
    yield "no-scan.jpg", "CorruptImage", data[:2] + b"\xff\xd9"
    yield "endless-segment.jpg", "CorruptImage", data[:2] + b"\xff\xe1\xff\xff" + data[2:500]
    yield "empty-segment.jpg", "CorruptImage", data[:2] + b"\xff\xe1\0\0" + data[2:]
    scan = data.index(b"\xff\xda")
    yield "many-scans.jpg", "CorruptImage", data[:scan] + data[scan : scan + 200] * 6_000 + b"\xff\xd9"


def _others() -> Iterator[tuple[str, str, bytes]]:
    yield "many-frames.gif", "TooManyFrames", gif(1, 1, 5_000)
    yield "much-in-all.gif", "TooManyPixels", gif(9_000, 9_000, 500)
    yield "huge-claim.gif", "TooManyPixels", gif(65_535, 65_535, 1)
    yield "no-size.gif", "CorruptImage", gif(0, 0, 1)
    yield "no-frames.gif", "CorruptImage", gif(9, 9, 0)
    yield "unknown-block.gif", "CorruptImage", gif(9, 9, 1)[:-1] + b"\x99;"
    entry = struct.pack("<HHHII", 1, 256, 4, 1, 9)
    yield "circle.tif", "CorruptImage", b"II*\0\x08\0\0\0" + entry + struct.pack("<I", 8) + bytes(20)
    yield (
        "long-circle.tif",
        "CorruptImage",
        (b"II*\0\x08\0\0\0" + entry + struct.pack("<I", 26) + entry + struct.pack("<I", 8) + bytes(20)),
    )
    yield "no-directory.tif", "CorruptImage", b"II*\0" + bytes(60)
    yield "many-entries.tif", "CorruptImage", b"II*\0\x08\0\0\0\xff\xff" + bytes(2_000)
    yield (
        "endless-strip.tif",
        "CorruptImage",
        b"II*\0\x08\0\0\0"
        + struct.pack("<HHHIIHHIIHHIIHHIII", 4, 256, 4, 1, 9, 257, 4, 1, 9, 273, 4, 2**32 - 1, 8, 279, 4, 1, 2**31, 0),
    )
    yield (
        "huge-claim.bmp",
        "CorruptImage",
        (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)),
    )
    yield (
        "many-pixels.bmp",
        "TooManyPixels",
        (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 62, 40, 20_000, 10_000, 1, 1, 0, 0, 0, 0, 0, 0))
        + bytes(8 + 25_000_000),
    )
    yield (
        "upside-down.bmp",
        "UnsupportedFormat",
        (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, -9, 9, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(500)),
    )
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xff\xff\xff" * 2
    yield "huge-claim.webp", "CorruptImage", b"RIFF" + struct.pack("<I", len(canvas) + 4) + b"WEBP" + canvas
    yield (
        "endless-chunk.webp",
        "CorruptImage",
        b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8 \xff\xff\xff\xff" + bytes(10),
    )
    for format_ in (b"avif", b"heic"):
        head, extension = box(b"ftyp", format_ + bytes(4) + format_ + b"mif1"), format_.decode()
        yield f"self-containing.{extension}", "CorruptImage", head + box(b"meta", bytes(4) + b"\0\0\0\0meta" * 50)
        yield f"empty-box.{extension}", "CorruptImage", head + b"\0\0\0\4meta" + bytes(90)
        yield f"endless-box.{extension}", "CorruptImage", head + b"\0\0\0\1meta" + b"\xff" * 8 + bytes(90)
        yield f"no-items.{extension}", "CorruptImage", head + box(b"meta", bytes(4)) + box(b"mdat", bytes(9))
        yield f"nothing-else.{extension}", "CorruptImage", head + box(b"mdat", bytes(9))


def _truncated(pictures: list[Picture]) -> Iterator[tuple[str, str, bytes]]:
    for picture in pictures:
        data = picture.path.read_bytes()
        for share in CUTS:
            yield f"cut-at-{share}-{picture.name}", "CorruptImage", data[: max(64, int(len(data) * share))]
        if picture.format != "tiff":  # its last bytes may be padding
            yield f"cut-at-the-end-{picture.name}", "CorruptImage", data[:-1]
