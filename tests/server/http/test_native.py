"""The native API over HTTP, against a running server."""

import base64
import hashlib
import json
import uuid
from typing import Any

import httpx2
import pytest

from tests.running import RunningServer, free_port, peak_memory, picture, worked

MEMBERS = {
    "id", "page", "link", "thumbnails", "title", "description", "alt", "name", "width", "height", "media_type", "size",
    "animated", "sha256", "created",
}  # fmt: skip
RECEIPT = {"receipt"}
USE = {"views", "bandwidth"}
OWNERS = {"delete_link", "delete_hash"}
UPLOADERS = {"removed_metadata"}


def upload(http: httpx2.Client, content: bytes | None = None, **texts: str) -> dict[str, Any]:
    answer = http.post("/api/v1/images", files={"image": ("p.png", content or picture())}, data=texts)
    assert answer.status_code == 201, answer.text
    uploaded: dict[str, Any] = answer.json()
    return uploaded


def failure(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["name"]


def test_an_upload_is_answered_with_everything_about_the_image(http: httpx2.Client, server: RunningServer) -> None:
    content = picture(40, 30)
    said = upload(http, content, title="A title", description="d", alt="what is seen", name="other.png")
    assert set(said) == MEMBERS | RECEIPT | OWNERS | UPLOADERS
    assert (said["width"], said["height"], said["media_type"], said["animated"]) == (40, 30, "image/png", False)
    assert (said["title"], said["description"], said["alt"], said["name"]) == (
        "A title",
        "d",
        "what is seen",
        "other.png",
    )
    assert said["page"] == f"{server.url}/{said['id']}"
    assert said["link"] == f"{server.url}/{said['id']}.png"
    assert said["thumbnails"] == {letter: f"{server.url}/{said['id']}{letter}.jpg" for letter in "sbtmlh"}
    assert said["delete_link"] == f"{server.url}/delete/{said['delete_hash']}"
    assert (len(said["id"]), len(said["delete_hash"])) == (10, 15)


def test_the_link_gives_the_bytes_that_the_answer_names(http: httpx2.Client) -> None:
    said = upload(http)
    content = http.get(said["link"]).content
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (said["sha256"], said["size"])


def test_the_location_leads_to_the_image(http: httpx2.Client) -> None:
    answer = http.post("/api/v1/images", content=picture(), headers={"content-type": "image/png"})
    assert http.get(answer.headers["location"]).json()["id"] == answer.json()["id"]


@pytest.mark.parametrize("shape", ["multipart", "json", "url", "raw", "urlencoded"])
def test_texts_are_taken_in_every_shape(shape: str, http: httpx2.Client) -> None:
    content, texts = picture(), {"title": "T é", "alt": "a b"}
    encoded = base64.b64encode(content).decode()
    asked: dict[str, Any] = {
        "multipart": {"files": {"image": ("p", content)}, "data": texts},
        "json": {"json": {"image": encoded, **texts}},
        "url": {"json": {"url": upload(http)["link"], **texts}},
        "raw": {"content": content, "params": texts, "headers": {"content-type": "image/png"}},
        "urlencoded": {"data": {"image": encoded, **texts}},
    }[shape]
    said = http.post("/api/v1/images", **asked).json()
    assert (said["title"], said["alt"]) == ("T é", "a b")


def test_only_owner_and_uploader_see_the_delete_hash(http: httpx2.Client, owner: httpx2.Client) -> None:
    said = upload(owner)
    place = f"/api/v1/images/{said['id']}"
    assert set(http.get(place).json()) == MEMBERS | RECEIPT | USE
    assert set(owner.get(place).json()) == MEMBERS | RECEIPT | USE | OWNERS | {"favorite"}
    assert set(http.get(place, params={"delete_hash": said["delete_hash"]}).json()) == MEMBERS | RECEIPT | USE | OWNERS
    assert set(http.get(place, params={"delete_hash": "x" * 15}).json()) == MEMBERS | RECEIPT | USE


def test_an_edit_changes_what_it_names_and_empties_with_null(owner: httpx2.Client) -> None:
    said = upload(owner, title="old", alt="kept", description="gone")
    edited = owner.patch(f"/api/v1/images/{said['id']}", json={"title": "new", "description": None}).json()
    assert (edited["title"], edited["alt"], edited["description"]) == ("new", "kept", None)


def test_the_delete_hash_alone_may_edit_and_remove(http: httpx2.Client) -> None:
    said = upload(http)
    assert http.patch(f"/api/v1/images/{said['delete_hash']}", json={"title": "t"}).json()["title"] == "t"
    assert http.delete(f"/api/v1/images/{said['id']}", params={"delete_hash": said["delete_hash"]}).status_code == 204


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_strangers_may_not_change_an_image(method: str, http: httpx2.Client, owner: httpx2.Client) -> None:
    said = upload(owner)
    assert failure(http.request(method, f"/api/v1/images/{said['id']}", json={})) == (403, "Forbidden")


def test_a_removed_image_is_gone_everywhere_with_its_date(http: httpx2.Client) -> None:
    said = upload(http)
    http.get(said["link"]), http.get(said["thumbnails"]["s"])
    assert http.delete(f"/api/v1/images/{said['delete_hash']}").status_code == 204
    answer = http.get(f"/api/v1/images/{said['id']}")
    assert failure(answer) == (410, "Gone")
    assert said["created"][:10] in answer.json()["detail"]
    assert [http.get(link).status_code for link in (said["link"], said["thumbnails"]["s"], said["page"])] == [410] * 3
    assert failure(http.delete(f"/api/v1/images/{said['delete_hash']}")) == (410, "Gone")


def test_removing_one_link_leaves_the_other_to_the_same_bytes(http: httpx2.Client) -> None:
    content = picture()
    first, second = upload(http, content), upload(http, content)
    assert first["id"] != second["id"]
    assert first["sha256"] == second["sha256"]
    http.delete(f"/api/v1/images/{first['delete_hash']}")
    assert http.get(second["link"]).status_code == 200


def test_the_listing_pages_through_everything_owned_newest_first(owner: httpx2.Client) -> None:
    made = [upload(owner)["id"] for _ in range(5)]
    listed, cursor = [], ""
    while cursor is not None:
        page = owner.get("/api/v1/images", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["images"]) <= 2
        listed += [image["id"] for image in page["images"]]
        cursor = page["next"]
    assert listed[:5] == made[::-1]
    assert len(set(listed)) == len(listed)


def test_a_listing_needs_an_owner(http: httpx2.Client) -> None:
    answer = http.get("/api/v1/images")
    assert failure(answer) == (401, "NoTokenSent")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "nonsense"}, {"cursor": "é"}]
)
def test_a_bad_page_is_a_bad_parameter(params: dict[str, str], owner: httpx2.Client) -> None:
    assert failure(owner.get("/api/v1/images", params=params)) == (400, "BadParameter")


