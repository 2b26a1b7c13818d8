"""Imgur v3's albums as its clients read them (wire page imgur-v3, section 6)."""

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.administration import run
from tests.running import RunningServer, picture

ID = {"authorization": "Client-ID 0123456789abcde"}
MODEL = [
    "id", "title", "description", "datetime", "cover", "cover_width", "cover_height", "account_url", "account_id",
    "privacy", "layout", "views", "link", "favorite", "nsfw", "section", "order", "deletehash", "images_count",
    "images", "in_gallery", "is_ad", "include_album_ads",
]  # fmt: skip


@pytest.fixture
def http(http: httpx2.Client) -> Iterator[httpx2.Client]:
    """A program without an account: v3 takes no call that names nobody."""
    with httpx2.Client(base_url=http.base_url, timeout=120, headers=ID) as program:
        yield program


def upload(http: httpx2.Client) -> dict[str, Any]:
    data: dict[str, Any] = http.post("/3/image", files={"image": ("p.png", picture())}).json()["data"]
    return data


def made(http: httpx2.Client, **sent: Any) -> dict[str, str]:
    answer = http.post("/3/album", **sent)
    assert answer.status_code == 200, answer.text
    data: dict[str, str] = answer.json()["data"]
    return data


def held(http: httpx2.Client, name: str) -> list[str]:
    return [image["id"] for image in http.get(f"/3/album/{name}/images").json()["data"]]


@pytest.fixture(scope="module")
def stranger(server: RunningServer) -> Iterator[httpx2.Client]:
    run(server.data, "account", "create", "v3-stranger", "--no-password")
    scopes = [word for scope in ("albums", "images:read", "images:write") for word in ("--scope", scope)]
    token = run(server.data, "token", "create", "v3-stranger", *scopes).stdout.strip()
    with httpx2.Client(base_url=server.url, timeout=60, headers={"authorization": f"Bearer {token}"}) as client:
        yield client


def test_an_empty_body_makes_an_album(http: httpx2.Client) -> None:
    album = made(http, headers=ID)
    assert list(album) == ["id", "deletehash"]
    assert (len(album["id"]), len(album["deletehash"])) == (12, 15)


def test_the_model_has_the_fields_of_the_wire_page_and_the_hash_for_its_holder(
    owner: httpx2.Client, http: httpx2.Client, server: RunningServer
) -> None:
    images = [upload(owner) for _ in range(2)]
    album = made(owner, data={"ids[]": [each["id"] for each in images], "title": "T"})
    model = owner.get(f"/3/album/{album['id']}").json()["data"]
    assert list(model) == MODEL
    assert (model["title"], model["privacy"], model["layout"], model["account_url"]) == ("T", "hidden", "blog", "owner")
    assert (model["cover"], model["cover_width"], model["images_count"]) == (images[0]["id"], 32, 2)
    assert (model["link"], model["deletehash"]) == (f"{server.url}/a/{album['id']}", album["deletehash"])
    assert [each["deletehash"] for each in model["images"]] == [each["deletehash"] for each in images]
    strange = http.get(f"/3/album/{album['id']}").json()["data"]
    assert list(strange) == [name for name in MODEL if name != "deletehash"]
    assert (strange["account_url"], strange["account_id"]) == (None, None)
    assert "deletehash" not in strange["images"][0]
    assert "deletehash" in http.get(f"/3/album/{album['deletehash']}").json()["data"]


@pytest.mark.parametrize(
    "shape", ["ids[]", "ids joined", "ids[0]", "deletehashes[]", "deletehashes joined", "json", "multipart"]
)
def test_images_are_named_in_every_shape(shape: str, owner: httpx2.Client) -> None:
    images = [upload(owner) for _ in range(2)]
    ids, hashes = [each["id"] for each in images], [each["deletehash"] for each in images]
    sent: dict[str, Any] = {
        "ids[]": {"data": {"ids[]": ids}},
        "ids joined": {"data": {"ids": ",".join(ids)}},
        "ids[0]": {"data": {f"ids[{at}]": each for at, each in enumerate(ids)}},
        "deletehashes[]": {"data": {"deletehashes[]": hashes}, "headers": ID},
        "deletehashes joined": {"data": {"deletehashes": ",".join(hashes)}, "headers": ID},
        "json": {"json": {"ids": ids}},
        "multipart": {"files": [("ids[]", (None, each)) for each in ids]},
    }[shape]
    album = made(owner, **sent)
    assert held(owner, album["id"]) == ids


