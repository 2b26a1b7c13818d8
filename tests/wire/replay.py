"""Sends a transcript's requests over a bare socket and compares the answers, to the byte, with what it says."""

import base64
import gzip
import random
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import quote, urlsplit

from tests.wire.transcript import Message, Transcript

_PLACEHOLDER = re.compile(r"\{\{(.+?)\}\}")
_IN_BYTES = re.compile(_PLACEHOLDER.pattern.encode())

KINDS = {
    "id": r"[A-Za-z0-9]{10}",
    "album": r"[A-Za-z0-9]{12}",
    "hash": r"[A-Za-z0-9]{15}",
    "int": r"-?\d+",
    "time": r"1[789]\d{8}",
    "hex64": r"[0-9a-f]{64}",
    "word": r"[A-Za-z0-9_-]+",
    "line": r"[^\r\n\"']*",
    "...": r"[\s\S]*?",
}
"""What may stand in an answer, as regular expressions."""


def _wrapped(content: bytes, columns: str) -> bytes:
    width = int(columns)
    return b"\n".join(content[start : start + width] for start in range(0, len(content), width))


FILTERS: dict[str, Callable[..., bytes]] = {
    "base64": base64.b64encode,
    "gzip": gzip.compress,
    "quote": lambda content: quote(content, safe="").encode(),
    "lower": lambda content: re.sub(rb"%[0-9A-F]{2}", lambda found: found[0].lower(), content),
    "wrap": _wrapped,
    "crlf": lambda content: content.replace(b"\n", b"\r\n"),
    "plus": lambda content: content.replace(b"+", b" "),
}


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes


class DiffersError(AssertionError):
    """An answer is not as the transcript says."""


def replay(transcript: Transcript, public: str, known: dict[str, bytes]) -> None:
    """Play all exchanges against the server at `public`; `known` are the words that placeholders stand for.

    Raises DiffersError, with what was expected and what came.
    """
    known = {**known, "public": public.encode(), "host": urlsplit(public).netloc.encode()}
    # Limits by address count each transcript by itself.
    sender = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    for request, expected in transcript.exchanges:
        answer = _send(public, sender, _encoded(request, known), request.first.split(" ")[0])
        _compare(transcript, request, expected, answer, known)


def _encoded(request: Message, known: dict[str, bytes]) -> bytes:
    headers = {name.lower() for name, _ in request.headers}
    body = _body(request, known)
    lines = [request.first, *(f"{name}: {value}" for name, value in request.headers)]
    if "host" not in headers:
        lines.append("Host: {{host}}")
    if "connection" not in headers:
        lines.append("Connection: close")
    chunked = (request.header("transfer-encoding") or "") == "chunked"
    if "content-length" not in headers and not chunked and request.body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = _filled("\r\n".join(lines).encode(), known) + b"\r\n\r\n"
    return head + (_chunks(body) if chunked else body)


def _body(request: Message, known: dict[str, bytes]) -> bytes:
    text = request.body or ""
    if (request.header("content-type") or "").startswith("multipart/"):
        text = re.sub(r"\n\\$", "\n", text).replace("\n", "\r\n")
    return _filled(text.encode(), known)


def _chunks(body: bytes, size: int = 1000) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


def _filled(template: bytes, known: dict[str, bytes]) -> bytes:
    def stands_for(found: re.Match[bytes]) -> bytes:
        name, *filters = found[1].decode().split("|")
        content = known[name]
        for each in filters:
            word, *options = each.split()
            content = FILTERS[word](content, *options)
        return content

    return _IN_BYTES.sub(stands_for, template)


def _send(public: str, sender: str, request: bytes, method: str) -> Answer:
    where = urlsplit(public)
    assert where.hostname is not None
    with socket.create_connection(
        (where.hostname, where.port or 80), timeout=30, source_address=(sender, 0)
    ) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection, method=method)
        response.begin()
        headers: dict[str, str] = {}
        for name, value in response.getheaders():
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        return Answer(response.status, headers, response.read())


def _compare(
    transcript: Transcript, request: Message, expected: Message, answer: Answer, known: dict[str, bytes]
) -> None:
    def differ(what: str, wanted: str, got: str) -> DiffersError:
        return DiffersError(
            f"{transcript.name}: {transcript.claim}\n{request.first}\n{what} should be:\n{wanted}\nbut is:\n{got}"
        )

    shown = answer.body.decode(errors="replace")
    wanted_status = expected.first.split(" ")[1]
    if wanted_status != str(answer.status):
        raise differ("the status", wanted_status, f"{answer.status}\n{shown[:2000]}")
    for name, value in expected.headers:
        got = answer.headers.get(name.lower())
        if got is None or not _matches(value, got, known):
            raise differ(f"the header {name}", value, str(got))
    for name in expected.absent:
        if name.lower() in answer.headers:
            raise differ(f"the header {name}", "absent", answer.headers[name.lower()])
    if expected.body is not None and not _matches(expected.body, shown, known):
        raise differ("the body", expected.body, shown)


def _matches(template: str, text: str, known: dict[str, bytes]) -> bool:
    """Whether the whole text is as the template says; what it catches is known from then on."""
    caught: set[str] = set()

    def pattern(placeholder: str) -> str:
        kind, _, name = placeholder.partition(" ")
        if kind in caught:
            return f"(?P={kind})"
        if kind not in KINDS:
            return re.escape(known[kind].decode())
        if not name:
            return KINDS[kind]
        caught.add(name)
        return f"(?P<{name}>{KINDS[kind]})"

    parts = _PLACEHOLDER.split(template)
    wanted = [pattern(part) if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    found = re.fullmatch("".join(wanted), text)
    if found is not None:
        known.update({name: value.encode() for name, value in found.groupdict().items()})
    return found is not None
