"""The body shapes that real clients send; letters are those of the wire page clients."""

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from heliograph.server.errors import BadParameter, HeliographError, TooManyBytes, UnsupportedFormat
from heliograph.server.http.bodies import Form, Reader, form_of
from heliograph.server.incoming import Incoming
from heliograph.server.model import RemoteImage
from tests.running import picture

PNG = picture()
BASE64 = base64.b64encode(PNG).decode()
FORM = "application/x-www-form-urlencoded"


def read(
    folder: Path,
    body: bytes,
    content_type: str | None,
    query: str = "",
    piece: int = 1000,
    limit: int = 1_000_000,
    encoding: str = "",
    **options: Any,
) -> tuple[bytes | RemoteImage | None, Mapping[str, str]]:
    """The picture and the texts of a body that arrives in pieces of `piece` bytes; `options` are the reader's."""
    headers = [(b"content-type", content_type.encode())] if content_type is not None else []
    headers += [(b"content-encoding", encoding.encode())] if encoding else []
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query.encode(), "headers": headers}
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    async def run() -> tuple[bytes | RemoteImage | None, Mapping[str, str]]:
        async with Reader(folder, limit).read(Request(scope, receive), ("image",), **options) as form:
            found = form.picture
            return b"".join(found.pieces()) if isinstance(found, Incoming) else found, form.texts

    try:
        return asyncio.run(run())
    finally:
        assert not list(folder.iterdir()), "a file was left behind"


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    head = "\r\n".join([*headers, f"Content-Disposition: form-data; {disposition}"])
    return b"--B\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


END = b"--B--\r\n"
MULTIPART = "multipart/form-data; boundary=B"
FILE = part('name="image"; filename="p.png"', PNG)

SHORT = [BASE64[at : at + 60] for at in range(0, len(BASE64), 60)]
LOWER = quote(BASE64, safe="").replace("%2B", "%2b").replace("%2F", "%2f")
BINARY = ("Content-Type: image/png; charset=ISO-8859-1", "Content-Transfer-Encoding: binary")
DATA_URI = {"image": "data:image/png;base64," + BASE64}
WITH_LENGTH = part('name="image"; filename="p"', PNG, f"Content-Length: {len(PNG)}")
ATTACHED = FILE.replace(b"form-data", b"attachment; form-data")
QUOTED_SINGLY = part("name='image'; filename='p.png'", PNG)
MAIL = (FILE + END).replace(b"--B", b"------=_Part_0_1.2")
LINES = part('name="image"; filename="p"', "\n".join(SHORT).encode())
TOO_LONG = WITH_LENGTH.replace(b"Content-Length: ", b"Content-Length: 1")
TOO_SHORT = part('name="image"; filename="p"', PNG, "Content-Length: 1")
OTHER = (FILE + END).replace(b"--B", b"--===12(3)")
MISLABELLED = part('name="image"; filename="x.txt"', PNG, "Content-Type: text/plain")

