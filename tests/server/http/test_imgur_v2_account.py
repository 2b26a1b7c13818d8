"""Imgur v2's account calls against a real server, signed by OAuth 1.0a, by cookie and by token, and who may not."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx2
import pytest
import requests
from requests_oauthlib import OAuth1Session

from tests.administration import run
from tests.running import RunningServer, picture, serving
from tests.server.http.signing import PASSWORD, Person, Program, add_person, closing_all, let_in, register, session_of

IMAGE_FIELDS = [
    "name", "title", "caption", "hash", "deletehash", "datetime", "type", "animated", "width", "height", "size",
    "views", "bandwidth",
]  # fmt: skip
LINKS = ["original", "imgur_page", "delete_page", "small_square", "large_thumbnail"]
ALBUM_FIELDS = [
    "id", "title", "description", "privacy", "cover", "order", "layout", "datetime", "link", "anonymous_link"
]  # fmt: skip
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class World:
    server: RunningServer
    ada: OAuth1Session
    eve: OAuth1Session

    def ask(self, method: str, path: str, by: OAuth1Session | None = None, **sent: Any) -> requests.Response:
        return (by or self.ada).request(method, f"{self.server.url}/2/{path}", timeout=60, **sent)

    def told(self, method: str, path: str, root: str, **sent: Any) -> Any:
        """What is below the root of a good answer in JSON."""
        answer = self.ask(method, path + ".json", **sent)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
        assert list(answer.json()) == [root]
        return answer.json()[root]

    def upload(self, **about: str) -> str:
        sent = {"files": {"image": ("a.png", picture())}, "data": about}
        return self.told("POST", "account/images", "images", **sent)["image"]["hash"]

    def album(self, **about: str) -> str:
        return self.told("POST", "account/albums", "albums", data={"title": "t", **about})["id"]

    def held(self, album: str) -> list[str]:
        return [each["image"]["hash"] for each in self.told("GET", f"account/albums/{album}", "albums")]


def message(answer: requests.Response | httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("account")) as server, closing_all():
        program = register(server)
        sessions = []
        for name in ("ada", "eve"):
            add_person(server, name)
            sessions.append(let_in(server, program, Person(server, name)))
        yield World(server, *sessions)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server where nobody has anything yet."""
    with serving(tmp_path_factory.mktemp("fresh")) as server, closing_all():
        add_person(server, "ada")
        session = let_in(server, register(server), Person(server, "ada"))
        yield World(server, session, session)


# The account


def test_the_account_has_its_booleans_as_words(world: World) -> None:
    told = world.told("GET", "account", "account")
    assert told == {"url": "ada", "is_pro": "false", "default_album_privacy": "hidden", "public_images": "false"}


def test_without_a_suffix_the_answer_is_xml(world: World) -> None:
    answer = world.ask("GET", "account")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert ElementTree.fromstring(answer.content).findtext("url") == "ada"


def test_the_format_can_be_asked_for_in_the_query(world: World) -> None:
    assert world.ask("GET", "account", params={"_format": "json"}).json()["account"]["url"] == "ada"


# Images


@pytest.mark.parametrize("shape", ["multipart", "base64", "raw", "query"])
def test_an_upload_of_every_shape_belongs_to_the_account(world: World, shape: str) -> None:
    content, texts = picture(), {"title": "a & b", "caption": "ä"}
    encoded = base64.b64encode(content).decode()
    sent: dict[str, Any] = {
        "multipart": {"files": {"image": ("a.png", content)}, "data": texts},
        "base64": {"data": {**texts, "image": encoded, "type": "base64"}},
        "raw": {"data": content, "headers": {"Content-Type": "image/png"}, "params": texts},
        "query": {"files": {"image": ("a.png", content)}, "params": texts},
    }[shape]
    told = world.told("POST", "account/images", "images", **sent)
    assert (list(told["image"]), list(told["links"])) == (IMAGE_FIELDS, LINKS)
    assert (told["image"]["title"], told["image"]["caption"]) == ("a & b", "ä")
    assert told["image"]["animated"] == "false"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told["image"]["datetime"])
    assert httpx2.get(told["links"]["original"]).status_code == 200
    assert told["image"]["hash"] in world.ask("GET", "account/images.json").text


def test_a_multipart_upload_may_have_its_signature_in_the_query(world: World) -> None:
    """As ZUploader sends it."""
    given = world.ada.auth.client
    session = session_of(
        Program("", given.client_key, given.client_secret),
        callback_uri=None,
        signature_type="QUERY",
        resource_owner_key=given.resource_owner_key,
        resource_owner_secret=given.resource_owner_secret,
    )
    sent = {"image": ("a.png", picture())}
    told = session.post(f"{world.server.url}/2/account/images.xml?title=a%20b", files=sent, timeout=60)
    root = ElementTree.fromstring(told.content)
    assert (root.tag, root.findtext("image/title")) == ("images", "a b")


