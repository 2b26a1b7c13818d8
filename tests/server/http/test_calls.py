"""A URL that shows something else at each look: every call publishes one image, however often it is tried."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.running import RunningServer, picture, webcam, website
from tests.server.http.databases import DATABASES, serving_on

KEY = "secret-" + "k" * 40


@pytest.fixture(scope="module", params=DATABASES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving_on(request, tmp_path_factory.mktemp("calls")) as server:
        yield server


def published(running: RunningServer, url: str, call: str = "", key: str = KEY) -> str:
    """The id that a try of `call` is answered with."""
    headers = {"Idempotency-Key": key, "Idempotency-By": "content"} | ({"Idempotency-Call": call} if call else {})
    answer = httpx2.post(f"{running.url}/api/v1/images", json={"url": url}, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_each_call_has_its_own_image_and_keeps_it_whatever_others_do(running: RunningServer) -> None:
    with webcam() as url:
        first = [published(running, url, call) for call in "abc"]
        assert len(set(first)) == 3
        assert [published(running, url, call) for call in "abc"] == first


def test_many_tries_of_few_calls_at_once_publish_one_image_a_call(running: RunningServer) -> None:
    key = KEY + "at-once"
    with webcam() as url, ThreadPoolExecutor(12) as pool:
        calls = [f"call-{number % 3}" for number in range(48)]
        found = list(pool.map(lambda call: published(running, url, call, key), calls))
    assert len(set(zip(calls, found, strict=True))) == len(set(found)) == 3


def test_a_url_that_shows_the_same_gives_the_same_image_to_other_calls(running: RunningServer) -> None:
    with website({"/a.png": (200, {"Content-Type": "image/png"}, picture())}) as site:
        assert len({published(running, f"{site}/a.png", call, KEY + "same") for call in ("a", "b", "")}) == 1


def test_a_call_whose_image_was_removed_publishes_anew(running: RunningServer) -> None:
    key = KEY + "removed"
    with webcam() as url:
        first = published(running, url, "a", key)
        headers = {"Authorization": f"Bearer {running.key}"}
        secret = httpx2.post(
            f"{running.url}/api/v1/images",
            json={"url": url},
            headers={"Idempotency-Key": key, "Idempotency-By": "content", "Idempotency-Call": "a"},
        ).json()["delete_hash"]
        gone = httpx2.delete(f"{running.url}/api/v1/images/{first}", params={"delete_hash": secret}, headers=headers)
        assert gone.status_code == 204, gone.text
        again = published(running, url, "a", key)
        assert again not in (first, published(running, url, "b", key))
        assert published(running, url, "a", key) == again


def test_without_calls_what_it_showed_before_is_known_again(running: RunningServer) -> None:
    key, pages = KEY + "no-calls", {"/a.png": (200, {"Content-Type": "image/png"}, picture())}
    other = {"/a.png": (200, {"Content-Type": "image/png"}, picture())}
    with website(pages) as site:
        first = published(running, f"{site}/a.png", key=key)
        before, pages["/a.png"] = pages["/a.png"], other["/a.png"]
        assert published(running, f"{site}/a.png", key=key) != first
        pages["/a.png"] = before
        assert published(running, f"{site}/a.png", key=key) == first
