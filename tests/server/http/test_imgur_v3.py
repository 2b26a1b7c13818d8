"""Imgur v3 on one image as its clients read it (wire page imgur-v3)."""

import base64
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from tests.running import RunningServer, picture

ID = {"authorization": "Client-ID 0123456789abcde"}
MODEL = [
    "id", "title", "description", "datetime", "type", "animated", "width", "height", "size", "views", "bandwidth",
    "vote", "favorite", "nsfw", "section", "account_url", "account_id", "is_ad", "in_most_viral", "has_sound", "tags",
    "ad_type", "ad_url", "edited", "in_gallery",
]  # fmt: skip


@pytest.fixture
def http(http: httpx2.Client) -> Iterator[httpx2.Client]:
    """A program without an account: v3 takes no call that names nobody."""
    with httpx2.Client(base_url=http.base_url, timeout=120, headers=ID) as program:
        yield program


def upload(http: httpx2.Client, **texts: str) -> dict[str, Any]:
    answer = http.post("/3/image", files={"image": ("p.png", picture())}, data=texts, headers=ID)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_an_upload_answers_the_whole_model_and_no_field_more(http: httpx2.Client, server: RunningServer) -> None:
    data = upload(http, title="T", description="D", name="n.png")
    assert list(data) == [*MODEL, "deletehash", "name", "link"]
    assert (data["title"], data["description"], data["name"], data["account_id"]) == ("T", "D", "n.png", 0)
    assert (data["type"], data["width"], data["edited"], data["link"]) == (
        "image/png",
        32,
        "0",
        f"{server.url}/{data['id']}.png",
    )


def test_json_is_compact_wrapped_in_order_and_has_a_bare_media_type(http: httpx2.Client) -> None:
    answer = http.post("/3/upload", files={"image": ("p.png", picture())}, headers=ID)
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.startswith('{"data":{"id":"')
    assert answer.text.endswith('},"success":true,"status":200}')
    assert '"link":"http' in answer.text


@pytest.mark.parametrize(
    "path", [f"/3/{noun}{form}" for noun in ("image", "upload") for form in ("", "/", ".json", ".xml")]
)
def test_every_upload_path_takes_a_picture(path: str, http: httpx2.Client) -> None:
    answer = http.post(path, files={"image": ("p.png", picture())}, headers=ID)
    assert answer.status_code == 200
    if path.endswith(".xml"):
        assert answer.text.startswith(
            '<?xml version="1.0" encoding="utf-8"?>\n<data type="array" success="1" status="200"><id>'
        )
        root = ElementTree.fromstring(answer.content)
        assert (root.find("title").text, root.findtext("animated"), root.findtext("link")[:4]) == (
            None,
            "false",
            "http",
        )
    else:
        assert answer.json()["success"] is True


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Client-ID None"},
        {"authorization": "client-id 0123456789abcde"},
        {"authorization": "Client-ID 0123456789abcde Bearer nonsense"},
        {"authorization": "Authorization: Client-ID 0123456789abcde"},
    ],
)
def test_every_spelling_of_a_client_id_that_was_seen_is_taken(headers: dict[str, str], http: httpx2.Client) -> None:
    assert http.post("/3/image", files={"image": ("p.png", picture())}, headers=headers).status_code == 200


def test_a_client_id_in_the_query_will_do_and_nothing_at_all_will_not(server: RunningServer) -> None:
    url, files = f"{server.url}/3/image", {"image": ("p.png", picture())}
    assert httpx2.post(url, params={"client_id": "0123456789abcde"}, files=files).status_code == 200
    for headers in ({}, {"authorization": "Basic YTpi"}, {"authorization": "Client-ID"}):
        answer = httpx2.post(url, files=files, headers=headers)
        assert (answer.status_code, answer.json()["data"]["error"]) == (401, "Authentication required")


