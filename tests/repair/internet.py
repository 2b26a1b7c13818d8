"""Hosts of all kinds, and archives, served from 127.0.0.1: every name leads there, by http and by https."""

import base64
import hashlib
import io
import json
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme
from PIL import Image as Pillow

from tests.running import answering

PAGE = "https://reader.example/"
DATE = "Tue, 29 Feb 2000 03:17:20 GMT"
ARCHIVE_HOSTS = ("web.archive.org", "arquivo.pt")


@dataclass(frozen=True)
class Request:
    """One request that came: at a time of `time.monotonic`, until another."""

    began: float
    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    secure: bool


@dataclass(frozen=True)
class Reply:
    """What a host answers; a status of 0 closes the connection without a word."""

    status: int = 200
    body: bytes = b""
    kind: str = "image/png"
    headers: Mapping[str, str] = field(default_factory=dict)


Page = Callable[[Request], Reply]


def always(status: int = 200, body: bytes = b"", kind: str = "image/png", **headers: str) -> Page:
    """A page that answers everybody the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(status, body, kind, named)


def only_own_pages(right: Reply, other: Reply) -> Page:
    """What guards against hot links: pages elsewhere, which say who they are, get `other`."""

    def page(request: Request) -> Reply:
        referer = urlsplit(request.headers.get("referer", "")).netloc
        return right if referer in ("", request.host) else other

    return page


@dataclass(frozen=True)
class Capture:
    """What an archive has kept of an address."""

    time: str
    url: str
    body: bytes
    kind: str = "image/png"
    status: int = 200
    location: str = ""

    @property
    def digest(self) -> str:
        return base64.b32encode(hashlib.sha1(self.body).digest()).decode()


def _same(one: str, other: str) -> bool:
    """Whether an archive's index holds both for one: it does not tell http and https apart."""
    return one.partition("://")[2] == other.partition("://")[2]


@dataclass
class Archive:
    """Answers as the Wayback Machine's CDX server and replay, and, for `arquivo.pt`, as pywb's TimeMap and replay."""

    captures: list[Capture] = field(default_factory=list)

    def reply(self, request: Request) -> Reply:
        if request.path.startswith("/cdx/search/cdx?"):
            return self._index(parse_qs(urlsplit(request.path).query))
        if request.path.startswith("/wayback/timemap/link/"):
            return self._timemap(request.path.removeprefix("/wayback/timemap/link/"))
        if replay := re.fullmatch(r"/(?:web|wayback)/(\d{14})id_/(.*)", request.path):
            for each in self.captures:
                if each.time == replay[1] and _same(each.url, replay[2]):
                    return Reply(
                        each.status, each.body, each.kind, {"location": each.location} if each.location else {}
                    )
        return Reply(404, b"not captured", "text/plain")

    def _index(self, query: dict[str, list[str]]) -> Reply:
        fields = query["fl"][0].split(",")
        rows: list[dict[str, str]] = []
        for each in sorted(self.captures, key=lambda capture: capture.time):
            row = {
                "timestamp": each.time,
                "original": each.url,
                "mimetype": each.kind,
                "statuscode": str(each.status),
                "digest": each.digest,
            }
            fits = all(re.fullmatch(rule.split(":")[1], row[rule.split(":")[0]]) for rule in query.get("filter", ()))
            repeats = "collapse" in query and rows and rows[-1]["digest"] == row["digest"]
            if _same(each.url, query["url"][0]) and fits and not repeats:
                rows.append(row)
        answer = [fields, *([row[name] for name in fields] for row in rows)] if rows else []
        return Reply(200, json.dumps(answer).encode(), "application/json")

    def _timemap(self, url: str) -> Reply:
        held = [each for each in self.captures if _same(each.url, url)]
        if not held:
            return Reply(404, b"", "text/plain")
        lines = [f'<https://arquivo.pt/wayback/timemap/link/{url}>; rel="self"; type="application/link-format"']
        lines.append(f'<{url}>; rel="original"')
        lines += [
            f'<https://arquivo.pt/wayback/{each.time}/{each.url}>; rel="memento"; datetime="{DATE}"' for each in held
        ]
        return Reply(200, ",\n".join(lines).encode(), "application/link-format")


@dataclass
class Internet:
    """All hosts: (host, path) -> page. `requests` is everything that was asked."""

    pages: dict[tuple[str, str], Page] = field(default_factory=dict)
    wayback: Archive = field(default_factory=Archive)
    arquivo: Archive = field(default_factory=Archive)
    requests: list[Request] = field(default_factory=list)
    at_once: dict[str, int] = field(default_factory=dict)
    most_at_once: dict[str, int] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    ca: Path = Path()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, url: str, page: Page) -> None:
        """Put a page at an address, whatever its scheme."""
        parts = urlsplit(url)
        self.pages[parts.netloc, url.partition(parts.netloc)[2]] = page

    def reply(self, request: Request) -> Reply:
        if request.host == "web.archive.org":
            return self.wayback.reply(request)
        if request.host == "arquivo.pt":
            return self.arquivo.reply(request)
        page = self.pages.get((request.host, request.path)) or self.pages.get((request.host, "*"))
        return page(request) if page else Reply(404, b"<html>not here</html>", "text/html")

    @property
    def options(self) -> list[str]:
        """What the commands are told so that every name leads here."""
        return [f"--connect-to=:{port}:127.0.0.1:{here}" for port, here in self.ports.items()]

    @property
    def connections(self) -> dict[tuple[str, str], tuple[str, int]]:
        """The same for `Web`."""
        return {("", port): ("127.0.0.1", here) for port, here in self.ports.items()}


def _handler(internet: Internet, secure: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(time.monotonic(), self.command, headers["host"], self.path, headers, secure)
            with internet.lock:
                internet.requests.append(request)
                now = internet.at_once[request.host] = internet.at_once.get(request.host, 0) + 1
                internet.most_at_once[request.host] = max(now, internet.most_at_once.get(request.host, 0))
            reply = internet.reply(request)
            with internet.lock:
                internet.at_once[request.host] -= 1
            if not reply.status:
                self.close_connection = True
                return
            self.send_response(reply.status)
            sent = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body)), **reply.headers}
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_HEAD = do_GET  # noqa: N815 # the library's names

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A visitor who does not like the certificate hangs up; that is no failure of the host."""


@contextmanager
def internet(folder: Path, *secure: str) -> Iterator[Internet]:
    """Every host, by http; by https those in `secure` (`*.` for all below) and the archives. `ca` is whom to trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*secure, *ARCHIVE_HOSTS).configure_cert(context)
    made = Internet(ca=folder / "ca.pem")
    authority.cert_pem.write_to_path(made.ca)
    plain, secured = (_Server(("127.0.0.1", 0), _handler(made, secure=is_secure)) for is_secure in (False, True))
    secured.socket = context.wrap_socket(secured.socket, server_side=True, do_handshake_on_connect=False)
    made.ports = {"80": plain.server_port, "443": secured.server_port}
    with answering(plain), answering(secured):
        yield made


def a_picture(chance: random.Random, size: tuple[int, int] = (12, 9), form: str = "PNG") -> bytes:
    """Noise of this size that no other picture has."""
    file = io.BytesIO()
    Pillow.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3)).save(file, form)
    return file.getvalue()