@pytest.mark.parametrize("field", ["cover", "cover_id"])
def test_the_cover_can_be_chosen(field: str, owner: httpx2.Client) -> None:
    ids = [upload(owner)["id"] for _ in range(2)]
    album = made(owner, data={"ids": ",".join(ids), field: ids[1]})
    assert owner.get(f"/3/album/{album['id']}").json()["data"]["cover"] == ids[1]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_edit_changes_what_it_names(method: str, http: httpx2.Client) -> None:
    images = [upload(http) for _ in range(2)]
    album = made(http, data={"deletehashes": images[0]["deletehash"], "title": "T", "description": "D"})
    path = f"/3/album/{album['deletehash']}"
    answer = http.request(method, path, data={"title": "new", "privacy": "public", "layout": "grid"}, headers=ID)
    assert answer.json()["data"] is True
    model = http.get(f"/3/album/{album['id']}").json()["data"]
    assert [model[name] for name in ("title", "description", "privacy", "layout", "images_count")] == [
        "new", "D", "public", "grid", 1
    ]  # fmt: skip
    assert http.request(method, path, data={"deletehashes[]": images[1]["deletehash"]}).json()["data"] is True
    assert held(http, album["id"]) == [images[1]["id"]]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_images_are_added_behind_the_others(method: str, owner: httpx2.Client) -> None:
    ids = [upload(owner)["id"] for _ in range(3)]
    album = made(owner, data={"ids": ids[0]})
    answer = owner.request(method, f"/3/album/{album['id']}/add", data={"ids[]": ids[1:]})
    assert answer.text == '{"data":true,"success":true,"status":200}'
    assert held(owner, album["id"]) == ids


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("where", ["query", "body"])
def test_images_leave_by_query_or_body(method: str, where: str, owner: httpx2.Client) -> None:
    ids = [upload(owner)["id"] for _ in range(3)]
    album = made(owner, data={"ids": ",".join(ids)})
    leaving = {"ids": ",".join(ids[:2])}
    sent: dict[str, Any] = {"params": leaving} if where == "query" else {"data": leaving}
    answer = owner.request(method, f"/3/album/{album['id']}/remove_images", **sent)
    assert answer.json()["data"] is True
    assert held(owner, album["id"]) == ids[2:]
    assert owner.get(f"/3/image/{ids[0]}").status_code == 200


def test_somebody_elses_images_cannot_be_added(owner: httpx2.Client, stranger: httpx2.Client) -> None:
    strange = upload(stranger)
    album = made(owner)
    answer = owner.post(f"/3/album/{album['id']}/add", data={"ids": strange["id"]})
    said = f"You must own all the image ids to add them to album {album['id']}"
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, said)
    assert held(owner, album["id"]) == []
    missing = owner.post(f"/3/album/{album['id']}/add", data={"ids": "a" * 10})
    assert (missing.status_code, missing.json()["data"]["error"]) == (404, f"There is no image {'a' * 10}.")


def test_an_image_of_an_album_is_shown_and_another_is_404_in_imgurs_words(http: httpx2.Client) -> None:
    """Imgur answered 200 here; that was a defect."""
    inside, outside = upload(http), upload(http)
    album = made(http, data={"deletehashes": inside["deletehash"]})
    assert http.get(f"/3/album/{album['id']}/image/{inside['id']}").json()["data"]["id"] == inside["id"]
    answer = http.get(f"/3/album/{album['id']}/image/{outside['id']}")
    said = f"Unable to find an image with the id, {outside['id']}"
    assert (answer.status_code, answer.json()["data"]["error"]) == (404, said)