SHAPES: dict[str, tuple[bytes, str | None, str]] = {
    "a: file part": (FILE + END, MULTIPART, ""),
    "a: file part of base64": (part('name="image"; filename="p.txt"', BASE64.encode()) + END, MULTIPART, ""),
    "a: file part of base64 in lines": (LINES + END, MULTIPART, ""),
    "a: file part of a data URI": (part('name="image"; filename="p"', DATA_URI["image"].encode()) + END, MULTIPART, ""),
    "a: file part mislabelled": (MISLABELLED + END, MULTIPART, ""),
    "a: Content-Length inside the part": (WITH_LENGTH + END, MULTIPART, ""),
    "a: last boundary without dashes": (FILE + b"--B\r\n", MULTIPART, ""),
    "a: nothing behind the last boundary": (FILE + b"--B--", MULTIPART, ""),
    "a: last boundary bare": (FILE + b"--B", MULTIPART, ""),
    "a: charset behind the boundary": (FILE + END, MULTIPART + "; charset=US-ASCII", ""),
    "a: boundary that should be quoted": (OTHER, "multipart/form-data; boundary====12(3)", ""),
    "a: comma before the boundary": (FILE + END, "multipart/form-data, boundary=B", ""),
    "a: parts that are called something else": (FILE + END, "multipart/mixed; boundary=B", ""),
    "a: parts under a label forced by hand": (FILE + END, FORM, ""),
    "a: parts without a label": (FILE + END, None, ""),
    "a: a part without a disposition": (b"--B\r\nContent-Type: text/plain\r\n\r\nx\r\n" + FILE + END, MULTIPART, ""),
    "a: a length that is more than the part's": (TOO_LONG + END, MULTIPART, ""),
    "a: a length that is less than the part's": (TOO_SHORT + END, MULTIPART, ""),
    "a: boundary quoted": (FILE + END, 'multipart/form-data; boundary="B"', ""),
    "a: form-data behind attachment": (ATTACHED + END, MULTIPART, ""),
    "a: attachment alone": (FILE.replace(b"form-data", b"attachment") + END, MULTIPART, ""),
    "a: names in single quotes": (QUOTED_SINGLY + END, MULTIPART, ""),
    "a: boundary with equals signs, unquoted": (MAIL, "multipart/form-data; boundary=----=_Part_0_1.2; charset=x", ""),
    "a: labelled as another multipart": (b"\r\n" + WITH_LENGTH + END, "multipart/mixed; boundary=B", ""),
    "b: text part with base64": (part('name="image"', BASE64.encode()) + END, MULTIPART, ""),
    "c: raw part without filename": (part('name="image"', PNG) + END, MULTIPART, ""),
    "c: unquoted name": (part("name=image", PNG) + END, MULTIPART, ""),
    "c: text/plain with charset": (part('name="image"', PNG, *BINARY) + END, MULTIPART, ""),
    "d: urlencoded base64": (urlencode({"key": "k", "image": BASE64}).encode(), FORM, ""),
    "d: an ampersand before the first field": (b"&image=" + LOWER.encode(), FORM, ""),
    "d: line ends before and behind": (b"\r\nimage=" + LOWER.encode() + b"\r\n", FORM, ""),
    "d: a byte order mark": (b"\xef\xbb\xbfimage=" + LOWER.encode(), FORM, ""),
    "d: lower-case escapes": (b"image=" + LOWER.encode(), FORM, ""),
    "d': lines of 60": (b"image=" + quote("\n".join(SHORT)).encode(), FORM, ""),
    "d': CR LF lines": (b"image=" + quote("\r\n".join(SHORT)).encode(), FORM, ""),
    "d: behind a field with an escape in its name": (b"ids%5B%5D=1&image=" + quote(BASE64, safe="").encode(), FORM, ""),
    "d: labelled JSON": (urlencode({"image": BASE64}).encode(), "application/json", ""),
    "e: not percent-encoded": (b"image=" + BASE64.encode(), FORM, ""),
    "f: raw bytes percent-encoded": (b"type=file&image=" + quote_from_bytes(PNG).encode(), FORM, ""),
    "g: raw bytes labelled as a form": (PNG, FORM, "title=t"),
    "g': raw bytes, odd label": (PNG, "application/application/x-www-form-urlencoded", "title=t"),
    "h: raw bytes without a label": (PNG, None, "key=k"),
    "i: bare base64": (BASE64.encode(), "text/plain;charset=UTF-8", ""),
    "i: bare base64 labelled JSON": (BASE64.encode(), "application/json", ""),
    "i: bare base64 labelled as a form": (BASE64.encode(), FORM, ""),
    "j: JSON": (json.dumps({"image": BASE64, "type": "base64"}).encode(), "application/json", ""),
    "j: JSON behind a byte order mark": (json.dumps({"image": BASE64}).encode("utf-8-sig"), "application/json", ""),
    "j: JSON data URI": (json.dumps(DATA_URI).encode(), "application/json; charset=utf-8", ""),
    "k: base64 in the query": (b"", None, urlencode({"image": BASE64})),
    "raw image/png": (PNG, "image/png", ""),
    "raw bytes labelled as parts": (PNG, MULTIPART, ""),
}  # fmt: skip


