"""Claiming, counting and searching one's own images, on both databases."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.running import RunningServer
from tests.server.http.databases import DATABASES, serving_on
from tests.server.http.test_native import failure, upload


@pytest.fixture(scope="module", params=DATABASES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving_on(request, tmp_path_factory.mktemp("ownership")) as server:
        yield server


@pytest.fixture(scope="module")
def mine(running: RunningServer) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {running.key}"}
    with httpx2.Client(base_url=running.url, headers=headers, timeout=60) as client:
        upload(client, title="A red Fox", description="in the snow")
        upload(client, alt="ÄPFEL, 100% ripe", title="fruit")
        upload(client, title="snow_line", description="no animal")
        yield client


def found(mine: httpx2.Client, **query: Any) -> list[str]:
    said = mine.get("/api/v1/images", params=query).json()
    assert said["total"] >= len(said["images"])
    return [image["title"] for image in said["images"]]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("SNOW", ["snow_line", "A red Fox"]),
        ("snow fox", ["A red Fox"]),
        ("äpfel", ["fruit"]),
        ("100%", ["fruit"]),
        ("%", ["fruit"]),
        ("w_l", ["snow_line"]),
        ("nothing-of-the-kind", []),
    ],
)
def test_all_words_must_occur_in_title_description_or_alt(text: str, titles: list[str], mine: httpx2.Client) -> None:
    assert found(mine, q=text) == titles


def test_the_total_counts_all_pages_of_a_search(mine: httpx2.Client) -> None:
    page = mine.get("/api/v1/images", params={"q": "snow", "limit": 1}).json()
    assert (page["total"], len(page["images"])) == (2, 1)
    rest = mine.get("/api/v1/images", params={"q": "snow", "limit": 1, "cursor": page["next"]}).json()
    assert (rest["total"], rest["images"][0]["title"], rest["next"]) == (2, "A red Fox", None)


def test_dates_narrow_the_search(mine: httpx2.Client) -> None:
    created = {image["title"]: image["created"] for image in mine.get("/api/v1/images").json()["images"]}
    assert "A red Fox" not in found(mine, since=created["fruit"])
    assert "fruit" in found(mine, since=created["fruit"])
    assert "fruit" not in found(mine, until=created["fruit"])
    assert found(mine, until="2001-01-01") == []


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"q": "a " * 11}, {"q": "a" * 201}, {"q": "\0"}])
def test_a_search_that_makes_no_sense_is_a_bad_parameter(query: dict[str, str], mine: httpx2.Client) -> None:
    assert failure(mine.get("/api/v1/images", params=query)) == (400, "BadParameter")


def test_an_anonymous_image_is_claimed_by_its_delete_hash(mine: httpx2.Client, running: RunningServer) -> None:
    with httpx2.Client(base_url=running.url, timeout=60) as nobody:
        by_id, by_hash = upload(nobody, title="claimed 1"), upload(nobody, title="claimed 2")
        place = f"/api/v1/images/{by_id['id']}/claim"
        assert failure(mine.post(place)) == (403, "Forbidden")
        assert failure(mine.post(place, params={"delete_hash": "x" * 15})) == (403, "Forbidden")
        assert failure(nobody.post(place, params={"delete_hash": by_id["delete_hash"]})) == (401, "NoTokenSent")
        assert mine.post(place, params={"delete_hash": by_id["delete_hash"]}).json()["id"] == by_id["id"]
        assert mine.post(f"/api/v1/images/{by_hash['delete_hash']}/claim").status_code == 200
        assert mine.post(place).status_code == 200, "what one owns is claimed already"
        assert found(mine, q="claimed") == ["claimed 2", "claimed 1"]
        assert nobody.delete(f"/api/v1/images/{by_id['delete_hash']}").status_code == 204
        assert failure(mine.post(f"/api/v1/images/{by_id['delete_hash']}/claim")) == (410, "Gone")
