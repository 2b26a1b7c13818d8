"""Imgur v2 as its clients call and read it (wire page imgur-v2)."""

import base64
import re
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from heliograph.server.http.imgur_v2 import amount
from tests.running import RunningServer, picture, serving

KEY = "0123456789abcdef0123456789abcdef"
IMAGE = ["title", "caption", "hash", "datetime", "type", "animated", "width", "height", "size", "views", "bandwidth"]
LINKS = ["original", "imgur_page", "small_square", "large_thumbnail"]
addresses = (f"203.0.113.{number}" for number in count(1))


def upload(http: httpx2.Client, **texts: str) -> dict[str, Any]:
    answer = http.post("/2/upload.json", files={"image": ("p.png", picture())}, data={"key": KEY, **texts})
    assert answer.status_code == 200, answer.text
    uploaded: dict[str, Any] = answer.json()["upload"]
    return uploaded


def test_an_upload_tells_every_field_and_its_links_lead_there(http: httpx2.Client, server: RunningServer) -> None:
    told = upload(http, title="T", caption="C", name="n.png")
    image, links = told["image"], told["links"]
    assert list(image) == ["name", "title", "caption", "hash", "deletehash", *IMAGE[3:]]
    assert (image["name"], image["title"], image["caption"], image["animated"]) == ("n.png", "T", "C", "false")
    assert (image["type"], image["width"], image["height"], image["views"]) == ("image/png", 32, 32, 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", image["datetime"])
    assert links == {
        "original": f"{server.url}/{image['hash']}.png",
        "imgur_page": f"{server.url}/{image['hash']}",
        "delete_page": f"{server.url}/delete/{image['deletehash']}",
        "small_square": f"{server.url}/{image['hash']}s.jpg",
        "large_thumbnail": f"{server.url}/{image['hash']}l.jpg",
    }
    assert {http.get(link).status_code for link in links.values()} == {200}


@pytest.mark.parametrize(
    ("method", "query", "sent"),
    [
        ("POST", {}, lambda png: {"data": {"key": KEY, "image": base64.b64encode(png).decode()}}),
        ("PUT", {"key": KEY}, lambda png: {"content": png, "headers": {"content-type": "image/png"}}),
        ("POST", {"key": KEY}, lambda png: {"content": png, "headers": {"content-type": "image/Png"}}),
        ("POST", {"key": KEY}, lambda png: {"content": png, "headers": {"content-type": "application/octet-stream"}}),
        ("POST", {"key": KEY}, lambda png: {"content": png}),
        ("POST", {"key": KEY, "type": "file"}, lambda png: {"files": {"image": ("p.png", png)}}),
        ("GET", {"key": KEY}, lambda png: {"params": {"key": KEY, "image": base64.b64encode(png).decode()}}),
    ],
    ids=["form", "PUT", "greenshot", "flash", "no label", "kipi", "mathics"],
)
@pytest.mark.parametrize("path", ["/2/upload", "/2/upload.xml", "/2/upload.json"])
def test_the_same_picture_arrives_in_every_shape(
    method: str, query: dict[str, str], sent: Callable[[bytes], dict[str, Any]], path: str, http: httpx2.Client
) -> None:
    png = picture()
    answer = http.request(method, path, **{"params": query, **sent(png)})
    assert answer.status_code == 200, answer.text
    as_json = path.endswith("json")
    assert answer.headers["content-type"] == ("application/json" if as_json else "text/xml; charset=utf-8")
    root = None if as_json else ElementTree.fromstring(answer.content)
    link = answer.json()["upload"]["links"]["original"] if root is None else root.findtext("links/original")
    assert http.get(link).content == png


def test_a_key_in_the_query_is_looked_at_before_the_body_is_read(tmp_path: Path) -> None:
    with serving(tmp_path, UNKNOWN_KEYS="refuse") as server:
        answer = httpx2.post(f"{server.url}/2/upload.json?key={KEY}", files={"image": b"no picture"})
        assert (answer.status_code, answer.json()["error"]["message"]) == (403, "Invalid API key")
        known = httpx2.post(f"{server.url}/2/upload.json", params={"key": server.key}, files={"image": picture()})
        assert known.status_code == 200


def test_an_upload_with_the_owners_key_belongs_to_the_owner(
    http: httpx2.Client, owner: httpx2.Client, server: RunningServer
) -> None:
    answer = http.post("/2/upload.json", params={"key": server.key}, content=picture())
    assert owner.get("/api/v1/images").json()["images"][0]["id"] == answer.json()["upload"]["image"]["hash"]


@pytest.mark.parametrize("edit", ["", "&edit"])
def test_a_sideload_takes_the_browser_to_the_images_page(edit: str, http: httpx2.Client, server: RunningServer) -> None:
    there = upload(http)["links"]["original"]
    answer = http.get(f"/2/upload?key={KEY}&url={there}&title=Side{edit}")
    assert answer.status_code == 302
    page = answer.headers["location"]
    assert re.fullmatch(re.escape(server.url) + "/[A-Za-z0-9]{10}", page)
    assert "Side" in http.get(page).text
    assert http.get(f"{page}.png").content == http.get(there).content


@pytest.mark.parametrize(
    ("url", "status"), [("/home/ada/a.png", 400), ("ftp://h.example/a.png", 400), ("http://10.0.0.1/a.png", 400)]
)
def test_a_sideload_of_what_cannot_be_fetched_says_so(url: str, status: int, http: httpx2.Client) -> None:
    answer = http.get("/2/upload.json", params={"key": KEY, "url": url})
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_a_sideload_takes_no_base64_for_an_address(http: httpx2.Client) -> None:
    answer = http.get("/2/upload", params={"key": KEY, "url": base64.b64encode(picture(4, 4)).decode()})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/2/upload?key=k&url=http://h.example/a.png", "/2/delete/{hash}"])
def test_a_look_by_head_changes_nothing(path: str, http: httpx2.Client) -> None:
    told = upload(http)
    assert http.head(path.format(hash=told["image"]["deletehash"])).status_code == 405
    assert http.get(told["links"]["original"]).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_image_is_told_without_its_secrets_and_with_what_was_served_of_it(method: str, http: httpx2.Client) -> None:
    told = upload(http)
    size = len(http.get(told["links"]["original"]).content)
    answer = http.request(method, f"/2/image/{told['image']['hash']}.json")
    assert told["image"]["deletehash"] not in answer.text
    found = answer.json()["image"]
    assert (list(found), list(found["image"]), list(found["links"])) == (["image", "links"], IMAGE, LINKS)
    assert (found["image"]["title"], found["image"]["views"], found["image"]["bandwidth"]) == (None, 1, size)


def test_an_album_lists_its_images_as_items_in_xml(http: httpx2.Client) -> None:
    told = upload(http)
    name = told["image"]["hash"]
    album = http.post(
        "/api/v1/albums", json={"title": "A & B", "layout": "grid", "images": [told["image"]["deletehash"]]}
    ).json()
    found = http.get(f"/2/album/{album['id']}.json").json()["album"]
    assert list(found) == ["title", "description", "cover", "layout", "images"]
    assert (found["title"], found["description"], found["layout"]) == ("A & B", None, "grid")
    assert (found["cover"], [each["image"]["hash"] for each in found["images"]]) == (name, [name])
    root = ElementTree.fromstring(http.post(f"/2/album/{album['id']}").content)
    assert [child.tag for child in root.find("images")] == ["item"]
    assert root.findtext("images/item/links/original") == told["links"]["original"]
    assert told["image"]["deletehash"] not in http.get(f"/2/album/{album['id']}").text


def test_a_secret_album_is_not_there_for_strangers(
    http: httpx2.Client, owner: httpx2.Client, server: RunningServer
) -> None:
    album = owner.post("/api/v1/albums", json={"privacy": "secret"}).json()["id"]
    assert http.get(f"/2/album/{album}").status_code == 404
    assert http.get(f"/2/album/{album}", params={"key": KEY}).status_code == 404
    assert http.get(f"/2/album/{album}", params={"key": server.key}).status_code == 200


@pytest.mark.parametrize("method", ["DELETE", "GET", "POST"])
@pytest.mark.parametrize("form", ["", ".xml", ".json"])
def test_the_delete_hash_deletes_and_a_second_time_is_400_as_greenshot_wants(
    method: str, form: str, http: httpx2.Client
) -> None:
    told = upload(http)
    path = f"/2/delete/{told['image']['deletehash']}{form}"
    answer = http.request(method, path)
    expected = '{"delete":{"message":"Success"}}' if form == ".json" else "<delete><message>Success</message></delete>"
    assert (answer.status_code, answer.text.splitlines()[-1]) == (200, expected)
    assert http.request(method, path).status_code == 400
    assert http.get(f"/2/image/{told['image']['hash']}").status_code == 404


@pytest.mark.parametrize("name", ["{id}", "aaaaaaaaaaaaaaa", "a%00aaaaaaaaaaaaa", "%20"])
def test_what_is_no_delete_hash_deletes_nothing(name: str, http: httpx2.Client) -> None:
    told = upload(http)
    assert http.delete(f"/2/delete/{name.format(id=told['image']['hash'])}").status_code == 400
    assert http.get(told["links"]["original"]).status_code == 200


@pytest.mark.parametrize("view", ["today", "week", "month", None])
def test_the_statistics_have_imgurs_names_and_spelling(view: str | None, http: httpx2.Client) -> None:
    upload(http)
    stats = http.get("/2/stats.json", params={"view": view} if view else {}).json()["stats"]
    assert list(stats) == [
        "most_popular_images", "images_uploaded", "images_veiwed", "bandwidth_used", "average_image_size",
    ]  # fmt: skip
    assert isinstance(stats["images_uploaded"], int)
    assert re.fullmatch(r"\d+\.\d\d (B|KB|MB|GB|TB)", stats["bandwidth_used"])


def test_statistics_of_another_period_are_refused(http: httpx2.Client) -> None:
    assert http.get("/2/stats", params={"view": "year"}).status_code == 400


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0.00 B"),
        (1023, "1023.00 B"),
        (41_718, "40.74 KB"),
        (5_035_763_208_253, "4.58 TB"),
        (2**60, "1048576.00 TB"),
    ],
)
def test_amounts_are_said_with_two_places_and_a_unit(size: int, said: str) -> None:
    assert amount(size) == said


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        ({"files": {"image": b"GIF8"}}, 401, "No API key was sent"),
        ({"data": {"key": KEY}}, 400, "No image was sent. Send it as a file, base64 text, a URL, or the raw"),
        ({"data": {"key": "  ", "image": "AAAA"}}, 401, "No API key was sent"),
        (
            {"files": {"image": b"%PDF-1.7"}, "data": {"key": KEY}},
            400,
            "Image format not supported, or image is corrupt.",
        ),
        ({"files": {"image": picture()[:300]}, "data": {"key": KEY}}, 400, "Image format not supported, or image is"),
        ({"data": {"key": KEY, "image": r"C:\plot.png"}}, 400, "A path on your own computer was sent"),
        ({"data": {"key": KEY, "image": "http://10.0.0.1/a.png"}}, 400, "The URL leads to an address that"),
    ],
)
def test_failures_are_told_in_both_formats(
    asked: dict[str, Any], status: int, message: str, http: httpx2.Client
) -> None:
    answer = http.post("/2/upload.json", **asked)
    error = answer.json()["error"]
    assert (answer.status_code, error["message"][: len(message)]) == (status, message)
    assert (error["request"], error["method"], error["format"]) == ("/2/upload.json", "post", "json")
    assert KEY not in answer.text
    root = ElementTree.fromstring(http.post("/2/upload", **asked).content)
    assert (root.tag, root.findtext("message"), root.findtext("format")) == ("error", error["message"], "xml")


