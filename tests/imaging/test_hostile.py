"""Every hostile file is answered by its named failure, within a bound of memory, and the workers live on."""

import pytest

from heliograph.imaging import failures
from heliograph.imaging.pool import WorkerPool

BOUND = 256 << 20
"""Bytes that one worker may ever have held: two of them and the server stay under 512 MB."""


@pytest.mark.anyio
async def test_every_hostile_file_gets_its_named_failure_and_no_worker_dies_or_swells(hostiles, tmp_path):
    pool, wrong, peak = WorkerPool(workers=1), [], 0
    for each in hostiles:
        try:
            answer = str(await pool.inspect(each.path, tmp_path / "target"))
        except failures.ImageFailure as failure:
            answer = type(failure).__name__
        wrong += [(each.name, each.failure, answer)] if answer != each.failure else []
        peak = max(peak, *(worker.memory_peak() for worker in pool.workers))
    await pool.close()
    assert wrong == []
    assert (pool.counters.deaths, pool.counters.kills) == (0, 0)
    assert peak < BOUND


def test_there_are_at_least_three_hundred_kinds(hostiles):
    assert len({each.name for each in hostiles}) >= 300


def test_failures_say_something_that_is_safe_to_show(hostiles, inspect, tmp_path):
    for each in hostiles:
        with pytest.raises(failures.ImageFailure) as found:
            inspect(each.path.read_bytes())
        assert str(found.value)
        assert str(tmp_path) not in str(found.value)
