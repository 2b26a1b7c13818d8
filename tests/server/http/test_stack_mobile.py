"""The Stack Exchange mobile API (wire page stackexchange-mobile)."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from heliograph.server.errors import CATALOGUE
from heliograph.server.http.stack_mobile import ANSWERS, NAMES, NO_QUOTA
from tests.cli.test_admin import run
from tests.running import RunningServer, picture, serving

IOS, ANDROID = "kJ1geZUa*oJVMN229qwESg((", "r0aEx)wmOcRhhPMdffXeUQ(("
PATH = "/1/image/upload"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def call(server: RunningServer, content: bytes | None = None, form: str = "png", **changed: str | None) -> Any:
    """The fields that a program sends; `changed` replaces some, None leaves one out."""
    fields: dict[str, str | None] = {
        "access_token": server.key,
        "key": IOS,
        "image_mime_type": f"image/{form}",
        "image_name": "plot",
        "filter": "vqc7J",
        "image_data": base64.b64encode(content or picture()).decode(),
    }
    return {name: text for name, text in {**fields, **changed}.items() if text is not None}


def failed(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert answer.status_code == 400
    assert list(said)[:3] == ["error_id", "error_name", "error_message"]
    assert "items" not in said
    return said["error_id"], said["error_name"]


@pytest.mark.parametrize(("form", "saved"), [("png", "PNG"), ("jpeg", "JPEG"), ("gif", "GIF"), ("webp", "WEBP")])
def test_the_answer_is_the_wrapper_with_one_item(
    form: str, saved: str, http: httpx2.Client, server: RunningServer
) -> None:
    answer = http.post(PATH, data=call(server, picture(16, 16, saved), form))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    extension = {"jpeg": "jpg"}.get(form, form)
    assert re.fullmatch(
        rf'{{"items":\[{{"url":"{server.url}/[A-Za-z0-9]{{10}}\.{extension}"}}\],"has_more":false,'
        rf'"quota_max":{NO_QUOTA},"quota_remaining":{NO_QUOTA}}}',
        answer.text,
    )
    assert http.get(answer.json()["items"][0]["url"]).headers["content-type"] == f"image/{form}"


@pytest.mark.parametrize("key", [IOS, ANDROID])
@pytest.mark.parametrize("encoded", [True, False])
def test_stars_and_parentheses_of_a_key_may_be_left_bare(
    key: str, encoded: bool, http: httpx2.Client, server: RunningServer
) -> None:
    fields = call(server, key=None)
    body = "&".join(f"{name}={quote(text, safe='')}" for name, text in fields.items())
    body += "&key=" + quote(key, safe="" if encoded else "*()")
    answer = http.post(PATH, content=body.encode(), headers=FORM)
    assert answer.json()["items"], answer.text


def test_a_plus_that_was_not_encoded_is_read_as_a_plus(http: httpx2.Client, server: RunningServer) -> None:
    content = next(each for _ in range(100) if b"+" in base64.b64encode(each := picture()))
    fields = call(server, image_data=None)
    body = "&".join(f"{name}={quote(text, safe='')}" for name, text in fields.items())
    body += "&image_data=" + base64.b64encode(content).decode()
    url = http.post(PATH, content=body.encode(), headers=FORM).json()["items"][0]["url"]
    assert http.get(url).content == content


def test_line_breaks_in_the_base64_and_multipart_are_fine(http: httpx2.Client, server: RunningServer) -> None:
    content = picture()
    wrapped = base64.encodebytes(content).decode().replace("\n", "\r\n")
    as_text = call(server, image_data=wrapped)
    as_parts = {name: (None, text) for name, text in call(server, content).items()}
    as_file = call(server, image_data=None)
    for sent in (
        {"data": as_text},
        {"files": as_parts},
        {"data": as_file, "files": {"image_data": ("p.png", content)}},
        {"data": as_file, "files": {"whatever": ("p.png", content)}},
        {"json": call(server, content)},
    ):
        answer = http.post(PATH, **sent)
        assert http.get(answer.json()["items"][0]["url"]).content == content


def test_the_image_belongs_to_the_account_and_keeps_its_name(
    http: httpx2.Client, server: RunningServer, owner: httpx2.Client
) -> None:
    url = http.post(PATH, data=call(server, image_name="figure (1)")).json()["items"][0]["url"]
    newest = owner.get("/api/v1/images").json()["images"][0]
    assert (newest["link"], newest["name"]) == (url, "figure (1)")


@dataclass(frozen=True)
class Wrong:
    """A call that is refused, and how."""

    said: tuple[int, str]
    about: str
    changed: dict[str, str | None] = field(default_factory=dict)


WRONG = {
    "no image": Wrong((400, "bad_parameter"), "image_data", {"image_data": None}),
    "an empty image": Wrong((400, "bad_parameter"), "image_data", {"image_data": ""}),
    "words": Wrong((400, "bad_parameter"), "", {"image_data": "only words"}),
    "base64 of words": Wrong((400, "bad_parameter"), "", {"image_data": base64.b64encode(b"word" * 30).decode()}),
    "a path": Wrong((400, "bad_parameter"), "path", {"image_data": "/home/me/p.png"}),
    "another type": Wrong((400, "bad_parameter"), "image_mime_type", {"image_mime_type": "image/jpeg"}),
    "a type that is none": Wrong((400, "bad_parameter"), "image_mime_type", {"image_mime_type": "picture"}),
    "no key": Wrong((405, "key_required"), "key", {"key": None}),
    "an empty key": Wrong((405, "key_required"), "key", {"key": ""}),
    "no token": Wrong((401, "access_token_required"), "access_token", {"access_token": None}),
    "an unknown token": Wrong((402, "invalid_access_token"), "access_token", {"access_token": "0" * 32}),
    "an application's key as token": Wrong((402, "invalid_access_token"), "access_token", {"access_token": IOS}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_has_the_apis_id_and_name_and_status_400(
    wrong: str, http: httpx2.Client, server: RunningServer
) -> None:
    case = WRONG[wrong]
    answer = http.post(PATH, data=call(server, **case.changed))
    assert failed(answer) == case.said
    assert case.about in answer.json()["error_message"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_a_damaged_image_is_a_bad_parameter(http: httpx2.Client, server: RunningServer) -> None:
    assert failed(http.post(PATH, data=call(server, picture()[:200]))) == (400, "bad_parameter")


def test_another_method_is_no_method_of_the_api(http: httpx2.Client) -> None:
    answer = http.get(PATH)
    assert failed(answer) == (404, "no_method")
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_every_name_of_the_catalogue_has_an_id_of_the_api() -> None:
    assert {number for number, _ in ANSWERS.values()} == set(NAMES)
    assert set(ANSWERS) == {failure.__name__ for failure in CATALOGUE}


@pytest.mark.parametrize("where", ["query", "field"])
def test_a_callback_is_called_with_200_even_by_an_error(where: str, http: httpx2.Client, server: RunningServer) -> None:
    for changed, member in (({}, "items"), ({"key": None}, "error_id"), ({"image_data": "words"}, "error_id")):
        fields = call(server, **changed)
        sent = {"data": {"callback": "app.done", **fields} if where == "field" else fields}
        answer = http.post(PATH, **sent, params={"callback": "app.done"} if where == "query" else {})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/javascript; charset=utf-8")
        assert answer.text.startswith("app.done(")
        assert answer.text.endswith(");")
        assert member in json.loads(answer.text.removeprefix("app.done(").removesuffix(");"))


def test_a_callback_that_is_no_plain_name_is_ignored(http: httpx2.Client, server: RunningServer) -> None:
    answer = http.post(PATH, data=call(server), params={"callback": "alert(1);x"})
    assert answer.json()["items"]


def test_an_address_is_fetched_too(http: httpx2.Client, server: RunningServer) -> None:
    content = picture()
    first = http.post(PATH, data=call(server, content)).json()["items"][0]["url"]
    second = http.post(PATH, data=call(server, image_data=first)).json()["items"][0]["url"]
    assert second != first
    assert http.get(second).content == content


@dataclass(frozen=True)
class Counting:
    """A server with limits that refuses unknown keys, an application's key, and tokens of all kinds."""

    server: RunningServer
    key: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counting]:
    folder = tmp_path_factory.mktemp("mobile")
    rules = "40/day by address; 10/day uploads by account; 2 credits an upload"
    with serving(folder, LIMITS=rules, UNKNOWN_KEYS="refuse") as server:

        def admin(*words: str) -> str:
            done = run(server.data, *words)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        for name in ("stranger", "disabled", "former"):
            admin("account", "create", name, "--no-password")
        accounts = {"stranger": "stranger", "reader": "stranger", "disabled": "disabled", "revoked": "former"}
        tokens = {
            who: admin("token", "create", account, "--scope", "images:read" if who == "reader" else "images:write")
            for who, account in accounts.items()
        }
        admin("account", "disable", "disabled")
        admin("token", "revoke", "former", admin("token", "list", "former").splitlines()[0].split("\t")[0])
        headers = {"authorization": f"Bearer {server.key}"}
        mine = httpx2.get(f"{server.url}/api/v1/applications", headers=headers).json()["applications"][0]
        yield Counting(server, mine["key"], tokens)