@pytest.mark.parametrize("form", ["data", "params"])
def test_how_to_answer_may_be_said_in_the_form_or_in_the_query(form: str, http: httpx2.Client) -> None:
    answer = http.post("/2/upload", **{form: {"_format": "json", "_fake_status": "200"}})
    assert (answer.status_code, answer.json()["error"]["message"]) == (200, "No API key was sent")


def test_another_method_may_be_meant_than_is_used(http: httpx2.Client) -> None:
    there = upload(http)["links"]["original"]
    assert http.post(f"/2/upload?_method=get&key={KEY}&url={there}").status_code == 302
    assert http.get(f"/2/upload?_method=post&key={KEY}&image={there}").status_code == 200
    assert http.post(f"/2/delete/{upload(http)['image']['deletehash']}?_method=delete").status_code == 200


def test_what_is_not_there_is_said_in_this_dialect_too(http: httpx2.Client) -> None:
    for path in ("/2/nothing", "/2/image/aaaaaaaaaa", "/2/album/aaaaaaaaaaaa", "/2/image/%00"):
        answer = http.get(path)
        assert (answer.status_code, ElementTree.fromstring(answer.content).tag) == (404, "error")
    assert http.patch("/2/upload.json").json()["error"]["method"] == "patch"


def test_scripts_of_other_pages_may_call(http: httpx2.Client) -> None:
    for path in ("/2/upload", "/2/upload.json", "/2/image/aaaaaaaaaa", "/2/delete/x", "/2/stats.xml", "/2/credits"):
        asked = http.options(path, headers={"origin": "http://h.example", "access-control-request-method": "POST"})
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "*")
        assert "POST" in asked.headers["access-control-allow-methods"]
    failed = http.post("/2/upload", headers={"origin": "http://h.example"})
    assert failed.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in failed.headers


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Imgur's own policy, with fewer credits."""
    folder = tmp_path_factory.mktemp("limited")
    with serving(folder, LIMITS="35/hour by address; 10 credits an upload", TRUSTED_PROXIES="127.0.0.0/8") as server:
        yield server


