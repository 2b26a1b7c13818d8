"""Link forms beside the picture itself: gifv, mp4, what is missing, and a host of the pictures' own."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image as Pillow

from heliograph.server import catalog
from heliograph.server.links import parse
from heliograph.server.model import Blob, Image, ImageRef
from tests.running import RunningServer, picture, serving
from tests.server.http.test_native import upload
from tests.server.parts import assembled
from tests.wire.conftest import files


@pytest.fixture(scope="module")
def moving(http: httpx2.Client) -> dict[str, Any]:
    return upload(http, files()["gif"])


def test_gifv_is_a_page_that_shows_the_animation(http: httpx2.Client, moving: dict[str, Any]) -> None:
    answer = http.get(f"/{moving['id']}.gifv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'<img src="{moving["link"]}"' in answer.text
    assert "<video" not in answer.text


def test_gifv_of_a_still_leads_to_its_page(http: httpx2.Client) -> None:
    said = upload(http)
    answer = http.get(f"/{said['id']}.gifv")
    assert (answer.status_code, answer.headers["location"]) == (303, said["page"])


@pytest.mark.parametrize("extension", ["mp4", "webm", "MP4"])
def test_there_is_no_video_and_the_answer_says_where_the_animation_is(
    extension: str, http: httpx2.Client, moving: dict[str, Any]
) -> None:
    answer = http.get(f"/{moving['id']}.{extension}")
    assert answer.status_code == 404
    assert f"/{moving['id']}.gif" in answer.text


def test_gifv_of_nothing_is_not_found_and_of_a_removed_one_gone(http: httpx2.Client) -> None:
    said = upload(http, files()["gif"])
    http.delete(f"/api/v1/images/{said['delete_hash']}")
    assert http.get("/aaaaaaaaaa.gifv").status_code == 404
    assert http.get(f"/{said['id']}.gifv").status_code == 410
    assert http.get(f"/{said['id']}.mp4").status_code == 410


def test_the_picture_for_what_is_missing_is_small_and_always_there(http: httpx2.Client) -> None:
    answer = http.get("/removed.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert len(answer.content) < 1000
    with Pillow.open(io.BytesIO(answer.content)) as shown:
        assert (shown.format, shown.size) == ("PNG", (161, 81))


@pytest.fixture(scope="module")
def leading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A server that leads to removed.png, with a host for pictures."""
    settings = {"MISSING_IMAGE": "redirect", "IMAGE_URL": "https://i.h.example"}
    with (
        serving(tmp_path_factory.mktemp("leading"), **settings) as server,
        httpx2.Client(base_url=server.url) as client,
    ):
        yield client


def test_missing_and_removed_pictures_lead_to_removed_png_where_the_operator_wants_it(leading: httpx2.Client) -> None:
    said = upload(leading)
    leading.delete(f"/api/v1/images/{said['delete_hash']}")
    for path in (f"/{said['id']}.png", f"/{said['id']}s.jpg", "/aaaaaaaaaa.gif", "/cxmHM.jpg"):
        for method in ("GET", "HEAD"):
            answer = leading.request(method, path)
            assert (answer.status_code, answer.headers["location"]) == (302, "https://i.h.example/removed.png")


def test_what_was_never_meant_as_a_picture_is_led_nowhere(leading: httpx2.Client) -> None:
    said = upload(leading, files()["gif"])
    for path in ("/robots.txt", "/favicon.ico", f"/{said['id']}.mp4", "/aaaaaaaaaa", "/api/v1/images/aaaaaaaaaa"):
        assert leading.get(path).status_code == 404


def test_an_operator_may_lead_to_a_picture_of_his_own(tmp_path: Path) -> None:
    elsewhere = "https://h.example/sorry.png"
    with serving(tmp_path, MISSING_IMAGE=elsewhere) as server:
        answer = httpx2.get(f"{server.url}/aaaaaaaaaa.png")
    assert (answer.status_code, answer.headers["location"]) == (302, elsewhere)


@pytest.mark.parametrize("host", ["i.h.example", "I.H.example", "i.h.example:443"])
def test_the_image_host_has_pictures_and_leads_pages_to_the_public_address(host: str, leading: httpx2.Client) -> None:
    said, named = upload(leading, files()["gif"]), {"host": host}
    assert said["link"] == f"https://i.h.example/{said['id']}.gif"
    for path in (f"/{said['id']}.gif", f"/{said['id']}m.jpg", "/removed.png", "/livez", "/readyz"):
        assert leading.get(path, headers=named).status_code == 200
    for path in ("/", f"/{said['id']}", f"/{said['id']}.gifv", "/login?next=%2Faccount", "/api/v1/openapi.json"):
        answer = leading.get(path, headers=named)
        assert (answer.status_code, answer.headers["location"]) == (
            302,
            f"{leading.base_url}{path}".replace("//", "/").replace(":/", "://"),
        )


def test_nothing_can_be_changed_under_the_name_of_the_image_host(leading: httpx2.Client) -> None:
    said, named = upload(leading), {"host": "i.h.example"}
    assert leading.post("/api/v1/images", files={"image": picture()}, headers=named).status_code == 421
    assert leading.delete(f"/api/v1/images/{said['delete_hash']}", headers=named).status_code == 421
    assert leading.get(f"/{said['id']}.png").status_code == 200


def test_pictures_are_under_the_public_name_too(leading: httpx2.Client, server: RunningServer) -> None:
    """Links of 2009 had one host for both."""
    assert leading.get(f"/{upload(leading)['id']}.png").status_code == 200


def test_one_host_for_both_has_no_such_rule(http: httpx2.Client) -> None:
    for host in ("h.example", "i.imgur.com"):
        assert http.get("/", headers={"host": host}).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("foreign", ["cxmHM", "a1b2c3s", "abcdefgh", "Zyxwvuts"])
async def test_foreign_ids_are_found_whole_and_with_every_size_letter(foreign: str, tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        blob: Blob = (await parts.upload(picture(200, 100))).image.blob
        image = Image(foreign, "d" * 10, blob, None, None, catalog.now())
        await parts.database.transaction(catalog.add_image(image, None))
        found = await parts.library.variant(_ref(f"/{foreign}.png"), None)
        assert (found.image_id, found.original) == (foreign, True)
        for letter in "sbtmlh":
            sized = await parts.library.variant(_ref(f"/{foreign}{letter}.jpg"), None)
            assert (sized.image_id, sized.original, sized.media_type) == (foreign, False, "image/jpeg")


@pytest.mark.anyio
async def test_of_two_foreign_ids_that_differ_by_a_letter_each_is_found(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        for number, foreign in enumerate(("cxmHM", "cxmHMs")):
            blob = (await parts.upload(picture(200, 100))).image.blob
            image = Image(foreign, str(number) * 10, blob, None, None, catalog.now())
            await parts.database.transaction(catalog.add_image(image, None))
        assert (await parts.library.variant(_ref("/cxmHMs.png"), None)).image_id == "cxmHMs"
        assert (await parts.library.variant(_ref("/cxmHMm.png"), None)).image_id == "cxmHM"


def _ref(path: str) -> ImageRef:
    found = parse(path)
    assert found is not None
    return found