@pytest.mark.parametrize(
    ("who", "key", "said"),
    [
        ("reader", "good", (403, "access_denied")),
        ("disabled", "good", (402, "invalid_access_token")),
        ("revoked", "good", (402, "invalid_access_token")),
        ("stranger", "unknown", (400, "bad_parameter")),
    ],
)
def test_who_may_not(who: str, key: str, said: tuple[int, str], counting: Counting) -> None:
    key = counting.key if key == "good" else IOS
    fields = call(counting.server, access_token=counting.tokens[who], key=key)
    assert failed(httpx2.post(counting.server.url + PATH, data=fields)) == said


def test_the_quota_is_what_the_limits_say_and_refusals_tell_how_long_to_wait(counting: Counting) -> None:
    """Ten a day for the account, which the address has room for; each answer tells what the next one meets."""
    left = []
    for _ in range(10):
        fields = call(counting.server, access_token=counting.tokens["stranger"], key=counting.key)
        answer = httpx2.post(counting.server.url + PATH, data=fields)
        said = answer.json()
        assert (answer.status_code, said["quota_max"]) == (200, 10), answer.text
        left.append(said["quota_remaining"])
    assert left == list(range(9, -1, -1))
    fields = call(counting.server, access_token=counting.tokens["stranger"], key=counting.key)
    refused = httpx2.post(counting.server.url + PATH, data=fields)
    assert failed(refused) == (502, "throttle_violation")
    said = refused.json()
    assert (said["quota_max"], said["quota_remaining"]) == (10, 0)
    assert said["backoff"] == int(refused.headers["retry-after"]) > 60
