"""The parent's side of the image workers. Hides that pictures are decoded in processes that queue, ask, hang and die.

A worker that takes too long or dies costs the picture that did it (CorruptImage) and nobody else: the next job gets a
fresh worker. Workers are started when needed and replaced when worn. Pictures that need much memory are decoded one
at a time, whatever the number of workers.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from heliograph.imaging import failures
from heliograph.imaging.failures import Busy, CorruptImage
from heliograph.imaging.formats import Inspection
from heliograph.imaging.limits import MEBI, Limits
from heliograph.imaging.recipe import Recipe

WORN_JOBS = 500
WORN_MEMORY = 128 * MEBI
"""A worker is replaced after so many jobs, or when it holds so many bytes after one."""


_STOPPING = "The server is stopping. Try again in a moment."


@dataclass(slots=True)
class Counters:
    """Since the start: jobs done (well or not), workers killed for taking too long, workers that died by themselves.

    Now: jobs waiting for a worker, jobs being worked on.
    """

    jobs: int = 0
    kills: int = 0
    deaths: int = 0
    refused: int = 0
    waiting: int = 0
    busy: int = 0


class WorkerBroken(Exception):  # noqa: N818 - named like the failures
    """Image workers do not start on this machine: an installation's fault, no picture's."""


class WorkerPool:
    """Implements `server.ports.Transformer` with at most `workers` processes.

    deadline: seconds for one picture, counted from when a worker has it. queue: how many jobs may wait; Busy beyond.
    Cancelling a caller is safe: one that waits leaves the queue; one whose picture is being decoded has its worker
    killed, so that nothing is written to its target afterwards. Both verbs also raise OSError when the source cannot
    be read or the target not written.
    """

    def __init__(
        self, *, workers: int = 2, limits: Limits | None = None, deadline: float = 20.0, queue: int = 64
    ) -> None:
        self.counters = Counters()
        self._limits = limits or Limits()
        self._deadline = deadline
        self._queue = queue
        self._slots = asyncio.Semaphore(workers)
        self._heavy = asyncio.Lock()
        self._closed = False
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def workers(self) -> "list[Worker]":
        """The worker processes that live now, for metrics and tests."""
        return list(self._all)

    async def start(self) -> None:
        """Start the first worker; the others start when there is work for them."""
        self._idle.append(await self._spawn())

    async def close(self) -> None:
        """End the worker processes; jobs under way are told Busy."""
        self._closed = True
        for worker in list(self._all):
            worker.kill()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(
            *(worker.process.wait() for worker in list(self._all)), *self._tasks, return_exceptions=True
        )
        self._all.clear()
        self._idle.clear()

    async def inspect(self, source: Path, target: Path) -> Inspection:
        """See `server.ports.Transformer`: check and clean."""
        found = await self._run({"source": str(source), "target": str(target)})
        found["sha256"] = bytes.fromhex(found["sha256"])
        found["removed"] = tuple(found["removed"])
        return Inspection(**found)

    async def render(self, recipe: Recipe, source: Path, target: Path) -> None:
        """See `server.ports.Transformer`: make a rendition."""
        await self._run({"source": str(source), "target": str(target), "recipe": str(recipe)})

    async def _run(self, job: dict[str, str]) -> dict[str, Any]:
        await self._wait_for_slot()
        self.counters.busy += 1
        worker = None
        try:
            worker = self._living_idle() or await self._spawn()
            answer = await self._ask(worker, job)
        except BaseException:
            if worker is not None:
                self._discard(worker)
            self._slots.release()
            raise
        finally:
            self.counters.busy -= 1
        self.counters.jobs += 1
        self._give_back(worker, answer["rss"])
        return _result(answer)

    def _living_idle(self) -> "Worker | None":
        """An idle worker that has not died meanwhile."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.returncode is None:
                return worker
            self.counters.deaths += 1
            self._discard(worker)
        return None

    async def _wait_for_slot(self) -> None:
        if self._closed or (self._slots.locked() and self.counters.waiting >= self._queue):
            self.counters.refused += 1
            raise Busy("Too many pictures are being processed. Try again in a moment.")
        self.counters.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.counters.waiting -= 1

    async def _ask(self, worker: "Worker", job: dict[str, str]) -> dict[str, Any]:
        """One job's final answer; a worker that hangs or dies becomes CorruptImage."""
        try:
            async with asyncio.timeout(self._deadline) as deadline:
                answer = await worker.ask(job)
                if "ask" not in answer:
                    return answer
                deadline.reschedule(None)
                async with self._heavy:
                    deadline.reschedule(asyncio.get_running_loop().time() + self._deadline)
                    return await worker.ask({"go": True})
        except TimeoutError:
            self.counters.jobs += 1
            self.counters.kills += 1
            raise CorruptImage(f"The picture took too long to decode (over {self._deadline:g} seconds).") from None
        except (EOFError, ConnectionError, WorkerBroken) as died:
            if self._closed:
                raise Busy(_STOPPING) from None
            if isinstance(died, WorkerBroken):
                raise
            self.counters.jobs += 1
            self.counters.deaths += 1
            raise CorruptImage("The picture made its decoder fail.") from None

    def _give_back(self, worker: "Worker", rss: int) -> None:
        worker.jobs += 1
        if worker.jobs < WORN_JOBS and rss < WORN_MEMORY:
            self._idle.append(worker)
            self._slots.release()
        else:
            self._discard(worker)
            self._in_background(self._replace())

    async def _replace(self) -> None:
        """Start a worker in a retired one's place; the slot stays taken meanwhile."""
        try:
            with contextlib.suppress(OSError, Busy):  # then the next job tries again
                self._idle.append(await self._spawn())
        finally:
            self._slots.release()

    def _discard(self, worker: "Worker") -> None:
        worker.kill()
        self._in_background(self._reap(worker))

    async def _reap(self, worker: "Worker") -> None:
        await worker.process.wait()
        self._all.discard(worker)

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _spawn(self) -> "Worker":
        """A new worker. A caller cancelled meanwhile does not lose track of it."""
        starting = asyncio.ensure_future(self._start_worker())
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._in_background(self._end_when_started(starting))
            raise

    async def _start_worker(self) -> "Worker":
        if self._closed:
            raise Busy(_STOPPING)
        worker = Worker(await _start_process(self._limits))
        self._all.add(worker)
        return worker

    async def _end_when_started(self, starting: "asyncio.Future[Worker]") -> None:
        self._discard(await starting)


