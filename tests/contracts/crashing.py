"""A program that puts blobs into a DiskStore until it is killed, by others or by itself.

`crashing.py busy ROOT SOURCES` puts blob after blob, eight at once, and prints each name once its put has returned.
`crashing.py steps ROOT SOURCES` makes, for n = 0, 1, 2 ..., a child that puts one blob and kills itself at the n-th
call that Python makes into C while at it (every system call is one). It prints, for each child, what became of the
blob (`absent`, `whole` or `partial`) and whether its put had returned. It ends after the first child that survives.
"""

import asyncio
import hashlib
import os
import random
import signal
import sys
import threading
from pathlib import Path

from heliograph.server.backends.disk import DiskStore


def source_of(sources: Path, size: int) -> tuple[str, Path]:
    content = random.randbytes(size)
    path = sources / f"{random.getrandbits(64):x}"
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest(), path


async def busy(root: Path, sources: Path) -> None:
    store = DiskStore(root)

    async def put_for_ever() -> None:
        while True:
            name, path = source_of(sources, random.randrange(1, 600_000))
            await store.put(name, path)
            os.write(1, f"{name}\n".encode())

    os.write(1, b"ready\n")
    await asyncio.gather(*(put_for_ever() for _ in range(8)))


def die_at(step: int):
    """A profiler that counts calls into C in the thread of a put, and kills the process at the `step`-th."""
    calls = 0

    def profile(frame, event, _argument):
        nonlocal calls
        if event == "c_call" and frame.f_code.co_filename.endswith(
            ("disk.py", "pathlib.py", "shutil.py", "tempfile.py")
        ):
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)
            calls += 1

    return profile


def put_and_die(root: Path, name: str, path: Path, step: int, acknowledged: int) -> None:
    store = DiskStore(root)
    threading.setprofile(die_at(step))
    asyncio.run(store.put(name, path))
    os.write(acknowledged, b"x")
    os._exit(0)


def verdict(root: Path, name: str) -> str:
    file = root / name[:2] / name
    if not file.exists():
        return "absent"
    return "whole" if hashlib.sha256(file.read_bytes()).hexdigest() == name else "partial"


def steps(root: Path, sources: Path) -> None:
    status = -1
    step = 0
    while status != 0:
        name, path = source_of(sources, 3_000_000)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            put_and_die(root, name, path, step, writing)
        os.close(writing)
        status = os.waitpid(child, 0)[1]
        returned = os.read(reading, 1) == b"x"
        os.close(reading)
        os.write(1, f"{verdict(root, name)} {'returned' if returned else 'died'}\n".encode())
        step += 1


if __name__ == "__main__":
    mode, root, sources = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if mode == "busy":
        asyncio.run(busy(root, sources))
    else:
        steps(root, sources)
