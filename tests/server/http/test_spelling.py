"""How a body spells its fields."""

import asyncio
import gzip
import random
import zlib
from collections.abc import AsyncIterator
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.server.errors import BadParameter
from heliograph.server.http.spelling import cut_before_escape, unpacked, unquoted


@given(st.binary() | st.text(alphabet="%+=aF0 \r\n\t&").map(str.encode))
def test_form_decoding_is_what_urllib_does(raw: bytes) -> None:
    assert unquoted(raw) == unquote_to_bytes(raw.replace(b"+", b" "))
    assert unquoted(quote_from_bytes(raw).encode()) == raw


@given(st.text(alphabet="%+aF0").map(str.encode), st.integers(0, 40))
def test_form_decoding_in_two_pieces_is_that_of_the_whole(raw: bytes, at: int) -> None:
    first, left = cut_before_escape(raw[:at])
    assert unquoted(first) + unquoted(left + raw[at:]) == unquoted(raw)


def pieces_of(body: bytes, coding: str, cut: int = 7) -> list[bytes]:
    """What `unpacked` makes of a body that comes in pieces of `cut` bytes."""

    async def stream() -> AsyncIterator[bytes]:
        for at in range(0, len(body), cut):
            yield body[at : at + cut]

    async def run() -> list[bytes]:
        return [piece async for piece in unpacked(stream(), coding)]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("pack", "coding"), [(gzip.compress, "gzip"), (gzip.compress, " X-GZip"), (zlib.compress, "deflate"), (bytes, ""),
                         (bytes, "identity")]
)  # fmt: skip
def test_a_body_is_read_without_its_content_encoding(pack, coding):
    body = random.randbytes(3000)
    assert b"".join(pieces_of(pack(body), coding)) == body


def test_a_few_bytes_are_never_blown_up_into_one_large_piece():
    pieces = pieces_of(gzip.compress(bytes(10_000_000)), "gzip", cut=100_000)
    assert sum(map(len, pieces)) == 10_000_000
    assert max(map(len, pieces)) <= 256 * 1024


@pytest.mark.parametrize(
    ("body", "coding"),
    [(b"no such thing", "gzip"), (gzip.compress(b"cut")[:-3], "gzip"), (b"abc", "br"), (b"", "gzip")],
)
def test_what_cannot_be_unpacked_is_a_bad_parameter(body, coding):
    with pytest.raises(BadParameter):
        pieces_of(body, coding)
