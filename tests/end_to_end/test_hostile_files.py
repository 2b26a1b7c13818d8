"""Hostile files: each is answered by its named failure in every dialect, and the server stays small and alive."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from heliograph.server.http import imgur_v1, imgur_v2_words, imgur_v3_words, native, stack_mobile, stack_web
from tests.corpus.hostile import Hostile
from tests.end_to_end.dialects import DIALECTS, send, shaped
from tests.running import RunningServer, peak_memory, picture

MAX_BYTES = 20 * 1024**2
MEMORY = 512 * 1024**2
"""Bytes that the server's processes may ever have had resident together, each at its peak (goals, row D9)."""


def expected(dialect: str, failure: str) -> tuple[int, str | None]:
    """The number, and the text where it is fixed, by which a dialect names a failure."""
    if dialect == "native":
        return native.STATUS[failure], failure
    if dialect == "v3":
        status, text, code = imgur_v3_words.ANSWERS[failure]
        return code or status, text
    if dialect == "stack-mobile":
        return stack_mobile.ANSWERS[failure]
    if dialect.startswith("stack-"):
        status, text = stack_web.ANSWERS[failure]
        return (200 if dialect == "stack-web" else status), text
    if dialect.startswith("v2"):
        return imgur_v2_words.ANSWERS[failure]
    code, _, text = imgur_v1.ANSWERS[failure]
    return code, text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_hostile_file_has_its_named_failure(
    dialect: str, hostile_files: list[Hostile], http: httpx2.Client, server: RunningServer
) -> None:
    spoken = DIALECTS[dialect]
    wrong = []
    for each in hostile_files:
        size = each.path.stat().st_size
        failure = "NoImageSent" if size == 0 else "TooManyBytes" if size > MAX_BYTES else each.failure
        if dialect == "v3" and size == 0:
            failure = "UnsupportedFormat"  # so said Imgur of a file with nothing in it (wire page imgur-v3)
        answer = send(http, spoken, shaped(spoken, "multipart file", each.path.read_bytes(), server.key))
        number, text = expected(dialect, failure)
        if (dialect, each.name) == ("v3", "video.heic"):
            text = f"{text}: {imgur_v3_words.NO_VIDEO}"
        refused = answer.status_code >= 400 or dialect == "stack-web"
        if not refused or (said := spoken.failure(answer)) != (number, text or said[1]):
            wrong.append((each.name, failure, answer.status_code, answer.text[:200]))
        assert peak_memory(server) < MEMORY, each.name
    assert wrong == []


def test_eight_at_once_in_json_do_not_swell_the_server(
    hostile_files: list[Hostile], http: httpx2.Client, server: RunningServer
) -> None:
    spoken = DIALECTS["native"]
    contents = [each.path.read_bytes() for each in hostile_files if each.path.stat().st_size < 4 * 1024**2]

    def sent(content: bytes) -> int:
        return send(http, spoken, shaped(spoken, "JSON base64", content)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert all(400 <= status < 500 for status in pool.map(sent, contents))
    assert peak_memory(server) < MEMORY


def test_an_oversized_file_is_refused_in_every_dialect(http: httpx2.Client, server: RunningServer) -> None:
    content = b"\xff\xd8\xff\xe0" + bytes(20 * 1024**2)
    for name, spoken in DIALECTS.items():
        answer = send(http, spoken, shaped(spoken, "multipart file", content, server.key))
        assert spoken.failure(answer)[0] == expected(name, "TooManyBytes")[0], name


def test_nothing_of_them_is_left_on_disk(
    server: RunningServer, hostile_files: list[Hostile], http: httpx2.Client
) -> None:
    before = _stored(server)
    for each in hostile_files[:20]:
        send(http, DIALECTS["native"], shaped(DIALECTS["native"], "raw bytes", each.path.read_bytes()))
    assert _stored(server) == before


def _stored(server: RunningServer) -> list[Path]:
    data = server.data
    return sorted(path for folder in ("blobs", "under-way") for path in (data / folder).rglob("*") if path.is_file())


def test_after_all_of_them_a_real_picture_is_taken(http: httpx2.Client) -> None:
    assert http.post("/api/v1/images", files={"image": picture()}).status_code == 201
