"""How Imgur v2 spells things, without a server (wire page imgur-v2, sections 1, 3 and 5)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import BadParameter, NotFound, UploadLimitReached
from heliograph.server.http.bodies import Form
from heliograph.server.http.imgur_v2_words import Words, method_of, name_in_path
from heliograph.server.links import Links
from heliograph.server.model import Blob, Image, Served
from heliograph.server.statistics import Statistics

WORDS = Words(Links("http://h.example"), cast("Statistics", None))
BLOB = Blob(sha256=b"1" * 32, size=1000, media_type="image/jpeg", width=4, height=3, frames=1)
IMAGE = Image("aaaaaaaaaa", "d" * 15, BLOB, None, None, datetime(2010, 8, 16, 22, 43, 22, tzinfo=UTC))


def request(path: str, query: str = "", method: str = "POST", name: str = "") -> Request:
    return Request({
        "type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": [],
        "path_params": {"name": name}, "server": ("h.example", 80), "scheme": "http", "state": {},
    })  # fmt: skip


def body(response: Response) -> str:
    return bytes(response.body).decode()


@pytest.mark.parametrize(
    ("path", "query", "media_type"),
    [
        ("/2/upload", "", "text/xml; charset=utf-8"),
        ("/2/upload.xml", "", "text/xml; charset=utf-8"),
        ("/2/upload.json", "", "application/json"),
        ("/2/upload", "_format=json", "application/json"),
        ("/2/upload", "_format=JSON", "application/json"),
        ("/2/upload", "_format=yaml", "text/xml; charset=utf-8"),
        ("/2/upload.xml", "_format=json", "text/xml; charset=utf-8"),
        ("/2/upload.json", "_format=xml", "application/json"),
    ],
)
def test_the_suffix_chooses_the_format_then_the_parameter_and_xml_is_the_rest(
    path: str, query: str, media_type: str
) -> None:
    assert WORDS.success(request(path, query), "delete").headers["content-type"] == media_type
    assert WORDS.speak(request(path, query), NotFound()).headers["content-type"] == media_type


def test_the_parameters_may_come_in_a_form_that_was_read() -> None:
    asked = request("/2/upload", "key=k")
    asked.state.form = Form({"key": "k", "_format": "json", "_fake_status": "200", "_method": "delete"}, field="image")
    answer = WORDS.speak(asked, NotFound())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(body(answer))["error"]["parameters"] == "key, image"
    assert method_of(asked) == "DELETE"


def test_an_error_repeats_the_request_but_no_parameters_value() -> None:
    answer = WORDS.speak(request("/2/upload.json", "key=secret&title=t&_fake_status=300"), BadParameter("No."))
    assert answer.status_code == 400
    assert body(answer) == (
        '{"error":{"message":"No.","request":"/2/upload.json","method":"post","format":"json",'
        '"parameters":"key, title"}}'
    )
    assert body(WORDS.speak(request("/2/upload", "key=secret"), BadParameter("<No>."))) == (
        '<?xml version="1.0" encoding="utf-8"?>\n<error><message>&lt;No&gt;.</message><request>/2/upload</request>'
        "<method>post</method><format>xml</format><parameters>key</parameters></error>"
    )


def test_a_refusal_for_the_limits_says_when_to_return_even_under_a_faked_status() -> None:
    answer = WORDS.speak(request("/2/upload", "_fake_status=200"), UploadLimitReached(retry_after=7))
    assert (answer.status_code, answer.headers["retry-after"]) == (200, "7")
    assert "<message>API limits exceeded</message>" in body(answer)


def test_an_upload_is_told_with_all_fields_in_order() -> None:
    told = WORDS.image(IMAGE, Served(), owned=True)
    assert list(told["image"]) == [
        "name", "title", "caption", "hash", "deletehash", "datetime", "type", "animated", "width", "height", "size",
        "views", "bandwidth",
    ]  # fmt: skip
    assert list(told["links"]) == ["original", "imgur_page", "delete_page", "small_square", "large_thumbnail"]
    assert (told["image"]["name"], told["image"]["title"], told["image"]["caption"]) == (False, "", "")
    assert (told["image"]["datetime"], told["image"]["animated"]) == ("2010-08-16 22:43:22", "false")
    assert WORDS.image(replace(IMAGE, blob=replace(BLOB, frames=2)), Served())["image"]["animated"] == "true"


def test_a_read_has_no_secret_and_null_for_texts_that_are_not_there() -> None:
    told = WORDS.image(IMAGE, Served(3, 3000))
    assert "d" * 15 not in json.dumps(told)
    assert list(told["image"])[:3] == ["title", "caption", "hash"]
    assert (told["image"]["title"], told["image"]["views"], told["image"]["bandwidth"]) == (None, 3, 3000)


def test_in_xml_what_is_not_there_is_an_empty_element_and_lists_have_their_own_entries() -> None:
    told = WORDS.image(IMAGE, Served(), owned=True)
    answer = body(WORDS.reply(request("/2/upload"), "upload", told))
    assert answer.partition("\n")[2].startswith("<upload><image><name/><title/><caption/><hash>aaaaaaaaaa</hash>")
    assert "<animated>false</animated>" in answer
    assert '"name":false,"title":""' in body(WORDS.reply(request("/2/upload.json"), "upload", told))
    stats = body(WORDS.reply(request("/2/stats"), "stats", {"most_popular_images": ["a", "b"], "images": ["c"]}))
    assert stats.endswith(
        "<stats><most_popular_images><image_hash>a</image_hash><image_hash>b</image_hash></most_popular_images>"
        "<images><item>c</item></images></stats>"
    )


@pytest.mark.parametrize("name", ["abc", "abc.json", "abc.xml"])
def test_the_name_in_a_path_is_without_the_format(name: str) -> None:
    assert name_in_path(request("/2/image/abc", name=name)) == "abc"
