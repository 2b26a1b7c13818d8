"""Hosts are asked politely."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from heliograph.repair.web import MOST_BYTES, Trouble, Web
from tests.repair.internet import Internet, Reply, Request, a_picture, always

PICTURE = a_picture(random.Random(2))


def test_a_host_is_asked_one_thing_at_a_time_and_not_too_often(net: Internet) -> None:
    def slow(_: Request) -> Reply:
        time.sleep(0.02)
        return Reply(200, PICTURE)

    hosts = ("one.example", "two.example", "three.example")
    for host in hosts:
        net.show(f"http://{host}/p.png", slow)
    web = Web(per_second=20, connect_to=net.connections)
    with ThreadPoolExecutor(9) as pool:
        list(pool.map(lambda host: web.ask("GET", f"http://{host}/p.png"), hosts * 4))
    web.close()
    for host in hosts:
        began = sorted(request.began for request in net.requests if request.host == host)
        assert len(began) == 5  # robots.txt is asked for once
        assert net.most_at_once[host] == 1
        assert min(later - earlier for earlier, later in pairwise(began)) > 0.045


def test_robots_txt_is_obeyed_also_behind_redirects(net: Internet, web: Web) -> None:
    rules = b"User-agent: heliograph-repair\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n"
    net.show("http://shy.example/robots.txt", always(body=rules, kind="text/plain"))
    net.show("http://shy.example/open.png", always(body=PICTURE))
    net.show("http://shy.example/private.png", always(body=PICTURE))
    net.show("http://other.example/p.png", always(302, location="http://shy.example/private.png"))
    assert web.ask("GET", "http://shy.example/open.png").body == PICTURE
    for url in ("http://shy.example/private.png", "http://other.example/p.png"):
        with pytest.raises(Trouble, match=r"robots\.txt forbids"):
            web.ask("GET", url)
    assert not [request for request in net.requests if request.path == "/private.png"]


def test_a_robots_txt_that_cannot_be_read_forbids_all(net: Internet, web: Web) -> None:
    net.show("http://ill.example/robots.txt", always(503))
    net.show("http://ill.example/p.png", always(body=PICTURE))
    with pytest.raises(Trouble, match="503"):
        web.ask("GET", "http://ill.example/p.png")


def test_a_crawl_delay_is_kept(net: Internet, web: Web) -> None:
    net.show("http://calm.example/robots.txt", always(body=b"User-agent: *\nCrawl-delay: 1\n", kind="text/plain"))
    net.show("http://calm.example/p.png", always(body=PICTURE))
    for _ in range(2):
        web.ask("GET", "http://calm.example/p.png")
    began = [request.began for request in net.requests if request.path == "/p.png"]
    assert began[1] - began[0] > 0.95


def test_no_more_is_fetched_than_a_picture_may_have(net: Internet, web: Web) -> None:
    net.show("http://big.example/p.png", always(body=PICTURE + bytes(MOST_BYTES + 4_000_000)))
    answer = web.ask("GET", "http://big.example/p.png")
    assert not answer.whole
    assert len(answer.body) < MOST_BYTES + 1_000_000


@pytest.mark.parametrize(
    "url", ["http://a..b/p.png", f"http://{'a' * 70}.example/p.png", "http://h.example:99999/p.png"]
)
def test_an_address_that_cannot_be_asked_for_is_trouble(url: str) -> None:
    web = Web(per_second=1000)
    with pytest.raises(Trouble):
        web.ask("GET", url)
    web.close()


def test_a_redirect_to_what_is_no_address_is_trouble(net: Internet, web: Web) -> None:
    net.show("http://odd.example/p.png", always(302, location="http://[oops/p.png"))
    with pytest.raises(Trouble, match="cannot be asked for"):
        web.ask("GET", "http://odd.example/p.png")


def test_the_program_says_who_it_is(net: Internet, web: Web) -> None:
    web.ask("GET", "http://a.example/p.png")
    assert all(request.headers["user-agent"].startswith("heliograph-repair/") for request in net.requests)


def test_a_host_that_asks_to_come_back_later_is_waited_for(net: Internet, web: Web) -> None:
    answers = iter([Reply(429, headers={"Retry-After": "1"}), Reply(200, PICTURE), Reply(200, PICTURE)])
    net.show("http://busy.example/p.png", lambda _: next(answers))
    got = [web.ask("GET", "http://busy.example/p.png").status for _ in range(3)]
    began = [request.began for request in net.requests if request.path == "/p.png"]
    assert got == [429, 200, 200]
    assert began[1] - began[0] > 0.95
    assert began[2] - began[1] < 0.9


@pytest.mark.parametrize("later", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_host_that_asks_to_come_back_much_later_is_not_asked_again(net: Internet, web: Web, later: str) -> None:
    net.show("http://busy.example/p.png", always(503, Retry_After=later))
    assert web.ask("GET", "http://busy.example/p.png").status == 503
    with pytest.raises(Trouble, match="come back later"):
        web.ask("GET", "http://busy.example/other.png")
    assert [request.path for request in net.requests] == ["/robots.txt", "/p.png"]


def test_a_host_that_refuses_again_and_again_is_let_be(net: Internet, web: Web) -> None:
    net.pages["busy.example", "*"] = always(429)
    net.show("http://busy.example/robots.txt", always(404))
    for number in range(3):
        assert web.ask("GET", f"http://busy.example/{number}.png").status == 429
    with pytest.raises(Trouble, match="come back later"):
        web.ask("GET", "http://busy.example/4.png")


def test_a_silent_host_is_not_waited_for_at_each_of_its_addresses(net: Internet) -> None:
    def silent(_: Request) -> Reply:
        time.sleep(0.5)
        return Reply(0)

    net.pages["silent.example", "*"] = silent
    web = Web(per_second=1000, timeout=0.2, connect_to=net.connections)
    began = time.monotonic()
    for number in range(50):
        with pytest.raises(Trouble, match="did not answer in time"):
            web.ask("GET", f"http://silent.example/{number}.png")
    assert time.monotonic() - began < 8  # to wait each time would take 10 s
    web.close()


def test_an_answer_that_drips_is_given_up(net: Internet, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heliograph.repair.web.LONGEST_ANSWER", 0.0)
    net.show("http://slow.example/p.png", always(body=PICTURE))
    with pytest.raises(Trouble, match="took longer"):
        web.ask("GET", "http://slow.example/p.png", robots=False)