def test_an_unknown_token_is_refused(http: httpx2.Client) -> None:
    answer = http.post("/api/v1/images", files={"image": picture()}, headers={"authorization": "Bearer nonsense"})
    assert failure(answer) == (401, "InvalidToken")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"json": {"title": 5}}, "BadParameter"),
        ({"json": {"colour": "red"}}, "BadParameter"),
        ({"content": b"{"}, "BadParameter"),
        ({"json": {"title": "x" * 513}}, "BadParameter"),
    ],
)
def test_a_bad_edit_says_so(body: dict[str, Any], name: str, http: httpx2.Client) -> None:
    said = upload(http)
    assert failure(http.patch(f"/api/v1/images/{said['delete_hash']}", **body)) == (400, name)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"data": {"title": "no picture"}}, (400, "NoImageSent")),
        ({"content": b""}, (400, "NoImageSent")),
        ({"files": {"image": b""}}, (400, "NoImageSent")),
        ({"json": {"image": "C:\\me\\plot.png"}}, (400, "LocalPathSent")),
        ({"json": {"image": "not base64!"}}, (415, "UnsupportedFormat")),
        ({"json": {"url": "ftp://h.example/"}}, (400, "InvalidUrl")),
        ({"json": {"url": "http://[::1]/"}}, (403, "ForbiddenAddress")),
        ({"json": {"url": "http://169.254.169.254/latest/meta-data"}}, (403, "ForbiddenAddress")),
        ({"files": {"image": b"<html></html>"}}, (415, "UnsupportedFormat")),
        ({"files": {"image": b"\x89PNG\r\n\x1a\n" + bytes(500)}}, (422, "CorruptImage")),
        ({"files": {"image": b"\xff\xd8\xff" + bytes(21 * 1024**2)}}, (413, "TooManyBytes")),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, (400, "BadParameter")),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, (400, "BadParameter")),
    ],
)
def test_a_bad_upload_has_its_named_failure(
    asked: dict[str, Any], expected: tuple[int, str], http: httpx2.Client
) -> None:
    assert failure(http.post("/api/v1/images", **asked)) == expected


