"""Trouble on the way: what is tried again, what is not, and that an upload is published once."""

import hashlib
import time

import pytest

import heliograph
from tests.client.conftest import Call
from tests.running import (
    RunningServer,
    faulty,
    free_port,
    in_the_catalog,
    picture,
    serving,
    silent_server,
    webcam,
    website,
)


def titles(server: RunningServer) -> list[str]:
    with heliograph.Client(server.url, server.key) as client:
        return [image.title for image in client.list()]


@pytest.mark.parametrize("fault", ["drop", "halve", "cut"])
def test_an_upload_whose_connection_breaks_is_published_once(call: Call, server: RunningServer, fault: str) -> None:
    title = f"{fault} {time.monotonic_ns()}"
    with faulty(server.url, fault, faults=2) as proxy:
        image = call("upload", picture(200, 200), server=proxy.url, key=server.key, title=title)
        assert proxy.connections >= 3
    assert titles(server).count(title) == 1
    assert call("info", image.id, server=server.url).title == title


def test_a_file_is_read_from_its_start_again_at_every_try(call: Call, server: RunningServer, tmp_path) -> None:
    path = tmp_path / "again.png"
    path.write_bytes(picture(200, 200))
    with faulty(server.url, "cut", faults=2) as proxy:
        image = call("upload", path, server=proxy.url, key=server.key)
    assert image.receipt.received_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_url_upload_whose_answer_is_lost_is_published_once(call: Call, server: RunningServer) -> None:
    title = f"by url {time.monotonic_ns()}"
    pages = {"/a.png": (200, {"Content-Type": "image/png"}, picture())}
    with website(pages) as site, faulty(server.url) as proxy:
        call("upload", f"{site}/a.png", server=proxy.url, key=server.key, title=title)
    assert titles(server).count(title) == 1


@pytest.mark.parametrize("with_key", [True, False])
def test_a_url_that_shows_something_else_at_each_look_is_published_once_a_call(
    call: Call, server: RunningServer, with_key: bool
) -> None:
    before, key, ids = in_the_catalog(server), server.key if with_key else None, set()
    with webcam() as url:
        for _ in range(2):
            with faulty(server.url, faults=2) as proxy:
                ids.add(call("upload", url, server=proxy.url, key=key).id)
    assert len(ids) == in_the_catalog(server) - before == 2


def test_a_deletion_whose_answer_is_lost_counts_as_done(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    with faulty(server.url) as proxy:
        call("delete", image.id, delete_hash=image.delete_hash, server=proxy.url)
    with pytest.raises(heliograph.GoneError):
        call("info", image.id, server=server.url)


def test_deleting_twice_is_told_apart_from_a_lost_answer(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url, key=server.key)
    call("delete", image.id, server=server.url, key=server.key)
    with pytest.raises(heliograph.GoneError):
        call("delete", image.id, server=server.url, key=server.key)


def test_patience_ends(call: Call, server: RunningServer) -> None:
    with faulty(server.url, "drop", faults=9) as proxy, pytest.raises(heliograph.UnreachableError):
        call("upload", picture(), server=proxy.url, retries=1)


def test_nothing_listening_is_said_with_the_address(call: Call) -> None:
    port = free_port()
    with pytest.raises(heliograph.UnreachableError, match=str(port)):
        call("info", "aB3xY7qmTz", server=f"http://127.0.0.1:{port}", retries=0)


def test_a_server_that_never_answers_is_given_up() -> None:
    with (
        silent_server() as (url, _),
        heliograph.Client(url, timeout=0.3, retries=0) as client,
        pytest.raises(heliograph.UnreachableError, match="in time"),
    ):
        client.upload(picture())


def test_a_short_limit_is_waited_for(call: Call, tmp_path) -> None:
    with serving(tmp_path, LIMITS="1/second uploads by address") as running:
        images = [call("upload", picture(), server=running.url).id for _ in range(3)]
    assert len(set(images)) == 3


def test_a_long_limit_is_told_at_once_with_its_end(call: Call, tmp_path) -> None:
    with serving(tmp_path, LIMITS="1/hour uploads by address") as running:
        call("upload", picture(), server=running.url)
        began = time.monotonic()
        with pytest.raises(heliograph.LimitReachedError, match="Try again in") as caught:
            call("upload", picture(), server=running.url)
    assert time.monotonic() - began < 5
    assert caught.value.retry_after is not None
    assert 30 < caught.value.retry_after <= 3600


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_proxy_before_the_server_is_reported_as_a_server_failure(call: Call, status: int) -> None:
    with website({"/api/v1/images/aB3xY7qmTz": (status, {}, b"<h1>Bad Gateway</h1>")}) as site:
        with pytest.raises(heliograph.ServerFailedError) as caught:
            call("info", "aB3xY7qmTz", server=site, retries=1)
        assert caught.value.status == status


@pytest.mark.parametrize("status", [200, 301, 404])
def test_a_website_that_is_no_heliograph_is_called_so(call: Call, status: int) -> None:
    page = (status, {"Content-Type": "text/html", "Location": "/elsewhere"}, b"<html>Welcome</html>")
    with (
        website({"/api/v1/images/aB3xY7qmTz": page}) as site,
        pytest.raises(heliograph.UnexpectedAnswerError, match="address right"),
    ):
        call("info", "aB3xY7qmTz", server=site)
