"""Every failure of the catalogue has an answer in every dialect."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import CATALOGUE, GrantRefused, HeliographError
from heliograph.server.http import (
    images,
    imgur_oauth,
    imgur_oauth1,
    imgur_v1,
    imgur_v2_words,
    imgur_v3_words,
    native,
    oauth,
    oembed,
    pages,
    stack_mobile,
    stack_web,
)

IMAGE_FILE_FAILURES = {
    "NotFound",
    "Gone",
    "BadParameter",
    "Busy",
    "CorruptImage",
    "TooManyPixels",
    "TooManyFrames",
    "StorageUnavailable",
}


def spoken(voice: type, path: str, failure: Callable[[], HeliographError], method: str = "POST") -> Response:
    """What a dialect says of a failure; speaking needs nothing of a handler's parts but the links."""
    speaker = object.__new__(voice)
    speaker._links = type("Links", (), {"public": "http://h.example"})
    scope = {
        "type": "http", "method": method, "path": path, "query_string": b"", "headers": [], "path_params": {},
        "server": ("h.example", 80), "scheme": "http", "state": {"request_id": "r1", "address": "192.0.2.1"},
    }  # fmt: skip
    answer: Response = speaker.speak(Request(scope), failure())
    return answer


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_native_says_every_failure_as_a_problem(failure: type[HeliographError]) -> None:
    answer = spoken(native.Native, "/api/v1/images", failure)
    problem = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code >= 400
    assert (problem["name"], problem["detail"], problem["request_id"]) == (failure.__name__, failure.message, "r1")


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_imgur_v1_says_every_failure_in_both_formats(failure: type[HeliographError]) -> None:
    in_json = json.loads(spoken(imgur_v1.ImgurV1, "/api/upload.json", failure).body)["rsp"]
    answer = spoken(imgur_v1.ImgurV1, "/api/upload.xml", failure)
    in_xml = ElementTree.fromstring(answer.body)
    assert in_json["stat"] == in_xml.get("stat") == "fail"
    assert in_json["error_code"] == int(in_xml.findtext("error_code")) >= 1000
    assert in_json["error_msg"] == in_xml.findtext("error_msg") != ""
    assert answer.status_code >= 400


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_imgur_v2_says_every_failure_in_both_formats(failure: type[HeliographError]) -> None:
    in_json = json.loads(spoken(imgur_v2_words.Words, "/2/upload.json", failure).body)
    answer = spoken(imgur_v2_words.Words, "/2/upload", failure)
    in_xml = ElementTree.fromstring(answer.body)
    assert (list(in_json), in_xml.tag) == (["error"], "error")
    assert list(in_json["error"]) == [child.tag for child in in_xml] == [
        "message", "request", "method", "format", "parameters"
    ]  # fmt: skip
    assert in_json["error"]["message"] == in_xml.findtext("message") != ""
    assert 400 <= answer.status_code < 600


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_oembed_says_every_failure_by_its_status(failure: type[HeliographError]) -> None:
    in_json, in_xml = (spoken(oembed.OEmbed, f"/oembed.{form}", failure) for form in ("json", "xml"))
    assert in_json.status_code == in_xml.status_code >= 400
    assert json.loads(in_json.body)["error"] == ElementTree.fromstring(in_xml.body).findtext("error") != ""


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_imgur_v3_says_every_failure_in_both_formats(failure: type[HeliographError]) -> None:
    answer = spoken(imgur_v3_words.ImgurV3Words, "/3/image", failure)
    said = json.loads(answer.body)
    assert list(said) == ["data", "success", "status", *(["errors"] if answer.status_code == 429 else [])]
    assert list(said["data"]) == ["error", "request", "method"]
    assert (said["success"], said["status"]) == (False, answer.status_code)
    in_xml = ElementTree.fromstring(spoken(imgur_v3_words.ImgurV3Words, "/3/image.xml", failure).body)
    assert (in_xml.get("success"), in_xml.get("status")) == ("0", str(answer.status_code))
    error = said["data"]["error"]
    assert in_xml.findtext("error") == (error["message"] if isinstance(error, dict) else error) != ""


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_the_stack_exchange_form_says_every_failure_in_html_and_json(failure: type[HeliographError]) -> None:
    in_html = spoken(stack_web.StackWeb, "/upload/image", failure)
    in_json = spoken(stack_web.StackWeb, "/image/upload", failure)
    said = json.loads(in_json.body)
    assert list(said) == ["Success", "Error", "ErrorMessage"]
    assert (said["Success"], said["Error"]) == (False, in_json.status_code)
    assert in_json.status_code >= 400
    trouble = failure.__name__ in {"NotFound", "MethodNotAllowed", "Busy", "StorageUnavailable", "Internal"}
    assert in_html.status_code == (in_json.status_code if trouble else 200)
    assert b'displayUploadError("' in in_html.body
    assert b"\nvar result = '';\n" in in_html.body


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_the_stack_exchange_mobile_api_says_every_failure_by_id_and_name(failure: type[HeliographError]) -> None:
    answer = spoken(stack_mobile.StackMobile, "/1/image/upload", failure)
    said = json.loads(answer.body)
    assert answer.status_code == 400
    assert stack_mobile.NAMES[said["error_id"]] == said["error_name"]
    assert said["error_message"]
    waiting = "retry-after" in answer.headers
    assert list(said) == ["error_id", "error_name", "error_message", *(["backoff"] if waiting else [])]


