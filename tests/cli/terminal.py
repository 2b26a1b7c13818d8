"""A terminal of a given size with a program in it, and what stands on its screen (pyte reads the escape sequences)."""

import contextlib
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte

from tests.running import SCRIPT


class Terminal:
    """`heliograph` with these arguments on a pseudo-terminal, which takes both what it prints and its errors."""

    def __init__(
        self,
        environment: dict[str, str],
        *arguments: object,
        columns: int = 80,
        rows: int = 24,
        cwd: Path | None = None,
    ) -> None:
        leader, follower = pty.openpty()
        self._leader = leader
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.seen: list[list[str]] = []
        self.resize(columns, rows)
        told = environment | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [SCRIPT, *map(str, arguments)], env=told, stdout=follower, stderr=follower, cwd=cwd
        )
        os.close(follower)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def read_until(self, fits: Callable[[list[str]], bool] | None = None) -> list[str]:
        """What stands on the screen as soon as it `fits`, or when the program has ended."""
        with contextlib.suppress(OSError):  # Linux says so when the last writer is gone
            while block := os.read(self._leader, 65536):
                self.written += block
                self._stream.feed(block)
                self.seen.append(self.lines)
                if fits and fits(self.lines):
                    return self.lines
        assert fits is None, self.seen[-3:]
        self.process.wait(20)
        return self.lines

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._leader)

    @property
    def lines(self) -> list[str]:
        """The lines that hold something."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)


@contextlib.contextmanager
def slow(upstream: str, rate: int) -> Iterator[str]:
    """The address of a proxy before a server that carries `rate` bytes a second each way, on each connection."""
    port = int(upstream.rpartition(":")[2])

    def carry(here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := here.recv(rate // 20):
                there.sendall(block)
                time.sleep(len(block) / rate)
            there.shutdown(socket.SHUT_WR)

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=carry, args=(server, client), daemon=True)
            back.start()
            carry(client, server)
            back.join()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that little is on its way
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
