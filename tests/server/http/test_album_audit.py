"""What is done to albums is in the audit, in the transaction of the deed, and never with a delete hash."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.administration import run
from tests.running import RunningServer, picture, serving
from tests.server.http.test_native import failure, upload


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(tmp_path_factory.mktemp("album-audit")) as server:
        yield server


@pytest.fixture(scope="module")
def mine(running: RunningServer) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {running.key}"}
    with httpx2.Client(base_url=running.url, headers=headers, timeout=60) as client:
        yield client


def audit(server: RunningServer, *words: str) -> list[list[str]]:
    """Action, subject, account, address and detail of the deeds, the oldest first."""
    done = run(server.data, "audit", *words)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("\t") for line in reversed(done.stdout.splitlines())]
    return [[line[1], line[2], line[3], line[5], line[6]] for line in lines]


def test_every_change_of_an_album_is_noted_with_who_and_what(mine: httpx2.Client, running: RunningServer) -> None:
    first, second = upload(mine), upload(mine)
    with httpx2.Client(base_url=running.url, timeout=60) as nobody:
        strange = upload(nobody)
    place = "/api/v1/albums"
    album = mine.post(place, json={"images": [first["id"]], "title": "t"}).json()["id"]
    mine.patch(f"{place}/{album}", json={"title": "u", "privacy": "public"})
    mine.post(f"{place}/{album}/images", json={"images": [strange["delete_hash"]]})
    mine.put(f"{place}/{album}/images", json={"images": [second["id"], first["id"]]})
    mine.delete(f"{place}/{album}/images", params={"images": second["delete_hash"]})
    put = mine.post("/api/v1/images", files={"image": picture()}, data={"album": album}).json()["id"]
    assert failure(mine.put(f"{place}/{album}/images", json={"images": [], "version": 1})) == (409, "Conflict")
    for _ in range(2):
        mine.delete(f"{place}/{album}")
    deeds = audit(running, "--subject", album)
    assert {tuple(deed[1:4]) for deed in deeds} == {(album, "owner", "127.0.0.1")}
    assert [(deed[0], deed[4]) for deed in deeds] == [
        ("album.create", first["id"]),
        ("album.edit", "privacy, title"),
        ("album.add-images", strange["id"]),
        ("album.set-images", f"{second['id']} {first['id']}"),
        ("album.remove-images", second["id"]),
        ("album.add-images", put),
        ("album.remove", "removed by its owner"),
    ]


def test_the_audit_is_narrowed_by_account_and_action(mine: httpx2.Client, running: RunningServer) -> None:
    image = upload(mine)["id"]
    with httpx2.Client(base_url=running.url, timeout=60) as nobody:
        other = upload(nobody)["id"]
    mine.delete(f"/api/v1/images/{image}")
    assert [deed[0] for deed in audit(running, "--subject", image)] == ["image.upload", "image.remove"]
    assert [deed[:2] for deed in audit(running, "--subject", image, "--action", "image.remove")] == [
        ["image.remove", image]
    ]
    of_images = audit(running, "--action", "image")
    assert {deed[0].partition(".")[0] for deed in of_images} == {"image"}
    assert other in {deed[1] for deed in of_images}
    assert other not in {deed[1] for deed in audit(running, "--account", "owner")}
    assert audit(running, "--action", "imag") == audit(running, "--account", "nobody") == []
