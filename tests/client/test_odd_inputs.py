"""What is nearly a picture: it is published right, or refused with what to do, before anything is sent."""

import base64
import io
import os
from pathlib import Path
from typing import Any

import pytest

import heliograph
from heliograph.client._look import Look
from heliograph.client.figures import vector_drawn
from tests.client import seen
from tests.client.conftest import Call
from tests.running import RunningServer, picture

PNG = picture()


def at_its_end() -> io.BytesIO:
    file = io.BytesIO()
    file.write(PNG)
    return file


def closed() -> io.BytesIO:
    file = io.BytesIO(PNG)
    file.close()
    return file


class Words:
    def read(self, amount: int = -1) -> str:
        return "words"


REFUSED: dict[str, tuple[Any, str]] = {
    "a file object at its end": (at_its_end, "is empty.*seek"),
    "no bytes": (lambda: b"", "is empty"),
    "base64": (lambda: base64.b64encode(PNG), "base64 decoded"),
    "a file of base64": (lambda: io.BytesIO(base64.encodebytes(PNG)), "base64 decoded"),
    "bytes of a URL": (lambda: b"http://127.0.0.1/a.png", "Pass a URL or a data: URI as a str"),
    "a closed file": (closed, "closed file.*Pass a file that is open"),
    "a file that gives words": (Words, "Words gives no bytes"),
    "a file of text": (lambda: io.StringIO("words"), "opened in binary mode"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_only_stands_for_a_picture_is_refused_before_it_is_sent(call: Call, kind: str) -> None:
    made, reason = REFUSED[kind]
    with pytest.raises(heliograph.InputError, match=reason):
        call("upload", made(), server="http://127.0.0.1:9", retries=0)


def test_a_folder_is_named_once_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(heliograph.InputError) as caught:
        heliograph.upload(tmp_path, server="http://127.0.0.1:9")
    assert str(caught.value) == f"{tmp_path} is a folder. Name the pictures in it."


TAKEN: dict[str, Any] = {
    "every second byte of something": memoryview(bytes(each for byte in PNG for each in (byte, 0)))[::2],
    "bytes of a data: URI": b"data:image/png;base64," + base64.b64encode(PNG),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_the_bytes_that_are_meant_are_published(call: Call, server: RunningServer, http, kind: str) -> None:
    image = call("upload", TAKEN[kind], server=server.url)
    assert http.get(image.link).content == PNG


def test_a_file_is_read_from_where_it_stands_and_stands_there_again_after_a_look(tmp_path: Path) -> None:
    path = seen.svg_file(tmp_path)
    path.write_bytes(b"before" + path.read_bytes())
    with path.open("rb") as file:
        file.seek(6)
        assert vector_drawn(file, Look(vector=True)) == path.read_bytes()[6:]
        assert file.tell() == 6


def test_a_pipe_that_holds_no_svg_is_not_read_to_find_out(call: Call, server: RunningServer, http) -> None:
    reading, writing = os.pipe()
    os.write(writing, PNG)
    os.close(writing)
    with open(reading, "rb") as pipe:
        image = call("upload", pipe, server=server.url)
    assert http.get(image.link).content == PNG
