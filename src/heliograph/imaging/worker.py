"""The child process that decodes pictures: `python -m heliograph.imaging.worker LIMITS`.

Hides how a decoder that may crash, swell or hang on hostile bytes is kept from harming anybody: limits of memory, file
size and open files on itself, death with its parent, no core dumps, and a private copy of standard output, so that
nothing a library prints can be mistaken for an answer.

Protocol, both directions: four bytes of length (big-endian), then JSON. The worker says `{"ready": true}` once; from
then on it is the picture's fault when it dies. The parent sends a job; the worker answers `{"ask": bytes}` if decoding
needs much memory and then waits for `{"go": true}`; at last `{"done": ...}` or `{"failure": name, "text": ...}`, each
with its present memory (`rss`, bytes). LIMITS is a JSON object of `Limits`.
"""

import ctypes
import json
import logging
import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from heliograph.imaging import pipeline, recipe
from heliograph.imaging.failures import ImageFailure
from heliograph.imaging.limits import MEBI, Limits

SMALL = 48 * MEBI
"""Bytes of memory that a picture may need without asking the parent first."""

MARGIN = 192 * MEBI
"""Address space beyond the picture's own: thread stacks, allocator slack, shared libraries' lazily mapped parts."""

LARGEST_FILE = 1 << 30
OPEN_FILES = 64
_PAGE = resource.getpagesize()
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def main() -> int:
    """Serve jobs until standard input ends; returns the exit code."""
    answers = _private_stdout()
    limits = Limits(**json.loads(sys.argv[1]))
    _confine(limits)
    pipeline.prepare()
    send(answers, {"ready": True})
    jobs = sys.stdin.buffer
    while (job := receive(jobs)) is not None:
        send(answers, _answer(job, limits, jobs, answers))
    return 0


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, or None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    body = stream.read(int.from_bytes(head, "big"))
    return json.loads(body) if body else None


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message and flush it."""
    body = json.dumps(message).encode()
    stream.write(len(body).to_bytes(4, "big") + body)
    stream.flush()


def _answer(job: dict[str, Any], limits: Limits, jobs: BinaryIO, answers: BinaryIO) -> dict[str, Any]:
    def admit(memory: int) -> None:
        if memory <= SMALL:
            return
        send(answers, {"ask": memory})
        if receive(jobs) is None:
            raise SystemExit(0)

    try:
        return {"done": _work(job, limits, admit), "rss": _memory_in_use()}
    except ImageFailure as failure:
        return {"failure": type(failure).__name__, "text": str(failure), "rss": _memory_in_use()}
    except MemoryError:
        return {"failure": "CorruptImage", "text": "Decoding the picture takes too much memory.", "rss": sys.maxsize}
    except OSError as failure:
        return {
            "failure": "OSError",
            "errno": failure.errno or 0,
            "text": failure.strerror or "",
            "rss": _memory_in_use(),
        }


def _work(job: dict[str, Any], limits: Limits, admit: pipeline.Admit) -> dict[str, Any]:
    source, target = Path(job["source"]), Path(job["target"])
    if "recipe" in job:
        pipeline.render(recipe.parse(job["recipe"]), source, target, limits, admit)
        return {}
    found = pipeline.inspect(source, target, limits, admit)
    return asdict(found) | {"sha256": found.sha256.hex()}


def _private_stdout() -> BinaryIO:
    """A copy of standard output for answers; whatever else is printed goes to standard error."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def _confine(limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides about us
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    space = _address_space() + limits.memory + MARGIN
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    logging.disable()


def _address_space() -> int:
    """Bytes of address space that this process has mapped (proc(5), statm, first field)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE


def _memory_in_use() -> int:
    """Bytes of memory that are resident now (proc(5), statm, second field)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


if __name__ == "__main__":
    sys.exit(main())
