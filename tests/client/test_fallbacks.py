"""Other hosts take a picture where the server is down, and only where it surely did not take it."""

import subprocess
from pathlib import Path

import pytest

import heliograph
from heliograph.client._config import config_path
from heliograph.client._outbox import Outbox
from tests.client.conftest import Call
from tests.running import SCRIPT, RunningServer, clean_environment, faulty, picture, serving, website

DOWN = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("second")) as running:
        yield running


def titles(server: RunningServer) -> list[str]:
    with heliograph.Client(server.url, server.key) as client:
        return [image.title for image in client.list()]


def test_another_heliograph_takes_it_where_the_first_is_down(second: RunningServer) -> None:
    hosts = [DOWN, {"url": second.url, "key": second.key}]
    with heliograph.Client(DOWN, "k", retries=0, fallbacks=hosts) as client:
        data = picture()
        image = client.upload(data, title="by the second")
        assert (image.host, titles(second).count("by the second")) == (second.url, 1)
        assert client.upload(data, title="by the second").id == image.id


def test_a_host_shaped_like_imgur_takes_it(second: RunningServer) -> None:
    with heliograph.Client(DOWN, "k", retries=0, fallbacks=[{"url": second.url, "client_id": "abc"}]) as client:
        image = client.upload(picture(20, 10), title="as to Imgur")
    assert (image.host, image.title, image.width, image.height) == (second.url, "as to Imgur", 20, 10)
    assert image.delete_hash
    with heliograph.Client(second.url) as client:
        assert client.info(image.id).title == "as to Imgur"
        client.delete(image.delete_hash)


def test_a_host_shaped_like_imgur_is_told_an_address_too(second: RunningServer) -> None:
    hosts = [{"url": second.url, "client_id": "abc"}]
    with (
        website({"/a.png": (200, {"Content-Type": "image/png"}, picture(12, 12))}) as site,
        heliograph.Client(DOWN, retries=0, fallbacks=hosts) as client,
    ):
        assert client.upload(f"{site}/a.png").width == 12


def test_the_server_that_is_up_is_the_one_that_takes_it(server: RunningServer, second: RunningServer) -> None:
    with heliograph.Client(server.url, server.key, fallbacks=[second.url]) as client:
        assert client.upload(picture()).host == server.url


def test_no_other_host_is_asked_where_an_answer_was_lost(server: RunningServer, second: RunningServer) -> None:
    hosts = [{"url": second.url, "key": second.key}]
    with (
        faulty(server.url, faults=1) as proxy,
        heliograph.Client(proxy.url, server.key, retries=0, fallbacks=hosts) as client,
        pytest.raises(heliograph.UnreachableError),
    ):
        client.upload(picture(), title="in doubt")
    assert (titles(server).count("in doubt"), titles(second).count("in doubt")) == (1, 0)


def test_what_a_fallback_may_have_taken_waits_for_it(second: RunningServer) -> None:
    with faulty(second.url, faults=1) as proxy:
        hosts = [{"url": proxy.url, "key": second.key}]
        client = heliograph.Client(DOWN, "k", retries=0, fallbacks=hosts, outbox=True)
        with client, pytest.raises(heliograph.KeptError):
            client.upload(picture(), title="waits for the second")
        with heliograph.Client(proxy.url, second.key) as client:
            (entry,) = client.waiting()
            client.send(entry)
    assert titles(second).count("waits for the second") == 1


def test_what_a_host_shaped_like_imgur_may_have_taken_waits_with_a_doubt(second: RunningServer) -> None:
    with faulty(second.url, faults=1) as proxy:
        hosts = [{"url": proxy.url, "client_id": "abc"}]
        client = heliograph.Client(DOWN, "k", retries=3, patience=0, fallbacks=hosts, outbox=True)
        with client, pytest.raises(heliograph.KeptError, match="may be there already"):
            client.upload(picture())
        assert proxy.connections == 1
    (entry,) = Outbox().waiting()
    assert (entry.server, bool(entry.doubt)) == (DOWN, True)


def test_where_nobody_takes_it_the_server_is_named(call: Call) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(f'url = "{DOWN}"\nfallbacks = ["http://127.0.0.1:10"]\n')
    with pytest.raises(heliograph.UnreachableError, match=r"127\.0\.0\.1:9"):
        call("upload", picture(), server=None, retries=0)


def test_the_config_file_names_fallbacks(second: RunningServer) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(f'url = "{DOWN}"\nfallbacks = [{{url = "{second.url}", client_id = "abc"}}]\n')
    with heliograph.Client(retries=0) as client:
        assert client.upload(picture()).host == second.url


@pytest.mark.parametrize("wrong", ["7", "[1]", '[{key = "k"}]', '[{url = "http://h", more = "m"}]'])
def test_fallbacks_that_are_none_are_said(wrong: str) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(f"fallbacks = {wrong}\n")
    with pytest.raises(heliograph.InputError, match="fallbacks"):
        heliograph.Client("http://h.example", "k")


def test_the_key_of_the_environment_goes_to_no_fallback(second: RunningServer, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELIOGRAPH_KEY", second.key)
    with heliograph.Client(DOWN, retries=0, fallbacks=[second.url]) as client:
        client.upload(picture(), title="by nobody")
    assert titles(second).count("by nobody") == 0


def test_what_waits_for_a_fallback_is_sent_there_by_the_fallbacks_own_key(second: RunningServer) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(f'url = "{DOWN}"\nfallbacks = [{{url = "{second.url}", key = "{second.key}"}}]\n')
    with faulty(second.url, faults=1) as proxy:
        hosts = [{"url": proxy.url, "key": second.key}]
        client = heliograph.Client(DOWN, "k", retries=0, fallbacks=hosts, outbox=True)
        with client, pytest.raises(heliograph.KeptError):
            client.upload(picture(), title="by its own key")
    (entry,) = Outbox().waiting()
    entry.path.write_bytes(entry.path.read_bytes().replace(proxy.url.encode(), second.url.encode(), 1))
    environment = clean_environment() | {"HELIOGRAPH_KEY": "of the usual server".replace(" ", "-")}
    done = subprocess.run([SCRIPT, "outbox", "send", "--server", second.url], env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert Outbox().waiting() == []
    assert titles(second).count("by its own key") == 1
