"""Heliograph under measurement: `heliograph serve` as a user starts it, limits off, a data folder of its own."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.load import SHAPES, Job, Outcome, run
from bench.machine import cpu_seconds, free_port, pss_megabytes
from bench.pictures import WORK

COMMAND = Path(sys.executable).parent / "heliograph"
SETTINGS = {"HELIOGRAPH_LIMITS": "off"}
PROOFS = {"imgur_v1": '"original', "imgur_v2": '"original', "stack_web": '"UploadedImage"', "stack_mobile": '"items"'}
"""Dialect -> what only a good answer has, where it is no link under that name."""


class Server:
    """A running server. As a context: stopped at the end, its folder removed unless it was given one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="data-", dir=WORK))
        self.port = free_port()
        self._secret = ""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        mine = {"HELIOGRAPH_DATA_DIR": str(self.folder), "HELIOGRAPH_PORT": str(self.port)}
        self.began = time.perf_counter()
        self._log = (WORK / "server.log").open("ab")
        self._process = subprocess.Popen(
            [COMMAND, "serve"], env=kept | SETTINGS | mine, stdout=self._log, stderr=self._log, cwd=self.folder
        )

    @property
    def pid(self) -> int:
        """The process that was started; its children belong to it."""
        return self._process.pid

    def wait_until_ready(self, seconds: float = 30.0) -> None:
        """Wait for 200 of /readyz. Raises RuntimeError when it does not come."""
        while time.perf_counter() < self.began + seconds and self._process.poll() is None:
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.005)
        raise RuntimeError(f"the server was not ready within {seconds} s; exit status {self._process.poll()}")

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of one GET over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def post_first(self, picture: Path) -> float:
        """Upload until one is acknowledged; seconds from the process's start to that answer."""
        request = SHAPES["native"](picture, 0, {})
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
        while self._process.poll() is None and time.perf_counter() < self.began + 30:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("POST", "/api/v1/images", body, {name: value for name, _, value in lines})
                if connection.getresponse().status == 201:
                    return time.perf_counter() - self.began
            except OSError:
                time.sleep(0.002)
            finally:
                connection.close()
        raise RuntimeError("no upload was acknowledged within 30 s of the start")

    def upload(self, pictures: list[Path], connections: int, shape: str = "native", *, keep: bool = False) -> Outcome:
        """Upload every picture once; a good answer is one that carries a link."""
        expect = 201 if shape == "native" else 200
        proof = PROOFS.get(shape.removesuffix(" base64"), '"link"')
        fields = {"access_token": self._token()} if shape.startswith("stack_mobile") else {}
        return run(Job(self.port, shape, [str(path) for path in pictures], connections, expect, proof, keep, fields))

    def _token(self) -> str:
        """A token of an account, which is made where it is not there."""
        if not self._secret:
            self._administer("account", "create", "bench", "--no-password")
            self._secret = self._administer("token", "create", "bench", "--scope", "images:write")
        return self._secret

    def _administer(self, *words: str) -> str:
        """What `heliograph admin` prints."""
        settings = os.environ | {"HELIOGRAPH_DATA_DIR": str(self.folder)}
        done = subprocess.run([COMMAND, "admin", *words], env=settings, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def links(self, pictures: list[Path], connections: int = 8) -> list[dict[str, Any]]:
        """Upload, and give the native answers: link, thumbnails and the rest, each link as a path."""
        outcome = self.upload(pictures, connections, keep=True)
        if outcome.failures:
            raise RuntimeError(f"uploads failed: {outcome.failures}")
        return [json.loads(body) for body in outcome.bodies]

    def cpu(self) -> float:
        """CPU seconds of the whole tree so far."""
        return cpu_seconds(self.pid)

    def stop(self) -> None:
        """End the server as a service manager would, and wait."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._log.close()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class MemoryWatch:
    """The highest summed PSS of a tree, in MB, looked at five times a second while the context lasts."""

    def __init__(self, pid: int) -> None:
        self.peak = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self.peak = max(self.peak, pss_megabytes(self._pid))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
