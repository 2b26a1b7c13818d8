"""Pictures in documents, and a real server to publish them on."""

import base64
import io
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
from PIL import Image as Pillow

import heliograph
from tests.client.seen import RED_SVG
from tests.running import RunningServer

SVG = RED_SVG


def base64_of(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def data_uri(picture: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64_of(picture)}"


def pixels(picture: bytes) -> Any:
    return numpy.asarray(Pillow.open(io.BytesIO(picture)).convert("RGB"))


def fetched(link: str) -> bytes:
    with urllib.request.urlopen(link) as answer:
        data: bytes = answer.read()
    return data


def shows(link: str, picture: bytes) -> bool:
    """Whether a link shows the very pixels of a picture."""
    return bool((pixels(fetched(link)) == pixels(picture)).all())


@pytest.fixture
def client(server: RunningServer) -> Iterator[heliograph.Client]:
    with heliograph.Client(server.url, server.key) as client:
        yield client
