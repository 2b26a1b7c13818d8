"""What the pages' answers forbid, and what may be kept of them."""

import httpx2
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import running
from tests.browser.pictures import small_picture
from tests.browser.uploading import delete_link, upload


@pytest.mark.parametrize("path", ["/", "/docs/api", "/docs/problems", "/nothinghere"])
def test_every_page_forbids_foreign_and_inline_code(server: str, path: str) -> None:
    headers = httpx2.get(server + path).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_pictures_may_come_from_the_image_host_where_there_is_one(tmp_path) -> None:
    with running(tmp_path / "data", HELIOGRAPH_IMAGE_URL="https://i.example.org/pictures") as server:
        policy = httpx2.get(server + "/").headers["content-security-policy"]
    assert "img-src 'self' https://i.example.org;" in policy


def test_the_delete_page_is_kept_by_nobody_and_listed_nowhere(plain: Page, server: str) -> None:
    upload(plain, server, small_picture("secret.png"))
    headers = httpx2.get(delete_link(plain)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"


def test_the_form_of_another_site_is_refused(server: str) -> None:
    picture = small_picture("foreign.png")
    answer = httpx2.post(server + "/", files={"image": picture["buffer"]}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("public", "secure"), [("https://pictures.example.org", True), ("http://pictures.example.org", False)]
)
def test_the_delete_cookie_is_secure_where_the_public_address_is(tmp_path, public: str, secure: bool) -> None:
    with running(tmp_path / "data", HELIOGRAPH_PUBLIC_URL=public) as server:
        answer = httpx2.post(server + "/", files={"image": small_picture("safe.png")["buffer"]})
    assert answer.status_code == 303
    assert ("Secure" in answer.headers["set-cookie"]) is secure


def test_sheets_and_scripts_are_kept_for_ever_by_their_version(server: str) -> None:
    page = httpx2.get(server + "/").text
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    lasting = httpx2.get(server + sheet)
    assert lasting.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert lasting.headers["content-type"] == "text/css; charset=utf-8"
    asked_again = httpx2.get(server + "/static/copy.js", headers={"if-none-match": lasting.headers["etag"]})
    assert asked_again.status_code == 304
    assert asked_again.headers["cache-control"] == "no-cache"
    assert httpx2.get(server + "/static/nothing.css").status_code == 404


def test_a_server_that_wants_keys_shows_no_form(tmp_path) -> None:
    with running(tmp_path / "data", HELIOGRAPH_ANONYMOUS_UPLOADS="false") as server:
        front = httpx2.get(server + "/").text
        refused = httpx2.post(server + "/", files={"image": small_picture("refused.png")["buffer"]})
    assert "<form" not in front
    assert "programs with a key only" in front
    assert refused.status_code == 401


def test_the_reference_shows_every_operation_and_type_of_the_openapi_document(server: str) -> None:
    document = httpx2.get(server + "/api/v1/openapi.json").json()
    page = httpx2.get(server + "/docs/api").text
    for item in document["paths"].values():
        for method in set(item) & {"get", "post", "patch", "delete"}:
            assert f'id="{item[method]["operationId"]}"' in page
    for name in document["components"]["schemas"]:
        assert f'id="type-{name}"' in page


def test_every_problem_has_its_place_on_the_page_that_problems_point_to(server: str) -> None:
    problem = httpx2.get(server + "/api/v1/images/nothinghere").json()
    place, _, name = problem["type"].partition("#")
    assert place == server + "/docs/problems"
    page = httpx2.get(place).text
    assert f'<div id="{name}"><dt><code>{problem["status"]}</code>' in page