def test_a_picture_of_megabytes_is_signed_in_a_form(world: World) -> None:
    content = picture(1200, 1000)
    assert len(content) > 3_000_000
    sent = {"image": base64.b64encode(content).decode(), "type": "base64"}
    told = world.told("POST", "account/images", "images", data=sent)
    assert told["image"]["width"] == 1200


def test_a_form_that_was_changed_on_its_way_is_refused(world: World) -> None:
    address = f"{world.server.url}/2/account/images.json"
    signed = requests.Request("POST", address, data={"title": "mine", "image": "x"}, auth=world.ada.auth).prepare()
    changed = bytes(signed.body).replace(b"mine", b"ours")
    answer = httpx2.post(address, content=changed, headers={**FORM, "Authorization": signed.headers["Authorization"]})
    assert message(answer) == (401, "The signature is not right.")


def test_images_come_by_pages_and_are_counted(fresh: World) -> None:
    assert fresh.told("GET", "account/images", "images") == []
    made = [fresh.upload() for _ in range(3)]
    fresh.album(images=f"({made[0]})")
    assert fresh.told("GET", "account/images_count", "images_count") == {"count": 3}
    listed = fresh.told("GET", "account/images", "images")
    assert [each["image"]["hash"] for each in listed] == made[::-1]
    page = fresh.told("GET", "account/images", "images", params={"count": 2, "page": 2})
    assert [each["image"]["hash"] for each in page] == made[:1]
    loose = fresh.told("GET", "account/images", "images", params={"noalbum": "true"})
    assert [each["image"]["hash"] for each in loose] == [made[2], made[1]]


def test_an_image_is_shown_edited_and_deleted(world: World) -> None:
    image = world.upload(title="old", caption="stays")
    path = f"account/images/{image}"
    assert world.told("GET", path, "images")["image"]["title"] == "old"
    told = world.told("POST", path, "images", data={"title": "new", "caption": ""})
    assert (told["image"]["title"], told["image"]["caption"]) == ("new", "stays")
    assert world.told("DELETE", path, "images") == {"message": "Success"}
    assert world.ask("GET", path + ".json").status_code == 404
    assert world.ask("DELETE", path + ".json").status_code == 404


def test_views_are_told(world: World) -> None:
    path = f"account/images/{world.upload()}"
    link = world.told("GET", path, "images")["links"]["original"]
    size = len(httpx2.get(link).content)
    about = world.told("GET", path, "images")["image"]
    assert (about["views"], about["bandwidth"]) == (1, size)


@pytest.mark.parametrize(("method", "where"), [("POST", "params"), ("POST", "data"), ("GET", "params")])
def test_a_delete_can_be_said_by_method(world: World, method: str, where: str) -> None:
    path = f"account/images/{world.upload()}"
    assert world.told(method, path, "images", **{where: {"_method": "delete"}}) == {"message": "Success"}
    assert world.ask("GET", path + ".json").status_code == 404


# Albums


def test_an_account_without_albums_answers_404_with_imgurs_words(fresh: World) -> None:
    assert message(fresh.ask("GET", "account/albums.json")) == (404, "No albums found")
    assert fresh.told("GET", "account/albums_count", "albums_count") == {"count": 0}


def test_an_album_is_made_with_all_its_fields(world: World) -> None:
    about = {"title": "T", "description": "D", "privacy": "public", "layout": "grid"}
    told = world.told("POST", "account/albums", "albums", data=about)
    assert list(told) == ALBUM_FIELDS
    assert {name: told[name] for name in about} == about
    assert (told["cover"], told["order"]) == ("", 0)
    assert told["link"] == f"{world.server.url}/a/{told['id']}"
    assert told in world.told("GET", "account/albums", "albums", params={"count": 999})


def test_images_go_in_and_out_of_an_album_in_lists_of_every_spelling(world: World) -> None:
    one, two, three = [world.upload() for _ in range(3)]
    album = world.album()
    path = f"account/albums/{album}"
    for field, written, held in [
        ("images", f"({one},{two})", [one, two]),
        ("add_images", three, [one, two, three]),
        ("del_images", f"({one}, {two})", [three]),
        ("add_images", f"(,{one})", [three, one]),
        ("images", "()", [three, one]),
    ]:
        world.told("POST", path, "albums", data={field: written, "title": "", "cover": "", "privacy": ""})
        assert world.held(album) == held
    told = world.told("POST", path, "albums", data={"cover": one, "title": "new"})
    assert (told["cover"], told["title"]) == (one, "new")
    page = world.told("GET", path, "albums", params={"count": 1, "page": 2})
    assert [each["image"]["hash"] for each in page] == [one]


