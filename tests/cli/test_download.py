"""`heliograph search` and `heliograph download`."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

import heliograph
from heliograph.client._downloads import names
from tests.administration import run as admin
from tests.cli.conftest import Run
from tests.client.conftest import call_async, call_sync
from tests.running import SCRIPT, RunningServer, faulty, picture


@pytest.fixture
def cat(run: Run, tmp_path: Path) -> dict[str, object]:
    """An image whose stored bytes are those of the file cat.png."""
    (tmp_path / "cat.png").write_bytes(picture())
    found: dict[str, object] = json.loads(run("upload", tmp_path / "cat.png", "--json").stdout)
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_original_comes_home_under_its_name(run: Run, cat, tmp_path: Path) -> None:
    done = run("download", cat["link"], "--to", tmp_path / "new" / "folder")
    path = tmp_path / "new" / "folder" / "cat.png"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path}\n", "")
    assert sha256(path) == cat["sha256"]
    assert os.listdir(path.parent) == ["cat.png"]


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_a_full_disk_is_said_and_leaves_nothing_half(server: RunningServer, tmp_path: Path, call) -> None:
    link, folder = call("upload", picture(200, 200), server=server.url).link, tmp_path / "home"
    folder.mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(heliograph.InputError, match="Nothing can be written"):
            call("download", link, folder, server=server.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(folder.iterdir())


def test_nothing_is_overwritten_and_nothing_is_fetched_twice(run: Run, cat, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "cat.png").write_text("something else")
    for _ in range(2):
        assert run("download", cat["id"], "--to", folder).stdout == f"{folder}/cat-{cat['id']}.png\n"
    (folder / f"cat-{cat['id']}.png").write_text("changed")
    assert run("download", cat["id"], "--to", folder).stdout == f"{folder}/cat-{cat['id']}-2.png\n"
    assert (folder / "cat.png").read_text() == "something else"
    assert len(os.listdir(folder)) == 3


@pytest.fixture
def newcomer(server: RunningServer, tmp_path: Path) -> dict[str, str | None]:
    """The key of an account in which there is nothing yet, for what is about everything in an account."""
    name = f"newcomer-{time.time_ns()}"
    scopes = ("images:write", "images:read", "albums")
    asked = [word for scope in scopes for word in ("--scope", scope)]
    assert admin(server.data, "account", "create", name, "--no-password").returncode == 0
    return {"HELIOGRAPH_KEY": admin(server.data, "token", "create", name, *asked).stdout.strip()}


def test_an_album_and_everything_can_be_brought_home(run: Run, newcomer: dict[str, str | None], tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(picture())
    links = run("upload", tmp_path / "one.png", tmp_path / "two.png", env=newcomer).stdout.split()
    album = run("albums", "create", *links, env=newcomer).stdout.strip()
    done = run("download", "--album", album, "--to", tmp_path / "album")
    assert sorted(os.listdir(tmp_path / "album")) == ["one.png", "two.png"]
    assert done.returncode == 0
    owned = [json.loads(line) for line in run("list", "--json", env=newcomer).stdout.splitlines()]
    done = run("download", "--all", "--to", tmp_path / "all", env=newcomer)
    assert len(done.stdout.splitlines()) == len(owned) == 2
    assert {sha256(path) for path in (tmp_path / "all").iterdir()} == {image["sha256"] for image in owned}
    assert sorted(set(done.stdout.splitlines())) == sorted(map(str, (tmp_path / "all").iterdir()))


def test_images_of_one_name_keep_each_other_s_files_however_many_come_at_once(run: Run, tmp_path: Path) -> None:
    """In the order asked for, the first has the name; one of the same bytes shares its file."""
    contents = [picture(300 if number % 3 else 1, 40) for number in range(24)]
    contents[7] = contents[0]
    answers = []
    for number, content in enumerate(contents):
        (tmp_path / "same.png").write_bytes(content)
        answers.append(json.loads(run("upload", tmp_path / "same.png", "--title", number, "--json").stdout))
    done = run("download", *(answer["link"] for answer in answers), "--jobs", 12, "--to", tmp_path / "out")
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [sha256(path) for path in paths] == [answer["sha256"] for answer in answers]
    ids = [answer["id"] for answer in answers]
    assert [path.name for path in paths] == [
        "same.png" if number in (0, 7) else f"same-{each}.png" for number, each in enumerate(ids)
    ]
    assert len(os.listdir(tmp_path / "out")) == 23
    again = run("download", *ids, "--jobs", 3, "--to", tmp_path / "out", "--quiet")
    assert again.stdout == done.stdout


def test_an_album_that_is_missing_does_not_stop_the_others(run: Run, cat, tmp_path: Path) -> None:
    done = run("download", cat["link"], "--album", "aaaaaaa", "--album", "bbbbbbb", "--to", tmp_path / "out")
    assert (done.returncode, done.stdout) == (1, f"{tmp_path}/out/cat.png\n")
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == ["aaaaaaa", "bbbbbbb"]


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_a_download_tells_how_far_it_is(server: RunningServer, tmp_path: Path, call) -> None:
    image, told = call("upload", picture(400, 400), server=server.url), []
    call("download", image, tmp_path, progress=lambda *numbers: told.append(numbers), server=server.url)
    assert told[-1] == (image.size, image.size)
    assert told == sorted(told)


def test_one_that_is_missing_does_not_stop_the_others(run: Run, cat, tmp_path: Path) -> None:
    done = run("download", "aaaaaaaaaa", cat["link"], "--to", tmp_path / "out")
    assert done.returncode == 1
    assert "aaaaaaaaaa" in done.stderr
    assert done.stdout.endswith("cat.png\n")


def test_naming_nothing_and_a_folder_that_cannot_be_made_are_wrong_usage(run: Run, cat, tmp_path: Path) -> None:
    assert run("download").returncode == 2
    (tmp_path / "file").write_text("")
    done = run("download", cat["link"], "--to", tmp_path / "file" / "below")
    assert "cannot be made" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_an_answer_that_breaks_off_leaves_no_half_file(call, server: RunningServer, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    image = heliograph.upload(picture(300, 300), server=server.url, key=server.key)
    with faulty(server.url, "halve", faults=100) as proxy:
        broken = heliograph.Image.parse({**image.answer, "link": image.link.replace(server.url, proxy.url)})
        with pytest.raises(heliograph.UnreachableError):
            call("download", broken, folder, server=server.url, retries=1)
    assert os.listdir(folder) == []
    with faulty(server.url, "halve", faults=1) as proxy:
        once = heliograph.Image.parse({**image.answer, "link": image.link.replace(server.url, proxy.url)})
        assert sha256(call("download", once, folder, server=server.url)) == image.sha256


def test_other_bytes_than_were_stored_are_refused(server: RunningServer, tmp_path: Path) -> None:
    image = heliograph.upload(picture(), server=server.url, key=server.key)
    other = heliograph.upload(picture(), server=server.url, key=server.key)
    swapped = heliograph.Image.parse({**image.answer, "link": other.link})
    with heliograph.Client(server.url) as client, pytest.raises(heliograph.VerificationError, match="other bytes"):
        client.download(swapped, tmp_path)
    assert not list(tmp_path.glob("*.png"))


def test_ctrl_c_leaves_no_half_file(environment: dict[str, str], cat, server: RunningServer, tmp_path: Path) -> None:
    process = subprocess.Popen([SCRIPT, "download", "--all", "--to", tmp_path / "out"], env=environment, stdout=-1)
    while not (tmp_path / "out").exists():
        assert process.poll() is None, "it has ended before it began"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert not list((tmp_path / "out").glob(".heliograph-*"))


@pytest.mark.parametrize(
    ("name", "link", "expected"),
    [
        ("cat.png", "png", "cat.png"),
        ("Cat.JPEG", "jpg", "Cat.JPEG"),
        ("cat.heic", "jpg", "cat.heic.jpg"),
        ("", "png", "aB3xY7qmTz.png"),
        ("../../etc/passwd", "png", "_.._etc_passwd.png"),
        ("C:\\dir\\x.png", "png", "C__dir_x.png"),
        ("a\x00b\nc.png", "png", "a_b_c.png"),
        (".bashrc", "png", "bashrc.png"),
        ("CON.png", "png", "_CON.png"),
        ("...", "gif", "aB3xY7qmTz.gif"),
        ("日" * 200, "png", "日" * 60 + ".png"),
    ],
)
def test_names_from_elsewhere_are_made_harmless(name: str, link: str, expected: str) -> None:
    told = {"id": "aB3xY7qmTz", "page": "p", "link": f"http://h.example/aB3xY7qmTz.{link}", "thumbnails": {}}
    told |= {"width": 1, "height": 1, "media_type": "image/png", "size": 1, "animated": False, "sha256": "0" * 64}
    image = heliograph.Image.parse(told | {"created": "2026-01-01T00:00:00+00:00", "name": name})
    assert names(image)[0] == expected


def test_search_finds_by_all_words_in_any_order(run: Run, cat, tmp_path: Path) -> None:
    link = run("upload", tmp_path / "cat.png", "--title", "Zebrafish in bloom").stdout.strip()
    assert run("search", "bloom", "zebrafish").stdout.split("\t")[0] == link
    assert json.loads(run("search", "zebrafish", "--limit", 1, "--json").stdout)["link"] == link
    assert run("search", "zebrafish", "nowhere").stdout == ""


@pytest.mark.parametrize("command", [("list",), ("search", "x")])
def test_a_time_that_is_none_is_wrong_usage(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--since", "x")
    assert "since" in done.stderr
    assert done.returncode == 2


def test_what_changes_images_tells_programs_what_came_of_it(run: Run, cat) -> None:
    assert json.loads(run("edit", cat["id"], "--title", "New", "--json").stdout)["title"] == "New"
    assert json.loads(run("verify", cat["id"], "--json").stdout)["sha256"] == cat["sha256"]
    assert json.loads(run("whoami", "--json").stdout)["scopes"]
    album = run("albums", "create").stdout.strip()
    assert json.loads(run("albums", "add", album, cat["id"], "--json").stdout)["images_count"] == 1
    assert json.loads(run("albums", "remove", album, cat["id"], "--json").stdout)["images_count"] == 0
    assert json.loads(run("albums", "edit", album, "--title", "A", "--json").stdout)["title"] == "A"
    assert json.loads(run("albums", "delete", album, "--json").stdout) == {"removed": album}
    assert json.loads(run("delete", cat["id"], "--json").stdout) == {"removed": cat["id"]}
