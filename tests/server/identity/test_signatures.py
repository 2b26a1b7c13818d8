"""OAuth 1.0a signatures: as the RFC's own example has it, as two client libraries make them, and what is refused."""

import time
from dataclasses import replace
from typing import Any

import pytest
from authlib.oauth1.rfc5849.signature import construct_base_string
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature as oauthlibs

from heliograph.server.errors import BadParameter
from heliograph.server.identity import signatures
from heliograph.server.identity.signatures import NotProven, Signed, check_form, is_right, protocol_of

ADDRESS = "http://example.com/request"
# RFC 5849 section 3.4.1.1; the signature of section 3.1 is not made from it (errata 2550).
RFC_PARAMETERS = (
    (b"b5", b"=%3D"), (b"a3", b"a"), (b"c@", b""), (b"a2", b"r b"),
    (b"oauth_consumer_key", b"9djdj82h48djs9d2"), (b"oauth_token", b"kkk9d7dh3k39sjv7"),
    (b"oauth_signature_method", b"HMAC-SHA1"), (b"oauth_timestamp", b"137131201"), (b"oauth_nonce", b"7d8f3e4a"),
    (b"oauth_signature", b"bYT5CMsGcbgUdFHObYMEfcx6bsw="), (b"c2", b""), (b"a3", b"2 q"),
)  # fmt: skip
RFC_BASE = (
    b"POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2"
    b"%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
    b"%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
)


def base(method: str, address: str, parameters: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return signatures._base(method, address, signatures._encoded(signatures._normal(parameters)))


def signed(address: str = ADDRESS, *more: tuple[bytes, bytes], **protocol: str) -> Signed:
    told = {
        "oauth_consumer_key": "c", "oauth_signature_method": "HMAC-SHA1", "oauth_signature": "s",
        "oauth_timestamp": str(int(time.time())), "oauth_nonce": "n", **protocol,
    }  # fmt: skip
    parameters = (*more, *((name.encode(), value.encode()) for name, value in told.items()))
    return Signed("POST", (address,), parameters, told, encrypted=False)


def by_oauthlib(request: Signed, *secrets: str) -> Signed:
    """The same request, signed by requests-oauthlib's library."""
    texts = [(name.decode(), value.decode()) for name, value in request.parameters if name != b"oauth_signature"]
    uri = oauthlibs.base_string_uri(request.addresses[0])
    text = oauthlibs.signature_base_string("POST", uri, oauthlibs.normalize_parameters(texts))
    client = type("Secrets", (), {"client_secret": secrets[0], "resource_owner_secret": secrets[1]})
    made = oauthlibs.sign_hmac_sha1_with_client(text, client)
    return replace(request, protocol={**request.protocol, "oauth_signature": made})


def test_the_base_string_is_the_one_of_the_rfc() -> None:
    assert base("POST", ADDRESS, RFC_PARAMETERS) == RFC_BASE


@pytest.mark.parametrize("port", ["", ":80"])
def test_host_and_scheme_are_in_lower_case_and_the_usual_port_is_left_out(port: str) -> None:
    assert base("GET", f"HTTP://EXAMPLE.com{port}/r%20v/X", ()).startswith(
        b"GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&"
    )


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_is_encoded_as_authlib_encodes_it(byte: int) -> None:
    value = bytes([byte, 0x25, 0x41, byte])
    expected = construct_base_string("GET", ADDRESS, [("x", value)])
    assert base("GET", ADDRESS, ((b"x", value),)).decode() == expected


def test_a_signature_of_another_library_is_right_with_a_picture_among_the_parameters() -> None:
    request = signed(ADDRESS, (b"image", b"QUJD+/=" * 20_000), (b"title", "ä &=%".encode()), oauth_token="t")
    assert is_right(by_oauthlib(request, "c secret&", "t secret"), "c secret&", "t secret")


def test_a_callback_with_escapes_of_its_own_is_signed_as_it_is() -> None:
    request = signed(oauth_callback="http://h.example/back?x=a%20b%2Fc")
    assert is_right(by_oauthlib(request, "c", ""), "c")


@pytest.mark.parametrize("secrets", [("c", "other"), ("other", "t"), ("", "")])
def test_a_signature_by_other_secrets_is_wrong(secrets: tuple[str, str]) -> None:
    assert not is_right(by_oauthlib(signed(), *secrets), "c", "t")


def test_a_parameter_more_makes_the_signature_wrong() -> None:
    request = by_oauthlib(signed(), "c", "t")
    assert is_right(request, "c", "t")
    assert not is_right(replace(request, parameters=(*request.parameters, (b"title", b"x"))), "c", "t")


def test_any_address_that_the_server_is_known_by_will_do() -> None:
    request = by_oauthlib(signed("https://api.imgur.com/2/account"), "c", "t")
    by_others = ("http://127.0.0.1:8750/2/account", *request.addresses)
    assert is_right(replace(request, addresses=by_others), "c", "t")
    assert not is_right(replace(request, addresses=by_others[:1]), "c", "t")


@pytest.mark.parametrize(
    "name", ["oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"]
)
def test_a_missing_protocol_parameter_is_named(name: str) -> None:
    with pytest.raises(BadParameter, match=name):
        check_form(signed(**{name: ""}))


@pytest.mark.parametrize(
    ("protocol", "problem"),
    [
        ({"oauth_timestamp": str(int(time.time()) - 1000)}, "timestamp_refused"),
        ({"oauth_timestamp": str(int(time.time()) + 100_000)}, "timestamp_refused"),
        ({"oauth_signature_method": "RSA-SHA1"}, "signature_method_rejected"),
        ({"oauth_signature_method": "PLAINTEXT"}, "signature_method_rejected"),
    ],
)
def test_what_cannot_be_proven_is_refused_by_its_word(protocol: dict[str, str], problem: str) -> None:
    with pytest.raises(NotProven) as refused:
        check_form(signed(**protocol))
    assert (refused.value.problem, refused.value.name) == (problem, "InvalidToken")


@pytest.mark.parametrize(
    "protocol", [{"oauth_timestamp": "soon"}, {"oauth_timestamp": "-5"}, {"oauth_version": "2.0"}, {"oauth_x": "\0"}]
)
def test_what_is_malformed_is_a_bad_parameter(protocol: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        check_form(signed(**protocol))


def test_plaintext_over_https_needs_neither_timestamp_nor_nonce() -> None:
    client = Client("c", client_secret="s 1", signature_method="PLAINTEXT")
    text = oauthlibs.sign_plaintext_with_client(None, client)
    request = signed(oauth_signature_method="PLAINTEXT", oauth_timestamp="", oauth_nonce="", oauth_signature=text)
    check_form(replace(request, encrypted=True))
    assert is_right(request, "s 1")
    assert not is_right(request, "s 2")


def pairs(**texts: str) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in texts.items()]


def test_protocol_parameters_in_two_places_are_refused() -> None:
    header: Any = {"header": pairs(oauth_consumer_key="c"), "query": pairs(oauth_token="t")}
    with pytest.raises(BadParameter, match="header and query"):
        protocol_of(header)


def test_a_protocol_parameter_that_is_there_twice_is_refused() -> None:
    twice = {"query": [*pairs(oauth_consumer_key="c"), *pairs(oauth_consumer_key="d")]}
    with pytest.raises(BadParameter, match="more than once"):
        protocol_of(twice)


def test_a_request_without_a_consumer_key_is_not_signed() -> None:
    assert protocol_of({"query": pairs(oauth_token="t", title="x")}) == {}
