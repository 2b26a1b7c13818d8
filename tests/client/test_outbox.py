"""The same picture is the same image; what cannot be sent waits on the disk, and is published once."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import heliograph
from heliograph.client._outbox import Outbox
from tests.client.conftest import Call
from tests.running import SCRIPT, RunningServer, clean_environment, faulty, free_port, picture, serving, website

NOWHERE = "http://127.0.0.1:9"


def ids(server: RunningServer) -> list[str]:
    with heliograph.Client(server.url, server.key) as client:
        return [image.id for image in client.list()]


def keeping(url: str, key: str | None = None) -> heliograph.Client:
    return heliograph.Client(url, key, outbox=True, retries=0)


@pytest.mark.parametrize("with_key", [True, False])
def test_the_same_picture_gives_the_same_link(call: Call, server: RunningServer, with_key: bool) -> None:
    data, key = picture(), server.key if with_key else None
    assert len({call("upload", data, server=server.url, key=key, title="t").id for _ in range(3)}) == 1


def test_other_texts_make_another_image_of_the_same_bytes(call: Call, server: RunningServer) -> None:
    data = picture()
    one, two = (call("upload", data, server=server.url, key=server.key, title=title) for title in ("one", "two"))
    assert (one.id != two.id, one.sha256 == two.sha256) == (True, True)


def test_another_album_makes_another_image(call: Call, server: RunningServer) -> None:
    data = picture()
    albums = [call("create_album", server=server.url, key=server.key) for _ in "ab"]
    images = [call("upload", data, server=server.url, key=server.key, album=album) for album in albums]
    assert images[0].id != images[1].id


def test_again_makes_another_image(call: Call, server: RunningServer) -> None:
    data = picture()
    images = [call("upload", data, server=server.url, key=server.key, again=True).id for _ in range(3)]
    assert len(set(images)) == 3


def test_again_and_a_key_of_ones_own_exclude_each_other(call: Call, server: RunningServer) -> None:
    with pytest.raises(heliograph.InputError, match="again"):
        call("upload", picture(), server=server.url, again=True, idempotency_key="k" * 20)


def test_a_removed_picture_is_published_anew_however_often(call: Call, server: RunningServer) -> None:
    data, links = picture(), set()
    for _ in range(4):
        image = call("upload", data, server=server.url, key=server.key)
        call("delete", image, server=server.url, key=server.key)
        links.add(image.link)
    assert len(links) == 4


def test_a_url_gives_the_same_link_while_it_shows_the_same(call: Call, server: RunningServer) -> None:
    pages = {"/today.png": (200, {"Content-Type": "image/png"}, picture())}
    with website(pages) as site:
        first, same = (call("upload", f"{site}/today.png", server=server.url, key=server.key) for _ in "ab")
        pages["/today.png"] = (200, {"Content-Type": "image/png"}, picture())
        other = call("upload", f"{site}/today.png", server=server.url, key=server.key)
    assert first.id == same.id
    assert other.sha256 != first.sha256


def test_strangers_behind_one_address_get_each_their_own_delete_hash(
    call: Call, server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data, hashes = picture(), set()
    for name in ("ada", "bob"):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
        hashes.add(call("upload", data, server=server.url).delete_hash)
    assert len(hashes) == 2


def test_where_no_secret_can_be_kept_an_upload_still_goes_through(
    call: Call, server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    data = picture()
    one, two = (call("upload", data, server=server.url) for _ in "ab")
    assert one.delete_hash != two.delete_hash


def test_a_file_is_the_same_picture_opened_or_named(server: RunningServer, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture())
    with heliograph.Client(server.url, server.key) as client, path.open("rb") as file:
        images = [client.upload(path), client.upload(path.read_bytes(), name="a.png"), client.upload(file)]
        images += [client.upload(path.read_bytes(), name="b.png"), client.upload(path)]
    assert [image.id == images[0].id for image in images] == [True, True, True, False, True]


@pytest.mark.parametrize("kind", ["bytes", "path", "pipe"])
def test_what_cannot_be_sent_is_kept_whole_and_sent_later(server: RunningServer, tmp_path: Path, kind: str) -> None:
    data, path, port = picture(), tmp_path / "plot.png", free_port()
    path.write_bytes(data)
    reading, writing = os.pipe()
    threading.Thread(target=lambda: (os.write(writing, data), os.close(writing))).start()
    with os.fdopen(reading, "rb") as pipe, keeping(f"http://127.0.0.1:{port}", server.key) as client:
        source = {"bytes": data, "path": path, "pipe": pipe}[kind]
        with pytest.raises(heliograph.KeptError, match="outbox send") as caught:
            client.upload(source, title="Größe", alt="kept")
        pipe.read()
        assert [entry.id for entry in client.waiting()] == [caught.value.entry]
    with serving(tmp_path, port) as late, keeping(late.url, late.key) as client:
        (entry,) = client.waiting()
        image = client.send(entry)
        assert (image.title, image.alt) == ("Größe", "kept")
        assert image.receipt is not None
        assert image.receipt.received_sha256 == hashlib.sha256(data).hexdigest()
        assert client.waiting() == ()
        assert len(ids(late)) == 1


def test_an_entry_is_for_its_owner_only_and_holds_no_key_of_the_server(server: RunningServer) -> None:
    with keeping(NOWHERE, server.key) as client:
        with pytest.raises(heliograph.KeptError):
            client.upload(picture())
        (entry,) = client.waiting()
    assert stat.S_IMODE(entry.path.stat().st_mode) == 0o600
    assert server.key.encode() not in entry.path.read_bytes()


def test_what_a_killed_program_has_left_half_written_is_removed_a_day_later() -> None:
    with keeping(NOWHERE, "k") as client:
        with pytest.raises(heliograph.KeptError):
            client.upload(picture())
        (entry,) = client.waiting()
        old, new = (entry.path.with_name(f".{entry.path.name}.{name}") for name in ("1-old", "2-new"))
        for path in (old, new):
            path.write_bytes(b"half")
        os.utime(old, (1, 1))
        with pytest.raises(heliograph.KeptError):
            client.upload(picture())
        assert len(client.waiting()) == 2
    assert (old.exists(), new.exists(), entry.path.exists()) == (False, True, True)


def test_the_same_upload_waits_once() -> None:
    data = picture()
    with keeping(NOWHERE, "k") as client:
        for _ in range(3):
            with pytest.raises(heliograph.KeptError):
                client.upload(data)
        assert len(client.waiting()) == 1


def test_without_an_outbox_nothing_is_kept() -> None:
    with heliograph.Client(NOWHERE, "k", retries=0) as client:
        with pytest.raises(heliograph.UnreachableError) as caught:
            client.upload(picture())
        assert not isinstance(caught.value, heliograph.KeptError)
        assert client.waiting() == ()


def test_what_was_published_does_not_wait(server: RunningServer) -> None:
    with keeping(server.url, server.key) as client:
        client.upload(picture())
        assert client.waiting() == ()


def test_what_is_no_picture_does_not_wait(server: RunningServer) -> None:
    with keeping(server.url, server.key) as client:
        with pytest.raises(heliograph.RefusedError):
            client.upload(b"this is no picture")
        assert client.waiting() == ()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_that_fails_or_has_had_enough_makes_it_wait(status: int) -> None:
    with website({"/api/v1/images": (status, {"Retry-After": "900"}, b"not now")}) as site, keeping(site) as client:
        with pytest.raises(heliograph.KeptError):
            client.upload(picture())
        assert len(client.waiting()) == 1


def test_an_upload_whose_answer_was_lost_is_published_once_when_it_is_sent_again(server: RunningServer) -> None:
    before = len(ids(server))
    with faulty(server.url, faults=1) as proxy, keeping(proxy.url, server.key) as client:
        with pytest.raises(heliograph.KeptError):
            client.upload(picture())
        assert len(ids(server)) == before + 1
        (entry,) = client.waiting()
        client.send(entry)
    assert len(ids(server)) == before + 1


def test_two_programs_that_send_at_once_publish_once(server: RunningServer) -> None:
    before, port = len(ids(server)), free_port()
    with keeping(f"http://127.0.0.1:{port}", server.key) as client:
        for _ in range(6):
            with pytest.raises(heliograph.KeptError):
                client.upload(picture())
        entries = client.waiting()
    for entry in entries:
        text = entry.path.read_bytes().replace(f"127.0.0.1:{port}".encode(), server.url.partition("//")[2].encode())
        entry.path.write_bytes(text)
    environment = clean_environment() | {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    programs = [subprocess.Popen([SCRIPT, "outbox", "send"], **quiet) for _ in range(3)]
    assert all(program.wait(60) in (0, 2) for program in programs)  # 2: another one was quicker
    assert len(ids(server)) == before + 6
    assert Outbox().waiting() == []


def test_an_anonymous_entry_is_sent_without_a_key(server: RunningServer) -> None:
    with faulty(server.url, faults=1) as proxy:
        with keeping(proxy.url) as client, pytest.raises(heliograph.KeptError):
            client.upload(picture())
        before = ids(server)
        with keeping(proxy.url, server.key) as client:
            image = client.send(client.waiting()[0])
    assert ids(server) == before
    assert image.delete_hash


def test_an_entry_that_was_kept_with_a_key_is_not_sent_without_one() -> None:
    with keeping(NOWHERE, "k") as client, pytest.raises(heliograph.KeptError):
        client.upload(picture())
    with keeping(NOWHERE) as client, pytest.raises(heliograph.InputError, match="login"):
        client.send(client.waiting()[0])


def test_a_damaged_entry_is_shown_and_stops_no_other() -> None:
    with keeping(NOWHERE, "k") as client:
        for _ in range(2):
            with pytest.raises(heliograph.KeptError):
                client.upload(picture())
        one, two = client.waiting()
        one.path.write_bytes(one.path.read_bytes()[:-1])
        assert client.waiting() == (two,)
    damaged = next(entry for entry in Outbox().waiting() if entry.damage)
    assert damaged.id == one.id
    with pytest.raises(heliograph.InputError, match="damaged"), damaged.opened():
        pass


FULL = """
import resource, sys
import heliograph
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with heliograph.Client(sys.argv[1], "k", outbox=True, retries=0) as client:
    try:
        client.upload(sys.argv[2] if len(sys.argv) == 3 else open(sys.argv[2], "rb").read())
    except heliograph.KeptError:
        print("kept")
    except heliograph.UnreachableError as error:
        print(error)
    print(len(client.waiting()))
