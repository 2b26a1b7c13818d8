"""OAuth 1.0a signatures (RFC 5849, section 3): what a client signed, without HTTP, and whether its signature is right.

Hides Authlib, the only importer of which this is for OAuth 1. Its request class refuses http, over which unmodified
Imgur v2 clients make their calls, and its base string is slow with a picture in it; so only its parts are used: the
base string's URI, the signatures, and the escaping of secrets within them.
"""

import hmac
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from authlib.oauth1.rfc5849.signature import (
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_PLAINTEXT,
    hmac_sha1_signature,
    normalize_base_string_uri,
    plaintext_signature,
)

from heliograph.server.errors import BadParameter, InvalidToken

CLOCKS_DIFFER = 900
"""Seconds that a timestamp may be in the past or the future: desktop clocks are wrong, and no request counts twice."""

_PLAINTEXT: str = SIGNATURE_PLAINTEXT
_METHODS: tuple[str, ...] = (SIGNATURE_HMAC_SHA1, _PLAINTEXT)
_LONGEST_VALUE = 2000
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


class NotProven(InvalidToken):
    """An InvalidToken that says more: `problem` is its word in the OAuth Problem Reporting extension."""

    def __init__(self, problem: str, message: str) -> None:
        """Keep `problem`, such as `signature_invalid`."""
        super().__init__(message)
        self.problem = problem

    @property
    def name(self) -> str:
        """Every dialect answers this as it answers an InvalidToken."""
        return InvalidToken.__name__


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as its client signed it.

    method: in capitals. addresses: what the client may have called it by, scheme, host and path as it was sent, the
    likeliest first. parameters: all that is signed of query, form and header, decoded, in any order. protocol: the
    `oauth_` ones among them. encrypted: whether it came by https.
    """

    method: str
    addresses: tuple[str, ...]
    parameters: tuple[tuple[bytes, bytes], ...]
    protocol: Mapping[str, str]
    encrypted: bool

    @property
    def consumer_key(self) -> str:
        """Which application it says it comes from."""
        return self.protocol.get("oauth_consumer_key", "")

    @property
    def token(self) -> str:
        """Which token it says it has; empty without one."""
        return self.protocol.get("oauth_token", "")


def protocol_of(parameters: Mapping[str, list[tuple[bytes, bytes]]]) -> dict[str, str]:
    """The protocol parameters among those of each place (header, query, body); empty where there are none.

    Raises BadParameter where they are in more than one place, or one is there twice (RFC 5849 section 3.1).
    """
    found = {place: [pair for pair in pairs if pair[0].startswith(b"oauth_")] for place, pairs in parameters.items()}
    places = [place for place, pairs in found.items() if pairs]
    if not any(name == b"oauth_consumer_key" for place in places for name, _ in found[place]):
        return {}
    if len(places) > 1:
        raise BadParameter(f"The oauth_ parameters must be in one place, not in {' and '.join(places)}.")
    counted = Counter(name for name, _ in found[places[0]])
    twice = [name.decode("latin-1") for name, times in counted.items() if times > 1]
    if twice:
        raise BadParameter(f"The parameter {twice[0][:64]} is there more than once.")
    return {_text(name): _text(value) for name, value in found[places[0]]}


def check_form(signed: Signed, *needed: str) -> None:
    """Raise BadParameter where a protocol parameter is missing or cannot be (`needed` are those of this call), and
    NotProven where the timestamp is too old, or the method is PLAINTEXT without https (RFC 5849 sections 3.1 to 3.4).
    """
    protocol = signed.protocol
    plain = protocol.get("oauth_signature_method") == _PLAINTEXT
    timed = () if plain else ("oauth_timestamp", "oauth_nonce")
    for name in ("oauth_consumer_key", "oauth_signature_method", "oauth_signature", *timed, *needed):
        if not protocol.get(name):
            raise BadParameter(f"The parameter {name} is missing.")
    for name, value in protocol.items():
        if len(value) > _LONGEST_VALUE or "\0" in value:
            raise BadParameter(f"The parameter {name[:64]} is not valid.")
    if protocol.get("oauth_version", "1.0") != "1.0":
        raise BadParameter("The parameter oauth_version must be 1.0, or left out.")
    if protocol["oauth_signature_method"] not in _METHODS:
        raise NotProven("signature_method_rejected", f"The signature method must be {' or '.join(_METHODS)}.")
    if plain and not signed.encrypted:
        raise NotProven("signature_method_rejected", "PLAINTEXT is taken over https only: it sends the secrets.")
    if not plain:
        _check_timestamp(protocol["oauth_timestamp"])


def needs_nonce(signed: Signed) -> bool:
    """Whether the request must not count twice; PLAINTEXT has nothing that could tell (RFC 5849 section 3.4.4)."""
    return signed.protocol["oauth_signature_method"] != _PLAINTEXT


def is_right(signed: Signed, consumer_secret: str, token_secret: str = "") -> bool:
    """Whether the signature was made with both secrets, by any of the addresses."""
    shown = signed.protocol["oauth_signature"].encode()
    if not needs_nonce(signed):
        plain: str = plaintext_signature(consumer_secret, token_secret)
        return hmac.compare_digest(shown, plain.encode())
    made: Iterator[str] = (hmac_sha1_signature(base, consumer_secret, token_secret) for base in _bases(signed))
    return any(hmac.compare_digest(shown, each.encode()) for each in made)


def _check_timestamp(timestamp: str) -> None:
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise BadParameter("The parameter oauth_timestamp must be whole seconds since 1970.")
    if abs(time.time() - int(timestamp)) > CLOCKS_DIFFER:
        raise NotProven(
            "timestamp_refused",
            f"The timestamp is off by more than {CLOCKS_DIFFER // 60} minutes: set the clock right.",
        )


def _spellings(parameters: tuple[tuple[bytes, bytes], ...]) -> Iterator[tuple[tuple[bytes, bytes], ...]]:
    """The parameters as the RFC has them; then, if it makes a difference, the protocol's decoded once more.

    That is what oauthlib and Authlib sign where they put them into the query or the body: a callback with an escape of
    its own.
    """
    yield parameters
    twice = tuple(
        (name, unquote_to_bytes(value) if name.startswith(b"oauth_") else value) for name, value in parameters
    )
    if twice != parameters:
        yield twice


def _bases(signed: Signed) -> Iterator[bytes]:
    """All that the client may have signed, the likeliest first."""
    for parameters in _spellings(signed.parameters):
        normal = _encoded(_normal(parameters))
        yield from (_base(signed.method, address, normal) for address in signed.addresses)


def _base(method: str, address: str, normal: bytes) -> bytes:
    """The signature base string (RFC 5849 section 3.4.1.1)."""
    uri = _encoded(normalize_base_string_uri(address).encode())
    return b"&".join((_encoded(method.encode()), uri, normal))


def _normal(parameters: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The parameters as one text, sorted after they were encoded (RFC 5849 section 3.4.1.3.2)."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in parameters if name != b"oauth_signature")
    return b"&".join(name + b"=" + value for name, value in pairs)


def _encoded(raw: bytes) -> bytes:
    """Percent-encoding of RFC 5849 section 3.6.

    The picture is one of the parameters, of many megabytes. As base64 it has three kinds of byte that need encoding,
    and each kind takes one pass in C; urllib takes a Python step for each byte.
    """
    kinds = set(raw.translate(None, _UNRESERVED))
    for kind in sorted(kinds, key=lambda kind: kind != ord("%")):  # first the sign that encoding adds
        raw = raw.replace(bytes([kind]), b"%%%02X" % kind)
    return raw


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