@pytest.fixture
def somebody(limited: RunningServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=limited.url, headers={"x-forwarded-for": next(addresses)}, timeout=30) as client:
        yield client


def left(answer: httpx2.Response) -> int:
    limit, remaining, reset = (int(answer.headers[f"x-ratelimit-{each}"]) for each in ("limit", "remaining", "reset"))
    assert limit == 35
    assert 0 <= reset - time.time() <= 3601
    return remaining


def test_every_answer_tells_the_credits_that_the_next_request_meets(somebody: httpx2.Client) -> None:
    told = [somebody.post("/2/upload", files={"image": picture()}, data={"key": KEY}) for _ in range(3)]
    assert [(each.status_code, left(each)) for each in told] == [(200, 25), (200, 15), (200, 5)]
    refused = somebody.post("/2/upload.json", files={"image": picture()}, data={"key": KEY})
    assert (refused.status_code, left(refused)) == (403, 5)
    assert refused.json()["error"]["message"] == "API limits exceeded"
    assert int(refused.headers["retry-after"]) > 0
    assert left(somebody.post("/2/upload", files={"image": picture()})) == 4, "without a key it is no upload"
    asked = somebody.get("/2/credits.json")
    told = asked.json()["credits"]
    assert list(told) == ["limit", "remaining", "reset", "refresh_in_secs"]
    assert (told["limit"], told["remaining"], left(asked)) == (35, 3, 3)
    assert told["reset"] == int(asked.headers["x-ratelimit-reset"])
    assert [left(somebody.get(f"/2/image/{'a' * 10}")) for _ in range(3)] == [2, 1, 0]
    over = somebody.get("/2/credits")
    assert (over.status_code, left(over)) == (403, 0)


def test_where_only_uploads_are_counted_credits_tell_of_them_and_take_none(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="2/hour uploads by address") as server, httpx2.Client(base_url=server.url) as http:
        told = []
        for _ in range(3):
            told.append([http.get("/2/credits.json").json()["credits"][each] for each in ("limit", "remaining")])
            http.post("/2/upload", files={"image": picture()}, data={"key": KEY})
        assert told == [[2, 2], [2, 1], [2, 0]]


def test_without_limits_credits_are_as_many_as_can_be_told(http: httpx2.Client) -> None:
    answer = http.get("/2/credits.json")
    told = answer.json()["credits"]
    assert (told["limit"], told["remaining"], told["refresh_in_secs"]) == (2**31 - 1, 2**31 - 1, 0)
    headers = [int(answer.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset")]
    assert headers == [2**31 - 1, 2**31 - 1, told["reset"]]