"""


@pytest.mark.parametrize("more", [[], ["as bytes"]])
def test_a_disk_too_full_for_the_outbox_is_said_and_leaves_the_file_as_it_was(tmp_path: Path, more: list[str]) -> None:
    path, data = tmp_path / "large.png", picture(100, 100)
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", FULL, NOWHERE, str(path), *more], capture_output=True, text=True, check=True
    )
    assert "could the picture be kept" in done.stdout
    assert done.stdout.splitlines()[-1] == "0"
    assert path.read_bytes() == data
    assert not [each for each in (tmp_path / "no-state").rglob("*") if each.is_file() and "outbox" in str(each)]


FULL_LATER = """
import resource, signal, sys
import heliograph
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def fill(sent, total):
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
with heliograph.Client(sys.argv[1], "k", outbox=True, retries=0) as client:
    try:
        client.upload(open(sys.argv[2], "rb").read(), progress=fill)
    except heliograph.KeptError as kept:
        print(kept.entry)
    print(*client.waiting())
"""


def test_a_disk_that_is_full_only_now_holds_what_was_kept_before(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(picture(100, 100))
    with website({"/api/v1/images": (503, {}, b"not now")}) as site:
        command = [sys.executable, "-c", FULL_LATER, site, tmp_path / "large.png"]
        told, waiting = subprocess.check_output(command, text=True).splitlines()
    assert told
    assert told == waiting


def test_the_command_line_keeps_lists_sends_and_removes(server: RunningServer, tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "plot.png"
    path.write_bytes(picture())
    environment = clean_environment() | {"HELIOGRAPH_URL": f"http://127.0.0.1:{port}"}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([SCRIPT, *words], env=environment | more, capture_output=True, text=True)

    failed = run("upload", str(path), "--title", "Later")
    assert failed.returncode == 3
    assert "outbox send" in failed.stderr
    told = json.loads(run("outbox", "list", "--json").stdout)
    assert (told["texts"], told["name"]) == ({"title": "Later"}, "plot.png")
    assert told["id"] in run("outbox", "list").stdout
    other = run("outbox", "send", HELIOGRAPH_URL=server.url)
    assert (other.returncode, other.stdout) == (0, "")
    assert "other servers" in other.stderr
    assert run("outbox", "send").returncode == 3
    with serving(tmp_path, port):
        path.write_bytes(picture())
        later = run("upload", str(path))
        assert later.returncode == 0
        assert "1 picture waits" in later.stderr
        assert run("outbox", "send").stdout.startswith("http")
        assert run("outbox", "list").stdout == ""
    assert run("upload", str(path)).returncode == 3
    (line,) = run("outbox", "list").stdout.splitlines()
    assert run("outbox", "remove", line.split("\t")[0]).returncode == 0
    assert run("outbox", "list").stdout == ""
    assert run("outbox", "remove", "nothing").returncode == 2
