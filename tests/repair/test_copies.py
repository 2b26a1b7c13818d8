"""Only good copies are taken, and from where one may be."""

import hashlib
import random
from pathlib import Path

import pytest

from heliograph.repair.archives import ARQUIVO, TimeMap, WaybackMachine
from heliograph.repair.copies import Archived, Copy, Finder, Folder, Mapped, Missed, SameId, Seen, Wanted, find_copy
from heliograph.repair.pictures import Placeholders
from heliograph.repair.web import Web
from tests.repair.internet import Capture, Internet, Reply, a_picture, always

CHANCE = random.Random(3)
RIGHT, WRONG, GONE = (a_picture(CHANCE, size) for size in ((40, 30), (40, 31), (16, 9)))
URL = "https://a.secure.example/2011/cat.png"
PLACEHOLDERS = Placeholders.with_own([hashlib.sha256(GONE).hexdigest()])


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def found(wanted: Wanted, *finders: Finder) -> bytes | tuple[str, ...]:
    """The copy's bytes, or why there is none."""
    copy = find_copy(wanted, finders, PLACEHOLDERS)
    return copy.body if isinstance(copy, Copy) else copy.reasons


def test_the_wayback_machine_gives_the_one_picture_that_it_has(net: Internet, web: Web) -> None:
    net.wayback.captures += [
        Capture("20110101000000", URL, RIGHT),
        Capture("20120101000000", URL, b"<html>", "text/html"),
        Capture("20130101000000", URL.replace("https", "http"), RIGHT),
        Capture("20140101000000", URL, GONE),
        Capture("20150101000000", URL, b"", status=302, location="https://i.imgur.com/removed.png"),
    ]
    assert found(Wanted(URL), Archived(WaybackMachine(web), web)) == RIGHT
    assert len([request for request in net.requests if request.path.startswith("/web/")]) == 2, "each content once"


def test_of_different_captures_the_one_that_is_known_to_be_right_is_taken(net: Internet, web: Web) -> None:
    net.wayback.captures += [Capture("20110101000000", URL, WRONG), Capture("20120101000000", URL, RIGHT)]
    archive = Archived(WaybackMachine(web), web)
    reasons = found(Wanted(URL), archive)
    assert "2 different pictures" in reasons[-1]
    assert found(Wanted(URL, sha256=sha256(RIGHT)), archive) == RIGHT
    assert found(Wanted(URL, shapes=frozenset({(400, 310)})), archive) == WRONG
    assert isinstance(find_copy(Wanted(URL, sha256=sha256(GONE)), [archive], PLACEHOLDERS), Missed)


@pytest.mark.parametrize("body", [b"<html>", RIGHT[:300], GONE, b""])
def test_what_is_no_whole_picture_is_not_taken(net: Internet, web: Web, body: bytes) -> None:
    net.wayback.captures.append(Capture("20110101000000", URL, body))
    assert isinstance(find_copy(Wanted(URL), [Archived(WaybackMachine(web), web)], PLACEHOLDERS), Missed)


def test_an_archive_with_a_timemap_is_asked_as_rfc_7089_says(net: Internet, web: Web) -> None:
    net.arquivo.captures.append(Capture("20110101000000", URL, RIGHT))
    arquivo = Archived(TimeMap(web, ARQUIVO, "Arquivo.pt"), web)
    assert found(Wanted(URL), arquivo) == RIGHT
    assert found(Wanted("https://a.secure.example/none.png"), arquivo) == ("no copy was found",)


def test_an_archive_that_is_out_of_order_does_not_stop_the_others(net: Internet, web: Web) -> None:
    net.arquivo.captures.append(Capture("20110101000000", URL, RIGHT))
    broken = Archived(WaybackMachine(web, "http://out-of-order.example"), web)
    assert found(Wanted(URL), broken, Archived(TimeMap(web, ARQUIVO, "Arquivo.pt"), web)) == RIGHT


