"""Both clients against a real server: every claim is made of each."""

import hashlib
import inspect
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import pytest

import heliograph
from tests.client.conftest import Call
from tests.running import RunningServer, picture, serving, website


def fetched(link: str) -> bytes:
    from urllib.request import urlopen

    with urlopen(link) as answer:
        content: bytes = answer.read()
        return content


def piped(data: bytes) -> IO[bytes]:
    """A pipe that another thread fills with `data`."""
    reading, writing = os.pipe()

    def fill() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    threading.Thread(target=fill).start()
    return os.fdopen(reading, "rb")


def half_read(data: bytes) -> IO[bytes]:
    """A file object that stands where `data` begins."""
    file = io.BytesIO(b"not the picture" + data)
    file.seek(len(b"not the picture"))
    return file


SOURCES: dict[str, Callable[[Path], Any]] = {
    "path as text": str,
    "path": Path,
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "file": lambda path: path.open("rb"),
    "file from where it stands": lambda path: half_read(path.read_bytes()),
    "pipe": lambda path: piped(path.read_bytes()),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_arrives_whole(call: Call, server: RunningServer, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "Grüße 日本 😀 [1].png"
    path.write_bytes(picture())
    source = SOURCES[kind](path)
    with source if hasattr(source, "read") else nullcontext():
        image = call("upload", source, server=server.url, key=server.key)
    assert image.receipt.received_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_url_is_fetched_by_the_server(call: Call, server: RunningServer) -> None:
    data = picture(form="JPEG")
    with website({"/there.jpg": (200, {"Content-Type": "image/jpeg"}, data)}) as site:
        image = call("upload", f"{site}/there.jpg", server=server.url, alt="from elsewhere")
    assert (image.media_type, image.alt) == ("image/jpeg", "from elsewhere")


def test_the_link_shows_what_the_answer_says(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(20, 10), server=server.url)
    assert hashlib.sha256(fetched(str(image))).hexdigest() == image.sha256
    assert (image.width, image.height, image.media_type) == (20, 10, "image/png")


def test_texts_of_any_script_arrive_unchanged(call: Call, server: RunningServer) -> None:
    texts = {"title": "Ünïcödé", "description": "שלום\nworld", "alt": 'a "quoted" 日本', "name": "número π.png"}
    image = call("upload", picture(), server=server.url, **texts)
    assert {name: getattr(image, name) for name in texts} == texts


def test_texts_that_no_encoding_knows_are_sent_as_replacement_characters(call: Call, server: RunningServer) -> None:
    assert "�" in call("upload", picture(), server=server.url, title="odd \udcff name").title


def test_info_finds_an_image_by_id_and_by_each_of_its_links(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    for name in (image.id, image.link, image.page, *image.thumbnails.values()):
        assert call("info", name, server=server.url).id == image.id


def test_info_tells_how_often_a_picture_was_looked_at(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    assert (image.views, image.bandwidth) == (None, None)
    size = len(fetched(image.link))
    told = call("info", image.id, server=server.url)
    assert (told.views, told.bandwidth) == (1, size)


def test_the_list_goes_on_over_pages_to_its_end(call: Call, server: RunningServer, tmp_path: Path) -> None:
    with serving(tmp_path) as own, heliograph.Client(own.url, own.key) as client:
        made = [client.upload(picture(4, 4)).id for _ in range(103)]
        assert [image.id for image in call("list", server=own.url, key=own.key)] == made[::-1]


def test_update_changes_the_texts_named_and_no_other(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url, key=server.key, title="old", alt="stays")
    changed = call("update", image.link, server=server.url, key=server.key, title="new")
    assert (changed.title, changed.alt) == ("new", "stays")


def test_the_owner_deletes_by_key(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url, key=server.key)
    call("delete", image.link, server=server.url, key=server.key)
    with pytest.raises(heliograph.GoneError):
        call("info", image.id, server=server.url)


@pytest.mark.parametrize("handle", ["delete_hash", "delete_link"])
def test_who_has_the_delete_hash_deletes_without_a_key(call: Call, server: RunningServer, handle: str) -> None:
    image = call("upload", picture(), server=server.url)
    call("delete", getattr(image, handle), server=server.url)
    with pytest.raises(heliograph.GoneError) as caught:
        call("info", image.id, server=server.url)
    assert (caught.value.name, caught.value.status) == ("Gone", 410)


def test_the_delete_hash_may_go_beside_the_id(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    call("delete", image.id, delete_hash=image.delete_hash, server=server.url)
    with pytest.raises(heliograph.GoneError):
        call("info", image.id, server=server.url)


def test_a_stranger_may_not_delete(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url, key=server.key)
    with pytest.raises(heliograph.NotAllowedError) as caught:
        call("delete", image.id, server=server.url)
    assert caught.value.name == "Forbidden"


def test_a_wrong_key_is_named_as_the_cause(call: Call, server: RunningServer) -> None:
    with pytest.raises(heliograph.NotAllowedError, match="HELIOGRAPH_KEY") as caught:
        call("list", server=server.url, key="wrong")
    assert caught.value.status == 401


def test_a_refusal_tells_its_name_status_and_request(call: Call, server: RunningServer) -> None:
    with pytest.raises(heliograph.RefusedError) as caught:
        call("upload", b"this is not an image at all", server=server.url)
    assert (caught.value.name, caught.value.status) == ("UnsupportedFormat", 415)
    assert caught.value.request_id


def test_the_same_idempotency_key_gives_the_same_image(call: Call, server: RunningServer) -> None:
    data = picture()
    images = [
        call("upload", data, server=server.url, idempotency_key="k" * 30 + hashlib.md5(data).hexdigest()) for _ in "ab"
    ]
    assert images[0].id == images[1].id


def test_the_same_idempotency_key_refuses_other_content(call: Call, server: RunningServer) -> None:
    key = hashlib.sha256(picture()).hexdigest()
    call("upload", picture(), server=server.url, idempotency_key=key)
    with pytest.raises(heliograph.RefusedError) as caught:
        call("upload", picture(), server=server.url, idempotency_key=key)
    assert caught.value.name == "Conflict"


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("no such file.png", "no file"),
        (".", "folder"),
        ("nul\0byte", "cannot be read"),
        ("x" * 5000, "cannot be read"),
        (42, "int"),
        (io.StringIO("text"), "binary"),
    ],
    ids=["missing", "folder", "nul", "too long", "no source", "text file"],
)
def test_what_cannot_be_read_is_said_before_anything_is_sent(call: Call, source: object, advice: str) -> None:
    with pytest.raises(heliograph.InputError, match=advice):
        call("upload", source, server="http://127.0.0.1:9")


def test_progress_ends_at_the_size_of_the_file(call: Call, server: RunningServer) -> None:
    data, seen = picture(300, 300), []
    call("upload", data, server=server.url, progress=lambda sent, total: seen.append((sent, total)))
    assert seen[-1] == (len(data), len(data))
    assert len(seen) > 2


def test_the_two_clients_take_the_same_arguments() -> None:
    operations = ("__init__", "upload", "info", "list", "update", "delete", "verify")
    for name in operations:
        sync, awaited = (inspect.signature(getattr(c, name)) for c in (heliograph.Client, heliograph.AsyncClient))
        assert sync.parameters == awaited.parameters, name


def test_one_call_of_the_module_publishes(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOGRAPH_URL", server.url)
    assert str(heliograph.upload(picture(), alt="a dot")).startswith(server.url)


@pytest.mark.anyio
async def test_one_awaited_call_of_the_module_publishes(server: RunningServer) -> None:
    assert (await heliograph.upload_async(picture(), server=server.url, key=server.key)).receipt is not None


UPLOAD_AND_TELL_MEMORY = """
import resource, sys, heliograph
image = heliograph.upload(sys.argv[1], server=sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_a_large_file_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    small, large = tmp_path / "small.bmp", tmp_path / "large.bmp"
    small.write_bytes(picture(100, 100, "BMP"))
    large.write_bytes(picture(4800, 5000, "BMP"))
    with serving(tmp_path, MAX_BYTES="200000000") as running:
        peaks = [
            int(subprocess.check_output([sys.executable, "-c", UPLOAD_AND_TELL_MEMORY, path, running.url]))
            for path in (small, large)
        ]
    assert large.stat().st_size > 70_000_000
    assert peaks[1] - peaks[0] < 8, peaks


def test_a_search_narrows_the_list_by_words_and_time(call: Call, server: RunningServer) -> None:
    who = {"server": server.url, "key": server.key}
    word = f"word{time.time_ns()}"
    old, new = (call("upload", picture(), title=f"{word} {which}", **who) for which in ("old", "new"))
    assert [image.id for image in call("list", word, **who)] == [new.id, old.id]
    assert [image.id for image in call("list", f"{word} OLD", **who)] == [old.id]
    assert [image.id for image in call("list", word, since=new.created, **who)] == [new.id]
    assert [image.id for image in call("list", word, until=new.created.isoformat(), **who)] == [old.id]
    with pytest.raises(heliograph.RefusedError):
        call("list", word, since="yesterday", **who)


def test_the_account_says_how_much_it_holds(call: Call, server: RunningServer) -> None:
    who = {"server": server.url, "key": server.key}
    before = call("account", **who)
    size = call("upload", picture(), **who).size
    after = call("account", **who)
    assert (after.name, after.role, after.email, after.allowed_bytes, after.allowed_images) == (
        "owner", "administrator", "", None, None,
    )  # fmt: skip
    assert (after.used_images, after.used_bytes) == (before.used_images + 1, before.used_bytes + size)
    with pytest.raises(heliograph.NotAllowedError):
        call("account", server=server.url)


def test_an_answer_that_is_no_account_says_so() -> None:
    with pytest.raises(heliograph.UnexpectedAnswerError):
        heliograph.Account.parse({"name": "ada"})