@pytest.mark.parametrize("piece", [1, 7, 100_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_picture_however_it_is_cut(shape: str, piece: int, under_way: Path) -> None:
    body, content_type, query = SHAPES[shape]
    assert read(under_way, body, content_type, query, piece)[0] == PNG


@pytest.mark.parametrize("shape", [name for name in SHAPES if not name.startswith("k")])
def test_a_body_in_gzip_is_the_same_in_every_shape(shape: str, under_way: Path) -> None:
    body, content_type, query = SHAPES[shape]
    assert read(under_way, gzip.compress(body), content_type, query, piece=1, encoding="gzip")[0] == PNG
    assert read(under_way, body, content_type, query, encoding="gzip")[0] == PNG


def test_gzip_that_grows_too_large_or_breaks_off_is_refused(under_way: Path) -> None:
    with pytest.raises(TooManyBytes):
        read(under_way, gzip.compress(PNG + bytes(10_000_000)), "image/png", encoding="gzip")
    with pytest.raises(BadParameter, match="cut short"):
        read(under_way, gzip.compress(PNG)[:-9], "image/png", encoding="gzip")
    with pytest.raises(BadParameter, match="not the gzip"):
        read(under_way, b"\x1f\x8bnonsense" * 9, "image/png", encoding="gzip")


def test_what_comes_behind_a_gzip_or_becomes_nothing_is_never_kept(under_way: Path) -> None:
    for behind in (gzip.compress(PNG), bytes(10_000_000)):
        with pytest.raises(BadParameter, match="more behind"):
            read(under_way, gzip.compress(PNG) + behind, "image/png", piece=10_000, encoding="gzip")
    head, empty_block = gzip.compress(b"")[:10], b"\0\0\0\xff\xff"
    with pytest.raises(TooManyBytes):
        read(under_way, head + 3_000_000 * empty_block, "image/png", encoding="gzip")


@pytest.mark.parametrize("query", ["title=caf%E9", "title=caf%C3%A9"])
def test_a_text_in_latin_1_is_read_in_query_and_form(query: str, under_way: Path) -> None:
    assert read(under_way, PNG, None, query)[1]["title"] == "café"
    assert read(under_way, query.encode(), FORM)[1]["title"] == "café"


def test_a_form_of_an_empty_field_alone_is_a_form(under_way: Path) -> None:
    assert read(under_way, b"image=", FORM)[0] is None


@pytest.mark.parametrize(
    ("body", "content_type", "query"),
    [
        (b"", None, "image=http://h.example/a.png"),
        (b"image=http%3A%2F%2Fh.example%2Fa.png", FORM, ""),
        (part('name="image"', b"http://h.example/a.png") + END, MULTIPART, ""),
        (b'{"image": "http://h.example/a.png"}', "application/json", ""),
        (b"http://h.example/a.png", "text/plain", ""),
        (part('name="image"; filename=""', b"http://h.example/a.png") + END, MULTIPART, ""),
    ],
)
def test_an_address_is_an_address_in_every_shape(
    body: bytes, content_type: str | None, query: str, under_way: Path
) -> None:
    assert read(under_way, body, content_type, query)[0] == RemoteImage("http://h.example/a.png")


def test_texts_come_from_query_and_body_and_the_body_wins(under_way: Path) -> None:
    _, texts = read(under_way, part('name="title"', "Übung".encode()) + FILE + END, MULTIPART, "title=q&description=d")
    assert (texts["title"], texts["description"]) == ("Übung", "d")


@pytest.mark.parametrize("filename", [r"C:\Users\me\p.png", "/home/me/p.png", "p.png"])
def test_a_path_in_the_file_name_is_stripped(filename: str, under_way: Path) -> None:
    _, texts = read(under_way, part(f'name="image"; filename="{filename}"', PNG) + END, MULTIPART)
    assert texts["name"] == "p.png"


def test_a_latin_1_file_name_is_read(under_way: Path) -> None:
    body = FILE.replace(b"p.png", "é.png".encode("latin-1")) + END
    assert read(under_way, body, MULTIPART)[1]["name"] == "é.png"


@pytest.mark.parametrize(
    "name", ["filename*=UTF-8''%C3%A9.png", "filename=\"=?utf-8?B?w6k=?=\"; filename*=utf-8''%C3%A9.png"]
)
def test_a_name_of_rfc_8187_is_the_file_s_name(name: str, under_way: Path) -> None:
    picture, texts = read(under_way, part(f'name="image"; {name}', BASE64.encode()) + END, MULTIPART)
    assert (picture, texts["name"]) == (PNG, "é.png")


def test_apostrophes_in_a_file_name_are_part_of_it(under_way: Path) -> None:
    body = part("""name="image"; filename="it's 'a'='b';c.png\"""", PNG) + END
    assert read(under_way, body, MULTIPART)[1]["name"] == "it's 'a'='b';c.png"


def test_latin_1_is_read_in_the_query_as_it_is_in_the_body(under_way: Path) -> None:
    _, texts = read(under_way, b"title=%E9t%E9&image=" + LOWER.encode(), FORM, "description=%E9t%E9&%E9=%C3%A9")
    assert (texts["title"], texts["description"], texts["é"]) == ("été", "été", "é")


@pytest.mark.parametrize("label", [None, MULTIPART, "multipart/form-data", FORM, "application/json", "image/png"])
def test_where_there_is_no_body_its_label_does_not_matter(label: str | None, under_way: Path) -> None:
    assert read(under_way, b"", label, urlencode({"image": BASE64})) == (PNG, {"image": BASE64})


def test_an_empty_file_part_is_no_picture(under_way: Path) -> None:
    assert read(under_way, part('name="image"; filename=""', b"") + END, MULTIPART)[0] is None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (FILE + END, "multipart/form-data"),
        (FILE[:60], MULTIPART),
        (b"nonsense", MULTIPART),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"image": {"a": 1}}', "application/json"),
        (b"title=" + b"x" * 70_000, FORM),
    ],
)
def test_a_malformed_body_is_a_bad_parameter(body: bytes, content_type: str, under_way: Path) -> None:
    with pytest.raises(BadParameter):
        read(under_way, body, content_type)