def test_a_bad_token_is_refused_in_the_exact_words(http: httpx2.Client) -> None:
    """ShareX refreshes its token on exactly this text."""
    answer = http.post("/3/image", files={"image": picture()}, headers={"authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, "The access token provided is invalid.")


def test_a_found_image_has_no_delete_hash_for_strangers(http: httpx2.Client) -> None:
    data = upload(http)
    found = http.get(f"/3/image/{data['id']}", headers=ID).json()["data"]
    assert list(found) == [*MODEL, "link"]
    assert found["account_id"] is None


def test_the_owner_is_shown_the_delete_hash(owner: httpx2.Client) -> None:
    data = owner.post("/3/image", files={"image": ("p.png", picture())}).json()["data"]
    found = owner.get(f"/3/image/{data['id']}.json").json()["data"]
    assert (found["deletehash"], found["account_url"]) == (data["deletehash"], "owner")


def test_the_delete_hash_deletes_and_the_image_is_then_unknown(http: httpx2.Client) -> None:
    data = upload(http)
    assert http.delete(f"/3/image/{data['deletehash']}", headers=ID).text == '{"data":true,"success":true,"status":200}'
    gone = http.get(f"/3/image/{data['id']}", headers=ID)
    assert gone.status_code == 404
    assert gone.json()["data"]["error"] == f"Unable to find an image with the id, {data['id']}"


def test_a_second_xml_delete_answers_400_as_greenshot_wants(http: httpx2.Client) -> None:
    data = upload(http)
    first = http.delete(f"/3/image/{data['deletehash']}.xml", headers=ID)
    assert first.text.endswith('<data type="boolean" success="1" status="200">true</data>')
    assert http.delete(f"/3/image/{data['deletehash']}.xml", headers=ID).status_code == 400


def test_a_stranger_with_the_bare_id_may_not_delete(http: httpx2.Client) -> None:
    answer = http.delete(f"/3/image/{upload(http)['id']}", headers=ID)
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, "Permission denied")


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"data": {"title": "t"}}, 400, "No image data was sent to the upload api"),
        (
            {"files": {"image": b"%PDF-1.7"}},
            400,
            {"code": 1003, "message": "File type invalid (1)", "type": "ImgurException", "exception": []},
        ),
        ({"data": {"image": "ftp://x.example/"}}, 400, "Invalid URL (ftp://x.example/)"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, None),
    ],
)
def test_failures_are_said_in_imgurs_shape(
    asked: dict[str, Any], status: int, error: object, http: httpx2.Client
) -> None:
    answer = http.post("/3/image", **asked)
    said = answer.json()
    assert answer.text.startswith('{"data":{"error":')
    assert (said["success"], said["status"], answer.status_code) == (False, status, status)
    assert (said["data"]["request"], said["data"]["method"]) == ("/3/image", "POST")
    if error is not None:
        assert said["data"]["error"] == error


def test_a_callback_makes_it_jsonp(http: httpx2.Client) -> None:
    answer = http.get(f"/3/image/{upload(http)['id']}", params={"callback": "ns.read"})
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.text.startswith('ns.read({"data":')
    assert answer.text.endswith(");")


@pytest.mark.parametrize("callback", ["alert(1)//", "a b", "<script>", ""])
def test_a_callback_that_is_no_name_is_ignored(callback: str, http: httpx2.Client) -> None:
    answer = http.get("/3/image/aaaaaaaaaa", params={"callback": callback})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("field", ["image", "video"])
def test_a_picture_is_taken_from_either_field(field: str, http: httpx2.Client) -> None:
    """ShareX sends `video` when the file's name is a video's."""
    assert http.post("/3/upload", files={field: ("p.gif", picture(form="GIF"))}, headers=ID).status_code == 200


def test_raw_bytes_labelled_as_a_form_keep_the_title_of_the_query(http: httpx2.Client) -> None:
    """Flameshot's request."""
    answer = http.post(
        "/3/image?title=flameshot_screenshot&description=",
        content=picture(),
        headers={"content-type": "application/application/x-www-form-urlencoded", **ID},
    )
    assert answer.json()["data"]["title"] == "flameshot_screenshot"


def test_a_chunked_upload_is_taken(http: httpx2.Client) -> None:
    body = base64.b64encode(picture())
    pieces = (body[at : at + 100] for at in range(0, len(body), 100))
    answer = http.post("/3/image", content=pieces, headers={"content-type": "text/plain;charset=UTF-8", **ID})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/3/Image/{}", "/3/image/{}/", "/3/IMAGE/{}"])
def test_nouns_are_taken_in_any_case_and_with_a_slash_behind(path: str, http: httpx2.Client) -> None:
    image_id = upload(http)["id"]
    assert http.get(path.format(image_id), headers=ID).json()["data"]["id"] == image_id


def test_scripts_of_any_page_may_upload(http: httpx2.Client) -> None:
    asked = http.options("/3/image", headers={"origin": "http://o.example", "access-control-request-method": "POST"})
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    answer = http.post("/3/image", files={"image": ("p.png", picture())}, headers=ID)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_another_method_is_refused_in_imgurs_shape(http: httpx2.Client) -> None:
    answer = http.patch("/3/image", headers=ID)
    assert (answer.status_code, answer.json()["success"], answer.json()["data"]["method"]) == (405, False, "PATCH")