def test_a_closed_port_is_a_failed_fetch(http: httpx2.Client) -> None:
    assert failure(http.post("/api/v1/images", json={"url": f"http://127.0.0.1:{free_port()}/x.png"})) == (
        422,
        "FetchFailed",
    )


def test_an_idempotency_key_answers_the_same_again(http: httpx2.Client) -> None:
    content, headers = picture(), {"idempotency-key": str(uuid.uuid4())}
    first = http.post("/api/v1/images", files={"image": content}, headers=headers)
    again = http.post("/api/v1/images", files={"image": content}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert {**again.json(), "receipt": None, "removed_metadata": None} == {
        **first.json(), "receipt": None, "removed_metadata": None,
    }  # fmt: skip


def test_an_idempotency_key_with_other_content_is_a_conflict(http: httpx2.Client) -> None:
    headers = {"idempotency-key": str(uuid.uuid4())}
    http.post("/api/v1/images", files={"image": picture()}, headers=headers)
    assert failure(http.post("/api/v1/images", files={"image": picture()}, headers=headers)) == (409, "Conflict")


@pytest.mark.parametrize("key", ["short", "x" * 256, "tab\tinside!"])
def test_an_unusable_idempotency_key_is_a_bad_parameter(key: str, http: httpx2.Client) -> None:
    answer = http.post("/api/v1/images", files={"image": picture()}, headers={"idempotency-key": key})
    assert failure(answer) == (400, "BadParameter")


def test_unknown_paths_and_ids_are_not_found_in_the_dialects_words(http: httpx2.Client) -> None:
    for path in ("/api/v1/nothing", "/api/v1/images/aaaaaaaaaa", "/api/v1/images/a.b", "/api/v1/images/" + "a" * 15):
        assert failure(http.get(path)) == (404, "NotFound"), path


def test_every_answer_carries_the_request_id_of_its_log_line(http: httpx2.Client) -> None:
    answer = http.get("/api/v1/images/aaaaaaaaaa")
    assert answer.headers["x-request-id"] == json.loads(answer.text)["request_id"]


@pytest.mark.parametrize("header", ["Bearer", "Token x", "Basic YTpi", "", "Client-ID"])
def test_a_credential_that_is_not_understood_is_refused_and_not_taken_for_none(
    header: str, http: httpx2.Client
) -> None:
    answer = http.post("/api/v1/images", files={"image": picture()}, headers={"authorization": header})
    assert failure(answer) == (401, "InvalidToken")


def test_another_method_is_refused_in_the_dialects_words_with_those_that_are_taken(http: httpx2.Client) -> None:
    answer = http.put("/api/v1/images", json={})
    assert failure(answer) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == "POST, GET"


def test_a_text_with_nul_is_stored_without(http: httpx2.Client) -> None:
    said = upload(http)
    assert http.patch(f"/api/v1/images/{said['delete_hash']}", json={"title": "a\0b"}).json()["title"] == "ab"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}", "application/json"),
        (b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "application/json"),
        (b"&".join(b"a%d=1" % number for number in range(400_000)), "application/x-www-form-urlencoded"),
    ],
    ids=["a million members", "deeply nested", "many form fields"],
)
def test_a_body_of_many_fields_is_refused_without_holding_up_anybody(
    body: bytes, content_type: str, http: httpx2.Client, server: RunningServer
) -> None:
    before = peak_memory(server)
    began = worked(server)
    answer = http.post("/api/v1/images", content=body, headers={"content-type": content_type})
    assert answer.json()["name"] in ("BadParameter", "NoImageSent")
    assert worked(server) - began < 2
    assert peak_memory(server) - before < 60 * 1024**2
