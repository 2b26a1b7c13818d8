"""What is particular to ValkeyLimiter: many processes, outages, and what it leaves in Valkey."""

import asyncio
import logging
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator

import pytest
from valkey import Valkey

from heliograph.server.backends.valkey import DEADLINE, PAUSE, ValkeyLimiter
from heliograph.server.errors import StorageUnavailable
from heliograph.server.model import Allowance, Bucket
from tests.repository.tree import ROOT
from tests.servers.gate import Gate
from tests.servers.valkey import ValkeyServer

pytestmark = pytest.mark.anyio

HOUR = 3600
BUCKET = Bucket("address:uploads:192.0.2.1", 1000, HOUR)
LET_THROUGH = Allowance(allowed=True)


@pytest.fixture
def own_server() -> Iterator[ValkeyServer]:
    """A Valkey that the test may trouble."""
    server = ValkeyServer()
    server.start()
    yield server
    server.dispose()


def spending(url: str, spends: int, limit: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.contracts.spending", url, str(spends), str(limit)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_four_processes_that_share_a_valkey_admit_just_the_limit(valkey_server: ValkeyServer) -> None:
    valkey_server.forget()
    processes = [spending(valkey_server.url(), 16, 10) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    admitted = [int(process.communicate(timeout=30)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sum(admitted) == 10
    with Valkey.from_url(valkey_server.url()) as client:
        (left,) = client.keys("*application*")
        spent = client.pttl(left) / 1000
    assert 0 < spent < 11 * HOUR / 1000, "refused requests took nothing from the other bucket"


async def test_an_outage_lets_through_at_once_and_ends_by_itself(valkey_server: ValkeyServer) -> None:
    gate = Gate(valkey_server.port)
    await gate.open()
    limiter = ValkeyLimiter(valkey_server.url(gate.port))
    bucket = Bucket(f"outage {time.time()}", 1000, HOUR)
    assert (await limiter.spend([bucket])).buckets[0].left == 999
    await gate.shut()
    began = time.monotonic()
    assert [await limiter.spend([bucket]) for _ in range(200)] == [LET_THROUGH] * 200
    assert time.monotonic() - began < 20 * DEADLINE, "not each of them waits"
    assert limiter.let_through == 200
    with pytest.raises(StorageUnavailable):
        await limiter.reachable()
    await gate.open()
    await asyncio.sleep(PAUSE)
    assert (await limiter.spend([bucket])).buckets[0].left == 998
    await limiter.reachable()
    assert limiter.let_through == 200
    await limiter.close()
    await gate.shut()


async def test_a_valkey_that_hangs_delays_nobody_for_long(own_server: ValkeyServer) -> None:
    limiter = ValkeyLimiter(own_server.url())
    await limiter.spend([BUCKET])
    own_server.hold_still()

    async def seconds() -> float:
        began = time.monotonic()
        assert await limiter.spend([BUCKET]) == LET_THROUGH
        return time.monotonic() - began

    assert max(await asyncio.gather(*(seconds() for _ in range(64)))) < 20 * DEADLINE
    assert await seconds() < DEADLINE / 2, "nobody asks while it is known to be away"
    await asyncio.sleep(PAUSE)
    delays = await asyncio.gather(*(seconds() for _ in range(64)))
    assert sum(delay > DEADLINE / 2 for delay in delays) == 1, "only one finds out whether it is back"
    own_server.go_on()
    await asyncio.sleep(PAUSE)
    assert (await limiter.spend([BUCKET])).buckets
    await limiter.close()


async def test_a_valkey_that_was_restarted_empty_counts_on(own_server: ValkeyServer) -> None:
    limiter = ValkeyLimiter(own_server.url())
    assert (await limiter.spend([BUCKET])).buckets[0].left == 999
    own_server.kill()
    assert await limiter.spend([BUCKET]) == LET_THROUGH
    own_server.start()
    await asyncio.sleep(PAUSE)
    assert (await limiter.spend([BUCKET])).buckets[0].left == 999
    await limiter.close()


async def test_nothing_is_left_in_valkey_when_all_is_full_again(valkey_server: ValkeyServer) -> None:
    valkey_server.forget()
    limiter = ValkeyLimiter(valkey_server.url())
    with Valkey.from_url(valkey_server.url()) as client:
        await limiter.spend([Bucket("looked at", 10, 1, cost=0), Bucket("spent", 10, 1), Bucket("refused", 0, 1)])
        assert client.keys() == []
        await limiter.spend([Bucket("looked at", 10, 1, cost=0), Bucket("spent", 10, 1, cost=5)])
        assert client.keys() == [b"heliograph:limit:1:spent"]
        await asyncio.sleep(0.6)
        assert client.keys() == []
    await limiter.close()


async def test_a_clock_set_back_leaves_a_counter_empty_at_worst(valkey_server: ValkeyServer) -> None:
    """What was written before lies far ahead then; nobody is to wait until the clock has come there again."""
    await asyncio.to_thread(valkey_server.forget)
    limiter = ValkeyLimiter(valkey_server.url())
    bucket = Bucket("address:uploads:192.0.2.1", 2, 2)
    with Valkey(port=valkey_server.port) as client:
        client.set("heliograph:limit:2:address:uploads:192.0.2.1", int((time.time() + 86400) * 1_000_000))
    refused = await limiter.spend([bucket])
    assert (refused.allowed, refused.retry_after, refused.buckets[0].resets_in) == (False, 1, 2)
    await limiter.close()


async def test_any_name_can_be_counted(valkey_server: ValkeyServer) -> None:
    limiter = ValkeyLimiter(valkey_server.url())
    for name in ("", "application:requests:\x00\r\n\udcff" + 300 * "ü", "{a}{b}"):
        assert (await limiter.spend([Bucket(name, 2, 1, cost=2)])).allowed
        assert not (await limiter.spend([Bucket(name, 2, 1, cost=2)])).allowed
    await limiter.close()


async def test_a_password_is_neither_logged_nor_in_the_failure(caplog: pytest.LogCaptureFixture) -> None:
    limiter = ValkeyLimiter("valkey://somebody:not-to-be-shown@127.0.0.1:1/0")
    with caplog.at_level(logging.DEBUG):
        assert await limiter.spend([BUCKET]) == LET_THROUGH
    with pytest.raises(StorageUnavailable) as failure:
        await limiter.reachable()
    assert caplog.records
    assert "not-to-be-shown" not in caplog.text + "".join(traceback.format_exception(failure.value))
    await limiter.close()


def test_what_is_no_address_of_a_valkey_is_refused() -> None:
    for url in ("http://127.0.0.1", "127.0.0.1:6379"):
        with pytest.raises(ValueError, match="scheme"):
            ValkeyLimiter(url)
