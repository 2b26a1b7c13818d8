"""Albums over HTTP, against a running server."""

import uuid
from typing import Any

import httpx2
import pytest

from tests.running import RunningServer, picture
from tests.server.http.test_native import failure, upload

MEMBERS = {
    "id", "page", "title", "description", "privacy", "layout", "cover", "images_count", "version", "created",
}  # fmt: skip


@pytest.fixture
def image(owner: httpx2.Client) -> str:
    """The id of an image of the owner's."""
    image_id: str = upload(owner)["id"]
    return image_id


def create(http: httpx2.Client, *names: str, **about: str) -> dict[str, Any]:
    answer = http.post("/api/v1/albums", json={"images": list(names), **about})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def shown(http: httpx2.Client, album: dict[str, Any]) -> list[str]:
    return [image["id"] for image in http.get(f"/api/v1/albums/{album['id']}").json()["images"]]


def test_an_album_is_answered_with_everything_about_it(owner: httpx2.Client, server: RunningServer) -> None:
    first, second = upload(owner)["id"], upload(owner)["id"]
    made = create(owner, second, first, title="T", description="d", privacy="public", layout="grid", cover=first)
    assert set(made) == MEMBERS | {"delete_hash"}
    assert made["page"] == f"{server.url}/a/{made['id']}"
    assert (made["title"], made["description"], made["privacy"], made["layout"]) == ("T", "d", "public", "grid")
    assert (made["cover"], made["images_count"], made["version"]) == (first, 2, 1)
    found = owner.get(f"/api/v1/albums/{made['id']}").json()
    assert [image["id"] for image in found.pop("images")] == [second, first]
    assert found == made


def test_an_empty_body_makes_an_empty_hidden_album(http: httpx2.Client) -> None:
    answer = http.post("/api/v1/albums")
    made = answer.json()
    assert (answer.status_code, made["privacy"], made["layout"]) == (201, "hidden", "blog")
    assert (made["cover"], made["images_count"]) == (None, 0)
    assert answer.headers["location"].endswith(f"/api/v1/albums/{made['id']}")


def test_an_anonymous_album_takes_anonymous_images_by_their_delete_hashes(http: httpx2.Client) -> None:
    first, second = upload(http), upload(http)
    made = create(http, first["delete_hash"], second["delete_hash"])
    assert shown(http, made) == [first["id"], second["id"]]
    answer = http.put(f"/api/v1/albums/{made['delete_hash']}/images", json={"images": [second["id"], first["id"]]})
    assert answer.status_code == 200, "what an album holds may be named by its id"
    assert shown(http, made) == [second["id"], first["id"]]


def test_images_of_others_are_refused_and_nothing_changes(
    http: httpx2.Client, owner: httpx2.Client, image: str
) -> None:
    made = create(http)
    where = f"/api/v1/albums/{made['delete_hash']}/images"
    assert failure(http.post(where, json={"images": [image]})) == (403, "Forbidden")
    assert failure(http.put(where, json={"images": ["aaaaaaaaaa"]})) == (404, "NotFound")
    assert failure(http.post("/api/v1/albums", json={"images": [image]})) == (403, "Forbidden")
    removed = upload(http)
    http.delete(f"/api/v1/images/{removed['delete_hash']}")
    assert failure(http.post(where, json={"images": [removed["delete_hash"]]})) == (410, "Gone")
    assert http.get(f"/api/v1/albums/{made['id']}").json()["version"] == 1


def test_images_are_added_behind_and_taken_out(owner: httpx2.Client) -> None:
    a, b, c = (upload(owner)["id"] for _ in range(3))
    made = create(owner, a)
    where = f"/api/v1/albums/{made['id']}/images"
    assert owner.post(where, json={"images": [b, a, c, b]}).json()["images_count"] == 3
    assert shown(owner, made) == [a, b, c]
    assert owner.delete(where, params={"images": f"{a},{c}"}).json()["images_count"] == 1
    assert shown(owner, made) == [b]
    assert owner.get(f"/api/v1/images/{a}").status_code == 200
    assert failure(owner.delete(where)) == (400, "BadParameter")


def test_an_order_made_from_an_old_version_is_a_conflict(owner: httpx2.Client, image: str) -> None:
    made = create(owner, image)
    where = f"/api/v1/albums/{made['id']}/images"
    assert owner.put(where, json={"images": [], "version": made["version"]}).status_code == 200
    assert failure(owner.put(where, json={"images": [image], "version": made["version"]})) == (409, "Conflict")