def test_what_of_an_edit_is_refused_changes_nothing(world: World) -> None:
    album = world.album()
    answer = world.ask("POST", f"account/albums/{album}.json", data={"add_images": world.upload(), "layout": "spiral"})
    assert answer.status_code == 400
    assert world.held(album) == []


def test_an_album_is_deleted_and_its_images_stay(world: World) -> None:
    image = world.upload()
    path = f"account/albums/{world.album(images=image)}"
    assert world.told("DELETE", path, "albums") == {"message": "Success"}
    assert world.ask("GET", path + ".json").status_code == 404
    assert world.told("GET", f"account/images/{image}", "images")["image"]["hash"] == image


def test_albums_are_put_in_order(fresh: World) -> None:
    first, second, third = [fresh.album(title=str(number)) for number in range(3)]
    told = fresh.told("POST", "account/albums_order", "albums_order", data={"ids": f"({first},{third})"})
    assert told == {"message": "Success"}
    assert fresh.told("GET", "account/albums_order", "albums_order") == [first, third, second]
    listed = fresh.told("GET", "account/albums", "albums")
    assert [(each["id"], each["order"]) for each in listed] == [(first, 1), (third, 2), (second, 3)]
    assert fresh.told("GET", "account/albums_count", "albums_count") == {"count": 3}


def test_images_of_an_album_are_put_in_order(world: World) -> None:
    one, two, three = [world.upload() for _ in range(3)]
    album = world.album(images=f"({one},{two},{three})")
    path = f"account/albums_order/{album}"
    assert world.told("POST", path, "albums_order", data={"hashes": f"({three},{one})"}) == {"message": "Success"}
    assert world.told("GET", path, "albums_order") == world.held(album) == [three, one, two]
    strange = world.ask("POST", path + ".json", data={"hashes": world.upload()})
    assert strange.status_code == 404


def test_lists_are_item_elements_in_xml(world: World) -> None:
    image = world.upload()
    album = world.album(images=image)
    root = ElementTree.fromstring(world.ask("GET", f"account/albums/{album}").content)
    assert (root.tag, root.findtext("item/image/hash")) == ("albums", image)


# Who may


CALLS = [
    ("GET", "account"), ("GET", "account/images"), ("POST", "account/images"), ("GET", "account/images_count"),
    ("GET", "account/images/{image}"), ("POST", "account/images/{image}"), ("DELETE", "account/images/{image}"),
    ("GET", "account/albums"), ("POST", "account/albums"), ("GET", "account/albums_count"),
    ("GET", "account/albums/{album}"), ("POST", "account/albums/{album}"), ("DELETE", "account/albums/{album}"),
    ("GET", "account/albums_order"), ("POST", "account/albums_order"),
    ("GET", "account/albums_order/{album}"), ("POST", "account/albums_order/{album}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def things(world: World) -> dict[str, str]:
    image = world.upload()
    return {"image": image, "album": world.album(images=image, privacy="secret")}


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_in_particular_is_told_to_come_with_an_account(
    world: World, things: dict[str, str], method: str, path: str
) -> None:
    answer = httpx2.request(method, f"{world.server.url}/2/{path.format(**things)}.json")
    assert message(answer)[0] == 401
    assert "/2/signin" in message(answer)[1]


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if "{" in call[1]])
def test_a_stranger_gets_nothing_and_learns_nothing_of_a_secret_album(
    world: World, things: dict[str, str], method: str, path: str
) -> None:
    answer = world.ask(method, path.format(**things) + ".json", by=world.eve)
    assert answer.status_code == (403 if "{image}" in path else 404)
    assert world.told("GET", f"account/images/{things['image']}", "images")["image"]["hash"] == things["image"]
    assert world.held(things["album"]) == [things["image"]]


def test_a_stranger_to_an_album_that_is_shown_may_not_change_it(world: World) -> None:
    album = world.album(privacy="public", title="mine")
    for method in ("POST", "DELETE"):
        sent = {"data": {"title": "theirs"}} if method == "POST" else {}
        assert world.ask(method, f"account/albums/{album}.json", by=world.eve, **sent).status_code == 403
    listed = world.told("GET", "account/albums", "albums", params={"count": 999})
    assert next(each["title"] for each in listed if each["id"] == album) == "mine"


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_token_of_ours_needs_the_scope(world: World, things: dict[str, str], method: str, path: str) -> None:
    need = "albums" if "albums" in path else "images:write" if method != "GET" else "images:read"
    every = ("account", "albums", "images:read", "images:write")
    scopes = [word for scope in every if scope != need for word in ("--scope", scope)]
    token = run(world.server.data, "token", "create", "eve", *scopes).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx2.request(method, f"{world.server.url}/2/{path.format(**things)}.json", headers=headers)
    assert answer.status_code == 403
    assert need in message(answer)[1]


