"""Delivery of originals and thumbnails."""

import io
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image as Pillow

from heliograph.imaging.recipe import LETTERS
from heliograph.server.http.images import parse_range
from heliograph.server.library import rendition_name
from tests.running import RunningServer, picture, serving
from tests.server.http.test_native import upload


@pytest.fixture(scope="module")
def said(http: httpx2.Client) -> dict[str, Any]:
    return upload(http, picture(300, 200, "JPEG"))


@pytest.fixture(scope="module")
def large(http: httpx2.Client) -> dict[str, Any]:
    return upload(http, picture(1100, 900, "BMP"))


def test_an_original_may_be_kept_for_ever_and_does_nothing(http: httpx2.Client, said: dict[str, Any]) -> None:
    headers = http.get(said["link"]).headers
    assert headers["content-type"] == "image/jpeg"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["accept-ranges"] == "bytes"
    assert headers["etag"] == f'"{said["sha256"]}"'


@pytest.mark.parametrize("extension", ["jpg", "jpeg", "png", "gif", "webp", "JPG", "x"])
def test_any_extension_finds_the_image_and_the_media_type_is_true(
    extension: str, http: httpx2.Client, said: dict[str, Any]
) -> None:
    answer = http.get(f"/{said['id']}.{extension}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(
    "letter_size", [("s", (90, 90)), ("b", (160, 160)), ("t", (160, 107)), ("m", (300, 200)), ("h", (300, 200))]
)
@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_a_letter_gives_its_thumbnail_as_a_jpeg(
    letter_size: tuple[str, tuple[int, int]], extension: str, http: httpx2.Client, said: dict[str, Any]
) -> None:
    letter, size = letter_size
    answer = http.get(f"/{said['id']}{letter}.{extension}")
    assert answer.headers["content-type"] == "image/jpeg"
    with Pillow.open(io.BytesIO(answer.content)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", size)


def test_head_says_what_get_says_without_a_body(http: httpx2.Client, said: dict[str, Any]) -> None:
    for link in (said["link"], said["thumbnails"]["s"]):
        got, head = http.get(link), http.head(link)
        assert head.content == b""
        differing = {"date", "x-request-id"}
        assert {k: v for k, v in got.headers.items() if k not in differing} == {
            k: v for k, v in head.headers.items() if k not in differing
        }


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_known_etag_is_answered_304(form: str, http: httpx2.Client, said: dict[str, Any]) -> None:
    for link in (said["link"], said["thumbnails"]["l"]):
        etag = http.get(link).headers["etag"]
        answer = http.get(link, headers={"if-none-match": form.format(etag)})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-9", 0, 10), ("10-", 10, None), ("-7", -7, None), ("5-5", 5, 6), ("3-99999999", 3, None)],
)
@pytest.mark.parametrize("which", ["said", "large"])
def test_a_range_is_a_part_of_the_whole(
    asked: str, start: int, end: int | None, which: str, http: httpx2.Client, request: pytest.FixtureRequest
) -> None:
    link = request.getfixturevalue(which)["link"]
    whole = http.get(link).content
    answer = http.get(link, headers={"range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, whole[start:end])
    first = start % len(whole)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(whole)}"


def test_a_range_behind_the_end_is_416(http: httpx2.Client, said: dict[str, Any]) -> None:
    answer = http.get(said["link"], headers={"range": "bytes=99999999-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{said['size']}")


def test_if_range_with_another_etag_gives_the_whole(http: httpx2.Client, said: dict[str, Any]) -> None:
    answer = http.get(said["link"], headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (answer.status_code, len(answer.content)) == (200, said["size"])


@pytest.mark.parametrize(
    "header", ["bytes=1-2,4-5", "bytes=x-2", "bytes=-", "lines=1-2", "bytes=5-2", "bytes", "bytes=--1"]
)
def test_a_range_that_is_not_understood_is_ignored(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "span"), [("bytes=-0", "unsatisfiable"), ("bytes=100-", "unsatisfiable"), ("bytes=-200", (0, 100))]
)
def test_a_range_is_clipped_to_the_body(header: str, span: object) -> None:
    assert parse_range(header, 100) == span


@pytest.mark.parametrize("form", ["BMP", "TIFF"])
def test_what_browsers_cannot_show_is_served_as_it_is_and_has_a_web_rendition(form: str, http: httpx2.Client) -> None:
    uploaded = upload(http, picture(50, 40, form))
    assert http.get(uploaded["link"]).headers["content-type"] == f"image/{form.lower()}"
    web = http.get(f"/{uploaded['id']}.webp", params={"as": "web"})
    assert web.headers["content-type"] == "image/webp"
    with Pillow.open(io.BytesIO(web.content)) as shown:
        assert shown.size == (50, 40)


def test_the_web_rendition_of_what_browsers_show_is_the_original(http: httpx2.Client, said: dict[str, Any]) -> None:
    assert http.get(f"/{said['id']}.webp", params={"as": "web"}).headers["content-type"] == "image/jpeg"


def test_an_unknown_rendition_is_a_bad_parameter(http: httpx2.Client, said: dict[str, Any]) -> None:
    assert http.get(f"/{said['id']}.jpg", params={"as": "poster"}).status_code == 400


@pytest.mark.parametrize("query", ["v=%C3%A9", "v=%E9", "%FF", "v=%D9%A1&as=", "1", "%"])
def test_what_stands_behind_a_link_does_not_matter(query: str, http: httpx2.Client, said: dict[str, Any]) -> None:
    assert http.get(f"/{said['id']}.png?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/aaaaaaaaaa.jpg", "/aaaaaaaaaas.jpg", "/abcde.png", "/abcdefgs.png"])
def test_an_unknown_image_is_not_found(path: str, http: httpx2.Client) -> None:
    assert http.get(path).status_code == 404


def test_a_416_is_not_to_be_kept_by_caches(http: httpx2.Client, said: dict[str, Any]) -> None:
    answer = http.get(said["link"], headers={"range": "bytes=99999999-"})
    assert answer.headers["cache-control"] == "no-store"


def test_a_range_of_thousands_of_digits_is_ignored(http: httpx2.Client, said: dict[str, Any]) -> None:
    assert http.get(said["link"], headers={"range": f"bytes={'9' * 5000}-"}).status_code == 200


def test_head_ignores_a_range(http: httpx2.Client, said: dict[str, Any]) -> None:
    assert http.head(said["link"], headers={"range": "bytes=0-9"}).status_code == 200


def test_lost_bytes_of_a_live_image_are_an_outage_and_not_a_removal(tmp_path: Path) -> None:
    with serving(tmp_path) as server, httpx2.Client(base_url=server.url) as http:
        uploaded = upload(http)
        (server.data / "blobs" / uploaded["sha256"][:2] / uploaded["sha256"]).unlink()
        assert http.get(uploaded["link"]).status_code == 503
        assert http.get(uploaded["thumbnails"]["s"]).status_code == 503
        assert uploaded["sha256"] in (tmp_path / "server.log").read_text()


def test_an_empty_rendition_is_made_again(http: httpx2.Client, server: RunningServer) -> None:
    """A power cut can leave one: renditions are a cache and wait for no disk."""
    uploaded = upload(http)
    name = rendition_name(bytes.fromhex(uploaded["sha256"]), LETTERS["s"])
    file = server.data / "renditions" / name[:2] / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"")
    assert len(http.get(uploaded["thumbnails"]["s"]).content) > 100


@pytest.mark.parametrize(
    "path", ["/" + "a" * 5000, "/api/v1/images/" + "a" * 5000, "/3/image/" + "a" * 5000 + "?client_id=k"]
)
def test_words_that_cannot_be_ids_are_not_looked_up(path: str, http: httpx2.Client) -> None:
    assert http.get(path).status_code == 404