@pytest.mark.parametrize("status", [503, 0])
def test_of_captures_that_cannot_all_be_seen_none_is_taken_unless_it_is_known(
    net: Internet, web: Web, status: int
) -> None:
    net.wayback.captures += [
        Capture("20110101000000", URL, RIGHT),
        Capture("20120101000000", URL, WRONG),
    ]
    seen = net.wayback.reply
    net.wayback.reply = lambda request: Reply(status) if "/20120101000000" in request.path else seen(request)  # type: ignore[method-assign]
    reasons = found(Wanted(URL), Archived(WaybackMachine(web), web))
    assert isinstance(reasons, tuple)
    assert reasons[0].startswith("the Wayback Machine: ")
    assert found(Wanted(URL, sha256(RIGHT)), Archived(WaybackMachine(web), web)) == RIGHT


def test_the_same_id_on_the_new_host_is_the_same_picture(net: Internet, web: Web) -> None:
    net.show("https://i.sstatic.net/AbCdEm.png", always(body=RIGHT))
    assert found(Wanted("http://i.stack.imgur.com/AbCdEm.png"), SameId(web)) == RIGHT
    assert found(Wanted("https://elsewhere.example/AbCdEm.png"), SameId(web)) == ("no copy was found",)


def test_a_folder_gives_pictures_by_hash_by_path_and_by_ids_but_not_by_name(tmp_path: Path) -> None:
    for name, body in (("a.secure.example/2011/cat.png", RIGHT), ("x/dog.png", WRONG), ("y/AbC12xY.png", WRONG)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    folder = Folder(tmp_path)
    assert found(Wanted(URL), folder) == RIGHT
    assert found(Wanted("https://b.example/renamed.png", sha256=sha256(WRONG)), folder) == WRONG
    assert found(Wanted("https://i.imgur.com/AbC12xY.png"), folder) == WRONG
    assert found(Wanted("https://b.example/dog.png"), folder) == ("the folder, x/dog.png: only its name is the same",)
    assert isinstance(find_copy(Wanted("https://b.example/../x/dog.png"), [folder], PLACEHOLDERS), Missed)


def test_what_somebody_tells_to_take_is_taken_if_it_is_a_picture(net: Internet, web: Web, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(RIGHT)
    net.show("https://b.secure.example/cat.png", always(body=WRONG))
    told = Mapped({URL: str(tmp_path / "cat.png"), "https://c.example/1": "https://b.secure.example/cat.png"}, web)
    assert found(Wanted(URL, sha256=sha256(WRONG)), told) == RIGHT
    assert found(Wanted("https://c.example/1"), told) == WRONG
    reasons = found(Wanted(URL), Mapped({URL: str(tmp_path / "none.png")}, web))
    assert "which the mapping names" in reasons[0]


def test_what_its_host_still_shows_is_its_best_copy(tmp_path: Path) -> None:
    (tmp_path / "seen").write_bytes(RIGHT)
    assert found(Wanted(URL, sha256(RIGHT), frozenset({(1, 9)}), tmp_path / "seen"), Seen()) == RIGHT


def test_a_file_that_cannot_be_read_hides_no_other_and_is_told_of(tmp_path: Path, web: Web) -> None:
    for name in ("gone.png", "right.png"):
        (tmp_path / name).write_bytes(RIGHT)
    folder = Folder(tmp_path)
    (tmp_path / "gone.png").unlink()
    assert found(Wanted(URL, sha256=sha256(RIGHT)), folder) == RIGHT
    reasons = found(Wanted("https://i.imgur.com/gone.png"), folder)
    assert reasons == (f"{tmp_path}/gone.png cannot be read (No such file or directory)",)


def test_an_address_too_long_for_a_file_is_looked_for_elsewhere(tmp_path: Path, web: Web, net: Internet) -> None:
    url = f"https://a.secure.example/{'a' * 300}.png"
    net.wayback.captures.append(Capture("20110101000000", url, RIGHT))
    assert found(Wanted(url), Folder(tmp_path), Archived(WaybackMachine(web), web)) == RIGHT
    (reason,) = found(Wanted(URL), Mapped({URL: "b" * 300}, web))
    assert str(reason).startswith("there is no file bbb")
