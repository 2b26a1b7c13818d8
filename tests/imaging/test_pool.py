"""The pool's promises when workers hang, die, or are too few."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from heliograph.imaging.failures import Busy, CorruptImage
from heliograph.imaging.limits import Limits
from heliograph.imaging.pool import WORN_JOBS, WorkerBroken, WorkerPool
from heliograph.imaging.recipe import LETTERS
from tests.corpus.hostile import png
from tests.running import picture

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def slow(tmp_path_factory):
    """A picture that takes about a second to check."""
    path = tmp_path_factory.mktemp("slow") / "slow.png"
    path.write_bytes(png(20_000, 5_000, bytes(5_000 * 60_001), colour=2))
    return path


@pytest.fixture
def photo(corpus):
    return corpus["rocket.jpg"].path


async def _until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if "heliograph.imaging.worker" in child.cmdline()}


async def test_a_worker_killed_amid_its_job_fails_that_picture_and_no_other(slow, photo, tmp_path):
    pool = WorkerPool(workers=1)
    await pool.start()
    await pool.inspect(photo, tmp_path / "target")
    job = asyncio.ensure_future(pool.inspect(slow, tmp_path / "target"))
    await _until(lambda: pool.counters.busy)
    await asyncio.sleep(0.05)
    os.kill(pool.workers[0].process.pid, signal.SIGKILL)
    with pytest.raises(CorruptImage):
        await job
    assert (await pool.inspect(photo, tmp_path / "target")).format == "jpeg"
    assert pool.counters.deaths == 1
    await pool.close()


async def test_a_worker_killed_while_idle_is_noticed_only_by_the_counters(photo, tmp_path):
    pool = WorkerPool(workers=1)
    await pool.start()
    os.kill(pool.workers[0].process.pid, signal.SIGKILL)
    await pool.workers[0].process.wait()
    assert (await pool.inspect(photo, tmp_path / "target")).format == "jpeg"
    assert pool.counters.jobs == 1
    await pool.close()


async def test_a_picture_over_the_deadline_is_given_up_and_its_worker_killed(slow, tmp_path):
    (tmp_path / "tiny.png").write_bytes(picture(8, 8))
    pool = WorkerPool(workers=1, deadline=0.15)
    await pool.start()
    with pytest.raises(CorruptImage, match="too long"):
        await pool.inspect(slow, tmp_path / "target")
    assert pool.counters.kills == 1
    await _until_taken(pool, tmp_path / "tiny.png", tmp_path / "target")
    await pool.close()


async def _until_taken(pool: WorkerPool, source: Path, target: Path) -> None:
    """Until the pool takes a picture: on a busy machine even a tiny one may be over a short deadline."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(CorruptImage):
                await pool.inspect(source, target)
                return


async def test_a_full_queue_is_busy_at_once(slow, tmp_path):
    pool = WorkerPool(workers=1, queue=2)
    await pool.start()
    jobs = [asyncio.ensure_future(pool.inspect(slow, tmp_path / str(number))) for number in range(3)]
    await _until(lambda: pool.counters.waiting == 2)
    with pytest.raises(Busy):
        await pool.inspect(slow, tmp_path / "one-too-many")
    assert not any(job.done() for job in jobs), "it was not waited for"
    assert pool.counters.refused == 1
    assert [(await job).width for job in jobs] == [20_000] * 3
    await pool.close()


async def test_a_cancelled_caller_leaves_the_queue(slow, photo, tmp_path):
    pool = WorkerPool(workers=1)
    await pool.start()
    first = asyncio.ensure_future(pool.inspect(slow, tmp_path / "first"))
    await _until(lambda: pool.counters.busy)
    second = asyncio.ensure_future(pool.inspect(photo, tmp_path / "second"))
    await _until(lambda: pool.counters.waiting)
    second.cancel()
    await _until(lambda: not pool.counters.waiting)
    assert (await first).width == 20_000
    assert (await pool.inspect(photo, tmp_path / "third")).format == "jpeg"
    await pool.close()


async def test_after_a_cancelled_job_nothing_is_written_and_the_next_is_served(slow, photo, tmp_path):
    pool = WorkerPool(workers=1)
    await pool.start()
    job = asyncio.ensure_future(pool.inspect(slow, tmp_path / "first"))
    await _until(lambda: pool.counters.busy)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert (await pool.inspect(photo, tmp_path / "second")).format == "jpeg"
    assert not (tmp_path / "first").exists()
    await pool.close()


async def test_a_caller_cancelled_while_its_worker_starts_takes_no_place(photo, tmp_path):
    pool = WorkerPool(workers=1)
    for _ in range(3):
        job = asyncio.ensure_future(pool.inspect(photo, tmp_path / "first"))
        await asyncio.sleep(0)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
    assert (await pool.inspect(photo, tmp_path / "second")).format == "jpeg"
    await pool.close()
    assert _children() == set()


