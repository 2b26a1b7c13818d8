"""A file that is written to while it is sent: what is published is one of the things it was, by that one's own key."""

import hashlib
import io
import os
from pathlib import Path

import pytest

import heliograph
from heliograph.client._outbox import Outbox
from tests.client.conftest import Call
from tests.running import RunningServer, free_port, picture


class Webcam(io.BytesIO):
    """A file that holds another picture each time it has been read `looks` times, and as often as there are more."""

    def __init__(self, *pictures: bytes, looks: int = 1) -> None:
        super().__init__(pictures[0])
        self.pictures = list(pictures[1:])
        self.looks = self.left = looks

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        if block and self.tell() == len(self.getbuffer()):
            self.left -= 1
            if not self.left and self.pictures:
                self.left = self.looks
                at = self.tell()
                self.seek(0)
                self.truncate()
                self.write(self.pictures.pop(0))
                self.seek(at)
        return block


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def published(server: RunningServer, title: str) -> list[heliograph.Image]:
    with heliograph.Client(server.url, server.key) as client:
        return [image for image in client.list(title) if image.title == title]


def changed_by_its_first_progress(path: Path, after: bytes):
    """A callback that writes `after` to the file once, when its first bytes were read for sending."""
    done: list[int] = []

    def progress(sent: int, _: int) -> None:
        if not done:
            path.write_bytes(after)
        done.append(sent)

    return progress


@pytest.mark.parametrize("sizes", [(300, 300), (300, 200), (200, 300)], ids=["as long", "shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent_is_published_as_it_is_then(
    call: Call, server: RunningServer, tmp_path: Path, sizes: tuple[int, int]
) -> None:
    path, title = tmp_path / "plot.png", f"changes {sizes} {os.urandom(4).hex()}"
    before, after = (picture(size, 300) for size in sizes)
    path.write_bytes(before)
    known = {"server": server.url, "key": server.key, "title": title}
    image = call("upload", path, progress=changed_by_its_first_progress(path, after), **known)
    assert image.receipt.received_sha256 == sha256(after)
    assert call("upload", path, **known).id == image.id
    assert [each.id for each in published(server, title)] == [image.id]


def test_a_file_that_changed_after_it_was_hashed_has_the_key_of_what_was_sent(
    call: Call, server: RunningServer
) -> None:
    before, after, title = picture(), picture(), os.urandom(4).hex()
    known = {"server": server.url, "key": server.key, "title": title}
    image = call("upload", Webcam(before, after), **known)
    assert image.receipt.received_sha256 == sha256(after)
    assert call("upload", after, **known).id == image.id
    other = call("upload", before, **known)
    assert other.receipt.received_sha256 == sha256(before)
    assert len(published(server, title)) == 2


def test_a_file_that_never_stands_still_is_not_published_and_that_is_said(call: Call, server: RunningServer) -> None:
    title = os.urandom(4).hex()
    with pytest.raises(heliograph.InputError, match="changes while it is being sent"):
        call("upload", Webcam(*(picture() for _ in range(20))), server=server.url, key=server.key, title=title)
    assert published(server, title) == []


@pytest.mark.parametrize("how", [{"again": ""}, {"idempotency_key": "a-key-of-my-own-"}])
def test_with_a_key_of_another_kind_it_is_whole_too(call: Call, server: RunningServer, how, tmp_path: Path) -> None:
    path, after = tmp_path / "plot.png", picture(300, 300)
    how = {name: f"{value}{os.urandom(4).hex()}" for name, value in how.items()}
    path.write_bytes(picture(300, 200))
    image = call("upload", path, progress=changed_by_its_first_progress(path, after), server=server.url, **how)
    assert image.receipt.received_sha256 == sha256(after)


def test_what_is_kept_has_the_key_of_the_bytes_that_are_kept(server: RunningServer) -> None:
    port, after = free_port(), picture()
    with heliograph.Client(f"http://127.0.0.1:{port}", outbox=True, retries=0) as client:
        with pytest.raises(heliograph.KeptError):
            client.upload(Webcam(picture(), after))
        with pytest.raises(heliograph.KeptError):
            client.upload(after)
        (entry,) = Outbox().waiting()
        with entry.opened() as kept:
            assert not isinstance(kept, str)
            assert b"".join(kept.blocks()) == after
