"""Albums by both clients against a real server: every claim is made of each."""

import threading
import time
from pathlib import Path

import pytest

import heliograph
from heliograph.client._albums import Album
from tests.client.conftest import Call
from tests.running import RunningServer, faulty, free_port, picture, serving


def test_an_album_is_made_filled_ordered_and_removed(call: Call, server: RunningServer) -> None:
    who = {"server": server.url, "key": server.key}
    a, b, c = (call("upload", picture(), **who) for _ in range(3))
    made = call("create_album", [a, b.id], title="T", privacy="public", layout="grid", cover=b.id, **who)
    assert (made.title, made.privacy, made.layout, made.cover, made.images_count) == ("T", "public", "grid", b.id, 2)
    assert str(made) == f"{server.url}/a/{made.id}"
    call("add_to_album", made, [c.link], **who)
    assert [image.id for image in call("album", made.page, **who).images] == [a.id, b.id, c.id]
    ordered = call("set_album_images", made, [c, b, a], version=2, **who)
    with pytest.raises(heliograph.RefusedError):
        call("set_album_images", made, [], version=2, **who)
    assert call("album", made.id, **who).version == ordered.version
    call("remove_from_album", made, [b], **who)
    assert [image.id for image in call("album", made, **who).images] == [c.id, a.id]
    edited = call("update_album", made, title="", privacy="secret", cover="", **who)
    assert (edited.title, edited.privacy, edited.cover) == ("", "secret", c.id)
    call("delete_album", made, **who)
    with pytest.raises(heliograph.GoneError):
        call("album", made, **who)


def test_an_anonymous_album_is_held_by_its_delete_hash(call: Call, server: RunningServer) -> None:
    made = call("create_album", server=server.url)
    uploaded = call("upload", picture(), album=made, server=server.url)
    with pytest.raises(heliograph.NotAllowedError):
        call("upload", picture(), album=made.id, server=server.url)
    other = call("upload", picture(), server=server.url)
    call("add_to_album", made.delete_hash, [other.delete_hash], server=server.url)
    found = call("album", made.id, server=server.url)
    assert [image.id for image in found.images] == [uploaded.id, other.id]
    assert found.delete_hash is None


def test_all_albums_of_an_owner_are_listed_newest_first(call: Call, server: RunningServer) -> None:
    who = {"server": server.url, "key": server.key}
    made = [call("create_album", **who).id for _ in range(3)]
    assert [album.id for album in call("albums", **who)][:3] == made[::-1]


@pytest.mark.parametrize("wrong", ["no album", "", "http://h.example/"])
def test_what_names_no_album_is_an_input_error(wrong: str, call: Call, server: RunningServer) -> None:
    with pytest.raises(heliograph.InputError):
        call("album", wrong, server=server.url)


def test_a_single_image_in_place_of_a_list_is_an_input_error(call: Call, server: RunningServer) -> None:
    with pytest.raises(heliograph.InputError):
        call("create_album", "aB3xY7qmTz", server=server.url)


def test_an_answer_that_is_no_album_says_so() -> None:
    with pytest.raises(heliograph.UnexpectedAnswerError):
        Album.parse({"id": "x"})


def test_an_album_is_asked_for_again_where_the_request_surely_did_not_arrive(call: Call, tmp_path: Path) -> None:
    port = free_port()

    def start_late() -> None:
        time.sleep(1)
        with serving(tmp_path, port):
            done.wait(60)

    done = threading.Event()
    server = threading.Thread(target=start_late)
    server.start()
    try:
        made = call("create_album", title="Late", server=f"http://127.0.0.1:{port}", retries=9)
        assert made.title == "Late"
    finally:
        done.set()
        server.join()


def test_an_album_whose_answer_is_lost_is_not_made_twice(call: Call, server: RunningServer) -> None:
    who = {"server": server.url, "key": server.key}
    before = len(call("albums", **who))
    with faulty(server.url) as proxy, pytest.raises(heliograph.UnreachableError):
        call("create_album", server=proxy.url, key=server.key)
    assert len(call("albums", **who)) == before + 1


def test_an_album_that_has_changed_is_not_taken_for_a_lost_answer(call: Call, server: RunningServer) -> None:
    who = {"server": server.url, "key": server.key}
    album = call("create_album", **who)
    with faulty(server.url) as proxy, pytest.raises(heliograph.UnreachableError):
        call("set_album_images", album, [], version=album.version, server=proxy.url, key=server.key)
