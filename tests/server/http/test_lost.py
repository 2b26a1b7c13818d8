"""Which row of the table answers, and where none does, that the voice that fits the path says so."""

import re

import httpx2
import pytest

from tests.running import picture


@pytest.mark.parametrize("path", ["/gallery/aaaaaaaaaa", "/aaaaaaaaaa/", "/r/pics", "/3.0/image", "/docs/nothing"])
def test_a_path_of_nobody_is_a_page_that_is_not_there(path: str, http: httpx2.Client) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Nothing here" in answer.text


@pytest.mark.parametrize("path", ["/1/nothing", "/1/image", "/1/image/nothing", "/1/image/upload/"])
def test_an_unknown_call_of_the_mobile_api_is_no_method(path: str, http: httpx2.Client) -> None:
    answer = http.post(path)
    assert answer.status_code == 400
    assert (answer.json()["error_id"], answer.json()["error_name"]) == (404, "no_method")


def test_each_interface_says_in_its_own_words_that_it_has_no_such_call(http: httpx2.Client) -> None:
    assert http.get("/api/v1/nothing").json()["type"].endswith("#NotFound")
    assert http.get("/api/nothing.json").json()["error"]["error_code"] == 9000
    assert http.get("/2/nothing.json").json()["error"]["format"] == "json"
    assert http.get("/3/nothing?client_id=0123456789abcde").json()["status"] == 404
    assert http.get("/oauth2/nothing").json()["status"] == 404
    assert "oauth_problem" in http.get("/oauth/nothing").text
    assert "displayUploadError" in http.post("/image/nothing").text


@pytest.mark.parametrize(
    "path", ["//3/upload?client_id=k", "//api/upload.json?key=k", "//2//upload.json?key=k", "//upload/image"]
)
def test_an_address_with_a_slash_at_its_end_leads_to_the_same_calls(path: str, http: httpx2.Client) -> None:
    answer = httpx2.post(str(http.base_url).rstrip("/") + path, files={"image": ("p.png", picture())})
    name = re.search(r"[A-Za-z0-9]{10}\.png", answer.text)
    assert name, answer.text
    assert httpx2.get(f"{str(http.base_url).rstrip('/')}//{name[0]}").is_success