@pytest.mark.parametrize("shape", [name for name in SHAPES if not name.startswith("k")])
def test_the_size_limit_holds_in_every_shape(shape: str, under_way: Path) -> None:
    body, content_type, query = SHAPES[shape]
    with pytest.raises(TooManyBytes):
        read(under_way, body, content_type, query, limit=len(PNG) - 1)


@pytest.mark.parametrize("name", ["filename", "file", "name", "whatever", "key", ""])
def test_where_any_file_will_do_its_field_may_have_any_name(name: str, under_way: Path) -> None:
    body = part(f'name="{name}"; filename="p.png"', PNG) + END
    assert read(under_way, body, MULTIPART, any_file=True)[0] == PNG
    assert read(under_way, body, MULTIPART)[0] is None


@pytest.mark.parametrize("piece", [1, 1000, 100_000])
def test_a_file_of_base64_may_be_as_much_larger_than_its_picture_as_base64_is(piece: int, under_way: Path) -> None:
    body = part('name="image"; filename="p.png"', BASE64.encode()) + END
    assert read(under_way, body, MULTIPART, piece=piece, limit=len(PNG))[0] == PNG


@pytest.mark.parametrize(
    "content", [b"iVBORw0KGgo", b"aGVsbG8sIHdvcmxkIQ==", b"notes about iVBORw0KGgo", b"=", b"data:,x"]
)
def test_a_file_that_is_no_picture_even_when_decoded_is_kept_as_it_is(content: bytes, under_way: Path) -> None:
    body = part('name="image"; filename="p.png"', content) + END
    assert read(under_way, body, MULTIPART)[0] == content


def test_a_file_that_begins_as_base64_of_a_picture_and_goes_on_as_something_else_is_refused(under_way: Path) -> None:
    body = part('name="image"; filename="p.png"', BASE64.encode() + b"!") + END
    with pytest.raises(UnsupportedFormat):
        read(under_way, body, MULTIPART)


