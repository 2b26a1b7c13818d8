"""Imgur v1's calls beside the upload: delete, statistics, gallery, and their failures (wire page imgur-v1)."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from tests.running import picture, serving
from tests.server.http.test_native import upload
from tests.wire.conftest import files


def in_json(answer: httpx2.Response) -> Any:
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("query", ["", "?key=0123456789abcdef0123456789abcdef"])
def test_a_delete_hash_deletes_with_or_without_a_key(method: str, query: str, http: httpx2.Client) -> None:
    said = upload(http)
    answer = http.request(method, f"/api/delete/{said['delete_hash']}.json{query}")
    assert (answer.status_code, answer.content) == (200, b'{"rsp":{"stat":"ok"}}')
    assert http.get(said["link"]).status_code == 410


def test_a_delete_in_xml_says_ok_in_its_root(http: httpx2.Client) -> None:
    root = ElementTree.fromstring(http.get(f"/api/delete/{upload(http)['delete_hash']}.xml").content)
    assert (root.tag, root.get("stat"), len(root)) == ("rsp", "ok", 0)


def test_to_look_at_a_delete_link_deletes_nothing(http: httpx2.Client) -> None:
    said = upload(http)
    assert http.head(f"/api/delete/{said['delete_hash']}.json").status_code == 405
    assert http.get(said["link"]).status_code == 200


@pytest.mark.parametrize("wrong", ["aaaaaaaaaaaaaaa", "NNy6VNpiAA", "aB3xY7qmTz", "%00", "ä"])
def test_a_hash_that_is_wrong_or_used_up_is_4002(wrong: str, http: httpx2.Client) -> None:
    used = upload(http)["delete_hash"]
    http.get(f"/api/delete/{used}.json")
    for delete_hash in (used, wrong):
        answer = http.get(f"/api/delete/{delete_hash}.json")
        assert in_json(answer)["error"]["error_code"] == 4002
        assert answer.status_code in (404, 410)
        root = ElementTree.fromstring(http.get(f"/api/delete/{delete_hash}.xml").content)
        assert (root.tag, root.findtext("error_code")) == ("error", "4002")


def test_the_id_of_an_image_deletes_nothing(http: httpx2.Client) -> None:
    said = upload(http)
    assert http.get(f"/api/delete/{said['id']}.json").json()["error"]["error_code"] == 4002
    assert http.get(said["link"]).status_code == 200


def test_the_statistics_of_an_image_are_its_facts_and_its_use(http: httpx2.Client) -> None:
    said = upload(http, picture(20, 10, "JPEG"))
    http.get(said["link"])
    stats = in_json(http.get(f"/api/stats/{said['id']}.json"))["stats"]
    assert stats.pop("uploaded") == said["created"].replace("T", " ")[:19]
    assert stats == {
        "type": "image/jpeg",
        "animated": "false",
        "width": 20,
        "height": 10,
        "size": said["size"],
        "views": 1,
        "bandwidth": said["size"],
    }


def test_xml_says_the_same_statistics(http: httpx2.Client) -> None:
    said = upload(http, files()["gif"])
    root = ElementTree.fromstring(http.get(f"/api/stats/{said['id']}.xml").content)
    assert root.tag == "stats"
    assert (root.findtext("type"), root.findtext("animated")) == ("image/gif", "true")


def test_statistics_of_no_image_fail_in_error(http: httpx2.Client) -> None:
    answer = http.get("/api/stats/aaaaaaaaaa.json")
    assert (answer.status_code, in_json(answer)["error"]["error_code"]) == (404, 9000)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A server of its own, spoken to with the first key."""
    with serving(tmp_path_factory.mktemp("fresh")) as server:
        headers = {"authorization": f"Bearer {server.key}"}
        with httpx2.Client(base_url=server.url, headers=headers) as client:
            yield client


