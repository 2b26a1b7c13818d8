"""Pictures on their way through a network that cuts, delays, repeats and drops: exactly one image each.

TEST_UPLOADS says how many pictures go through the bad network; 10,000 is the goal, a test run takes fewer.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import heliograph
from heliograph.client._outbox import Outbox
from tests.running import SCRIPT, RunningServer, clean_environment, in_the_catalog, picture, serving, webcam
from tests.servers.faults import FAULTS, FaultProxy

UPLOADS = int(os.environ.get("TEST_UPLOADS", "1000"))
AT_ONCE = 8
SEED = 1839
KILLS = 12
LOOKS = 200


def listed(server: RunningServer) -> list[str]:
    with heliograph.Client(server.url, server.key) as client:
        return sorted(image.id for image in client.list())


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that wait for less long than in life before they try again."""
    monkeypatch.setattr("heliograph.client._exchange.FIRST_PAUSE", 0.005)


async def uploaded(client: heliograph.AsyncClient, pictures: list[bytes]) -> list[str]:
    """The ids of all pictures. Who meets more faults in a row than a client bears tries again, as people do."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(data: bytes) -> str:
        async with turns:
            for _ in range(20):
                with contextlib.suppress(heliograph.UnreachableError):
                    return (await client.upload(data)).id
            raise AssertionError("twenty times unreachable")

    return await asyncio.gather(*map(one, pictures))


async def through_the_bad_network(server: RunningServer) -> list[str]:
    pictures = [picture(8, 8) for _ in range(UPLOADS)]
    async with (
        FaultProxy(int(server.url.rpartition(":")[2]), SEED, share=0.7) as proxy,
        heliograph.AsyncClient(proxy.url, server.key, timeout=10, retries=6) as client,
    ):
        ids = await uploaded(client, pictures)
        assert await uploaded(client, pictures[:50]) == ids[:50]
    assert all(proxy.done[fault] for fault in FAULTS), proxy.done
    return ids


@pytest.mark.timeout(3600)
def test_every_picture_is_published_exactly_once_through_a_bad_network(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        ids = asyncio.run(through_the_bad_network(server))
        assert len(set(ids)) == UPLOADS
        assert in_the_catalog(server) == UPLOADS
        assert listed(server) == sorted(ids)


async def looks_through_the_bad_network(server: RunningServer, url: str) -> list[str]:
    """The ids of what a URL showed at each of many looks, each of which is one call with all its tries."""
    turns = asyncio.Semaphore(AT_ONCE)
    async with (
        FaultProxy(int(server.url.rpartition(":")[2]), SEED, share=0.7) as proxy,
        heliograph.AsyncClient(proxy.url, server.key, timeout=10, retries=200, patience=600) as client,
    ):

        async def look(number: int) -> str:
            async with turns:
                return (await client.upload(url, title=f"look {number // 2}")).id

        ids = await asyncio.gather(*map(look, range(LOOKS)))
    assert all(proxy.done[fault] for fault in FAULTS), proxy.done
    return ids


def test_each_look_at_a_webcam_through_a_bad_network_is_published_exactly_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server, webcam() as url:
        ids = asyncio.run(looks_through_the_bad_network(server, url))
        assert len(set(ids)) == in_the_catalog(server) == LOOKS
        assert listed(server) == sorted(ids)


async def cut_at_every_byte(server: RunningServer) -> tuple[list[str], int]:
    """The ids of pictures that were sent until a request was cut after each of its bytes; and how many those are."""
    port, ids = int(server.url.rpartition(":")[2]), []

    async def publish(cuts: list[int]) -> int:
        number = len(cuts)
        async with (
            FaultProxy(port, SEED, share=0, cuts=cuts) as proxy,
            heliograph.AsyncClient(proxy.url, server.key) as client,
        ):
            ids.append((await client.upload(picture(8, 8), name="always-as-long.png")).id)
            while proxy.cuts:
                ids.append((await client.upload(picture(8, 8), name="always-as-long.png")).id)
        assert proxy.done["cut the request"] == number
        return proxy.longest

    length = await publish([])
    await asyncio.gather(*(publish(list(range(first, length, 6))) for first in range(1, 7)))
    return ids, length


def test_a_request_that_is_cut_at_any_byte_is_published_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        ids, length = asyncio.run(cut_at_every_byte(server))
        assert length > 500
        assert in_the_catalog(server) == len(set(ids)) == len(ids)
        assert listed(server) == sorted(ids)


UPLOADER = """
import sys, heliograph
data = open(sys.argv[1], "rb").read()
with heliograph.Client(outbox=True, retries=0) as client:
    print("began", flush=True)
    client.upload(data)
"""


def test_a_client_that_is_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """What it had in memory is published by `heliograph outbox send`, or was; running it again changes nothing."""
    dice = random.Random(SEED)
    with serving(tmp_path) as server:
        environment = clean_environment() | {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key}
        begun, waited = 0, 0
        for number in range(KILLS):
            path = tmp_path / f"{number}.png"
            path.write_bytes(picture(300, 300))
            command = [sys.executable, "-c", UPLOADER, str(path)]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                begun += process.stdout.readline() == b"began\n"
                time.sleep(dice.uniform(0, 0.25))
                process.send_signal(signal.SIGKILL)
            waited += len(Outbox().waiting())
            assert subprocess.run([SCRIPT, "outbox", "send"], env=environment, capture_output=True).returncode == 0
            before = in_the_catalog(server)
            subprocess.run(command, env=environment, check=True, capture_output=True)
            assert before <= in_the_catalog(server) == number + 1
        assert begun == KILLS
        assert waited
        assert len(listed(server)) == KILLS
        assert Outbox().waiting() == []
