"""oEmbed of our own links, and of no others."""

import html
import io
import re
from xml.etree import ElementTree

import httpx2
import pytest
from PIL import Image as Pillow

from tests.running import RunningServer, picture


def published(http: httpx2.Client, width: int = 32, height: int = 32, title: str = "T", form: str = "PNG") -> str:
    """The id of a new image."""
    answer = http.post("/api/v1/images", files={"image": picture(width, height, form)}, data={"title": title})
    image_id: str = answer.json()["id"]
    return image_id


def test_a_photo_has_the_fields_of_the_wire_page(http: httpx2.Client, server: RunningServer) -> None:
    name = published(http)
    told = {
        "version": "1.0",
        "type": "photo",
        "provider_name": "Heliograph",
        "provider_url": server.url,
        "title": "T",
        "url": f"{server.url}/{name}.png",
        "width": 32,
        "height": 32,
    }
    answer = http.get("/oembed", params={"url": f"{server.url}/{name}"})
    assert (answer.headers["content-type"], answer.json()) == ("application/json", told)
    for asked in ({"path": "/oembed.xml"}, {"path": "/oembed", "format": "xml"}):
        path = asked.pop("path")
        answer = http.get(path, params={"url": f"{server.url}/{name}", **asked})
        assert answer.headers["content-type"].startswith("text/xml")
        root = ElementTree.fromstring(answer.content)
        assert (root.tag, [child.tag for child in root]) == ("oembed", list(told))
    assert http.get("/oembed.json", params={"url": f"{server.url}/{name}"}).json() == told


def test_every_form_of_a_link_of_ours_is_known(http: httpx2.Client, server: RunningServer) -> None:
    name = published(http)
    host = server.url.removeprefix("http://")
    for link in (
        f"http://{host}/{name}",
        f"https://{host}/{name}.png",
        f"HTTP://{host}/{name}l.jpg?1#top",
        f" http://{host}/{name} ",
    ):
        answer = http.get("/oembed", params={"url": link})
        assert (answer.status_code, answer.json()["url"]) == (200, f"{server.url}/{name}.png"), link


@pytest.mark.parametrize(
    "link",
    [
        "", "{id}", "/{id}", "http://h.example/{id}", "{server}.h.example/{id}", "{server}@h.example/{id}",
        "javascript:{id}", "ftp://127.0.0.1/{id}", "{server}", "{server}/", "{server}/aaaaaaaaaa",
        "{server}/api/v1/images/{id}", "{server}/a/{id}", "{server}/x/{id}.png",
    ],
)  # fmt: skip
def test_what_is_no_link_of_ours_is_not_there(link: str, http: httpx2.Client, server: RunningServer) -> None:
    asked = link.format(server=server.url, id=published(http))
    assert http.get("/oembed", params={"url": asked}).status_code == 404


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((1500, 700), (2000, 2000)), ((1500, 700), (1100, None)), ((700, 1500), (None, 1024)),
        ((1500, 700), (700, 300)), ((1501, 333), (320, 320)), ((700, 1500), (200, 200)), ((1500, 700), (100, 100)),
    ],
)  # fmt: skip
def test_the_size_that_fits_the_box_is_named_as_large_as_it_is(
    shape: tuple[int, int], box: tuple[int | None, int | None], http: httpx2.Client, server: RunningServer
) -> None:
    name = published(http, *shape, form="JPEG")
    asked = {each: limit for each, limit in zip(("maxwidth", "maxheight"), box, strict=True) if limit}
    told = http.get("/oembed", params={"url": f"{server.url}/{name}", **asked}).json()
    assert told["type"] == "photo"
    assert told["width"] <= (box[0] or told["width"])
    assert told["height"] <= (box[1] or told["height"])
    shown = Pillow.open(io.BytesIO(http.get(told["url"]).content))
    assert shown.size == (told["width"], told["height"])


def test_a_larger_size_is_taken_where_it_fits(http: httpx2.Client, server: RunningServer) -> None:
    name = published(http, 1200, 600)
    letters = {1100: "h", 640: "l", 639: "m", 319: "t", 159: "s"}
    for width, letter in letters.items():
        told = http.get("/oembed", params={"url": f"{server.url}/{name}", "maxwidth": width}).json()
        assert told["url"] == f"{server.url}/{name}{letter}.jpg"


def test_the_pages_of_an_image_and_of_an_album_name_their_description(
    http: httpx2.Client, server: RunningServer
) -> None:
    name = published(http)
    album = http.post("/api/v1/albums", json={"title": "A"}).json()["id"]
    for page, title in ((f"{server.url}/{name}", "T"), (f"{server.url}/a/{album}", "A")):
        found = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', http.get(page).text)
        assert http.get(html.unescape(found[1])).json()["title"] == title


def test_where_nothing_is_small_enough_it_is_a_link(http: httpx2.Client, server: RunningServer) -> None:
    name = published(http, 200, 200)
    told = http.get("/oembed", params={"url": f"{server.url}/{name}", "maxheight": 89}).json()
    assert (told["type"], "url" in told) == ("link", False)


def test_what_browsers_do_not_show_is_named_by_a_rendition(http: httpx2.Client, server: RunningServer) -> None:
    name = published(http, form="TIFF")
    told = http.get("/oembed", params={"url": f"{server.url}/{name}"}).json()
    assert http.get(told["url"]).headers["content-type"] == "image/webp"


def test_an_album_is_a_link_and_a_secret_one_is_not_there(
    http: httpx2.Client, owner: httpx2.Client, server: RunningServer
) -> None:
    shown = owner.post("/api/v1/albums", json={"title": "A", "privacy": "hidden"}).json()["id"]
    secret = owner.post("/api/v1/albums", json={"title": "S", "privacy": "secret"}).json()["id"]
    told = http.get("/oembed", params={"url": f"{server.url}/a/{shown}"}).json()
    assert (told["type"], told["title"]) == ("link", "A")
    assert http.get("/oembed", params={"url": f"{server.url}/a/{secret}"}).status_code == 404


def test_a_removed_image_is_not_there(http: httpx2.Client, server: RunningServer) -> None:
    image = http.post("/api/v1/images", files={"image": picture()}).json()
    http.delete(f"/api/v1/images/{image['delete_hash']}")
    assert http.get("/oembed", params={"url": f"{server.url}/{image['id']}"}).status_code == 404


@pytest.mark.parametrize("asked", [{"maxwidth": "0"}, {"maxwidth": "-1"}, {"maxheight": "1.5"}, {"maxheight": "²"}])
def test_a_box_is_made_of_whole_numbers(asked: dict[str, str], http: httpx2.Client, server: RunningServer) -> None:
    assert http.get("/oembed", params={"url": f"{server.url}/{published(http)}", **asked}).status_code == 400


def test_another_format_is_not_implemented(http: httpx2.Client) -> None:
    assert http.get("/oembed", params={"format": "yaml"}).status_code == 501


def test_scripts_of_other_pages_may_ask_and_jsonp_works(http: httpx2.Client, server: RunningServer) -> None:
    assert http.options("/oembed").headers["access-control-allow-origin"] == "*"
    answer = http.get("/oembed", params={"url": f"{server.url}/{published(http)}", "callback": "f"})
    assert answer.text.startswith('f({"version":"1.0"')
    assert answer.headers["access-control-allow-origin"] == "*"