async def test_only_the_first_worker_starts_before_there_is_work_for_more(photo, tmp_path):
    pool = WorkerPool(workers=3)
    await pool.start()
    for _ in range(3):
        await pool.inspect(photo, tmp_path / "target")
    assert len(pool.workers) == 1
    await asyncio.gather(*(pool.inspect(photo, tmp_path / str(number)) for number in range(12)))
    assert len(pool.workers) == 3
    await pool.close()


async def test_a_worn_worker_is_replaced(photo, tmp_path):
    pool = WorkerPool(workers=1)
    await pool.start()
    first = pool.workers[0].process.pid
    pool.workers[0].jobs = WORN_JOBS - 1
    await pool.inspect(photo, tmp_path / "target")
    await pool.inspect(photo, tmp_path / "target")
    await _until(lambda: [worker.process.pid for worker in pool.workers] != [first] and len(pool.workers) == 1)
    await pool.close()


async def test_two_pictures_that_need_much_memory_are_never_decoded_at_once(tmp_path):
    from tests.corpus.pictures import photograph

    large = tmp_path / "large.jpg"
    photograph((6_000, 4_000)).save(large, progressive=True, quality=60)
    pool = WorkerPool(workers=2)
    await pool.start()
    jobs = [asyncio.ensure_future(pool.inspect(large, tmp_path / str(number))) for number in range(4)]
    most = 0
    while not all(job.done() for job in jobs):
        most = max(most, sum(worker.memory() > 100 << 20 for worker in pool.workers))
        await asyncio.sleep(0.01)
    assert [(await job).width for job in jobs] == [6_000] * 4
    assert most == 1
    await pool.close()


async def test_close_leaves_no_process(slow, tmp_path):
    pool = WorkerPool(workers=2)
    await pool.start()
    jobs = [asyncio.ensure_future(pool.inspect(slow, tmp_path / str(number))) for number in range(2)]
    await _until(lambda: len(pool.workers) == 2)
    await pool.close()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [Busy, Busy]
    assert _children() == set()


async def test_a_full_disk_is_an_os_error_and_no_failure_of_the_picture(photo):
    pool = WorkerPool(workers=1)
    with pytest.raises(OSError, match="space"):
        await pool.inspect(photo, Path("/dev/full"))
    with pytest.raises(OSError, match="space"):
        await pool.render(LETTERS["s"], photo, Path("/dev/full"))
    assert (pool.counters.deaths, pool.counters.jobs) == (0, 2)
    await pool.close()


async def test_a_missing_source_is_an_os_error(tmp_path):
    pool = WorkerPool(workers=1)
    with pytest.raises(FileNotFoundError):
        await pool.inspect(tmp_path / "nowhere", tmp_path / "target")
    await pool.close()


async def test_the_workers_hold_none_of_the_servers_environment(monkeypatch):
    monkeypatch.setenv("HELIOGRAPH_SECRET_FOR_TEST", "swordfish")
    pool = WorkerPool(workers=1)
    await pool.start()
    assert b"swordfish" not in Path(f"/proc/{pool.workers[0].process.pid}/environ").read_bytes()
    await pool.close()


async def test_workers_limit_themselves(photo, tmp_path):
    pool = WorkerPool(workers=1, limits=Limits(memory=64 << 20))
    await pool.inspect(photo, tmp_path / "target")
    process = psutil.Process(pool.workers[0].process.pid)
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert 0 < process.rlimit(psutil.RLIMIT_AS)[0] < 600 << 20
    await pool.close()


PARENT = """
import asyncio, json, sys
from pathlib import Path
from heliograph.imaging.pool import WorkerPool

async def main():
    pool = WorkerPool(workers=1)
    await pool.start()
    job = asyncio.ensure_future(pool.inspect(Path(sys.argv[1]), Path(sys.argv[2])))
    await asyncio.sleep(0.3)
    print(json.dumps([worker.process.pid for worker in pool.workers]), flush=True)
    await job

asyncio.run(main())
"""


async def test_no_worker_outlives_its_parent_even_when_that_is_killed(slow, tmp_path):
    command = [sys.executable, "-c", PARENT, str(slow), str(tmp_path / "target")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        (worker,) = json.loads(parent.stdout.readline())
        assert psutil.pid_exists(worker)
        parent.kill()
    await _until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)


async def test_pictures_of_twelve_megapixels_cost_little_memory_however_many(tmp_path):
    from tests.corpus.pictures import photograph

    large = tmp_path / "large.jpg"
    photograph((4_000, 3_000)).save(large, quality=90)
    pool = WorkerPool(workers=2)
    await pool.start()
    await asyncio.gather(*(pool.inspect(large, tmp_path / str(number)) for number in range(24)))
    assert max(worker.memory_peak() for worker in pool.workers) < 80 << 20
    await pool.close()


async def test_workers_that_cannot_start_are_not_the_fault_of_the_picture(photo, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    pool = WorkerPool(workers=1)
    try:
        with pytest.raises(WorkerBroken):
            await pool.inspect(photo, tmp_path / "target")
    finally:
        await pool.close()
