"""A real server in a process of its own, real pictures, and real trouble on the way between."""

import io
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import psutil
from PIL import Image as Pillow

SCRIPT = Path(sys.executable).with_name("heliograph")
START_SECONDS = 60
STOP_SECONDS = 60
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class RunningServer:
    """A server that is up, and the key that it made for its first application."""

    url: str
    key: str
    data: Path = Path()
    process: int = 0


@contextmanager
def serving(folder: Path, port: int = 0, **settings: str) -> Iterator[RunningServer]:
    """`heliograph serve` on `port`, else a free one, with a data folder of its own; `settings` without HELIOGRAPH_."""
    port = port or free_port()
    environment = clean_environment() | {
        "HELIOGRAPH_DATA_DIR": str(folder / "data"),
        "HELIOGRAPH_PORT": str(port),
        "HELIOGRAPH_FETCH_ALLOW": "127.0.0.0/8",
        "HELIOGRAPH_LIMITS": "off",
        **{f"HELIOGRAPH_{name}": value for name, value in settings.items()},
    }
    url = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([SCRIPT, "serve"], env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(url, process, folder)
            yield RunningServer(url, (folder / "data" / "first-key").read_text().strip(), folder / "data", process.pid)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "server.log").read_text()
        with suppress(OSError), urlopen(f"{url}/readyz", timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not become ready:\n" + (folder / "server.log").read_text())


def peak_memory(server: RunningServer) -> int:
    """The most bytes that the server's process ever had resident, and those of its image workers."""
    peak = _peak(server.process)
    assert peak, "the server has ended"
    return peak


def _peak(process: int) -> int:
    """VmHWM of proc(5), in bytes, of a process and all below it; 0 of one that has ended."""
    found = 0
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                found = int(line.split()[1]) * 1024
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += sum(_peak(int(child)) for child in (thread / "children").read_text().split())
    return found


def worked(server: RunningServer) -> float:
    """Seconds that the server's process has computed so far, without its image workers: no other program adds to it."""
    spent = psutil.Process(server.process).cpu_times()
    return float(spent.user + spent.system)


def change_rows(server: RunningServer, statement: str, *values: object) -> None:
    """Change one row of a server's database behind its back."""
    with closing(sqlite3.connect(server.data / "heliograph.db", timeout=30)) as database, database:
        assert database.execute(statement, values).rowcount == 1


def clean_environment() -> dict[str, str]:
    """The environment less every setting of Heliograph, so that the developer's own do not leak in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def picture(width: int = 32, height: int = 32, form: str = "PNG") -> bytes:
    """Noise that no other picture of the test run has, written by a real encoder."""
    file = io.BytesIO()
    Pillow.frombytes("RGB", (width, height), random.randbytes(width * height * 3)).save(file, form)
    return file.getvalue()


class FaultyProxy:
    """A TCP proxy before a server that spoils its first `faults` connections, each after the request was taken.

    "drop": the answer is thrown away. "halve": the answer breaks off. "cut": the connection breaks while the picture is
    being sent, before the server has it.
    """

    def __init__(self, upstream: str, fault: str, faults: int) -> None:
        self._upstream = int(upstream.rpartition(":")[2])
        self._fault = fault
        self._left = faults
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves it listening while the thread still accepts
        self._accepting.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                spoiled = self._left > 0
                self._left -= spoiled
                threading.Thread(target=self._carry, args=(client, spoiled), daemon=True).start()

    def _carry(self, client: socket.socket, spoiled: bool) -> None:
        cut = spoiled and self._fault == "cut"
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._upstream)) as server:
            back = threading.Thread(target=self._bring_back, args=(server, client, spoiled and not cut), daemon=True)
            back.start()
            with suppress(OSError):
                while block := client.recv(4096):
                    server.sendall(block[:1000] if cut else block)
                    if cut:
                        break
            # Closing alone tells nobody while the other thread still reads from the socket.
            server.shutdown(socket.SHUT_RDWR if cut else socket.SHUT_WR)
            back.join(10)

    def _bring_back(self, server: socket.socket, client: socket.socket, spoiled: bool) -> None:
        with suppress(OSError):
            while block := server.recv(65536):
                if spoiled:
                    client.sendall(block[: len(block) // 2] if self._fault == "halve" else b"")
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(block)


@contextmanager
def faulty(upstream: str, fault: str = "drop", faults: int = 1) -> Iterator[FaultyProxy]:
    """A FaultyProxy that is closed at the end."""
    proxy = FaultyProxy(upstream, fault, faults)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def website(pages: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    """Some other web server, which is no Heliograph: path -> status, headers, body. Any method gets the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = pages.get(self.path, (404, {}, b"<html>not here</html>"))
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 # the library's names

        def log_message(self, *_: object) -> None:
            pass

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield address


@contextmanager
def answering(server: HTTPServer) -> Iterator[str]:
    """The address of a server that answers in a thread until the end, and then stops at once, not at its next look."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _AnotherEachTime(dict[str, tuple[int, dict[str, str], bytes]]):
    """The pages of a website that shows a picture of its own to each who looks."""

    def get(self, path: object, default: object = None) -> tuple[int, dict[str, str], bytes]:  # type: ignore[override]
        return 200, {"Content-Type": "image/png"}, picture(8, 8)


@contextmanager
def webcam() -> Iterator[str]:
    """The address of a picture that is another one at each look."""
    with website(_AnotherEachTime()) as site:
        yield f"{site}/now.png"


def in_the_catalog(server: RunningServer) -> int:
    """How many images the server has, whoever owns them."""
    with closing(sqlite3.connect(f"file:{server.data}/heliograph.db?mode=ro", uri=True)) as database:
        (number,) = database.execute("SELECT count(*) FROM images").fetchone()
    return int(number)


@contextmanager
def silent_server() -> Iterator[tuple[str, socket.socket]]:
    """An address that takes connections and never answers, and its listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(START_SECONDS)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def interrupt(process: subprocess.Popen[str]) -> None:
    """What Ctrl-C does to a program."""
    process.send_signal(signal.SIGINT)
