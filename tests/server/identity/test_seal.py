"""Sealed secrets: whoever has the database alone has none of them."""

import secrets

import pytest

from heliograph.server.identity import Seal

KEY = secrets.token_bytes(32)


def test_what_is_sealed_opens_for_its_owner_after_a_restart() -> None:
    assert Seal(KEY).opened(Seal(KEY).sealed("s3cret", "token"), "token") == "s3cret"


def test_the_same_secret_is_never_sealed_alike() -> None:
    assert Seal(KEY).sealed("s3cret", "token") != Seal(KEY).sealed("s3cret", "token")


def test_the_secret_is_not_in_what_is_stored() -> None:
    assert b"s3cret" not in Seal(KEY).sealed("s3cret", "token")


def test_another_server_cannot_open_it() -> None:
    assert Seal(secrets.token_bytes(32)).opened(Seal(KEY).sealed("s3cret", "token"), "token") is None


def test_it_does_not_open_in_the_row_of_another_owner() -> None:
    assert Seal(KEY).opened(Seal(KEY).sealed("s3cret", "token"), "other") is None


@pytest.mark.parametrize("place", [0, 12, -1])
def test_it_does_not_open_when_a_byte_was_changed(place: int) -> None:
    stored = bytearray(Seal(KEY).sealed("s3cret", "token"))
    stored[place] ^= 1
    assert Seal(KEY).opened(bytes(stored), "token") is None
