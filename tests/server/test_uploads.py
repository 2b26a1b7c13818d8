"""Images arriving: one image for one upload, whatever is repeated or comes at once."""

import asyncio
import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from heliograph.server import catalog
from heliograph.server.albums import Albums
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.errors import (
    BadParameter,
    Conflict,
    CorruptImage,
    Gone,
    HeliographError,
    NoImageSent,
    QuotaExceeded,
    UnsupportedFormat,
)
from heliograph.server.identity import Accounts, Identity
from heliograph.server.incoming import Incoming
from heliograph.server.model import Caller, Quota, Texts
from tests.running import picture
from tests.server.parts import ANYBODY, assembled

pytestmark = pytest.mark.anyio
KEY = "0123456789abcdef"
SECRET = "secret-" + "s" * 32


async def test_what_is_stored_has_the_hash_that_is_acknowledged(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        accepted = await parts.upload(picture())
        blob = await parts.blobs.get(accepted.image.blob.sha256.hex())
        assert blob.path is not None
        assert hashlib.sha256(blob.path.read_bytes()).digest() == accepted.image.blob.sha256


async def test_sixteen_uploads_with_one_idempotency_key_make_one_image(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        accepted = await asyncio.gather(*(parts.upload(content, KEY) for _ in range(16)))
        assert len({each.image.id for each in accepted}) == 1
        assert sum(not each.replayed for each in accepted) == 1


async def test_an_idempotency_key_is_for_one_content(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        await parts.upload(content, KEY, title="one")
        with pytest.raises(Conflict):
            await parts.upload(content, KEY, title="two")


async def test_sixteen_uploads_of_the_same_bytes_share_them_under_links_of_their_own(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        accepted = await asyncio.gather(*(parts.upload(content) for _ in range(16)))
        assert len({each.image.id for each in accepted}) == 16
        assert await parts.names() == [accepted[0].image.blob.sha256.hex()]


@pytest.mark.parametrize(
    ("content", "failure"),
    [(b"", NoImageSent), (b"no picture", UnsupportedFormat), (b"\x89PNG\r\n\x1a\n" + bytes(99), CorruptImage)],
)
async def test_a_refused_upload_leaves_nothing_behind(
    content: bytes, failure: type[HeliographError], tmp_path: Path
) -> None:
    async with assembled(tmp_path) as parts:
        with pytest.raises(failure):
            await parts.upload(content)
        assert not list(parts.folder.iterdir())
        assert not await parts.names()


async def test_a_cancelled_upload_leaves_no_file_behind(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        task = asyncio.create_task(parts.upload(picture(2000, 1500)))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not list(parts.folder.iterdir())
        assert (await parts.upload(picture())).image.id


async def test_texts_are_trimmed_and_blank_ones_are_none(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        image = (await parts.upload(picture(), title="  T ", alt="   ")).image
        assert (image.title, image.alt) == ("T", None)


async def test_a_text_that_is_too_long_is_refused_by_name(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        with pytest.raises(BadParameter, match="title"):
            await parts.upload(picture(), title="x" * 513)


async def test_a_guessed_idempotency_key_does_not_give_another_address_the_delete_hash(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        mine = await parts.upload(content, KEY)
        theirs = await parts.upload(content, KEY, caller=Caller("192.0.2.99"))
        assert theirs.image.id != mine.image.id


async def test_a_replay_of_a_removed_image_says_that_it_is_gone(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        await parts.library.remove((await parts.upload(content, KEY)).image, "test", ANYBODY)
        with pytest.raises(Gone):
            await parts.upload(content, KEY)


async def test_a_key_that_is_made_of_the_content_publishes_anew_what_was_removed(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content, ids = picture(), []
        for _ in range(3):
            image = (await parts.upload(content, SECRET, by_content=True)).image
            assert (await parts.upload(content, SECRET, by_content=True)).image.id == image.id
            await parts.library.remove(image, "test", ANYBODY)
            ids.append(image.id)
        assert len(set(ids)) == 3


async def test_sixteen_at_once_publish_a_removed_picture_anew_once(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        removed = (await parts.upload(content, SECRET, by_content=True)).image
        await parts.library.remove(removed, "test", ANYBODY)
        accepted = await asyncio.gather(*(parts.upload(content, SECRET, by_content=True) for _ in range(16)))
        assert len({each.image.id for each in accepted} - {removed.id}) == 1
        assert sum(not each.replayed for each in accepted) == 1


async def test_a_key_of_the_content_that_a_neighbour_could_make_is_taken_of_accounts_only(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture()
        with pytest.raises(BadParameter, match="secret-"):
            await parts.upload(content, KEY, by_content=True)
        await parts.database.transaction(catalog.add_account({"name": "ada", "role": "user"}))
        row = await parts.database.fetch_one(catalog.account("ada"))
        assert row is not None
        ada = replace(ANYBODY, account=catalog.to_account(row))
        mine = await parts.upload(content, KEY, ada, by_content=True)
        again = await parts.upload(content, KEY, replace(ada, address="192.0.2.99"), by_content=True)
        assert (again.replayed, again.image.id) == (True, mine.image.id)
        assert await parts.names() == [mine.image.blob.sha256.hex()]


async def test_a_secret_key_gives_its_answer_at_every_address(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content, key = picture(), "secret-" + "s" * 32
        mine = await parts.upload(content, key)
        assert (await parts.upload(content, key, caller=Caller("192.0.2.99"))).image.id == mine.image.id


async def test_a_key_too_short_to_be_secret_is_told_apart_by_address(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content, key = picture(), "secret-" + "s" * 31
        mine = await parts.upload(content, key)
        assert (await parts.upload(content, key, caller=Caller("192.0.2.99"))).image.id != mine.image.id


async def test_a_key_is_remembered_by_whoever_used_it_and_by_nobody_else(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        await parts.upload(picture(), KEY)
        assert await parts.uploads.remembers(KEY, ANYBODY)
        assert not await parts.uploads.remembers(KEY, Caller("192.0.2.99"))
        assert not await parts.uploads.remembers(None, ANYBODY)


async def test_a_replayed_receipt_tells_which_bytes_arrived(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        content = picture(form="JPEG") + b"private bytes behind the picture"
        first, again = [await parts.upload(content, KEY) for _ in "ab"]
        assert again.replayed
        assert first.removed
        for each in (first, again):
            payload = each.receipt.split(".")[1]
            told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            assert told["received_sha256"] == hashlib.sha256(content).hexdigest()


async def test_bytes_of_uploads_that_lost_a_race_are_swept(tmp_path: Path) -> None:
    """Six pictures at once with one idempotency key: one is published, the bytes of the others do not stay for ever."""
    async with assembled(tmp_path) as parts:
        pictures = (parts.upload(picture(), KEY) for _ in range(6))
        answers = await asyncio.gather(*pictures, return_exceptions=True)
        assert sorted(isinstance(answer, Conflict) for answer in answers) == [False] + [True] * 5
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        kept = next(answer for answer in answers if not isinstance(answer, BaseException))
        assert await parts.names() == [kept.image.blob.sha256.hex()]


async def test_bytes_of_uploads_for_which_there_was_no_room_are_swept(tmp_path: Path) -> None:
    """Six pictures at once with room for one: whoever saw room and found none leaves no bytes for ever."""
    async with assembled(tmp_path, Quota(images=1)) as parts:
        account = await Accounts(parts.database, Identity(parts.database)).add("ada", ANYBODY)
        caller = Caller("192.0.2.1", account=account)
        answers = await asyncio.gather(
            *(parts.upload(picture(), caller=caller) for _ in range(6)), return_exceptions=True
        )
        assert sorted(isinstance(answer, QuotaExceeded) for answer in answers) == [False] + [True] * 5
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        assert len(await parts.names()) == 1


async def test_bytes_of_an_upload_that_its_album_refuses_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_albums, "MOST_IMAGES", 0)
    async with assembled(tmp_path) as parts:
        album = await Albums(database=parts.database).create({}, [], ANYBODY)
        with Incoming(parts.folder, 10_000_000) as incoming:
            incoming.write(picture())
            with pytest.raises(BadParameter):
                await parts.uploads.accept(incoming, Texts(), ANYBODY, None, album)
        assert len(await parts.names()) == 1
        await asyncio.sleep(0.005)
        await parts.upkeep().sweep()
        assert await parts.names() == []


async def test_bytes_that_were_swept_before_are_swept_again_where_an_upload_of_them_fails(tmp_path: Path) -> None:
    content = picture()
    async with assembled(tmp_path) as parts:
        await parts.library.remove((await parts.upload(content)).image, "test", ANYBODY)
        await asyncio.sleep(0.005)
        assert await parts.upkeep().sweep() == 1
        album = await Albums(database=parts.database).create({}, [], ANYBODY)
        await Albums(database=parts.database).remove(album, "test", ANYBODY)
        with Incoming(parts.folder, 10_000_000) as incoming:
            incoming.write(content)
            with pytest.raises(Gone):
                await parts.uploads.accept(incoming, Texts(), ANYBODY, None, album)
        assert len(await parts.names()) == 1
        await asyncio.sleep(0.005)
        assert await parts.upkeep().sweep() == 1
        assert await parts.names() == []
