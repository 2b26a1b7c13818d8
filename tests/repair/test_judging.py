"""What is said of an address: dead, placeholder, http-only, hot-link-blocked, live or unknown."""

import hashlib
import random
from pathlib import Path

import pytest

from heliograph.repair.judging import Judge, Observation, Verdict, settled
from heliograph.repair.pictures import Placeholders, picture_in
from heliograph.repair.web import MOST_BYTES, Web
from tests.repair.internet import PAGE, Internet, Page, Reply, Request, a_picture, always, only_own_pages
from tests.running import free_port

CHANCE = random.Random(1)
PICTURE, OTHER = a_picture(CHANCE), a_picture(CHANCE, (13, 9))
URL = "https://a.secure.example/p.png"
AD = "https://a.secure.example/ad"
HTML = b"<html>a page</html>"


def refusing_programs(request: Request) -> Reply:
    """Shows pictures to browsers only, on its own pages."""
    own = request.headers.get("referer") == "https://a.secure.example/"
    return Reply(200, PICTURE) if own and "Mozilla" in request.headers["user-agent"] else Reply(403)


@pytest.mark.parametrize(
    ("page", "verdict"),
    [
        (always(body=PICTURE), Verdict.LIVE),
        (always(body=PICTURE, kind="text/plain"), Verdict.LIVE),
        (always(body=b"\0a new format", kind="image/new"), Verdict.LIVE),
        (lambda request: Reply(404 if request.method == "HEAD" else 200, PICTURE), Verdict.LIVE),
        (lambda request: Reply(0 if request.method == "HEAD" else 200, PICTURE), Verdict.LIVE),
        (lambda _: Reply(200, a_picture(CHANCE)), Verdict.LIVE),
        (always(404, HTML), Verdict.DEAD),
        (always(410, PICTURE), Verdict.DEAD),
        (always(200, HTML, "text/html"), Verdict.DEAD),
        (always(200, HTML, "image/png"), Verdict.DEAD),
        (always(200, b""), Verdict.DEAD),
        (always(302, location="https://i.imgur.com/removed.png"), Verdict.PLACEHOLDER),
        (only_own_pages(Reply(200, PICTURE), Reply(403)), Verdict.BLOCKED),
        (only_own_pages(Reply(200, PICTURE), Reply(200, OTHER)), Verdict.BLOCKED),
        (only_own_pages(Reply(200, PICTURE), Reply(302, headers={"location": AD})), Verdict.BLOCKED),
        (only_own_pages(Reply(200, PICTURE), Reply(503)), Verdict.UNKNOWN),
        (always(401), Verdict.UNKNOWN),
        (always(403), Verdict.UNKNOWN),
        (always(429), Verdict.UNKNOWN),
        (always(500), Verdict.UNKNOWN),
        (always(0), Verdict.UNKNOWN),
        (always(302, location="https://a.secure.example/p.png"), Verdict.UNKNOWN),
        (always(302, location="ftp://a.secure.example/p.png"), Verdict.UNKNOWN),
        (refusing_programs, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_what_a_host_answers_tells_what_became_of_the_picture(
    net: Internet, judge: Judge, page: Page, verdict: Verdict
) -> None:
    net.show(URL, page)
    net.show("https://i.imgur.com/removed.png", always(body=OTHER))
    assert judge.look(URL, shown=True)[0].verdict is verdict


def test_a_link_that_is_followed_may_lead_to_a_page(net: Internet, judge: Judge) -> None:
    net.show(URL, always(200, HTML, "text/html"))
    assert judge.look(URL, shown=False)[0].verdict is Verdict.LIVE


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("http://old.example/p.png", Verdict.HTTP_ONLY),
        ("http://a.secure.example/p.png", Verdict.LIVE),
        ("http://b.secure.example/p.png", Verdict.HTTP_ONLY),
    ],
)
def test_what_is_not_to_be_had_by_https_is_http_only(net: Internet, judge: Judge, url: str, verdict: Verdict) -> None:
    """old.example has no certificate that counts; b.secure.example shows a page there."""
    net.show("http://b.secure.example/p.png", lambda request: Reply(404) if request.secure else Reply(200, PICTURE))
    net.show("http://a.secure.example/p.png", always(body=PICTURE))
    net.show("http://old.example/p.png", always(body=PICTURE))
    look, body = judge.look(url, shown=True)
    assert (look.verdict, body) == (verdict, PICTURE)


@pytest.mark.parametrize("status", [429, 503])
def test_an_https_that_cannot_answer_now_says_nothing(net: Internet, judge: Judge, status: int) -> None:
    net.show("http://b.secure.example/p.png", lambda asked: Reply(status) if asked.secure else Reply(200, PICTURE))
    look, _ = judge.look("http://b.secure.example/p.png", shown=True)
    assert (look.verdict, look.reason) == (Verdict.UNKNOWN, f"its host answers {status}")


def test_of_a_picture_that_is_too_large_nothing_is_kept(net: Internet, judge: Judge) -> None:
    """Neither where its host says so beforehand, nor where it does not."""
    large = PICTURE + bytes(MOST_BYTES)
    net.show(URL, always(body=large))
    net.show(f"{URL}2", lambda request: Reply(405 if request.method == "HEAD" else 200, large))
    for url in (URL, f"{URL}2"):
        look, body = judge.look(url, shown=True)
        assert (look.verdict, look.sha256, body) == (Verdict.LIVE, "", b"")


def test_a_browser_is_only_played_where_asked_for(net: Internet, web: Web) -> None:
    net.show(URL, refusing_programs)
    assert Judge(web, Placeholders(), PAGE).look(URL, shown=True)[0].verdict is Verdict.UNKNOWN
    assert not [request for request in net.requests if "Mozilla" in request.headers["user-agent"]]
    assert Judge(web, Placeholders(), PAGE, as_browser=True).look(URL, shown=True)[0].verdict is Verdict.BLOCKED


def test_placeholders_are_known_by_hash_address_and_file(net: Internet, web: Web, tmp_path: Path) -> None:
    (tmp_path / "gone.png").write_bytes(OTHER)
    net.show(URL, always(body=OTHER))
    for own in (
        str(tmp_path / "gone.png"),
        "https://a.secure.example/p.png",
        hashlib.md5(OTHER).hexdigest(),
    ):
        look, _ = Judge(web, Placeholders.with_own([own]), PAGE).look(URL, shown=True)
        assert look.verdict is Verdict.PLACEHOLDER, own


def test_no_such_host_is_dead_only_where_others_answer() -> None:
    """The DNS of this machine knows no name below .invalid, as RFC 6761 wants it."""
    web = Web(per_second=1000)
    judge = Judge(web, Placeholders(), PAGE)
    assert judge.look("https://nothing.invalid/p.png", shown=True)[0].verdict is Verdict.UNKNOWN
    web.answered = True
    assert judge.look("https://nothing.invalid/p.png", shown=True)[0].verdict is Verdict.DEAD
    assert judge.look(f"http://127.0.0.1:{free_port()}/p.png", shown=True)[0].verdict is Verdict.UNKNOWN
    web.close()


def looks(*told: tuple[str, float]) -> list[Observation]:
    return [Observation(Verdict(verdict), "", at) for verdict, at in told]


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        ([], None),
        ([("live", 990)], "live"),
        ([("dead", 990)], None),
        ([("dead", 900), ("dead", 930)], None),
        ([("dead", 900), ("dead", 990)], "dead"),
        ([("dead", 900), ("placeholder", 990)], "placeholder"),
        ([("dead", 900), ("live", 990)], "live"),
        ([("live", 900), ("dead", 990)], None),
        ([("live", 800), ("dead", 900), ("dead", 990)], "dead"),
        ([("unknown", 900), ("dead", 990)], None),
        ([("dead", 900), ("unknown", 990)], "unknown"),
        ([("live", -9000)], None),
        ([("dead", -9000), ("dead", 990)], "dead"),
    ],
)
def test_only_two_looks_prove_that_something_is_broken(history: list[tuple[str, float]], verdict: str | None) -> None:
    last = settled(looks(*history), now=1000, pause=60, fresh=5000)
    assert (last.verdict if last else None) == verdict


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_picture_is_known_with_its_size_and_whether_it_breaks_off(form: str) -> None:
    whole = a_picture(CHANCE, (41, 23), form)
    seen = picture_in(whole)
    assert seen is not None
    assert (seen.width, seen.height, seen.whole) == (41, 23, True)
    half = picture_in(whole[: len(whole) // 2])
    assert half is None or not half.whole
