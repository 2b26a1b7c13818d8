"""What is particular to DiskStore: crashes, modes, other file systems, what lies about."""

import asyncio
import hashlib
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from heliograph.server.backends.disk import DiskStore
from heliograph.server.errors import StorageUnavailable

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).with_name("crashing.py")
DAY = 24 * 3600


@pytest.fixture
def elsewhere():
    """A folder on another file system than `tmp_path`, so that a put must copy."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["same file system", "other file system"])
def sources(request, tmp_path, elsewhere):
    if request.param == "other file system":
        assert elsewhere.stat().st_dev != tmp_path.stat().st_dev
        return elsewhere
    (tmp_path / "sources").mkdir()
    return tmp_path / "sources"


def blob_in(sources, content=b"some bytes"):
    path = sources / f"{random.getrandbits(64):x}"
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest(), path


def visible(root):
    return {path.name: path for path in root.glob("??/*")}


def test_a_put_that_dies_at_any_step_leaves_the_whole_blob_or_none(tmp_path, sources):
    command = [sys.executable, PROGRAM, "steps", tmp_path / "blobs", sources]
    answers = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    counts = Counter(answers)
    assert set(counts) == {"absent died", "whole died", "whole returned"}
    assert counts["absent died"] > 5
    assert counts["whole died"] > 5
    assert answers[-1] == "whole returned"


@pytest.mark.parametrize("moment", range(4))
def test_killed_under_load_it_keeps_what_it_acknowledged_and_shows_nothing_partial(tmp_path, sources, moment):
    root = tmp_path / "blobs"
    command = [sys.executable, PROGRAM, "busy", root, sources]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "ready\n"
        time.sleep(0.02 + random.random() * 0.2)
        program.kill()
        acknowledged = program.stdout.read().split()
    files = visible(root)
    assert set(acknowledged) <= set(files)
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name


async def test_files_may_be_read_by_any_program_whatever_the_umask(tmp_path, sources):
    before = os.umask(0o077)
    try:
        root = tmp_path / "blobs"
        name, path = blob_in(sources)
        await DiskStore(root).put(name, path)
    finally:
        os.umask(before)
    blob = visible(root)[name]
    assert blob.stat().st_mode & 0o777 == 0o644
    assert {folder.stat().st_mode & 0o777 for folder in (root, blob.parent, blob.parent.parent)} == {0o755}


async def test_a_copy_that_does_not_fit_is_an_outage_and_leaves_nothing(tmp_path, elsewhere):
    store = DiskStore(tmp_path / "blobs")
    name, path = blob_in(elsewhere, random.randbytes(100_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(StorageUnavailable):
            await store.put(name, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert await store.stat(name) is None
    assert list(store.incoming.iterdir()) == []
    await store.put(name, path)
    assert await store.stat(name) == 100_000


async def test_what_was_abandoned_is_cleared_and_what_is_being_written_is_not(tmp_path):
    store = DiskStore(tmp_path / "blobs")
    old, young = store.incoming / "old", store.incoming / "young"
    for path, age in ((old, DAY + 60), (young, DAY - 60)):
        path.write_bytes(b"part")
        os.utime(path, (time.time() - age, time.time() - age))
    (store.incoming / "folder").mkdir()
    DiskStore(tmp_path / "blobs")
    assert {path.name for path in store.incoming.iterdir()} == {"young", "folder"}


async def test_files_that_are_no_blobs_are_not_among_the_keys(tmp_path):
    store = DiskStore(tmp_path / "blobs")
    name, path = blob_in(store.incoming)
    await store.put(name, path)
    for stray in (f"{name[:2]}/README", f"{name[:2]}/{name}.bak", "robots.txt", ".incoming/x"):
        (tmp_path / "blobs" / stray).write_text("")
    found = store.keys()
    assert [key async for key in found] == [name]


async def test_a_root_that_cannot_be_made_is_an_outage(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable):
        DiskStore(tmp_path / "file" / "blobs")


async def test_puts_wait_for_the_disk_together(tmp_path, monkeypatch):
    """Sixteen puts on a disk that takes 50 ms to settle take about as long as one."""
    store = DiskStore(tmp_path / "blobs")
    settle = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (time.sleep(0.05), settle(descriptor)))
    blobs = [blob_in(store.incoming, bytes([number])) for number in range(16)]
    started = time.monotonic()
    await asyncio.gather(*(store.put(name, path) for name, path in blobs))
    assert time.monotonic() - started < 4 * 4 * 0.05


async def test_without_durability_nothing_waits_for_the_disk(tmp_path, monkeypatch):
    store = DiskStore(tmp_path / "renditions", durable=False)
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("waited for the disk"))
    name, path = blob_in(store.incoming)
    await store.put(name, path)
    await store.put(name, path)
    assert (await store.get(name)).path.read_bytes() == b"some bytes"
    await store.remove(name)
    assert await store.stat(name) is None
