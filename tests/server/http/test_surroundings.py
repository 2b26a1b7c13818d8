"""What happens around every request: limits, true addresses, logs, health, metrics."""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx2
import pytest

from tests.running import RunningServer, picture, serving

LIMITS = "3/hour uploads by address; 5/day uploads by application"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    """A server that limits, refuses unknown keys and anonymous uploads, and trusts a proxy on loopback."""
    folder = tmp_path_factory.mktemp("strict")
    settings = {
        "LIMITS": LIMITS,
        "UNKNOWN_KEYS": "refuse",
        "ANONYMOUS_UPLOADS": "false",
        "TRUSTED_PROXIES": "127.0.0.0/8",
    }
    with serving(folder, **settings) as server:
        yield server, folder


def upload(server: RunningServer, address: str, path: str = "/api/v1/images") -> httpx2.Response:
    headers = {"x-forwarded-for": f"198.51.100.7, {address}", "authorization": f"Bearer {server.key}"}
    return httpx2.post(server.url + path, files={"image": picture()}, headers=headers, timeout=30)


def test_an_address_behind_a_trusted_proxy_has_a_limit_of_its_own(strict: tuple[RunningServer, Path]) -> None:
    server, _ = strict
    left = [upload(server, "203.0.113.1") for _ in range(3)]
    assert [answer.status_code for answer in left] == [201] * 3
    assert [answer.headers["ratelimit"].split(",")[0].split(";")[1] for answer in left] == ["r=2", "r=1", "r=0"]
    refused = upload(server, "203.0.113.1")
    assert (refused.status_code, refused.json()["name"]) == (429, "UploadLimitReached")
    assert 1 <= int(refused.headers["retry-after"]) <= 1200
    assert upload(server, "203.0.113.2").status_code == 201


def test_v3_says_its_limits_in_bare_integers_and_refuses_in_its_own_shape(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS=LIMITS) as server:
        taken, *_, refused = [upload(server, "203.0.113.3", "/3/image") for _ in range(4)]
    limits = {name: value for name, value in taken.headers.items() if name.startswith("x-ratelimit")}
    assert limits["x-ratelimit-userlimit"] == "3"
    assert limits["x-ratelimit-clientlimit"] == "5"
    assert all(value.isdecimal() for value in limits.values())
    assert refused.status_code == 429
    assert refused.text.startswith('{"data":{"error":')


def test_reads_are_counted_in_every_dialect_and_refused_in_its_words(tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="8/hour by address; 5 credits an upload") as server:
        key = {"authorization": f"Bearer {server.key}"}
        with httpx2.Client(base_url=server.url, headers=key, timeout=30) as client:
            asked = [
                client.post("/api/v1/images", files={"image": picture()}),
                client.get("/3/image/aaaaaaaaaa"),
                client.get("/api/v1/images"),
                client.get("/api/v1/images", headers={"authorization": "Bearer wrong"}),
            ]
            assert [answer.status_code for answer in asked] == [201, 404, 200, 401]
            refused = [client.get(path) for path in ("/api/v1/images", "/3/image/aaaaaaaaaa")]
            refused += [client.post("/api/upload.json", files={"image": picture()}, data={"key": KEY})]
            refused += [client.delete(f"/3/image/{asked[0].json()['id']}"), client.post("/delete/aaaaaaaaaaaaaaa")]
            assert [answer.status_code for answer in refused] == [429] * 5
            assert all(int(answer.headers["retry-after"]) <= 3600 for answer in refused)
            assert refused[0].json()["detail"] == "Too many requests for now."
            uncounted = ["/", "/livez", "/docs/api", asked[0].json()["link"].removeprefix(server.url)]
            assert [client.get(path).status_code for path in uncounted] == [200] * 4


def test_an_unknown_key_is_refused_where_the_operator_says_so(strict: tuple[RunningServer, Path]) -> None:
    server, _ = strict
    asked = {"files": {"image": picture()}, "data": {"key": KEY}}
    said = httpx2.post(f"{server.url}/api/upload.json", **asked).json()["rsp"]
    assert (said["error_code"], said["error_msg"]) == (1004, "Invalid API key")
    answer = httpx2.post(
        f"{server.url}/3/image", files={"image": picture()}, headers={"authorization": "Client-ID 0123456789abcde"}
    )
    assert (answer.status_code, answer.json()["data"]["error"]) == (403, "Invalid client_id")


def test_an_anonymous_upload_is_refused_where_the_operator_says_so(strict: tuple[RunningServer, Path]) -> None:
    server, _ = strict
    answer = httpx2.post(f"{server.url}/api/v1/images", files={"image": picture()})
    assert (answer.status_code, answer.json()["name"]) == (401, "NoKeySent")
    answer = httpx2.post(f"{server.url}/3/image", files={"image": picture()})
    assert (answer.status_code, answer.json()["data"]["error"]) == (401, "Authentication required")


