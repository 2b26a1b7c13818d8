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


def test_the_program_says_who_it_is(net: Internet, web: Web) -> None:
    web.ask("GET", "http://a.example/p.png")
    assert all(request.headers["user-agent"].startswith("heliograph-repair/") for request in net.requests)
