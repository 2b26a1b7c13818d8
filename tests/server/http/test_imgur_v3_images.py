"""Imgur v3's images beyond one upload: album fields, edits, favorites, videos, ETags, counts (wire page imgur-v3)."""

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image as Pillow

from heliograph.server.http.imgur_v3_account import NOT_HERE
from tests.running import RunningServer, picture, serving

ID = {"authorization": "Client-ID 0123456789abcde"}
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(200)
WEBM = b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01webm" + bytes(200)


@pytest.fixture
def http(http: httpx2.Client) -> Iterator[httpx2.Client]:
    """A program without an account: v3 takes no call that names nobody."""
    with httpx2.Client(base_url=http.base_url, timeout=120, headers=ID) as program:
        yield program


def upload(http: httpx2.Client, **sent: Any) -> dict[str, Any]:
    answer = http.post("/3/image", files={"image": ("p.png", picture())}, **sent)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def error_of(answer: httpx2.Response) -> object:
    return answer.json()["data"]["error"]


def animation() -> bytes:
    file = io.BytesIO()
    frames = [Pillow.frombytes("L", (8, 6), random.randbytes(48)).convert("P") for _ in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return file.getvalue()


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("form", ["urlencoded", "multipart", "json", "query"])
def test_whoever_holds_the_delete_hash_edits(method: str, form: str, http: httpx2.Client) -> None:
    image = upload(http)
    texts = {"title": "T,1", "description": "Dé"}
    sent: dict[str, Any] = {
        "urlencoded": {"data": texts},
        "multipart": {"files": {name: (None, text) for name, text in texts.items()}},
        "json": {"json": texts},
        "query": {"params": texts},
    }[form]
    answer = http.request(method, f"/3/image/{image['deletehash']}", headers=ID, **sent)
    assert answer.text == '{"data":true,"success":true,"status":200}'
    found = http.get(f"/3/image/{image['id']}").json()["data"]
    assert (found["title"], found["description"]) == ("T,1", "Dé")


def test_an_edit_leaves_what_it_does_not_name_and_empties_what_is_blank(http: httpx2.Client) -> None:
    image = upload(http, data={"title": "T", "description": "D"})
    path = f"/3/image/{image['deletehash']}"
    assert http.post(path).json()["data"] is True
    assert http.post(path, data={"title": ""}).json()["data"] is True
    found = http.get(f"/3/image/{image['id']}").json()["data"]
    assert (found["title"], found["description"]) == (None, "D")


def test_the_bare_id_edits_for_the_owner_and_for_nobody_else(http: httpx2.Client, owner: httpx2.Client) -> None:
    image = upload(owner)
    refused = http.post(f"/3/image/{image['id']}", data={"title": "mine"}, headers=ID)
    assert (refused.status_code, error_of(refused)) == (403, "Permission denied")
    assert owner.put(f"/3/image/{image['id']}", data={"title": "mine"}).json()["data"] is True
    assert owner.get(f"/3/image/{image['id']}").json()["data"]["title"] == "mine"


def test_favorite_toggles_and_shows_to_its_account_only(http: httpx2.Client, owner: httpx2.Client) -> None:
    image = upload(http)
    said = [owner.post(f"/3/image/{image['id']}/favorite").json()["data"] for _ in range(3)]
    assert said == ["favorited", "unfavorited", "favorited"]
    assert owner.get(f"/3/image/{image['id']}").json()["data"]["favorite"] is True
    assert http.get(f"/3/image/{image['id']}").json()["data"]["favorite"] is False
    refused = http.post(f"/3/image/{image['id']}/favorite", headers=ID)
    assert (refused.status_code, error_of(refused)) == (401, "Authentication required")


def test_views_and_bandwidth_are_what_was_served(http: httpx2.Client) -> None:
    image = upload(http)
    sizes = [len(http.get(f"/{image['id']}.png").content) for _ in range(3)]
    found = http.get(f"/3/image/{image['id']}").json()["data"]
    assert (found["views"], found["bandwidth"]) == (3, sum(sizes))


def test_an_animation_names_the_page_that_shows_it_and_no_video(http: httpx2.Client, server: RunningServer) -> None:
    image = http.post("/3/image", files={"image": ("a.gif", animation())}).json()["data"]
    assert (image["animated"], image["gifv"]) == (True, f"{server.url}/{image['id']}.gifv")
    assert not {"mp4", "mp4_size", "hls", "looping", "webm"} & set(image)
    assert http.get(f"/{image['id']}.gifv").status_code == 200


@pytest.mark.parametrize("field", ["image", "video"])
@pytest.mark.parametrize("path", ["/3/image", "/3/upload"])
@pytest.mark.parametrize("video", [MP4, WEBM], ids=["mp4", "webm"])
def test_a_video_is_refused_as_one(field: str, path: str, video: bytes, http: httpx2.Client) -> None:
    answer = http.post(path, files={field: ("v.mp4", video, "video/mp4")}, headers=ID)
    assert answer.status_code == 400
    said = {
        "code": 1003,
        "message": "File type invalid (1): this server takes pictures, no videos",
        "type": "ImgurException",
        "exception": [],
    }
    newer = "We don't support that file type! This server takes pictures, no videos"
    assert error_of(answer) == (said if path == "/3/image" else newer)


def test_there_is_no_ticket_to_poll(http: httpx2.Client) -> None:
    answer = http.get("/upload/poll?tickets[]=7234557b&client_id=x")
    assert (answer.status_code, answer.json()["success"]) == (404, False)
    assert "no videos" in str(error_of(answer))


@pytest.mark.parametrize("field", ["album", "album_id"])
def test_an_upload_goes_into_the_anonymous_album_of_a_delete_hash(field: str, http: httpx2.Client) -> None:
    album = http.post("/3/album", headers=ID).json()["data"]
    image = upload(http, data={field: album["deletehash"]})
    held = http.get(f"/3/album/{album['id']}/images").json()["data"]
    assert [each["id"] for each in held] == [image["id"]]


def test_an_upload_goes_into_the_accounts_album_by_its_id(owner: httpx2.Client) -> None:
    album = owner.post("/3/album").json()["data"]
    image = upload(owner, data={"album": album["id"]})
    assert [each["id"] for each in owner.get(f"/3/album/{album['id']}/images").json()["data"]] == [image["id"]]


def test_an_empty_album_field_is_none(http: httpx2.Client) -> None:
    """KDE Purpose sends it."""
    upload(http, data={"album": ""})


def test_an_album_that_is_not_ones_own_or_not_there_takes_no_upload(http: httpx2.Client) -> None:
    album = http.post("/3/album", headers=ID).json()["data"]
    for named, status, error in (
        (album["id"], 403, "Permission denied"),
        ("a" * 12, 404, f"Unable to find an album with the id, {'a' * 12}"),
    ):
        answer = http.post("/3/image", files={"image": picture()}, data={"album": named}, headers=ID)
        assert (answer.status_code, error_of(answer)) == (status, error)


def test_a_known_etag_answers_304_until_something_changes(http: httpx2.Client) -> None:
    image = upload(http)
    path = f"/3/image/{image['id']}"
    first = http.get(path)
    known = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    again = http.get(path, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    http.post(f"/3/image/{image['deletehash']}", data={"title": "new"})
    assert http.get(path, headers=known).status_code == 200


def test_an_error_has_no_etag_and_is_never_304(http: httpx2.Client) -> None:
    answer = http.get("/3/image/aaaaaaaaaa", headers={"if-none-match": "*"})
    assert (answer.status_code, "etag" in answer.headers) == (404, False)


def test_a_fake_status_changes_the_http_status_and_nothing_else(http: httpx2.Client) -> None:
    answer = http.get("/3/image/aaaaaaaaaa?_fake_status=200&callback=f")
    assert answer.status_code == 200
    assert answer.text.endswith('"success":false,"status":404});')


@pytest.mark.parametrize(
    ("header", "status", "error"),
    [
        ("Bearer", 403, "Malformed auth header"),
        ("", 403, "The access token was not found."),
        ("Bearer nonsense", 403, "The access token provided is invalid."),
    ],
)
def test_a_bad_header_is_refused_in_imgurs_words(header: str, status: int, error: str, http: httpx2.Client) -> None:
    answer = http.get("/3/credits", headers={"authorization": header})
    assert (answer.status_code, error_of(answer)) == (status, error)


@pytest.mark.parametrize(
    "noun",
    ["gallery/hot/viral/0.json", "comment/1", "topics/defaults", "memegen/defaults", "conversations", "notification",
     "message/new", "account/me/favorites", "account/me/gallery_favorites/0/newest", "tags", "feed"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_deliberately_not_here_says_so(method: str, noun: str, http: httpx2.Client) -> None:
    answer = http.request(method, f"/3/{noun}", headers=ID)
    assert (answer.status_code, answer.json()["success"]) == (404, False)
    assert str(error_of(answer)).startswith("This server hosts images and has no ")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_page_about_the_wire_names_every_noun_that_is_not_here() -> None:
    page = (Path(__file__).parents[3] / "docs" / "wire" / "imgur-v3.md").read_text()
    not_here = page.partition("## Not here")[2]
    assert not [noun for noun in NOT_HERE if f"`{noun}`" not in not_here]


def test_an_unknown_noun_is_not_found_in_v3s_shape(http: httpx2.Client) -> None:
    answer = http.get("/3/nonsense.xml")
    assert (answer.status_code, 'success="0" status="404"' in answer.text) == (404, True)


def test_every_path_answers_a_preflight(http: httpx2.Client) -> None:
    for path in ("/3/upload.json", "/3/image/x/favorite", "/3/album/", "/3/album/x/add", "/3/account/me/images/ids",
                 "/3/credits", "/3/gallery/hot", "/upload/poll"):  # fmt: skip
        asked = http.options(path, headers={"origin": "http://o.example", "access-control-request-method": "PUT"})
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "*"), path
        assert "PUT" in asked.headers["access-control-allow-methods"]


def test_limits_stand_in_nine_headers_that_the_next_request_meets(tmp_path_factory: pytest.TempPathFactory) -> None:
    rules = "25/hour by address; 40/hour by application; 3/hour posts by address; 10 credits an upload"
    with (
        serving(tmp_path_factory.mktemp("nine"), LIMITS=rules) as server,
        httpx2.Client(base_url=server.url, headers=ID, timeout=60) as http,
    ):
        before = http.get("/3/credits")
        assert before.json()["data"]["UserRemaining"] == int(before.headers["x-ratelimit-userremaining"]) == 24
        answers = [http.post("/3/image", files={"image": picture()}) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        told = {name: value for name, value in answers[1].headers.items() if "rate" in name and "allow" not in name}
        assert set(told) == {
            f"x-{side}-{what}" if side == "post-rate-limit" else f"x-ratelimit-{side}{what}"
            for side in ("user", "client", "post-rate-limit")
            for what in ("limit", "remaining", "reset")
        }
        assert all(value.isdigit() for value in told.values())
        assert (told["x-ratelimit-userlimit"], told["x-ratelimit-userremaining"]) == ("25", "4")
        assert (told["x-ratelimit-clientremaining"], told["x-post-rate-limit-remaining"]) == ("19", "1")
        known = http.get("/3/credits")
        assert http.get("/3/credits", headers={"if-none-match": "*"}).status_code == 304
        left = int(known.headers["x-ratelimit-userremaining"])
        assert int(http.get("/3/credits").headers["x-ratelimit-userremaining"]) == left - 2, "a 304 is counted"


def test_a_refusal_for_the_limits_can_be_read_by_flameshot_and_everybody_else(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serving(tmp_path_factory.mktemp("one"), LIMITS="1/hour uploads by address") as server:
        for _ in range(2):
            answer = httpx2.post(f"{server.url}/3/image", files={"image": picture()}, headers=ID, timeout=60)
        said = answer.json()
        assert answer.status_code == said["status"] == 429
        assert said["data"]["error"].startswith("You are uploading too fast. Please wait ")
        first = said["errors"][0]
        assert (first["code"], first["status"]) == ("429", "Too Many Requests")
        assert answer.text.startswith('{"data":{"error":')
        limited = httpx2.get(f"{server.url}/3/credits", headers=ID, timeout=60).json()["data"]
        assert (limited["UserLimit"], limited["UserRemaining"]) == (1, 0)
        assert limited["ClientLimit"] == limited["ClientRemaining"] == 2_147_483_647
