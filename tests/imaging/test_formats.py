"""Formats are told by content."""

import pytest

from heliograph.imaging.formats import BY_MEDIA_TYPE, FORMATS, SIGNATURE_BYTES, sniff
from tests.imaging.names import ALL


@pytest.mark.parametrize("name", ALL)
def test_every_real_picture_is_recognised_by_its_first_bytes(name, corpus):
    picture = corpus[name]
    assert sniff(picture.path.read_bytes()[:SIGNATURE_BYTES]) == picture.format.replace("apng", "png")


@pytest.mark.parametrize("head", [b"", b"BM", b"BMW is a car", b"<svg", b"GIF", b"RIFF1234WAVE", b"\0\0\0\x18ftypmp42"])
def test_other_beginnings_are_not(head):
    assert sniff(head.ljust(SIGNATURE_BYTES, b" ")) is None
    assert sniff(head) is None


def test_media_types_and_formats_are_one_to_one():
    assert [BY_MEDIA_TYPE[each.media_type] for each in FORMATS.values()] == list(FORMATS.values())
