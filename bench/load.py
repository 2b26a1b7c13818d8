"""The load generator: keep-alive connections over raw sockets, requests built beforehand, every answer checked.

It runs as a process of its own (`python -m bench.load FILE`, job as JSON on standard input, outcome as JSON in FILE),
so that its work and the server's are counted apart. Both share the machine's cores, as goals.md has it.
GETs that nginx answers some ten thousand times a second are beyond Python: `wrk` of Debian's packages makes those.
"""

import asyncio
import base64
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import uvloop

BOUNDARY = "heliograph-bench-5f3c1b"
KEY = "0123456789abcdef0123456789abcdef"
ANSWER_TIMEOUT = 120.0
"""Seconds after which a connection's answer is given up and counted as a failure."""


@dataclass(frozen=True)
class Job:
    """What to send: each of `items` once, spread over `connections`.

    shape: a name of SHAPES. items: files to send, or paths of URLs for the shape "get". expect: the good status.
    proof: text that a good answer contains. keep_bodies: whether the Outcome repeats what was answered. fields: what a
    form has besides, a token for example.
    """

    port: int
    shape: str
    items: list[str]
    connections: int
    expect: int
    proof: str = ""
    keep_bodies: bool = False
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of a Job. seconds: first byte sent to last answer. milliseconds: of each good answer, unsorted.

    failures: kind -> number; whatever is not the expected status with the proof in it. cpu: the generator's, seconds.
    """

    seconds: float = 0.0
    done: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    bodies: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.done / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that `share` (0 to 1) of the answers did not exceed."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def run(job: Job) -> Outcome:
    """Let a process of its own do the job."""
    root = Path(__file__).parent.parent
    with tempfile.NamedTemporaryFile("r", suffix=".json") as outcome:
        command = [sys.executable, "-m", "bench.load", outcome.name]
        subprocess.run(command, input=json.dumps(asdict(job)), text=True, cwd=root, check=True)
        return Outcome(**json.load(outcome))


# Request shapes: each gives the bytes of one whole request for one file, its number, and the job's fields.

Builder = Callable[[Path, int, dict[str, str]], bytes]


def _request(method: str, path: str, headers: Sequence[str], body: Sequence[bytes]) -> bytes:
    length = sum(map(len, body))
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", *headers, "", ""]
    return b"".join(["\r\n".join(lines).encode(), *body])


def _put(path: Path, number: int, _more: dict[str, str]) -> bytes:
    return _request("PUT", f"/put/{number:06}{path.suffix}", [], [path.read_bytes()])


def _multipart(url: str, headers: Sequence[str], fields: dict[str, str], name: str = "image") -> Builder:
    def build(path: Path, _number: int, more: dict[str, str]) -> bytes:
        media = "image/png" if path.suffix == ".png" else "image/jpeg"
        start = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in (fields | more).items()
        )
        start += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{path.name}"\r\n'
        start += f"Content-Type: {media}\r\n\r\n"
        body = [start.encode(), path.read_bytes(), f"\r\n--{BOUNDARY}--\r\n".encode()]
        return _request("POST", url, [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", *headers], body)

    return build


def _base64(url: str, headers: Sequence[str], fields: dict[str, str], name: str = "image") -> Builder:
    def build(path: Path, _number: int, more: dict[str, str]) -> bytes:
        start = "".join(f"{field}={quote(value)}&" for field, value in (fields | more).items()) + f"{name}="
        body = [start.encode(), quote_from_bytes(base64.b64encode(path.read_bytes()), safe="").encode()]
        return _request("POST", url, ["Content-Type: application/x-www-form-urlencoded", *headers], body)

    return build


CLIENT_ID = "Authorization: Client-ID 0123456789abcde"
MOBILE = {"key": "kJ1geZUa*oJVMN229qwESg((", "image_name": "plot", "filter": "vqc7J"}
"""What the Stack Exchange app for iOS sends beside a picture and its user's token (wire page stack-mobile)."""
SHAPES: dict[str, Builder] = {
    "put": _put,
    "native": _multipart("/api/v1/images", [], {}),
    "imgur_v3": _multipart("/3/image", [CLIENT_ID], {}),
    "imgur_v1": _multipart("/api/upload.json", [], {"key": KEY}),
    "imgur_v2": _multipart("/2/upload.json", [], {"key": KEY}),
    "stack_web": _multipart("/upload/image", ["Accept: application/json"], {"fkey": ""}, "filename"),
    "imgur_v3 base64": _base64("/3/image", [CLIENT_ID], {}),
    "imgur_v1 base64": _base64("/api/upload.json", [], {"key": KEY}),
    "imgur_v2 base64": _base64("/2/upload.json", [], {"key": KEY}),
    "stack_mobile base64": _base64("/1/image/upload", [], MOBILE, "image_data"),
    "get": lambda path, _number, _more: _request("GET", str(path), [], []),
}


# The generator itself, inside its own process.


async def _read_answer(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> tuple[int, bytes, bool]:
    """One answer: status, body, whether the connection stays open. Only answers with a Content-Length are read."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        piece = await loop.sock_recv(connection, 1 << 18)
        if not piece:
            raise ConnectionError("closed before an answer")
        data += piece
    head = data[:end].lower()
    wanted = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0)
    body = bytearray(data[end + 4 :])
    while len(body) < wanted:
        piece = await loop.sock_recv(connection, 1 << 18)
        if not piece:
            raise ConnectionError("closed within an answer")
        body += piece
    return int(head[9:12]), bytes(body), b"connection: close" not in head


async def _work(job: Job, requests: Iterator[bytes], outcome: Outcome) -> None:
    """One connection's life: the next request, its answer, its check, until no request is left."""
    loop, proof = asyncio.get_running_loop(), job.proof.encode()
    connection: socket.socket | None = None
    for request in requests:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                if connection is None:
                    connection = socket.socket()
                    connection.setblocking(False)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await loop.sock_connect(connection, ("127.0.0.1", job.port))
                await loop.sock_sendall(connection, request)
                status, body, stays = await _read_answer(loop, connection)
        except (OSError, TimeoutError) as error:
            status, body, stays, failure = 0, b"", False, type(error).__name__
        else:
            failure = "" if status == job.expect and proof in body else f"status {status}"
        if failure:
            outcome.failures[failure] = outcome.failures.get(failure, 0) + 1
        else:
            outcome.done += 1
            outcome.milliseconds.append((time.perf_counter() - began) * 1000)
            if job.keep_bodies:
                outcome.bodies.append(body.decode("utf-8", "replace"))
        if not stays and connection is not None:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()


async def _all(job: Job) -> Outcome:
    build = SHAPES[job.shape]
    requests = [build(Path(item), number, job.fields) for number, item in enumerate(job.items)]
    outcome, left = Outcome(), iter(requests)
    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(_work(job, left, outcome) for _ in range(job.connections)))
    outcome.seconds, outcome.cpu = time.perf_counter() - began, time.process_time() - cpu
    return outcome


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(asdict(uvloop.run(_all(Job(**json.load(sys.stdin)))))))
