"""Heads of requests as programs write them, alone and before a real server."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from heliograph.server.http.heads import tidied
from tests.running import RunningServer, picture

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
ENCODED = "POST /?t=%C3%A9&u=%C3%A9 HTTP/1.0\r\nX: é\r\n\r\né é"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /a.png HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /a.png HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET /?t=a b HTTP/1.1\r\n\r\n", b"GET /?t=a%20b HTTP/1.1\r\n\r\n"),
        (b"GET  /?t=a b  HTTP/1.1\r\n\r\n", b"GET /?t=a%20b HTTP/1.1\r\n\r\n"),
        (ENCODED.replace("%C3%A9", "é", 1).encode(), ENCODED.encode()),
        (b"\r\nPUT /\xe9 HTTP/1.1\r\n\r\n", b"\r\nPUT /%E9 HTTP/1.1\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nupgrade: h2c\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\nb", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nb"),
        (b"GET / HTTP/1.1\r\n\r\na\r\nUpgrade: h2c\r\n\r\n", b"GET / HTTP/1.1\r\n\r\na\r\nUpgrade: h2c\r\n\r\n"),
        (b"\x16\x03\x01\x02\x00\x01", b"\x16\x03\x01\x02\x00\x01"),
    ],
)  # fmt: skip
def test_a_head_is_made_readable_and_nothing_behind_it_is_touched(data: bytes, expected: bytes) -> None:
    assert tidied(data) == expected


@pytest.mark.parametrize("rest", [b"", b" 1", b" 1\r", b" 1\r\n", b" 1\r\n 2\r\n"])
def test_a_line_that_may_go_on_is_left_to_the_parser(rest: bytes) -> None:
    cut = b"POST / HTTP/1.1\r\nContent-Length: 5\r\nUpgrade:" + rest
    assert tidied(cut) == cut


def answer(server: RunningServer, *requests: bytes) -> bytes:
    """All that comes back on one connection."""
    where = urlsplit(server.url)
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=30) as connection:
        connection.sendall(b"".join(requests))
        return connection.makefile("rb").read()


def post(headers: bytes, title: bytes, body: bytes) -> bytes:
    line = b"POST /2/upload.json?key=k&title=" + title + b" HTTP/1.1\r\nHost: a\r\n"
    return line + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_the_body_of_who_would_rather_speak_http_2_is_read(server: RunningServer) -> None:
    body = picture() + b"\r\nUpgrade: h2c\r\n"
    got = answer(server, post(H2C, b"a", body), post(b"Connection: close\r\n", b"b", body))
    assert got.count(b"HTTP/1.1 200 OK") == 2


def test_a_query_may_have_blanks_and_letters_that_are_not_encoded(server: RunningServer) -> None:
    got = answer(server, post(b"Connection: close\r\n", "un été".encode(), picture()))
    assert json.loads(got.partition(b"\r\n\r\n")[2])["upload"]["image"]["title"] == "un été"


HEAD = b"POST /2/upload.json?key=k HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"


@pytest.mark.parametrize("begun", [HEAD + b"X: ", HEAD + b"X: a\r\n" * 9, CHUNKED + b"0\r\nX: ", CHUNKED + b"3;x="])
def test_a_head_that_does_not_end_is_refused_before_it_fills_the_memory(server: RunningServer, begun: bytes) -> None:
    where = urlsplit(server.url)
    with socket.create_connection((str(where.hostname), where.port or 80), timeout=30) as connection:
        connection.sendall(begun)
        with pytest.raises(ConnectionError):
            connection.sendall(b"a" * 20_000_000)


def test_who_sends_too_long_a_head_is_told(server: RunningServer) -> None:
    assert answer(server, HEAD, b"a" * (256 * 1024 + 1 - len(HEAD))).startswith(b"HTTP/1.1 431 ")


def test_a_body_may_be_longer_than_a_head(server: RunningServer) -> None:
    got = answer(server, post(b"Connection: close\r\n", b"a", picture() + bytes(1_000_000)))
    assert got.startswith(b"HTTP/1.1 200 ")
