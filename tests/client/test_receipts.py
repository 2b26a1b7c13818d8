"""Verification: what is believed, and everything that is not."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import heliograph
from tests.client.conftest import Call
from tests.running import RunningServer, picture, website

KEY = Ed25519PrivateKey.generate()
HEADER = {"alg": "EdDSA", "kid": "k1", "typ": "heliograph-receipt+jwt"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims: dict[str, object], header: dict[str, object] = HEADER, key: Ed25519PrivateKey = KEY) -> str:
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def claims(issuer: str, data: bytes, **changes: object) -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    facts = {"iss": issuer, "sub": "aB3xY7qmTz", "iat": 1_760_000_000, "sha256": digest, "size": len(data)}
    return facts | {"media_type": "image/png", "link": f"{issuer}/i.png", "received_sha256": digest} | changes


def host(data: bytes, jwk: dict[str, object] | None = None) -> dict[str, tuple[int, dict[str, str], bytes]]:
    x = b64(KEY.public_key().public_bytes_raw())
    keys = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x, "alg": "EdDSA", "use": "sig"} | (jwk or {})]}
    return {
        "/.well-known/heliograph-keys.json": (200, {}, json.dumps(keys).encode()),
        "/i.png": (200, {"Content-Type": "image/png"}, data),
    }


def test_a_fresh_upload_verifies(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    assert call("verify", image, server=server.url).sha256 == image.sha256


def test_a_receipt_verifies_by_itself_without_a_key(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url, key=server.key)
    assert call("verify", str(image.receipt), server=server.url).id == image.id


def test_a_receipt_that_was_wrapped_by_a_mail_program_verifies(call: Call, server: RunningServer) -> None:
    text = str(call("upload", picture(), server=server.url).receipt)
    wrapped = "\n".join(text[at : at + 60] for at in range(0, len(text), 60))
    assert call("verify", wrapped, server=server.url).token == text


def test_the_file_that_was_uploaded_is_recognised(call: Call, server: RunningServer) -> None:
    data = picture()
    image = call("upload", data, server=server.url)
    assert call("verify", image, file=data, server=server.url)


def test_another_file_is_not_taken_for_the_one_uploaded(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    with pytest.raises(heliograph.VerificationError, match="not the file"):
        call("verify", image, file=picture(), server=server.url)


def test_a_removed_image_no_longer_verifies(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    call("delete", image, server=server.url)
    with pytest.raises(heliograph.VerificationError, match="no longer shows"):
        call("verify", image, server=server.url)


def test_a_link_alone_is_verified_by_the_receipt_that_the_server_tells(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    assert call("verify", image.link, server=server.url).sha256 == image.sha256


def test_a_receipt_of_another_host_is_not_believed(call: Call, server: RunningServer) -> None:
    data = picture()
    with website(host(data)) as elsewhere, pytest.raises(heliograph.VerificationError, match="was issued by"):
        call("verify", token(claims(elsewhere, data)), server=server.url)


def test_an_honest_host_is_believed(call: Call) -> None:
    data = picture()
    with website(host(data)) as site:
        assert call("verify", token(claims(site, data)), server=site).size == len(data)


def test_the_same_host_in_another_spelling_is_believed(call: Call) -> None:
    data = picture()
    with website(host(data)) as site:
        assert call("verify", token(claims(site, data)), server=site.replace("http", "HTTP") + "/")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"alg": "Ed25519"}, "algorithm"),
        ({"kid": "k2"}, "does not publish"),
        ({"typ": "JWT"}, "not a receipt"),
        ({"crit": ["exp"]}, "Update"),
    ],
)
def test_a_receipt_with_another_header_is_refused(call: Call, change: dict[str, object], complaint: str) -> None:
    data = picture()
    with website(host(data)) as site, pytest.raises(heliograph.VerificationError, match=complaint):
        call("verify", token(claims(site, data), HEADER | change), server=site)


def test_a_receipt_signed_by_somebody_else_is_refused(call: Call) -> None:
    data = picture()
    with website(host(data)) as site, pytest.raises(heliograph.VerificationError, match="signature"):
        call("verify", token(claims(site, data), key=Ed25519PrivateKey.generate()), server=site)


def test_a_receipt_with_one_claim_changed_is_refused(call: Call) -> None:
    data = picture()
    with website(host(data)) as site:
        head, _, signature = token(claims(site, data)).split(".")
        forged = f"{head}.{b64(json.dumps(claims(site, data, size=1)).encode())}.{signature}"
        with pytest.raises(heliograph.VerificationError, match="signature"):
            call("verify", forged, server=site)


def test_bytes_that_are_not_those_of_the_receipt_are_refused(call: Call) -> None:
    data = picture()
    with website(host(picture())) as site, pytest.raises(heliograph.VerificationError, match="not the picture"):
        call("verify", token(claims(site, data)), server=site)


@pytest.mark.parametrize(
    "jwk", [{"kty": "RSA"}, {"crv": "Ed448"}, {"use": "enc"}, {"alg": "ES256"}, {"x": "AAAA"}, {"x": 5}, {"kid": "k2"}]
)
def test_a_key_that_is_no_ed25519_signing_key_is_not_used(call: Call, jwk: dict[str, object]) -> None:
    data = picture()
    with website(host(data, jwk)) as site, pytest.raises(heliograph.VerificationError):
        call("verify", token(claims(site, data)), server=site)


@pytest.mark.parametrize("text", ["", "a.b.c", "eyJ.eyJ.x", "eyJhbGciOiJFZERTQSJ9..", "not a receipt"])
def test_what_is_no_receipt_is_called_so(text: str) -> None:
    with pytest.raises(heliograph.VerificationError):
        heliograph.Receipt.parse(text)
