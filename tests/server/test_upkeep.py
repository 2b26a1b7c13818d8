"""Sweeping: bytes go when no image has shown them for the grace time, and never before."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from heliograph.server import catalog
from heliograph.server.audit import Audit, done_by
from heliograph.server.catalog import noted, now
from heliograph.server.errors import Gone, NotFound
from heliograph.server.model import ImageRef
from tests.running import picture
from tests.server.parts import ANYBODY, Parts, assembled

pytestmark = pytest.mark.anyio


async def removed(parts: Parts, content: bytes) -> object:
    image = (await parts.upload(content)).image
    await parts.library.remove(image, "test", ANYBODY)
    return image


async def test_the_bytes_of_a_removed_image_stay_for_the_grace_time(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await parts.upload(picture())).image
        await parts.library.remove(image, "test", ANYBODY)
        assert await parts.upkeep(grace=60).sweep() == 0
        assert await parts.stored(image) is not None


async def test_unused_bytes_are_swept_and_the_tombstone_stays(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await parts.upload(picture())).image
        await parts.library.remove(image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        assert await parts.upkeep().sweep() == 1
        assert await parts.stored(image) is None
        with pytest.raises(Gone):
            await parts.library.find(image.id)


async def test_bytes_that_another_image_shows_are_not_swept(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        first, second = (await parts.upload(content)).image, (await parts.upload(content)).image
        await parts.library.remove(first, "test", ANYBODY)
        await asyncio.sleep(0.005)
        assert await parts.upkeep().sweep() == 0
        assert await parts.stored(second) is not None


async def test_bytes_uploaded_again_before_the_sweep_are_adopted(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        await removed(parts, content)
        image = (await parts.upload(content)).image
        await asyncio.sleep(0.005)
        assert await parts.upkeep().sweep() == 0
        assert await parts.stored(image) is not None


async def test_bytes_uploaded_again_after_the_sweep_are_stored_anew(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        await removed(parts, content)
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        image = (await parts.upload(content)).image
        assert await parts.stored(image) is not None


async def test_no_order_of_uploads_removals_and_sweeps_loses_a_live_image(tmp_path: Path) -> None:
    """Few contents, many hands: every live image has its bytes at the end, and every removed one is gone."""
    async with assembled(tmp_path) as parts:
        contents = [picture() for _ in range(3)]
        live, dead = [], []

        async def hand(seed: int) -> None:
            dice = random.Random(seed)
            for _ in range(25):
                what = dice.random()
                if what < 0.5:
                    live.append((await parts.upload(dice.choice(contents))).image)
                elif what < 0.9 and live:
                    image = live.pop(dice.randrange(len(live)))
                    await parts.library.remove(image, "test", ANYBODY)
                    dead.append(image)
                else:
                    await parts.upkeep().sweep()

        await asyncio.gather(*(hand(seed) for seed in range(8)))
        await parts.upkeep().sweep()
        assert live
        for image in live:
            assert await parts.stored(image) is not None
        for image in dead:
            with pytest.raises(Gone):
                await parts.library.find(image.id)


async def test_an_unknown_delete_hash_is_not_found(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        with pytest.raises(NotFound):
            await parts.library.find_by_delete_hash("x" * 15)


async def test_a_sweep_takes_the_thumbnails_along(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await parts.upload(picture())).image
        await parts.library.variant(ImageRef(((image.id, "h"),), "jpg"), None)
        assert [name async for name in parts.renditions.keys()]  # noqa: SIM118 - a store is no mapping
        await parts.library.remove(image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        assert not [name async for name in parts.renditions.keys()]  # noqa: SIM118


async def test_an_upload_that_meets_the_sweep_of_its_bytes_succeeds(tmp_path: Path) -> None:
    """The bytes are claimed by a sweep when they are uploaded again; the upload waits and stores them anew."""
    async with assembled(tmp_path) as parts:
        content = picture()
        gone = (await parts.upload(content)).image
        await parts.library.remove(gone, "test", ANYBODY)
        await asyncio.sleep(0.005)
        [claimed] = await parts.database.transaction(catalog.start_sweeping(catalog.now(), 10))
        again = asyncio.create_task(parts.upload(content))
        await asyncio.sleep(0.3)
        await parts.blobs.remove(claimed.hex())
        await parts.database.transaction(catalog.finish_sweeping(claimed))
        assert await parts.stored((await again).image) is not None


@pytest.mark.anyio
async def test_deeds_and_before_them_their_addresses_are_forgotten(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        for days in (400, 100, 1):
            deed = replace(done_by(ANYBODY, "test.done", f"{days} days ago"), at=now() - timedelta(days=days))
            await parts.database.transaction(noted(lambda _: None, deed))
        audit = Audit(parts.database, kept=timedelta(days=365), addresses_kept=timedelta(days=30))
        await audit.forget()
        assert [(deed.subject, deed.address) for deed in await audit.newest(None, 10)] == [
            ("1 days ago", ANYBODY.address),
            ("100 days ago", None),
        ]
        assert [deed.subject for deed in await audit.newest(now() - timedelta(days=2), 10)] == ["1 days ago"]


@pytest.mark.anyio
async def test_what_was_not_done_is_not_noted(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        await parts.database.transaction(noted(lambda _: False, done_by(ANYBODY, "test.done", "nothing")))
        audit = Audit(parts.database, kept=timedelta(days=365), addresses_kept=timedelta(days=30))
        assert await audit.newest(None, 10) == []