@pytest.mark.parametrize("token", ["x", "0" * 32])
def test_a_wrong_token_is_refused(world: World, token: str) -> None:
    answer = httpx2.get(f"{world.server.url}/2/account.json", headers={"Authorization": f"Bearer {token}"})
    assert message(answer) == (401, "The access token provided is invalid.")


# The cookie


def sign_in(world: World, name: str = "ada", password: str = PASSWORD) -> httpx2.Response:
    return httpx2.post(f"{world.server.url}/2/signin", data={"username": name, "password": password})


def test_the_cookie_of_a_sign_in_acts_for_the_account_below_v2_only(world: World) -> None:
    answer = sign_in(world)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert re.match(r"IMGURSESSION=[\w.-]+; HttpOnly; Max-Age=\d+; Path=/2/; SameSite=strict", cookie)
    headers = {"Cookie": cookie.partition(";")[0]}
    url = f"{world.server.url}/2/account/images"
    upload = httpx2.post(url, headers=headers, files={"image": picture()}, data={"key": "0" * 32})
    link = re.search(r"<original>(http[^<]+)</original>", upload.text)
    assert link, upload.text
    assert httpx2.get(link[1]).status_code == 200
    assert httpx2.get(f"{world.server.url}/account", headers=headers).status_code in (303, 401)
    assert httpx2.get(f"{world.server.url}/api/v1/images", headers=headers).status_code == 401


def test_neither_cookie_is_taken_for_the_other(world: World) -> None:
    """That of v2 is for images and albums only, and lies with programs; that of the pages may do everything."""
    v2 = sign_in(world).cookies["IMGURSESSION"]
    settings = httpx2.get(f"{world.server.url}/account/settings", headers={"Cookie": f"heliograph={v2}"})
    assert settings.headers["location"].startswith("/login")
    with httpx2.Client(base_url=world.server.url) as browser:
        fkey = re.search(r'name="fkey" value="(\w+)"', browser.get("/login").text)
        assert fkey
        browser.post("/login", data={"name": "ada", "password": PASSWORD, "fkey": fkey[1]})
        page = browser.cookies["heliograph"]
    answer = httpx2.get(f"{world.server.url}/2/account.json", headers={"Cookie": f"IMGURSESSION={page}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", ""), ("ada", "")])
def test_a_wrong_password_is_403_as_programs_wait_for(world: World, name: str, password: str) -> None:
    answer = sign_in(world, name, password)
    assert answer.status_code == 403
    assert ElementTree.fromstring(answer.content).findtext("message") == "The name or the password is wrong."
    assert "set-cookie" not in answer.headers


def test_a_cookie_that_was_not_given_out_is_refused(world: World) -> None:
    answer = httpx2.get(f"{world.server.url}/2/account.json", headers={"Cookie": "IMGURSESSION=x"})
    assert answer.status_code == 401


# Errors and limits


def test_an_error_repeats_the_request_and_can_be_200(world: World) -> None:
    answer = world.ask("DELETE", "account/images/aaaaaaaaaa.json", params={"a": "secret"})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "message": "There is nothing here by that name.",
            "request": "/2/account/images/aaaaaaaaaa.json",
            "method": "delete",
            "format": "json",
            "parameters": "a",
        }
    }
    faked = world.ask("GET", "account/images/aaaaaaaaaa", params={"_fake_status": "200"})
    assert (faked.status_code, ElementTree.fromstring(faked.content).findtext("format")) == (200, "xml")


@pytest.mark.parametrize("asked", [{"count": "x"}, {"count": "0"}, {"page": "0"}, {"count": "5000"}, {"page": "-1"}])
def test_a_page_that_cannot_be_is_a_bad_parameter(world: World, asked: dict[str, str]) -> None:
    assert world.ask("GET", "account/images.json", params=asked).status_code == 400


@pytest.mark.parametrize("path", ["account", "account/images.json", "account/albums/abc", "account/albums_order.xml"])
def test_scripts_of_other_pages_may_call(world: World, path: str) -> None:
    answer = httpx2.options(f"{world.server.url}/2/{path}")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_the_limit_is_told_as_the_next_request_meets_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("limited"), LIMITS="3/hour by account") as server:
        headers = {"Authorization": f"Bearer {server.key}"}
        answers = [httpx2.get(f"{server.url}/2/account.json", headers=headers) for _ in range(5)]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403, 403]
    assert message(answers[4]) == (403, "API limits exceeded")
    assert int(answers[0].headers["x-ratelimit-reset"]) > 1_600_000_000


def test_an_id_with_odd_letters_is_not_found(world: World) -> None:
    assert world.ask("GET", f"account/albums/{quote('ä b')}.json").status_code == 404