@pytest.mark.parametrize(
    "table",
    [
        native.STATUS,
        imgur_v1.ANSWERS,
        imgur_v2_words.ANSWERS,
        imgur_v3_words.ANSWERS,
        stack_web.ANSWERS,
        stack_mobile.ANSWERS,
        imgur_oauth1.ANSWERS,
        oauth.ANSWERS,
        imgur_oauth.STATUS,
        pages.HEADINGS,
    ],
    ids=["native", "v1", "v2", "v3", "stack_web", "stack_mobile", "oauth1", "oauth", "imgur_oauth", "pages"],
)
def test_every_table_holds_the_catalogue_and_nothing_else(table: dict[str, object]) -> None:
    assert set(table) == {failure.__name__ for failure in CATALOGUE}


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_oauth1_says_every_failure_as_a_form(failure: type[HeliographError]) -> None:
    answer = spoken(imgur_oauth1.ImgurOAuth1Tokens, "/oauth/request_token", failure)
    said = dict(parse_qsl(bytes(answer.body).decode()))
    assert list(said) == ["oauth_problem", "oauth_problem_advice"]
    assert (said["oauth_problem_advice"], answer.status_code >= 400) == (failure.message, True)
    assert ("www-authenticate" in answer.headers) is (answer.status_code == 401)


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_oauth_says_every_failure_in_the_words_of_its_rfc(failure: type[HeliographError]) -> None:
    answer = spoken(oauth.OAuth, "/api/v1/oauth/token", failure)
    said = json.loads(answer.body)
    assert list(said) == ["error", "error_description"]
    assert re.fullmatch(r"[a-z_]+", said["error"])
    assert (said["error_description"], answer.status_code >= 400) == (failure.message, True)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("failure", CATALOGUE, ids=lambda failure: failure.__name__)
def test_imgurs_oauth_says_every_failure_wrapped(failure: type[HeliographError]) -> None:
    answer = spoken(imgur_oauth.ImgurOAuth, "/oauth2/token", failure)
    told = {"error": failure.message, "request": "/oauth2/token", "method": "POST"}
    assert json.loads(answer.body) == {"data": told, "success": False, "status": answer.status_code}
    assert answer.status_code >= 400


@pytest.mark.parametrize(
    ("reason", "status"),
    [("invalid_client", 401), ("invalid_grant", 400), ("invalid_scope", 400), ("slow_down", 400)],
)
def test_oauth_says_why_a_grant_is_refused(reason: str, status: int) -> None:
    answer = spoken(oauth.OAuth, "/api/v1/oauth/token", lambda: GrantRefused("Why.", reason))
    assert (answer.status_code, json.loads(answer.body)) == (status, {"error": reason, "error_description": "Why."})


def test_an_image_file_has_a_status_for_every_failure_that_can_meet_it() -> None:
    assert set(images.STATUS) == IMAGE_FILE_FAILURES


def test_no_message_names_a_place_in_the_machine() -> None:
    for failure in CATALOGUE:
        assert str(Path.home()) not in failure.message
        assert failure.message.endswith(".")
