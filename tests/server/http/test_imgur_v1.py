"""Imgur v1 uploads as its clients read them (wire page imgur-v1)."""

import re
from xml.etree import ElementTree

import httpx2
import pytest

from tests.running import RunningServer, picture

KEY = "0123456789abcdef0123456789abcdef"
NAMES = [
    "image_hash",
    "delete_hash",
    "original_image",
    "large_thumbnail",
    "small_thumbnail",
    "imgur_page",
    "delete_page",
]


def test_xml_has_the_seven_elements_right_below_the_root(http: httpx2.Client, server: RunningServer) -> None:
    answer = http.post("/api/upload.xml", files={"image": ("p.png", picture())}, data={"key": KEY})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<rsp stat="ok"><image_hash>')
    root = ElementTree.fromstring(answer.content)
    assert [child.tag for child in root] == NAMES
    image_hash, delete_hash = root.findtext("image_hash"), root.findtext("delete_hash")
    assert root.findtext("original_image") == f"{server.url}/{image_hash}.png"
    assert root.findtext("large_thumbnail") == f"{server.url}/{image_hash}l.jpg"
    assert root.findtext("small_thumbnail") == f"{server.url}/{image_hash}s.jpg"
    assert root.findtext("imgur_page") == f"{server.url}/{image_hash}"
    assert root.findtext("delete_page") == f"{server.url}/delete/{delete_hash}"


def test_json_has_the_same_seven_one_level_deeper(http: httpx2.Client) -> None:
    answer = http.post("/api/upload.json", files={"image": ("p.png", picture())}, data={"key": KEY})
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()["rsp"]) == ["stat", "image"]
    assert list(answer.json()["rsp"]["image"]) == NAMES
    assert http.get(answer.json()["rsp"]["image"]["original_image"]).status_code == 200


def test_a_shell_client_cuts_the_links_out_of_one_line(http: httpx2.Client) -> None:
    """tremby/imgur.sh flattens the answer and cuts text between tags; the tags must be bare."""
    text = http.post("/api/upload.xml", files={"image": ("p.png", picture())}, data={"key": KEY}).text.replace("\n", "")
    assert re.search(r"<original_image>(http[^<]*)</original_image>", text)
    assert re.search(r"<delete_page>(http[^<]*)</delete_page>", text)


@pytest.mark.parametrize("form", ["xml", "json"])
def test_all_fields_may_come_in_the_query_of_a_post_without_a_body(form: str, http: httpx2.Client) -> None:
    """HTTParty's `:query` (need N10)."""
    link = http.post("/api/upload.json", files={"image": ("p", picture())}, data={"key": KEY}).json()["rsp"]["image"]
    answer = http.post(f"/api/upload.{form}", params={"key": KEY, "image": link["original_image"]})
    assert answer.status_code == 200, answer.text
    assert 'stat="ok"' in answer.text or '"stat":"ok"' in answer.text


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"files": {"image": picture()}}, 1015, "No API key was sent"),
        ({"data": {"key": KEY}}, 1000, "No image was sent"),
        ({"files": {"image": b"no picture at all"}, "data": {"key": KEY}}, 1003, "Invalid image type or URL"),
        ({"data": {"key": KEY, "image": r"C:\plot.png"}}, 1003, "A path on your own computer was sent"),
        ({"data": {"key": KEY, "image": "http://10.0.0.1/a.png"}}, 1012, "Could not download the image from that URL"),
        ({"data": {"key": KEY, "image": "ftp://h.example/a.png"}}, 1011, "Invalid URL"),
        ({"files": {"image": picture()[:200]}, "data": {"key": KEY}}, 1001, "Image failed to upload"),
    ],
)
def test_failures_have_imgurs_numbers_and_words_in_both_formats(
    asked: dict[str, object], code: int, words: str, http: httpx2.Client
) -> None:
    failed = http.post("/api/upload.json", **asked)
    said = failed.json()["rsp"]
    assert (said["stat"], said["error_code"], said["error_msg"][: len(words)]) == ("fail", code, words)
    root = ElementTree.fromstring(http.post("/api/upload.xml", **asked).content)
    assert (root.get("stat"), root.findtext("error_code"), root.findtext("error_msg")) == (
        "fail",
        str(code),
        said["error_msg"],
    )
    assert failed.status_code >= 400


def test_an_upload_with_the_owners_key_belongs_to_the_owner(
    http: httpx2.Client, owner: httpx2.Client, server: RunningServer
) -> None:
    said = http.post("/api/upload.json", files={"image": ("p", picture())}, data={"key": server.key}).json()["rsp"][
        "image"
    ]
    assert owner.get("/api/v1/images").json()["images"][0]["id"] == said["image_hash"]