def test_the_first_file_that_is_not_empty_wins_over_all_else(under_way: Path) -> None:
    empty = part('name="a"; filename=""', b"")
    other = part('name="b"; filename="b.png"', picture())
    text = part('name="image"', b"http://h.example/a.png")
    for body in (FILE + other + text, text + empty + FILE + other, empty + FILE + text):
        found, texts = read(under_way, body + END, MULTIPART, any_file=True)
        assert found == PNG
        assert texts["name"] == "p.png"


def test_a_json_body_is_read_for_the_texts_that_a_dialect_names_too(under_way: Path) -> None:
    body = json.dumps({"image": BASE64, "upload-mark": "m", "left": "out", "title": "t"}).encode()
    found, texts = read(under_way, body, "application/json", texts=("upload-mark",))
    assert (found, texts) == (PNG, {"upload-mark": "m", "title": "t"})


def form_after_failing(folder: Path, body: bytes, length: int | None = None) -> Form:
    """What is known of a body that is larger than 10,000 bytes may be; `length` is what its head says."""
    headers = [(b"content-type", MULTIPART.encode())]
    headers += [(b"content-length", str(length).encode())] if length else []
    pieces = [
        {"type": "http.request", "body": body[at : at + 1000], "more_body": True} for at in range(0, 99_000, 1000)
    ]

    async def receive() -> dict[str, object]:
        return pieces.pop(0)

    request = Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}, receive)

    async def run() -> Form:
        with pytest.raises(TooManyBytes):
            async with Reader(folder, 10_000).read(request, ("image",), any_file=True):
                pass
        return form_of(request)

    return asyncio.run(run())


@pytest.mark.parametrize("length", [None, 10**9])
def test_what_was_read_is_known_after_a_failure_too(length: int | None, under_way: Path) -> None:
    large = part('name="method"', b"json") + part('name="file"; filename="p.png"', bytes(90_000)) + END
    form = form_after_failing(under_way, large, length)
    assert (form.field, form.texts) == ("file", {"method": "json"})


def test_of_a_request_that_was_never_read_nothing_is_known() -> None:
    request = Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []})
    assert form_of(request) == Form()


@st.composite
def spelt_strangely(draw: st.DrawFn) -> bytes:
    """Base64 of a picture, with what does not belong there before it, in it and behind it."""
    encoded = base64.b64encode(PNG[: draw(st.integers(60, 90))] * draw(st.sampled_from([1, 100])))
    stray = st.sampled_from([b"", b"=", b"==", b" ", b"\r\n", b"-", b"*", b"%", b"%2", b"&", b"AAAA"])
    at = draw(st.integers(0, len(encoded)))
    encoded = encoded[:at] + draw(stray) + encoded[at:] + draw(stray) + draw(stray)
    blanks = draw(st.sampled_from([b" ", b"\r\n"])) * draw(st.sampled_from([0, 0, 1, 700, 1600, 4000, 8500]))
    return draw(st.sampled_from([b"", b" data:image/png;base64,", b"data:,"])) + blanks + encoded


_IMAGE = st.builds(lambda kind, content: part(f"name=image{kind}", content), st.sampled_from(["", "; filename=a"]),
                   spelt_strangely())  # fmt: skip
_BODIES = st.one_of(
    st.tuples(spelt_strangely(), st.just("text/plain")),
    st.tuples(spelt_strangely().map(lambda content: b"title=a%2&image=" + content), st.just(FORM)),
    st.tuples(spelt_strangely().map(lambda content: b"t" * 64 + b"=%&image=" + content), st.just("text/plain")),
    st.tuples(_IMAGE.map(lambda content: content + part("name=title", b"a") + END), st.just(MULTIPART)),
)


@settings(deadline=None)  # a byte at a time is slow on a busy machine
@given(_BODIES, st.sampled_from([1, 2, 3, 63, 64, 65, 1000, 9000]))
def test_a_body_that_is_not_as_it_should_be_means_the_same_however_it_is_cut(
    body: tuple[bytes, str], piece: int
) -> None:
    with TemporaryDirectory() as folder:

        def result(piece: int) -> object:
            try:
                return read(Path(folder), *body, piece=piece)
            except HeliographError as failure:
                return failure.name, failure.message

        assert result(piece) == result(1_000_000)
