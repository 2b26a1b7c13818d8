"""How a body spells its fields."""

from urllib.parse import quote_from_bytes, unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from heliograph.server.http.spelling import cut_before_escape, unquoted


@given(st.binary() | st.text(alphabet="%+=aF0 \r\n\t&").map(str.encode))
def test_form_decoding_is_what_urllib_does(raw: bytes) -> None:
    assert unquoted(raw) == unquote_to_bytes(raw.replace(b"+", b" "))
    assert unquoted(quote_from_bytes(raw).encode()) == raw


@given(st.text(alphabet="%+aF0").map(str.encode), st.integers(0, 40))
def test_form_decoding_in_two_pieces_is_that_of_the_whole(raw: bytes, at: int) -> None:
    first, left = cut_before_escape(raw[:at])
    assert unquoted(first) + unquoted(left + raw[at:]) == unquoted(raw)
