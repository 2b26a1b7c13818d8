"""The contract of BlobStore, kept by every implementation."""

import asyncio
import hashlib
import random
from pathlib import Path

import pytest

from heliograph.server.errors import NotFound, StorageUnavailable
from heliograph.server.ports import BlobStore

pytestmark = pytest.mark.anyio

LARGE = 9 * 1024 * 1024 + 1
MISSING = hashlib.sha256(b"never put").hexdigest()


def make(folder: Path, size: int = 30_000, seed: int = 0) -> tuple[str, bytes, Path]:
    """A blob's name, its bytes, and a fresh file of them."""
    content = random.Random(f"{size} {seed}").randbytes(size)
    name = hashlib.sha256(content).hexdigest()
    source = folder / f"{random.getrandbits(64):x}"
    source.write_bytes(content)
    return name, content, source


async def read(store: BlobStore, name: str, span: tuple[int, int] | None = None) -> bytes:
    """What somebody who serves the blob sends."""
    blob = await store.get(name, span)
    if blob.path is not None:
        assert blob.chunks is None
        content = blob.path.read_bytes()
        assert blob.size == len(content)
        return content if span is None else content[slice(*span)]
    assert blob.chunks is not None
    assert blob.size == await store.stat(name)
    return b"".join([chunk async for chunk in blob.chunks])


async def names(store: BlobStore) -> list[str]:
    """All keys."""
    found = store.keys()
    return [name async for name in found]


@pytest.mark.parametrize("size", [0, 1, 30_000, LARGE])
async def test_what_is_put_comes_back(blobs, tmp_path, size):
    name, content, source = make(tmp_path, size)
    await blobs.store.put(name, source)
    assert await read(blobs.store, name) == content
    assert await blobs.store.stat(name) == size


async def test_what_is_put_is_there_after_reopening(blobs, tmp_path):
    name, content, source = make(tmp_path)
    await blobs.store.put(name, source)
    assert await read(blobs.reopen(), name) == content


@pytest.mark.parametrize("size", [30_000, LARGE])
async def test_a_second_put_changes_nothing(blobs, tmp_path, size):
    name, content, first = make(tmp_path, size)
    _, _, second = make(tmp_path, size)
    await blobs.store.put(name, first)
    await blobs.store.put(name, second)
    await blobs.store.put(name, second)
    assert await read(blobs.store, name) == content
    assert await names(blobs.store) == [name]


async def test_a_put_may_be_repeated_with_the_same_source(blobs, tmp_path):
    name, content, source = make(tmp_path)
    await blobs.store.put(name, source)
    await blobs.store.put(name, source)
    assert await read(blobs.store, name) == content


@pytest.mark.parametrize("size", [30_000, LARGE])
async def test_a_blob_that_was_cut_short_is_healed_by_a_put(blobs, tmp_path, size):
    name, content, first = make(tmp_path, size)
    _, _, second = make(tmp_path, size)
    await blobs.store.put(name, first)
    await blobs.damage(name)
    assert await blobs.store.stat(name) == 3
    await blobs.store.put(name, second)
    assert await read(blobs.store, name) == content


async def test_many_puts_of_one_name_at_once_keep_one_whole_blob(blobs, tmp_path):
    copies = [make(tmp_path) for _ in range(32)]
    await asyncio.gather(*(blobs.store.put(name, source) for name, _, source in copies))
    name, content, _ = copies[0]
    assert await read(blobs.store, name) == content
    assert await names(blobs.store) == [name]


async def test_many_puts_of_different_names_at_once_keep_all(blobs, tmp_path):
    each = [make(tmp_path, 10_000 + number, number) for number in range(48)]
    await asyncio.gather(*(blobs.store.put(name, source) for name, _, source in each))
    for name, content, _ in each:
        assert await read(blobs.store, name) == content
    assert sorted(await names(blobs.store)) == sorted(name for name, _, _ in each)


@pytest.mark.parametrize("span", [(0, 1), (5, 10), (29_999, 30_000), (0, 30_000), (1, 29_999), (7, 7)])
async def test_a_span_gives_just_its_bytes(blobs, tmp_path, span):
    name, content, source = make(tmp_path)
    await blobs.store.put(name, source)
    assert await read(blobs.store, name, span) == content[slice(*span)]
    assert (await blobs.store.get(name, span)).size == 30_000


async def test_a_missing_name_is_not_found(blobs):
    assert await blobs.store.stat(MISSING) is None
    for span in (None, (0, 1), (0, 0)):
        with pytest.raises(NotFound):
            await blobs.store.get(MISSING, span)


async def test_a_removed_blob_is_gone_and_may_be_removed_again_or_put_again(blobs, tmp_path):
    name, content, source = make(tmp_path)
    other, _, other_source = make(tmp_path, 100)
    await blobs.store.put(name, source)
    await blobs.store.put(other, other_source)
    await blobs.store.remove(name)
    await blobs.store.remove(name)
    assert await blobs.store.stat(name) is None
    assert await names(blobs.store) == [other]
    await blobs.store.put(name, make(tmp_path)[2])
    assert await read(blobs.store, name) == content


async def test_an_empty_store_has_no_keys(blobs):
    assert await names(blobs.store) == []


@pytest.mark.parametrize("name", ["", "abc", "../" * 20 + "etc/x", "A" * 64, "0" * 63 + "/", "0" * 64 + "\n"])
async def test_what_is_no_hash_is_no_name(blobs, tmp_path, name):
    source = make(tmp_path)[2]
    for verb in (
        blobs.store.put(name, source),
        blobs.store.get(name),
        blobs.store.stat(name),
        blobs.store.remove(name),
    ):
        with pytest.raises(ValueError, match="not the name of a blob"):
            await verb


async def test_a_cancelled_put_leaves_the_whole_blob_or_none(blobs, tmp_path):
    for number in range(12):
        name, content, source = make(tmp_path, 200_000, number)
        task = asyncio.ensure_future(blobs.store.put(name, source))
        await asyncio.sleep(number / 4000)
        task.cancel()
        await asyncio.wait([task])
        if await blobs.store.stat(name) is not None:
            assert await read(blobs.store, name) == content
        await blobs.store.put(name, make(tmp_path, 200_000, number)[2])
        assert await read(blobs.store, name) == content


async def test_an_outage_is_named_by_every_verb_and_passes(blobs, tmp_path):
    name, content, source = make(tmp_path)
    later, later_content, later_source = make(tmp_path, 50_000)
    await blobs.store.put(name, source)
    async with blobs.outage():
        for verb in (
            blobs.store.put(later, later_source),
            blobs.store.get(name),
            blobs.store.stat(name),
            blobs.store.remove(name),
            anext(blobs.store.keys()),
        ):
            with pytest.raises(StorageUnavailable):
                await verb
    assert await read(blobs.store, name) == content
    await blobs.store.put(later, later_source)
    assert await read(blobs.store, later) == later_content


async def test_a_source_that_does_not_exist_stores_nothing(blobs, tmp_path):
    with pytest.raises(StorageUnavailable):
        await blobs.store.put(MISSING, tmp_path / "nothing")
    assert await blobs.store.stat(MISSING) is None
