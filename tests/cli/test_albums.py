"""`heliograph albums`, `edit`, `account`, and searching: as programs, against a real server."""

import json
import time
from pathlib import Path

from tests.cli.conftest import Run
from tests.running import RunningServer, picture


def done(run: Run, *words: object) -> str:
    ended = run(*words)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.strip()


def uploaded(run: Run, folder: Path, *options: str) -> str:
    path = folder / f"{time.time_ns()}.png"
    path.write_bytes(picture())
    return done(run, "upload", path, *options)


def test_an_album_is_made_shown_changed_and_removed(run: Run, server: RunningServer, tmp_path: Path) -> None:
    first, second = uploaded(run, tmp_path), uploaded(run, tmp_path, "--title", "Second")
    page = done(run, "albums", "create", first, "--title", "Figures", "--privacy", "public")
    assert page.startswith(f"{server.url}/a/")
    assert done(run, "albums", "add", page, second) == ""
    third = uploaded(run, tmp_path, "--album", page)
    shown = done(run, "albums", "show", page).splitlines()
    assert shown[-3:] == [first, f"{second}\tSecond", third]
    assert f"link:        {page}" in shown
    assert "images:      3" in shown
    assert done(run, "albums", "remove", page, first, third) == ""
    assert done(run, "albums", "edit", page, "--title", "", "--layout", "grid") == ""
    answer = json.loads(done(run, "albums", "show", page, "--json"))
    assert (answer["title"], answer["layout"], len(answer["images"])) == (None, "grid", 1)
    listed = done(run, "albums", "list", "--limit", 1).split("\t")
    assert (listed[0], listed[2:]) == (page, ["1", "public"])
    assert done(run, "albums", "delete", page) == ""
    gone = run("albums", "show", page)
    assert (gone.returncode, len(gone.stderr.splitlines())) == (1, 1)


def test_pictures_are_put_into_an_album_in_the_order_of_their_names(run: Run, tmp_path: Path) -> None:
    page = done(run, "albums", "create")
    paths = [tmp_path / f"{width}.png" for width in (900, 3, 500, 4, 5, 6)]
    for path in paths:
        path.write_bytes(picture(int(path.stem), 8))
    links = done(run, "upload", *paths, "--album", page).splitlines()
    assert done(run, "albums", "show", page).splitlines()[-6:] == links


def test_an_anonymous_album_is_held_by_the_delete_hash_that_is_told(run: Run) -> None:
    made = run("albums", "create", "--json", env={"HELIOGRAPH_KEY": None})
    secret = json.loads(made.stdout)["delete_hash"]
    assert run("albums", "edit", secret, "--title", "t", env={"HELIOGRAPH_KEY": None}).returncode == 0
    assert run("albums", "edit", json.loads(made.stdout)["id"], "--title", "t").returncode == 4


def test_an_image_is_edited_and_found_by_its_words(run: Run, tmp_path: Path) -> None:
    link, word = uploaded(run, tmp_path), f"word{time.time_ns()}"
    assert done(run, "edit", link, "--title", f"A {word}", "--alt", "what it shows") == ""
    assert done(run, "list", "--query", word).split("\t")[0] == link
    assert done(run, "list", "--query", word, "--until", "2001-01-01") == ""
    assert run("edit", link).returncode == 2
    assert run("edit", link, "--title", "t", env={"HELIOGRAPH_KEY": None}).returncode == 4


def test_the_account_is_shown_with_its_space(run: Run) -> None:
    lines = dict(line.split(":", 1) for line in done(run, "account").splitlines())
    assert (lines["name"].strip(), lines["role"].strip()) == ("owner", "administrator")
    assert json.loads(done(run, "account", "--json"))["allowed_bytes"] is None