class Worker:
    """One child process and the conversation with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.jobs = 0
        self._ready = False

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message, read the answer. Raises EOFError or ConnectionError when the process has died.

        Raises WorkerBroken when it died before it could take any job: no picture is to blame.
        """
        assert self.process.stdin is not None
        if not self._ready:
            await self._be_ready()
        if self.process.stdin.is_closing():
            raise EOFError
        body = json.dumps(message).encode()
        self.process.stdin.write(len(body).to_bytes(4, "big") + body)
        return await self._receive()

    async def _be_ready(self) -> None:
        try:
            await self._receive()
        except (EOFError, ConnectionError) as error:
            raise WorkerBroken("An image worker could not start; its own words are in the log.") from error
        self._ready = True

    async def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        head = await self.process.stdout.readexactly(4)
        answer: dict[str, Any] = json.loads(await self.process.stdout.readexactly(int.from_bytes(head, "big")))
        return answer

    def memory(self) -> int:
        """Bytes that are resident now; 0 of a dead process."""
        return self._status("VmRSS")

    def memory_peak(self) -> int:
        """The most bytes that ever were resident; 0 of a dead process."""
        return self._status("VmHWM")

    def _status(self, field: str) -> int:
        """A size from /proc/PID/status (proc(5)), in bytes."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)

    def kill(self) -> None:
        """End the process at once; may be repeated."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


async def _start_process(limits: Limits) -> asyncio.subprocess.Process:
    """A worker process. Its environment is bare: what reads hostile bytes shall not hold the server's secrets."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "heliograph.imaging.worker",
        json.dumps(asdict(limits)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "LC_ALL": "C.UTF-8",
            "VIPS_CONCURRENCY": "1",
            "MALLOC_ARENA_MAX": "2",
        },
    )


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    """What the answer brought. Raises the failure it names."""
    if "done" in answer:
        done: dict[str, Any] = answer["done"]
        return done
    if answer["failure"] == "OSError":
        raise OSError(answer["errno"], answer["text"])
    failure: type[failures.ImageFailure] = getattr(failures, answer["failure"])
    raise failure(answer["text"])