def test_a_removed_image_leaves_its_albums(owner: httpx2.Client) -> None:
    first, second = upload(owner)["id"], upload(owner)["id"]
    made = create(owner, first, second, cover=first)
    owner.delete(f"/api/v1/images/{first}")
    found = owner.get(f"/api/v1/albums/{made['id']}").json()
    assert [image["id"] for image in found["images"]] == [second]
    assert (found["images_count"], found["cover"]) == (1, second)


def test_an_edit_changes_what_it_names_and_empties_with_null(owner: httpx2.Client, image: str) -> None:
    made = create(owner, image, title="old", description="stays")
    changes = {"title": None, "privacy": "public", "layout": "vertical", "cover": image}
    edited = owner.patch(f"/api/v1/albums/{made['id']}", json=changes).json()
    assert (edited["title"], edited["description"], edited["version"]) == (None, "stays", 2)
    assert (edited["privacy"], edited["layout"], edited["cover"]) == ("public", "vertical", image)


@pytest.mark.parametrize(
    "body",
    [
        {"privacy": "friends"},
        {"privacy": None},
        {"layout": "spiral"},
        {"cover": "aaaaaaaaaa"},
        {"cover": "no word"},
        {"title": "t" * 513},
        {"unknown": "x"},
    ],
)
def test_a_bad_edit_or_beginning_is_a_bad_parameter(body: dict[str, Any], owner: httpx2.Client) -> None:
    made = create(owner)
    assert failure(owner.patch(f"/api/v1/albums/{made['id']}", json=body)) == (400, "BadParameter")
    assert failure(owner.post("/api/v1/albums", json=body)) == (400, "BadParameter")


@pytest.mark.parametrize("names", [["a b"], ["ä"], ["x" * 16], [f"{number:010}" for number in range(2001)]])
def test_what_names_no_image_is_a_bad_parameter(names: list[str], owner: httpx2.Client) -> None:
    assert failure(owner.post("/api/v1/albums", json={"images": names})) == (400, "BadParameter")