def logged(log: Path, answer: httpx2.Response) -> dict[str, Any]:
    """The line about an answer's request. It is written once the answer is out, so it may come a moment later."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if answer.headers["x-request-id"] in line and line.endswith("}"):
                found: dict[str, Any] = json.loads(line)
                return found
        time.sleep(0.01)
    raise AssertionError("the request was not logged")


def test_the_access_log_has_a_line_for_each_request_and_no_secret(strict: tuple[RunningServer, Path]) -> None:
    server, folder = strict
    headers = {"x-forwarded-for": "203.0.113.9", "authorization": f"Bearer {server.key}"}
    answer = httpx2.get(f"{server.url}/3/image/abcdefghijklmno?client_id={KEY}", headers=headers)
    line = logged(folder / "server.log", answer)
    assert [line[name] for name in ("address", "method", "status")] == ["203.0.113.9", "GET", 404]
    assert line["path"] == "/3/image/***"
    assert KEY not in (folder / "server.log").read_text()
    assert "abcdefghijklmno" not in (folder / "server.log").read_text()


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, ::ffff:127.0.0.1", "203.0.113.9"),
        ("203.0.113.9, 127.0.0.8:80", "203.0.113.9"),
        ("203.0.113.9, unknown", "127.0.0.1"),
        ("x" * 300, "127.0.0.1"),
    ],
)
def test_a_hop_is_an_address_or_not_believed(hops: str, address: str, strict: tuple[RunningServer, Path]) -> None:
    """Else each connection, by its port, or each word would have limits of its own."""
    server, folder = strict
    answer = httpx2.get(f"{server.url}/livez", headers={"x-forwarded-for": hops})
    assert logged(folder / "server.log", answer)["address"] == address


def test_an_untrusted_peer_cannot_choose_its_address(http: httpx2.Client, server: RunningServer) -> None:
    answer = http.get("/livez", headers={"x-forwarded-for": "203.0.113.9"})
    assert logged(server.data.parent / "server.log", answer)["address"] == "127.0.0.1"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/images",
        "/api/v1/images/{delete_hash}",
        "/api/v1/albums",
        "/2/account/images.json",
        "/3/account/me/images",
        "/3/image/{delete_hash}",
    ],
)
def test_no_shared_cache_keeps_what_belongs_to_an_account(
    path: str, http: httpx2.Client, server: RunningServer
) -> None:
    """A cache before the server may keep by the address alone what does not forbid it."""
    owner = {"authorization": f"Bearer {server.key}"}
    made = http.post("/api/v1/images", files={"image": picture()}, headers=owner)
    answer = http.get(path.format(**made.json()), headers=owner)
    assert answer.status_code == 200
    assert made.json()["delete_hash"] in answer.text or path == "/api/v1/albums"
    assert {each.headers["cache-control"] for each in (made, answer)} == {"private, no-cache"}


def test_alive_and_ready(http: httpx2.Client) -> None:
    assert http.get("/livez").status_code == 200
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "parts": {"database": "ok", "storage": "ok", "disk": "ok", "limits": "ok"}},
    )


def test_metrics_count_uploads_failures_and_requests(http: httpx2.Client) -> None:
    def read() -> dict[str, float]:
        lines = http.get("/metrics").text.splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    before = read()
    http.post("/api/v1/images", files={"image": picture()})
    http.post("/api/v1/images", files={"image": b"no picture"})
    after = read()
    assert after["heliograph_uploads_total"] == before["heliograph_uploads_total"] + 1
    name = 'heliograph_failures_total{name="UnsupportedFormat"}'
    assert after[name] == before.get(name, 0) + 1
    assert after['heliograph_requests_total{area="native",status="201"}'] > 0


def test_a_storage_that_is_gone_makes_the_server_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (server.data / "blobs").rename(server.data / "elsewhere")
        answer = httpx2.get(f"{server.url}/readyz")
        assert (answer.status_code, answer.json()["parts"]["storage"]) == (503, "StorageUnavailable")
        failed = httpx2.post(f"{server.url}/api/v1/images", files={"image": picture()})
        assert (failed.status_code, failed.json()["name"]) == (503, "StorageUnavailable")
        (server.data / "elsewhere").rename(server.data / "blobs")
        assert httpx2.post(f"{server.url}/api/v1/images", files={"image": picture()}).status_code == 201


@pytest.mark.parametrize("path", ["/2/upload.json?key=refused", "/3/image", "/api/upload.json", "/not/here"])
def test_who_closes_behind_the_answer_reads_why_a_large_body_was_refused(
    path: str, strict: tuple[RunningServer, Path]
) -> None:
    server, _ = strict
    large = picture() + bytes(30_000_000)  # urllib asks for "Connection: close", and sends all before it reads
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(server.url + path, large, {"Content-Type": "image/png"}), timeout=60)
    assert refused.value.code in (401, 403, 404, 413)
    assert refused.value.read()


def test_who_waits_for_leave_to_send_a_body_is_refused_without_it(strict: tuple[RunningServer, Path]) -> None:
    server, _ = strict
    head = "POST /2/upload.xml?key=refused HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=4) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 403 ")


def test_what_a_refused_client_still_sends_is_not_counted_as_time_of_the_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=30) as connection:
            connection.sendall(b"POST /not/here HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\na")
            answer = connection.makefile("rb")
            assert answer.readline().startswith(b"HTTP/1.1 404 ")
            time.sleep(2)
            connection.sendall(b"b")
            answer.read()
        metrics = httpx2.get(server.url + "/metrics").text
    counts = dict(re.findall(r'heliograph_request_seconds_bucket{area="pages",le="([^"]+)"} (\d+)', metrics))
    assert int(counts["1.0"]) == int(counts["+Inf"]) > 0


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_who_sends_all_before_it_reads_learns_why_it_was_refused(
    strict: tuple[RunningServer, Path], version: str
) -> None:
    server, _ = strict
    host, port = server.url.removeprefix("http://").split(":")
    head = f"POST /3/image HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 8000000\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + bytes(8_000_000))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"Authentication required" in answer
