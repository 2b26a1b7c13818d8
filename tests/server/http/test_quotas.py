"""Quotas over HTTP, on both databases: exact however many come at once, and said in every dialect's words."""

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.administration import run
from tests.running import RunningServer, picture
from tests.server.http.databases import DATABASES, serving_on
from tests.server.http.test_native import failure, upload

SETTINGS = {"ACCOUNT_IMAGES": "10", "ACCOUNT_BYTES": "5 GiB"}
REFUSED = "The account may hold 10 images, and does: remove some first."


@pytest.fixture(scope="module", params=DATABASES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving_on(request, tmp_path_factory.mktemp("quotas"), **SETTINGS) as server:
        yield server


def database_of(running: RunningServer, request: pytest.FixtureRequest) -> list[str]:
    """The options of `heliograph admin` that name the server's database."""
    if request.node.callspec.params["running"] == "sqlite":
        return []
    return ["--database-url", request.getfixturevalue("postgres_server").url]


@pytest.fixture
def admin(running: RunningServer, request: pytest.FixtureRequest):
    def admin(*words: str) -> str:
        done = run(running.data, *database_of(running, request), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return admin


@pytest.fixture
def somebody(running: RunningServer, admin, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A new account's token, with all rights."""
    name = f"n{abs(hash(request.node.nodeid))}"
    admin("account", "create", name, "--no-password")
    scopes = [word for scope in ("account", "images:read", "images:write", "albums") for word in ("--scope", scope)]
    token = admin("token", "create", name, *scopes)
    with httpx2.Client(base_url=running.url, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        client.headers["x-name"] = name
        yield client


def held(client: httpx2.Client) -> tuple[int, int]:
    said = client.get("/api/v1/account").json()
    return said["used_images"], said["used_bytes"]


def test_of_64_uploads_at_once_just_those_that_fit_are_admitted(somebody: httpx2.Client) -> None:
    pictures = [picture(8, 8) for _ in range(64)]
    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(lambda each: somebody.post("/api/v1/images", files={"image": each}), pictures))
    assert Counter(answer.status_code for answer in answers) == {201: 10, 403: 54}
    assert {failure(answer)[1] for answer in answers if answer.status_code == 403} == {"QuotaExceeded"}
    published = [answer.json() for answer in answers if answer.status_code == 201]
    assert held(somebody) == (10, sum(each["size"] for each in published))
    assert somebody.get("/api/v1/images").json()["total"] == 10


def test_a_full_account_is_told_so_in_every_dialect_and_removing_makes_room(somebody: httpx2.Client) -> None:
    images = [upload(somebody) for _ in range(10)]
    token = somebody.headers["authorization"].removeprefix("Bearer ")
    answer = somebody.post("/api/v1/images", files={"image": picture()})
    assert (failure(answer), answer.json()["detail"]) == ((403, "QuotaExceeded"), REFUSED)
    answer = somebody.post("/3/image", files={"image": picture()})
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, REFUSED)
    answer = somebody.post("/api/upload.json", data={"key": token}, files={"image": picture()})
    assert (answer.status_code, answer.json()["rsp"]["error_code"]) == (403, 1008)
    assert answer.json()["rsp"]["error_msg"] == REFUSED
    assert somebody.delete(f"/api/v1/images/{images[0]['id']}").status_code == 204
    assert held(somebody)[0] == 9
    assert upload(somebody)["id"]


def test_a_full_account_is_refused_before_the_picture_is_read(somebody: httpx2.Client, admin) -> None:
    admin("account", "quota", somebody.headers["x-name"], "--images", "0")
    address = urlsplit(str(somebody.base_url))
    head = (
        "POST /api/v1/images HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n"
        f"Authorization: {somebody.headers['authorization']}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 403"


def test_making_an_album_and_an_earlier_answer_need_no_room(somebody: httpx2.Client) -> None:
    key, last = {"idempotency-key": "the-last-one-there"}, picture()
    for _ in range(9):
        upload(somebody)
    first = somebody.post("/api/v1/images", files={"image": last}, headers=key).json()
    assert somebody.post("/api/v1/albums", json={"images": [first["id"]]}).status_code == 201
    again = somebody.post("/api/v1/images", files={"image": last}, headers=key)
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    other = somebody.post("/api/v1/images", files={"image": picture()}, headers={"idempotency-key": "another-key"})
    assert failure(other) == (403, "QuotaExceeded")


@pytest.mark.parametrize("path", ["/api/v1/images", "/3/image"])
def test_a_made_up_idempotency_key_gets_no_picture_of_a_full_account_read(
    somebody: httpx2.Client, admin, path: str
) -> None:
    admin("account", "quota", somebody.headers["x-name"], "--images", "0")
    address = urlsplit(str(somebody.base_url))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n"
        f"Idempotency-Key: made-up-by-the-caller\r\nAuthorization: {somebody.headers['authorization']}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 403"


def test_claiming_takes_room(somebody: httpx2.Client, running: RunningServer, admin) -> None:
    with httpx2.Client(base_url=running.url, timeout=60) as nobody:
        one, two = upload(nobody), upload(nobody)
    admin("account", "quota", somebody.headers["x-name"], "--bytes", str(one["size"] + two["size"] - 1))
    assert somebody.post(f"/api/v1/images/{one['delete_hash']}/claim").status_code == 200
    refused = somebody.post(f"/api/v1/images/{two['delete_hash']}/claim")
    assert failure(refused) == (403, "QuotaExceeded")
    assert "there is no room for this image" in refused.json()["detail"]
    assert held(somebody) == (1, one["size"])


def test_an_operator_gives_an_account_a_quota_of_its_own(somebody: httpx2.Client, admin) -> None:
    name = somebody.headers["x-name"]
    said = somebody.get("/api/v1/account").json()
    assert (said["name"], said["role"], said["email"]) == (name, "user", None)
    assert (said["allowed_bytes"], said["allowed_images"]) == (5 * 1024**3, 10)
    assert admin("account", "quota", name, "--bytes", "2MiB", "--images", "1000").split("\t") == [
        "0", "0", str(2 * 1024**2), "1000",
    ]  # fmt: skip
    assert somebody.get("/api/v1/account").json()["allowed_images"] == 1000
    assert admin("account", "quota", name, "--none").split("\t")[2:] == ["-", "-"]
    said = somebody.get("/api/v1/account").json()
    assert (said["allowed_bytes"], said["allowed_images"]) == (None, None)
    admin("account", "quota", name, "--bytes", "default", "--images", "default")
    assert somebody.get("/api/v1/account").json()["allowed_images"] == 10


def test_bytes_of_a_refused_upload_are_not_left_lying(somebody: httpx2.Client, running: RunningServer, admin) -> None:
    admin("account", "quota", somebody.headers["x-name"], "--bytes", "10")
    before = sum(1 for path in (running.data / "blobs").rglob("*") if path.is_file())
    assert failure(somebody.post("/api/v1/images", files={"image": picture()})) == (403, "QuotaExceeded")
    assert sum(1 for path in (running.data / "blobs").rglob("*") if path.is_file()) == before


@pytest.mark.parametrize("key", ["a%00b", "a%0Ab", "%ED%A0%80", "%E2%80%AE"])
def test_a_key_that_no_program_has_is_unknown_whatever_the_database_keeps(key: str, running: RunningServer) -> None:
    answer = httpx2.post(f"{running.url}/3/image?client_id={key}", files={"image": picture()})
    assert answer.status_code in (200, 403)
    assert answer.status_code == 403 or key == "%ED%A0%80", "only what is no text at all is read as another"