def test_the_site_and_the_gallery_name_images_of_public_albums_and_no_other(fresh: httpx2.Client) -> None:
    shown, hidden, alone = [upload(fresh, title=title) for title in ("shown", "hidden", "alone")]
    for image, privacy in ((shown, "public"), (hidden, "hidden")):
        fresh.post("/api/v1/albums", json={"images": [image["id"]], "privacy": privacy})
    for image in (shown, hidden, alone):
        fresh.get(image["link"])
    gallery = in_json(fresh.get("/api/gallery.json"))["images"]
    assert list(gallery) == [shown["id"]]
    assert gallery[shown["id"]] == {
        "image_hash": shown["id"],
        "title": "shown",
        "original_image": shown["link"],
        "large_thumbnail": shown["thumbnails"]["l"],
        "small_thumbnail": shown["thumbnails"]["s"],
        "imgur_page": shown["page"],
        "date_popular": shown["created"].replace("T", " ")[:19],
    }
    root = ElementTree.fromstring(fresh.get("/api/gallery.xml").content)
    assert [each.findtext("image_hash") for each in root.iter("image")] == [shown["id"]]
    for secret in (hidden, alone):
        for path in ("/api/gallery.json?sort=popular", "/api/gallery.xml", "/api/stats.json", "/api/stats.xml"):
            assert secret["id"] not in fresh.get(path).text


def test_the_sites_statistics_have_the_names_that_imgur_spelt(fresh: httpx2.Client) -> None:
    said = upload(fresh, picture(64, 64))
    stats = in_json(fresh.get("/api/stats.json"))["stats"]
    assert stats == {
        "most_popular_images": [],
        "images_uploaded": 1,
        "images_veiwed": 0,
        "bandwidth_used": "0.00 B",
        "average_image_size": f"{said['size'] / 1024:.2f} KB",
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"params": {"sort": "popular", "view": "all", "count": "20", "page": "1"}},
        {"data": {"sort": "popular", "view": "all", "count": "20", "page": "1"}},
        {"files": {name: (None, value) for name, value in (("sort", "latest"), ("view", "week"), ("count", "50"))}},
    ],
    ids=["query", "form", "multipart"],
)
@pytest.mark.parametrize("call", ["/api/gallery.json", "/api/gallery.xml"])
def test_the_gallery_takes_its_fields_in_every_shape(call: str, asked: dict[str, Any], http: httpx2.Client) -> None:
    assert http.post(call, **asked).status_code == 200


def test_count_and_page_cut_the_gallery(fresh: httpx2.Client) -> None:
    ids = [upload(fresh)["id"] for _ in range(3)]
    fresh.post("/api/v1/albums", json={"images": ids, "privacy": "public"})
    newest_first = ids[::-1]
    pages = [list(fresh.get(f"/api/gallery.json?count=2&page={page}").json()["images"]) for page in (1, 2, 3)]
    assert pages == [newest_first[:2], newest_first[2:], []]
    assert fresh.get("/api/gallery.json?count=0").json() == {"images": {}}


@pytest.mark.parametrize(
    "wrong",
    [
        "gallery.json?sort=best",
        "gallery.json?view=year",
        "gallery.json?count=51",
        "gallery.json?count=x",
        "gallery.json?page=-1",
        "stats.json?view=year",
    ],
)
def test_a_field_that_means_nothing_is_9000(wrong: str, http: httpx2.Client) -> None:
    answer = http.get(f"/api/{wrong}")
    assert (answer.status_code, in_json(answer)["error"]["error_code"]) == (400, 9000)
    assert answer.json()["error"]["error_msg"].startswith("Invalid API request")


@pytest.mark.parametrize("view", ["today", "week", "month", "all"])
def test_every_view_that_clients_ask_for_is_answered(view: str, http: httpx2.Client) -> None:
    assert http.post("/api/stats.json", data={"view": view}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/upload.yaml"),
        ("POST", "/api/upload"),
        ("GET", "/api/stats.html"),
        ("GET", "/api/stats"),
        ("GET", "/api/gallery."),
        ("GET", "/api/stats/aaaaaaaaaa.php"),
        ("GET", "/api/delete/aaaaaaaaaaaaaaa.txt"),
    ],
)
def test_an_unknown_format_is_9001(method: str, path: str, http: httpx2.Client) -> None:
    answer = http.request(method, path)
    root = ElementTree.fromstring(answer.content)
    assert (answer.status_code, root.findtext("error_code")) == (404, "9001")
    assert root.tag == ("rsp" if "upload" in path else "error")


def test_an_unknown_format_deletes_nothing(http: httpx2.Client) -> None:
    said = upload(http)
    http.get(f"/api/delete/{said['delete_hash']}.txt")
    assert http.get(said["link"]).status_code == 200


def test_a_call_that_does_not_exist_is_9000(http: httpx2.Client) -> None:
    answer = http.get("/api/nothing.json")
    assert (answer.status_code, in_json(answer)["error"]["error_code"]) == (404, 9000)
