"""What is kept beside images: for as long as they live, once however often, counted, and gone with them."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from heliograph.server import catalog
from heliograph.server.companions import LONGEST, Companions
from heliograph.server.errors import BadParameter, Gone, NotFound, QuotaExceeded, TooManyBytes
from heliograph.server.incoming import Incoming
from heliograph.server.model import Account, Blob, Caller, Companion, Image, Kind, Quota, Texts
from heliograph.server.ports import Database
from heliograph.server.uploads import Accepted
from tests.running import picture
from tests.server.parts import ANYBODY, Parts, assembled

pytestmark = pytest.mark.anyio

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'
CODE = "print('é')\n"


async def upload(
    parts: Parts, caller: Caller = ANYBODY, key: str | None = None, content: bytes | None = None, **beside: str
) -> Accepted:
    sent: dict[Kind, str] = beside  # type: ignore[assignment]
    with Incoming(parts.folder, 10_000_000) as incoming:
        incoming.write(content or picture())
        return await parts.uploads.accept(incoming, Texts(), caller, key, beside=sent)


def kept(parts: Parts, *, vectors: bool = True) -> Companions:
    return Companions(database=parts.database, blobs=parts.blobs, vectors=vectors)


def hexed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_a_source_is_a_blob_named_by_its_hash(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        accepted = await upload(parts, source=CODE)
        assert hexed(CODE) in await parts.names()
        assert await kept(parts).source(accepted.image) == CODE
        assert [each.kind for each in await kept(parts).of(accepted.image)] == ["source"]


async def test_the_same_source_is_stored_once_and_stays_while_any_image_has_it(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        first, second = await upload(parts, source=CODE), await upload(parts, source=CODE)
        assert len(await parts.names()) == 3
        await parts.library.remove(first.image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        assert await kept(parts).source(second.image) == CODE
        await parts.library.remove(second.image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        assert await parts.names() == []


async def test_removing_the_source_alone_leaves_the_image(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await upload(parts, source=CODE, vector=SVG)).image
        await kept(parts).remove(image, "source", ANYBODY)
        with pytest.raises(NotFound):
            await kept(parts).source(image)
        with pytest.raises(NotFound):
            await kept(parts).remove(image, "source", ANYBODY)
        await asyncio.sleep(0.005)
        assert await parts.upkeep().sweep() == 1
        assert [each.kind for each in await kept(parts).of(image)] == ["vector"]
        assert len(await parts.names()) == 2


async def test_a_source_that_was_swept_can_come_again(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await upload(parts, source=CODE)).image
        await parts.library.remove(image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        again = (await upload(parts, source=CODE)).image
        assert await kept(parts).source(again) == CODE


@pytest.mark.parametrize("text", ["GIF89a;", "GIF87a" + "x" * 60, "a\x07b"])
async def test_a_source_that_could_be_taken_for_a_picture_or_is_no_text_is_refused(tmp_path: Path, text: str) -> None:
    async with assembled(tmp_path) as parts:
        with pytest.raises(BadParameter):
            await upload(parts, source=text)
        assert await parts.names() == []


@pytest.mark.parametrize("kind", ["source", "vector"])
async def test_what_is_too_long_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    async with assembled(tmp_path) as parts:
        with pytest.raises(TooManyBytes, match=f"The {kind} is longer than {LONGEST[kind]:,} bytes"):
            await upload(parts, **{kind: "é" * (LONGEST[kind] // 2 + 1)})


async def test_a_vector_that_is_none_is_refused_and_one_that_nobody_wants_is_left_aside(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        with pytest.raises(BadParameter, match="no SVG that can be kept"):
            await upload(parts, vector="words")
        assert await kept(parts, vectors=False).drafted({"vector": "words"}) == ()


async def test_a_repeated_upload_tells_what_was_kept_and_one_with_another_source_is_another(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        first = await upload(parts, key="a-key-of-mine", content=content, source=CODE)
        again = await upload(parts, key="a-key-of-mine", content=content, source=CODE)
        assert (again.replayed, again.image.id, again.beside) == (True, first.image.id, first.beside)
        with pytest.raises(Exception, match="already used"):
            await upload(parts, key="a-key-of-mine", content=content, source="other")


async def test_a_quota_counts_what_is_kept_beside_images(tmp_path: Path) -> None:
    content = picture()
    async with assembled(tmp_path, Quota(bytes=2 * len(content) + 100)) as parts:
        await parts.database.transaction(catalog.add_account({"name": "ada", "role": "user"}))
        ada = catalog.to_account(await parts.database.fetch_one(catalog.account("ada")))  # type: ignore[arg-type]
        caller = replace(ANYBODY, account=ada)
        with pytest.raises(QuotaExceeded):
            await upload(parts, caller, content=content, source="x" * (len(content) + 101))
        assert await space(parts.database, ada) == 0
        image = (await upload(parts, caller, content=content, source=CODE)).image
        assert await space(parts.database, ada) == image.blob.size + len(CODE.encode())
        await kept(parts).remove(image, "source", caller)
        assert await space(parts.database, ada) == image.blob.size
        other = (await upload(parts, source=CODE)).image
        await parts.library.claim(other, ada, caller)
        await parts.library.remove(other, "test", caller)
        assert await space(parts.database, ada) == image.blob.size


async def space(database: Database, account: Account) -> int:
    row = await database.fetch_one(catalog.space_of(account.id))
    assert row is not None
    return int(row.used_bytes)


async def test_in_both_databases_rows_go_with_the_image_and_blobs_are_marked(database: Database) -> None:
    blob = Blob(b"\x01" * 32, 5, "image/png", 4, 3, 1)
    image = Image("aB3xY7qmTz", "d" * 15, blob, None, None, catalog.now())
    beside = [Companion("source", b"\x02" * 32, 7), Companion("vector", b"\x03" * 32, 9)]
    assert await database.transaction(catalog.add_image(image, None, beside=beside))
    rows = await database.fetch_all(catalog.companions_of(image.id))
    assert sorted((catalog.to_companion(row) for row in rows), key=lambda each: each.kind) == beside
    assert await database.transaction(catalog.remove_companion(image.id, "vector"))
    assert not await database.transaction(catalog.remove_companion(image.id, "vector"))
    await database.transaction(catalog.bury_image(image.id, catalog.now(), "test"))
    assert await database.fetch_all(catalog.companions_of(image.id)) == []
    await asyncio.sleep(0.005)
    claimed = await database.transaction(catalog.start_sweeping(catalog.now(), 10))
    assert sorted(claimed) == [b"\x01" * 32, b"\x02" * 32, b"\x03" * 32]


async def test_bytes_beside_an_image_that_was_not_published_are_left_to_the_sweep(database: Database) -> None:
    blob = Blob(b"\x01" * 32, 5, "image/png", 4, 3, 1)
    image = Image("aB3xY7qmTz", "d" * 15, blob, None, None, catalog.now())
    await database.transaction(catalog.abandon_blob(image, [Companion("source", b"\x02" * 32, 7)]))
    await asyncio.sleep(0.005)
    claimed = await database.transaction(catalog.start_sweeping(catalog.now(), 10))
    assert sorted(claimed) == [b"\x01" * 32, b"\x02" * 32]


async def test_a_removed_image_shows_no_source(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await upload(parts, source=CODE)).image
        await parts.library.remove(image, "test", ANYBODY)
        with pytest.raises(Gone):
            await parts.library.find(image.id)
        assert await kept(parts).of(image) == ()


async def test_sixteen_at_once_with_a_key_of_their_content_make_one_image_in_both_databases(database: Database) -> None:
    replay = catalog.Replay(b"k" * 16, b"c" * 16, b"\x01" * 32, by_content=True)
    beside = [Companion("source", b"\x02" * 32, 7), Companion("vector", b"\x03" * 32, 9)]
    removed = Image("removed000", "r" * 15, Blob(b"\x01" * 32, 5, "image/png", 4, 3, 1), None, None, catalog.now())
    assert await database.transaction(catalog.add_image(removed, replay, beside=beside))
    await database.transaction(catalog.bury_image(removed.id, catalog.now(), "test"))

    async def add(number: int) -> bool:
        while True:
            image = replace(removed, id=f"aB3xY7qm{number:02}", delete_hash=f"{number:015}", created=catalog.now())
            try:
                return await database.transaction(catalog.add_image(image, replay, beside=beside))
            except catalog.BlobBeingSwept:
                await asyncio.sleep(0.01)

    assert sum(await asyncio.gather(*(add(number) for number in range(16)))) == 1
    row = await database.fetch_one(catalog.replay(replay.key))
    assert row is not None
    assert catalog.to_image(row).removed is None
    assert len(await database.fetch_all(catalog.companions_of(catalog.to_image(row).id))) == 2


async def test_removed_by_eight_at_once_a_companion_gives_its_room_back_once_in_both_databases(
    database: Database,
) -> None:
    await database.transaction(catalog.add_account({"name": "ada", "role": "user"}))
    ada = catalog.to_account(await database.fetch_one(catalog.account("ada")))  # type: ignore[arg-type]
    blob = Blob(b"\x01" * 32, 5, "image/png", 4, 3, 1)
    image = Image("aB3xY7qmTz", "d" * 15, blob, ada.id, None, catalog.now())
    beside = [Companion("source", b"\x02" * 32, 7), Companion("vector", b"\x02" * 32, 7)]
    assert await database.transaction(catalog.add_image(image, None, beside=beside))
    work = [catalog.remove_companion(image.id, "vector") for _ in range(8)]
    assert sum(await asyncio.gather(*(database.transaction(each) for each in work))) == 1
    assert await space(database, ada) == 12
    await asyncio.gather(
        database.transaction(catalog.remove_companion(image.id, "source")),
        database.transaction(catalog.bury_image(image.id, catalog.now(), "test")),
    )
    assert await space(database, ada) == 0


async def test_of_two_images_with_the_same_svg_each_can_go_and_the_other_keeps_it(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        first, second = await upload(parts, vector=SVG), await upload(parts, vector=SVG)
        await parts.library.remove(first.image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        assert [each.kind for each in await kept(parts).of(second.image)] == ["vector"]
        assert "<rect" in await kept(parts).read((await kept(parts).of(second.image))[0])