CHANGES = [
    ("PATCH", "", {"title": "t"}),
    ("PUT", "/images", {"images": []}),
    ("POST", "/images", {"images": []}),
    ("DELETE", "/images?images=a", None),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_strangers_may_not_change_an_album_and_do_not_find_a_secret_one(
    method: str, path: str, body: Any, http: httpx2.Client, owner: httpx2.Client
) -> None:
    for privacy, expected in (("hidden", (403, "Forbidden")), ("secret", (404, "NotFound"))):
        made = create(owner, privacy=privacy)
        for shows in ({}, {"delete_hash": "x" * 15}):
            answer = http.request(method, f"/api/v1/albums/{made['id']}{path}", json=body, params=shows or None)
            assert failure(answer) == expected


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_the_delete_hash_alone_may_change_an_album(method: str, path: str, body: Any, http: httpx2.Client) -> None:
    made = create(http, privacy="secret")
    separator = "&" if "?" in path else "?"
    by_query = f"/api/v1/albums/{made['id']}{path}{separator}delete_hash={made['delete_hash']}"
    assert http.request(method, by_query, json=body).status_code in (200, 204)
    other = create(http, privacy="secret")
    assert http.request(method, f"/api/v1/albums/{other['delete_hash']}{path}", json=body).status_code in (200, 204)


def test_a_secret_album_is_for_its_owner_and_who_has_its_delete_hash(
    http: httpx2.Client, owner: httpx2.Client, image: str
) -> None:
    made = create(owner, image, privacy="secret")
    where = f"/api/v1/albums/{made['id']}"
    assert owner.get(where).json()["delete_hash"] == made["delete_hash"]
    assert http.get(where, params={"delete_hash": made["delete_hash"]}).status_code == 200
    assert http.get(f"/api/v1/albums/{made['delete_hash']}").json()["images"][0]["id"] == image
    assert failure(http.get(where)) == (404, "NotFound")
    assert http.get(f"/a/{made['id']}").status_code == 404
    owner.delete(where)
    assert failure(http.get(where)) == (404, "NotFound"), "nor may a stranger learn that there was one"
    assert failure(owner.get(where)) == (410, "Gone")


def test_who_sees_a_hidden_album_learns_no_delete_hash(http: httpx2.Client, owner: httpx2.Client, image: str) -> None:
    made = create(owner, image)
    found = http.get(f"/api/v1/albums/{made['id']}").json()
    assert "delete_hash" not in found
    assert "delete_hash" not in found["images"][0]
    assert "delete_hash" in owner.get(f"/api/v1/albums/{made['id']}").json()["images"][0]


def test_a_removed_album_is_gone_and_its_images_stay(http: httpx2.Client, owner: httpx2.Client, image: str) -> None:
    made = create(owner, image, privacy="public")
    assert owner.delete(f"/api/v1/albums/{made['id']}").status_code == 204
    for named in (made["id"], made["delete_hash"]):
        assert failure(http.get(f"/api/v1/albums/{named}")) == (410, "Gone")
    assert http.get(f"/a/{made['id']}").status_code == 410
    assert http.get(f"/api/v1/images/{image}").status_code == 200


def test_the_listing_pages_through_ones_own_albums_newest_first(http: httpx2.Client, owner: httpx2.Client) -> None:
    made = [create(owner, privacy="secret")["id"] for _ in range(3)]
    anonymous = create(http)["id"]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = owner.get("/api/v1/albums", params={"limit": "2", **cursor}).json()
        found += [album["id"] for album in page["albums"]]
        assert len(page["albums"]) <= 2
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found[:3] == made[::-1]
    assert anonymous not in found
    assert len(set(found)) == len(found)
    assert failure(http.get("/api/v1/albums")) == (401, "NoTokenSent")
    assert failure(owner.get("/api/v1/albums", params={"cursor": "?"})) == (400, "BadParameter")


def test_an_upload_goes_straight_into_an_album(http: httpx2.Client, owner: httpx2.Client, image: str) -> None:
    mine, anonymous = create(owner, image), create(http)
    added = upload(owner, album=mine["id"])
    assert shown(http, mine) == [image, added["id"]]
    added = upload(http, album=anonymous["delete_hash"])
    assert shown(http, anonymous) == [added["id"]]
    raw = owner.post("/api/v1/images", params={"album": mine["id"]}, content=picture())
    assert shown(http, mine)[-1] == raw.json()["id"]
    assert upload(http, album="")["id"], "an empty field names no album"


def test_an_upload_into_an_album_of_others_publishes_nothing(http: httpx2.Client, owner: httpx2.Client) -> None:
    hidden, secret, gone = create(http), create(http, privacy="secret"), create(owner)
    owner.delete(f"/api/v1/albums/{gone['id']}")
    before = owner.get("/api/v1/images", params={"limit": "1"}).json()["images"]
    for album, expected in (
        (hidden["id"], (403, "Forbidden")),
        (secret["id"], (404, "NotFound")),
        ("nosuchalbum0", (404, "NotFound")),
        (gone["id"], (410, "Gone")),
    ):
        answer = owner.post("/api/v1/images", files={"image": picture()}, data={"album": album})
        assert failure(answer) == expected
    assert owner.get("/api/v1/images", params={"limit": "1"}).json()["images"] == before


def test_a_repeated_upload_is_in_its_album_once(owner: httpx2.Client) -> None:
    mine, other = create(owner), create(owner)
    content, headers = picture(), {"idempotency-key": uuid.uuid4().hex}
    for _ in range(2):
        answer = owner.post("/api/v1/images", files={"image": content}, data={"album": mine["id"]}, headers=headers)
        assert answer.status_code == 201
    assert shown(owner, mine) == [answer.json()["id"]]
    answer = owner.post("/api/v1/images", files={"image": content}, data={"album": other["id"]}, headers=headers)
    assert failure(answer) == (409, "Conflict")


def test_the_page_shows_the_pictures_in_order_as_texts_that_stay_texts(
    http: httpx2.Client, owner: httpx2.Client
) -> None:
    first = upload(owner, title="<b>bold</b>", alt="a red square")
    second = upload(owner)
    made = create(owner, second["id"], first["id"], title="<script>", description="about", layout="grid")
    page = http.get(f"/a/{made['id']}")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-robots-tag"] == "noindex"
    assert "<b>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert 'alt="a red square"' in page.text
    assert page.text.index(f'href="/{second["id"]}"') < page.text.index(f'href="/{first["id"]}"')
    public = create(owner, privacy="public")
    assert "x-robots-tag" not in http.get(f"/a/{public['id']}").headers


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"title": "\xff"}', b'{"title": "\\ud800"}'])
def test_a_body_that_cannot_be_read_is_a_bad_parameter(body: bytes, http: httpx2.Client) -> None:
    assert failure(http.post("/api/v1/albums", content=body)) == (400, "BadParameter")
