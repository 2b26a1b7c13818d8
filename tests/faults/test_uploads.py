"""Pictures on their way through a network that cuts, delays, repeats and drops: exactly one image each.

HELIOGRAPH_TEST_UPLOADS says how many pictures go through the bad network; 10,000 is the goal, a test run takes fewer.
"""

import asyncio
import os
import sqlite3
from pathlib import Path

import heliograph
from tests.running import RunningServer, picture, serving
from tests.servers.faults import FAULTS, FaultProxy

UPLOADS = int(os.environ.get("TEST_UPLOADS", "1000"))
AT_ONCE = 8
SEED = 1839
KILLS = 25


def in_the_catalog(server: RunningServer) -> int:
    database = sqlite3.connect(f"file:{server.data}/heliograph.db?mode=ro", uri=True)
    try:
        (number,) = database.execute("SELECT count(*) FROM images").fetchone()
    finally:
        database.close()
    return int(number)


def listed(server: RunningServer) -> list[str]:
    with heliograph.Client(server.url, server.key) as client:
        return sorted(image.id for image in client.list())


async def uploaded(client: heliograph.AsyncClient, pictures: list[bytes]) -> list[str]:
    """The ids of all pictures. Who meets more faults in a row than a client bears tries again, as people do."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(data: bytes) -> str:
        async with turns:
            for _ in range(20):
                try:
                    return (await client.upload(data)).id
                except heliograph.UnreachableError:
                    continue
            raise AssertionError("twenty times unreachable")

    return await asyncio.gather(*map(one, pictures))


def test_every_picture_is_published_exactly_once_through_a_bad_network(tmp_path: Path) -> None:
    async def run(server: RunningServer) -> list[str]:
        pictures = [picture(8, 8) for _ in range(UPLOADS)]
        async with FaultProxy(int(server.url.rpartition(":")[2]), SEED, share=0.5) as proxy:
            async with heliograph.AsyncClient(proxy.url, server.key, timeout=10, retries=6) as client:
                ids = await uploaded(client, pictures)
                assert await uploaded(client, pictures[:50]) == ids[:50]
        assert all(proxy.done[fault] for fault in FAULTS), proxy.done
        return ids

    with serving(tmp_path) as server:
        ids = asyncio.run(run(server))
        assert len(set(ids)) == UPLOADS
        assert in_the_catalog(server) == UPLOADS
        assert listed(server) == sorted(ids)


def test_a_request_that_is_cut_at_any_byte_is_published_once(tmp_path: Path) -> None:
    async def run(server: RunningServer) -> list[str]:
        ids: list[str] = []
        async with FaultProxy(int(server.url.rpartition(":")[2]), SEED, share=0) as proxy:
            for byte in range(1, 1200):
                proxy.cut_after = byte
                async with heliograph.AsyncClient(proxy.url, server.key, retries=1) as client:
                    client._publishing.operations.patience  # noqa: B018
                    ids.append((await client.upload(picture(8, 8))).id)
        return ids

    with serving(tmp_path) as server:
        ids = asyncio.run(run(server))
        assert listed(server) == sorted(ids)
        assert in_the_catalog(server) == len(set(ids))
