"""`kill -9` of the server at random moments under upload load: what was acknowledged is there, whole.

An upload that was not acknowledged is there wholly or not at all: when an answer is lost, nobody can know which.
"""

import concurrent.futures
import contextlib
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.running import SCRIPT, _wait_until_ready, clean_environment, free_port, picture

KILLS = 50
HANDS = 6
SEED = 1826


@contextlib.contextmanager
def server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own process group, so that its workers are killed with it or not, as it comes."""
    settings = {"DATA_DIR": str(folder / "data"), "PORT": str(port), "LIMITS": "off", "ACCESS_LOG": "false"}
    environment = clean_environment() | {f"HELIOGRAPH_{name}": value for name, value in settings.items()}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen([SCRIPT, "serve"], env=environment, stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process, folder)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait(30)


class Uploader(threading.Thread):
    """Uploads pictures one after another until told to stop; remembers what was acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[tuple[str, str]] = []
        self.stopped = threading.Event()
        self._url = url

    def run(self) -> None:
        with httpx2.Client(base_url=self._url, timeout=10) as http:
            while not self.stopped.is_set():
                try:
                    answer = http.post("/api/v1/images", files={"image": picture(64, 64)})
                except httpx2.HTTPError:
                    continue
                assert answer.status_code == 201, answer.text
                self.acknowledged.append((answer.json()["link"], answer.json()["sha256"]))


@pytest.mark.timeout(1800)  # fifty starts take long on a busy machine
def test_fifty_kills_lose_nothing_that_was_acknowledged_and_leave_nothing_half_done(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    port = free_port()
    acknowledged: dict[str, str] = {}
    for _ in range(KILLS):
        with server(tmp_path, port) as process:
            hands = [Uploader(f"http://127.0.0.1:{port}") for _ in range(HANDS)]
            for hand in hands:
                hand.start()
            _wait_for(hands, dice.randrange(16))
            time.sleep(dice.uniform(0, 0.03))
            os.kill(process.pid, signal.SIGKILL)
            for hand in hands:
                hand.stopped.set()
            for hand in hands:
                hand.join(20)
                acknowledged.update(hand.acknowledged)
    with server(tmp_path, port):
        _check_acknowledged(acknowledged, port)
        _check_nothing_half_done(tmp_path / "data", port)


def _wait_for(hands: list[Uploader], acknowledged: int) -> None:
    """Until so many uploads were acknowledged, however long that takes the machine."""
    deadline = time.monotonic() + 60
    while sum(len(hand.acknowledged) for hand in hands) < acknowledged:
        assert time.monotonic() < deadline, "it takes no uploads"
        time.sleep(0.001)


def _check_acknowledged(acknowledged: dict[str, str], port: int) -> None:
    assert len(acknowledged) > KILLS, "the load was too light to say anything"
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as http, concurrent.futures.ThreadPoolExecutor(4) as pool:
        contents = pool.map(lambda link: http.get(link), acknowledged)
        for answer, (link, sha256) in zip(contents, acknowledged.items(), strict=True):
            assert answer.status_code == 200, link
            assert hashlib.sha256(answer.content).hexdigest() == sha256, link


def _check_nothing_half_done(data: Path, port: int) -> None:
    """Every row has its bytes, whole: an upload whose answer was lost may be there, but never half of one."""
    with contextlib.closing(sqlite3.connect(data / "heliograph.db")) as database:
        rows = database.execute("SELECT images.id, hex(blob), size FROM images JOIN blobs ON blob = sha256").fetchall()
    for image_id, name, size in rows:
        path = data / "blobs" / name[:2].lower() / name.lower()
        assert path.stat().st_size == size, image_id
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name.lower(), image_id
    assert not list((data / "under-way").iterdir()), f"the server on port {port} left files of dead uploads"
