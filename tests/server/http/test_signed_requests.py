"""Reading signed requests: where the credentials are, what was signed, and that the body can be read once more."""

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from heliograph.server.errors import BadParameter, TooManyBytes
from heliograph.server.http.signed_requests import SignedReader
from heliograph.server.identity.signatures import Signed
from heliograph.server.links import Links

pytestmark = pytest.mark.anyio
PNG = b"\x89PNG\r\n\x1a\n" + b"=&" * 500
FORM = "application/x-www-form-urlencoded"


def request(body: bytes = b"", *, query: str = "", scheme: str = "http", **headers: str) -> Request:
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    told = {"host": "API.imgur.com", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http", "method": "POST", "path": "/2/account/images.json", "raw_path": b"/2/account%2Fimages.json",
        "query_string": query.encode(), "headers": [(name.encode(), value.encode()) for name, value in told.items()],
        "server": ("127.0.0.1", 8750), "scheme": scheme, "state": {},
    }  # fmt: skip
    return Request(scope, receive)


async def read(folder: Path, asked: Request, public: str = "http://h.example:8750") -> tuple[Signed | None, bytes]:
    async with SignedReader(folder, 100_000, Links(public)).read(asked) as (signed, again):
        return signed, await again.body()


async def test_credentials_of_a_header_with_query_and_form(tmp_path: Path) -> None:
    header = 'OAuth realm="http://x/", oauth_consumer_key="a%20b",oauth_nonce="n%2B"'
    asked = request(b"title=a+b&blank=&x", query="q=%26", authorization=header, content_type=f"{FORM}; charset=utf-8")
    signed, body = await read(tmp_path, asked)
    assert signed is not None
    assert signed.protocol == {"oauth_consumer_key": "a b", "oauth_nonce": "n+"}
    assert set(signed.parameters) == {
        (b"oauth_consumer_key", b"a b"), (b"oauth_nonce", b"n+"), (b"q", b"&"),
        (b"title", b"a b"), (b"blank", b""), (b"x", b""),
    }  # fmt: skip
    assert body == b"title=a+b&blank=&x"


async def test_credentials_of_a_form_and_a_large_picture_which_can_be_read_again(tmp_path: Path) -> None:
    sent = b"oauth_consumer_key=c&image=" + b"QUJD%2B" * 40_000
    signed, body = await read(tmp_path, request(sent, content_type=FORM))
    assert signed is not None
    assert signed.consumer_key == "c"
    assert dict(signed.parameters)[b"image"] == b"QUJD+" * 40_000
    assert body == sent
    assert list(tmp_path.iterdir()) == [], "nothing stays behind"


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "image/png", ""])
async def test_another_body_is_not_signed(tmp_path: Path, content_type: str) -> None:
    asked = request(b"oauth_consumer_key=d", query="oauth_consumer_key=c", content_type=content_type)
    signed, body = await read(tmp_path, asked)
    assert signed is not None
    assert (signed.consumer_key, body) == ("c", b"oauth_consumer_key=d")


async def test_a_picture_that_says_it_is_a_form_is_not_signed(tmp_path: Path) -> None:
    signed, body = await read(tmp_path, request(PNG, query="oauth_consumer_key=c", content_type=FORM))
    assert signed is not None
    assert (signed.parameters, body) == (((b"oauth_consumer_key", b"c"),), PNG)


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic eDp5", "Client-ID c"])
async def test_a_request_without_credentials_is_not_signed(tmp_path: Path, authorization: str) -> None:
    assert (await read(tmp_path, request(b"", query="title=x", authorization=authorization)))[0] is None


async def test_an_oauth_header_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="Authorization"):
        await read(tmp_path, request(authorization="OAuth nonsense"))


async def test_a_form_of_too_many_fields_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="100 fields"):
        await read(tmp_path, request(b"a=1&" * 200, content_type=FORM))


async def test_a_form_larger_than_any_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooManyBytes):
        await read(tmp_path, request(b"image=" + b"x" * 1_400_000, content_type=FORM))


async def test_the_host_that_was_called_and_the_public_one_will_do_by_either_scheme(tmp_path: Path) -> None:
    signed, _ = await read(tmp_path, request(query="oauth_consumer_key=c"))
    assert signed is not None
    assert set(signed.addresses) == {
        f"{scheme}://{host}/2/account%2Fimages.json"
        for scheme in ("http", "https")
        for host in ("API.imgur.com", "h.example:8750")
    }
    assert signed.addresses[0].startswith("http://API.imgur.com"), "the likeliest first"


@pytest.mark.parametrize(
    ("scheme", "public", "forwarded", "encrypted"),
    [
        ("http", "http://h.example", "https", False),
        ("https", "http://h.example", "https", True),
        ("http", "https://h.example", "https", True),
        ("http", "https://h.example", "http", False),
    ],
)
async def test_https_is_known_by_the_connection_or_the_public_address(
    tmp_path: Path, scheme: str, public: str, forwarded: str, encrypted: bool
) -> None:
    asked = request(query="oauth_consumer_key=c", scheme=scheme, x_forwarded_proto=forwarded)
    signed, _ = await read(tmp_path, asked, public)
    assert signed is not None
    assert signed.encrypted is encrypted