def test_a_deleted_album_is_unknown_and_its_images_stay(http: httpx2.Client) -> None:
    image = upload(http)
    album = made(http, data={"deletehashes": image["deletehash"]})
    refused = http.delete(f"/3/album/{album['id']}", headers=ID)
    assert (refused.status_code, refused.json()["data"]["error"]) == (403, "Permission denied")
    assert http.delete(f"/3/album/{album['deletehash']}", headers=ID).json()["data"] is True
    gone = http.get(f"/3/album/{album['id']}")
    said = f"Unable to find an album with the id, {album['id']}"
    assert (gone.status_code, gone.json()["data"]["error"]) == (404, said)
    assert http.get(f"/3/image/{image['id']}").status_code == 200


def test_an_album_can_be_a_favorite(owner: httpx2.Client, http: httpx2.Client) -> None:
    album = made(http, headers=ID)
    assert owner.post(f"/3/album/{album['id']}/favorite").json()["data"] == "favorited"
    assert owner.get(f"/3/album/{album['id']}").json()["data"]["favorite"] is True
    assert owner.post(f"/3/album/{album['id']}/favorite").json()["data"] == "unfavorited"
    assert http.post(f"/3/album/{album['id']}/favorite", headers=ID).status_code == 401


def test_a_secret_album_is_unknown_to_strangers(owner: httpx2.Client, stranger: httpx2.Client) -> None:
    album = made(owner, data={"privacy": "secret"})
    said = f"Unable to find an album with the id, {album['id']}"
    for path in ("", "/images", f"/image/{'a' * 10}"):
        answer = stranger.get(f"/3/album/{album['id']}{path}")
        assert (answer.status_code, answer.json()["data"]["error"]) == (404, said)


def test_a_word_that_is_no_privacy_is_refused(http: httpx2.Client) -> None:
    answer = http.post("/3/album", data={"privacy": "loud"}, headers=ID)
    assert (answer.status_code, answer.json()["data"]["error"]) == (
        400,
        "The privacy must be one of public, hidden, secret.",
    )


def test_an_album_in_xml_holds_its_images_as_items(http: httpx2.Client) -> None:
    image = upload(http)
    album = made(http, data={"deletehashes": image["deletehash"]})
    answer = http.get(f"/3/album/{album['id']}.xml")
    assert f'<data type="array" success="1" status="200"><id>{album["id"]}</id><title/>' in answer.text
    assert f"<images><item><id>{image['id']}</id>" in answer.text


def test_an_albums_views_are_those_of_its_images(owner: httpx2.Client) -> None:
    image = upload(owner)
    album = made(owner, data={"ids": image["id"]})
    for _ in range(2):
        owner.get(f"/{image['id']}.png")
    deadline = time.monotonic() + 30  # views are written every few seconds
    while time.monotonic() < deadline and owner.get(f"/3/album/{album['id']}").json()["data"]["views"] < 2:
        time.sleep(0.2)
    assert owner.get(f"/3/album/{album['id']}").json()["data"]["views"] == 2


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, "The JSON body is not usable"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, "The multipart body has no boundary"),
        ({"content": b"ids=a&" * 3000}, "There are more than 2500 fields."),
        ({"content": b"x" * 300_000}, "The body is longer than an edit can be."),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(sent: dict[str, Any], said: str, http: httpx2.Client) -> None:
    answer = http.post("/3/album", **sent)
    assert answer.status_code == 400
    assert str(answer.json()["data"]["error"]).startswith(said)


PART = b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nThe title\r\n'


@pytest.mark.parametrize("end", [b"--B--\r\n", b"--B--", b"--B"])
def test_the_end_of_a_multipart_body_may_be_cut_short(end: bytes, http: httpx2.Client) -> None:
    headers = {"content-type": "multipart/form-data; boundary=B", **ID}
    album = made(http, content=PART + end, headers=headers)
    assert http.get(f"/3/album/{album['id']}").json()["data"]["title"] == "The title"


@pytest.mark.parametrize("body", [PART, PART[:-8], PART[:30]])
def test_a_multipart_body_without_an_end_is_refused(body: bytes, http: httpx2.Client) -> None:
    answer = http.post("/3/album", content=body, headers={"content-type": "multipart/form-data; boundary=B", **ID})
    assert answer.status_code == 400
