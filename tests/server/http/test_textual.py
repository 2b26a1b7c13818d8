"""What a text in the picture's place means."""

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from heliograph.server.errors import HeliographError, InvalidUrl, LocalPathSent, TooManyBytes, UnsupportedFormat
from heliograph.server.http.textual import Text
from heliograph.server.incoming import Incoming
from heliograph.server.model import RemoteImage
from tests.running import picture

PNG = picture()
BASE64 = base64.b64encode(PNG)


def read(text: bytes, folder: Path, limit: int = 1_000_000, piece: int = 70_000) -> bytes | RemoteImage | None:
    opened: list[Incoming] = []

    def open_(most: int) -> Incoming:
        opened.append(Incoming(folder, most))
        return opened[-1]

    try:
        reading = Text(open_, limit)
        for start in range(0, len(text), piece):
            reading.write(text[start : start + piece])
        found = reading.picture()
        return b"".join(found.pieces()) if isinstance(found, Incoming) else found
    finally:
        for each in opened:
            each.close()
        assert not list(folder.iterdir()), "a file was left behind"


@pytest.mark.parametrize(
    "text",
    [
        PNG,
        BASE64,
        b"\r\n " + BASE64 + b" \r\n",
        base64.encodebytes(PNG),
        base64.encodebytes(PNG).replace(b"\n", b"\r\n"),
        BASE64.replace(b"+", b" "),
        BASE64.rstrip(b"="),
        base64.urlsafe_b64encode(PNG),
        b"data:image/png;base64," + BASE64,
        b"DATA:image/png;name=a.png;base64," + BASE64,
        b"data:image/png," + b"".join(b"%%%02X" % byte for byte in PNG),
    ],
    ids=[
        "raw", "plain", "blanks around", "lines of 76", "CR LF lines", "plus read as blank", "no padding", "URL-safe",
        "data URI", "data URI in capitals with a name", "data URI percent-encoded",
    ],
)  # fmt: skip
def test_every_spelling_of_the_same_picture_gives_the_same_bytes(text: bytes, under_way: Path) -> None:
    assert read(text, under_way) == PNG


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 4096, 70_000, 1_000_000])
@pytest.mark.parametrize(
    "spelt",
    [
        base64.b64encode,
        base64.encodebytes,
        base64.urlsafe_b64encode,
        lambda content: base64.b64encode(content).replace(b"+", b" ") + b"   \r\n",
        lambda content: b"data:image/png;base64,\n " + base64.b64encode(content).rstrip(b"="),
        lambda content: b"data:image/png," + quote_from_bytes(content).encode() + b"%0A",
    ],
    ids=["plain", "lines", "URL-safe", "blanks for plus and behind", "data URI without padding", "percent-encoded"],
)
def test_a_text_means_the_same_however_it_is_cut(spelt: Callable[[bytes], bytes], piece: int, under_way: Path) -> None:
    content = b"\x89PNG\r\n\x1a\n\0" + b"\xfb\xef\xbe" * 9 + bytes(range(256)) * 49
    assert (read(spelt(content), under_way, piece=piece) or b"").removesuffix(b"\n") == content


def test_blanks_that_go_on_and_on_are_neither_plus_signs_nor_kept(under_way: Path) -> None:
    assert read(BASE64 + b" " * 1_000_000, under_way) == PNG
    with pytest.raises(UnsupportedFormat):
        read(BASE64 + b" " * 1_000_000 + b"A", under_way)


@pytest.mark.parametrize("text", [b"http://h.example/a.png", b"  https://h.example/a b.png\n", b"HTTP://H.example/"])
def test_a_web_address_is_to_be_fetched(text: bytes, under_way: Path) -> None:
    assert read(text, under_way) == RemoteImage(text.decode().strip())


@pytest.mark.parametrize(
    "text",
    [
        rb"C:\Users\me\plot.png",
        rb"C:/Users/me/plot.png",
        rb"\\server\share\plot.png",
        b"/home/me/plot.png",
        b"/Users/me/Desktop/plot",
        b"/tmp/x",
        b"~/plot.png",
        b"./plot.png",
        b"../plot.jpeg",
        b"plot.png",
        b"my.plots.2026.png",
        b"figures/plot.png",
        b"file:///home/me/plot.png",
        b"my holiday photo.JPG\n",
        b"/sdcard/DCIM/1.heic",
        b"@/tmp/plot.png;type=image/png",
    ],
)
def test_a_local_path_is_refused_by_name(text: bytes, under_way: Path) -> None:
    with pytest.raises(LocalPathSent):
        read(text, under_way)


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (b"ftp://h.example/a.png", InvalidUrl),
        (b"www.h.example/a.png", InvalidUrl),
        (b"example.com/x.png", InvalidUrl),
        (b" Pictures.Example.co.uk:8080/a/b.JPG", InvalidUrl),
        (b"//example.com/x.png", InvalidUrl),
        (b"localhost:8750/x.png", InvalidUrl),
        (b"192.0.2.1/x.png", InvalidUrl),
        (b"example.com/picture", InvalidUrl),
        (b"hello, world!", UnsupportedFormat),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedFormat),
        (BASE64[:40] + b"=" + BASE64[40:] + b"!", UnsupportedFormat),
        (b"iVBORw0KGgo=AAAA=BBBB", UnsupportedFormat),
        (base64.b64encode(PNG[:64]) + base64.b64encode(PNG[64:]), UnsupportedFormat),
        (b"A", UnsupportedFormat),
    ],
)
def test_other_texts_have_their_named_failure(text: bytes, failure: type[HeliographError], under_way: Path) -> None:
    with pytest.raises(failure):
        read(text, under_way)


def test_a_base64_jpeg_is_not_taken_for_a_path_though_it_begins_with_a_slash(under_way: Path) -> None:
    jpeg = picture(form="JPEG")
    assert base64.b64encode(jpeg).startswith(b"/9j/")
    assert read(base64.b64encode(jpeg), under_way) == jpeg


@pytest.mark.parametrize("text", [b"", b"  \r\n"])
def test_a_blank_text_is_no_picture(text: bytes, under_way: Path) -> None:
    assert read(text, under_way) is None


@pytest.mark.parametrize("text", [PNG, BASE64, b"data:image/png;base64," + BASE64])
def test_the_limit_holds_for_the_decoded_bytes(text: bytes, under_way: Path) -> None:
    with pytest.raises(TooManyBytes):
        read(text, under_way, limit=len(PNG) - 1)
