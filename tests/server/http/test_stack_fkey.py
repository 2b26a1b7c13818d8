"""The fkey as programs find it on a page, and for whom the form uploads (wire page stackexchange-web, section 3)."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx2
import pytest

from heliograph.server.identity import Fkeys
from tests.administration import run
from tests.running import RunningServer, picture, serving
from tests.server.http.stack_readers import palette_of_2013, stacks_editor

PASSWORD = "a long enough password"


def by_the_seeds_pattern(page: str) -> str:
    """The seed's program: a pattern across lines, then strict JSON."""
    found = re.search(r"StackExchange\.init\(([^;]+)\);", page)
    assert found
    fkey: str = json.loads(found[1])["user"]["fkey"]
    return fkey


def by_the_hidden_input(page: str) -> str:
    """Programs with an HTML parser: the element of the id fkey."""
    values = []

    class Inputs(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if dict(attrs).get("id") == "fkey":
                values.append(dict(attrs)["value"])

    Inputs().feed(page)
    [value] = values
    assert value
    return value


def by_the_input_as_written(page: str) -> str:
    """Programs with a pattern: the attributes in this order, in double quotes."""
    [value] = re.findall(r'<input id="fkey" type="hidden" value="([^"]*)" name="fkey">', page)
    return value


def by_whole_lines(page: str) -> str:
    """halirutan's palette of 2020: lines that are nothing but the member of an object."""
    found = [match for line in page.split("\n") if (match := re.fullmatch(r"\s*fkey:\s*'([0-9a-z]+)'.*", line))]
    [match] = found
    return match[1]


READERS = [by_the_seeds_pattern, by_the_hidden_input, by_the_input_as_written, by_whole_lines]


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_of_the_page_finds_the_fkey(reader: Callable[[str], str], http: httpx2.Client) -> None:
    page = http.get("/").text
    assert re.fullmatch(r"[0-9a-f]{64}", reader(page))
    assert {each(page) for each in READERS} == {reader(page)}


def test_a_page_for_nobody_says_so_and_tells_the_true_limits(http: httpx2.Client) -> None:
    page = http.get("/").text
    found = re.search(r"StackExchange\.init\(([^;]+)\);", page)
    assert found
    assert json.loads(found[1])["user"] | {"fkey": ""} == {"fkey": "", "isAnonymous": True, "rep": 0}
    limits = '{"maxImageUploadSizeInBytes":20971520,"maxImageUploadSizeInBytesAnimatedGif":20971520}'
    assert f"StackExchange.settings.image = {limits};" in page


def test_no_script_stands_in_the_page_that_a_browser_would_run(http: httpx2.Client) -> None:
    """The policy forbids inline scripts; these are texts."""
    answer = http.get("/")
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    for attributes, text in re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL):
        assert (' type="text/plain"' in attributes) == bool(text.strip())


@contextmanager
def logged_in(server: RunningServer, name: str) -> Iterator[httpx2.Client]:
    """A browser in which somebody has logged in by the form."""
    with httpx2.Client(base_url=server.url, timeout=60, follow_redirects=True) as client:
        form = {"name": name, "password": PASSWORD, "fkey": by_whole_lines(client.get("/").text)}
        assert client.post("/login", data=form).status_code == 200
        yield client


@dataclass(frozen=True)
class World:
    """A server, whether it takes pictures from anybody, and people who have logged in: ada twice."""

    server: RunningServer
    open: bool
    ada: httpx2.Client
    ada_before: httpx2.Client
    grace: httpx2.Client

    def owner_of(self, answer: httpx2.Response) -> str:
        """Whose the image is that an answer links to, by the audit; empty for nobody's."""
        image = palette_of_2013(answer).rpartition("/")[2].partition(".")[0]
        lines = [line.split("\t") for line in run(self.server.data, "audit").stdout.splitlines()]
        [owner] = [line[3] for line in lines if line[1:3] == ["image.upload", image]]
        return owner.strip("-")


@pytest.fixture(scope="module", params=["true", "false"], ids=["open to all", "for members"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("fkey"), ANONYMOUS_UPLOADS=request.param) as server:
        for name in ("ada", "grace"):
            done = run(server.data, "account", "create", name, "--password-stdin", stdin=PASSWORD + "\n")
            assert done.returncode == 0, done.stderr
        with logged_in(server, "ada") as before, logged_in(server, "ada") as ada, logged_in(server, "grace") as grace:
            yield World(server, request.param == "true", ada, before, grace)


def send(client: httpx2.Client, fkey: str | None) -> httpx2.Response:
    return client.post("/upload/image", files={"filename": ("p.png", picture())}, data={"fkey": fkey} if fkey else {})


def assert_nobodys(world: World, answer: httpx2.Response) -> None:
    """The image is nobody's, or where only members may upload, there is none."""
    if world.open:
        assert world.owner_of(answer) == ""
    else:
        assert 'displayUploadError("This server takes images only from who is logged in' in answer.text


@pytest.mark.parametrize("reader", READERS)
def test_with_the_login_and_its_fkey_the_image_is_the_accounts(reader: Callable[[str], str], world: World) -> None:
    page = world.ada.get("/").text
    assert '"isAnonymous":false' in page
    answer = send(world.ada, reader(page))
    assert world.owner_of(answer) == "ada"
    assert palette_of_2013(answer).rpartition("/")[2].partition(".")[0] in world.ada.get("/account").text


def test_so_it_is_by_the_other_address_and_for_more_than_one_picture(world: World) -> None:
    fkey = by_whole_lines(world.ada.get("/").text)
    for _ in range(2):
        answer = world.ada.post("/image/upload", files={"file": picture()}, data={"fkey": fkey})
        assert stacks_editor(answer).rpartition("/")[2].partition(".")[0] in world.ada.get("/account").text


@pytest.mark.parametrize("wrong", ["none", "anonymous", "another's", "of another login", "object", "garbage", "long"])
def test_a_login_without_its_own_fkey_never_acts_for_the_account(wrong: str, world: World) -> None:
    """As when another page makes the browser send the form."""
    fkey = {
        "none": None,
        "anonymous": by_whole_lines(httpx2.get(world.server.url).text),
        "another's": by_whole_lines(world.grace.get("/").text),
        "of another login": by_whole_lines(world.ada_before.get("/").text),
        "object": "[object Object]",
        "garbage": "0" * 64,
        "long": "é" * 64,
    }[wrong]
    assert_nobodys(world, send(world.ada, fkey))


def test_the_fkey_of_a_login_is_worth_nothing_without_its_cookie(world: World) -> None:
    fkey = by_whole_lines(world.ada.get("/").text)
    assert_nobodys(world, httpx2.post(f"{world.server.url}/upload/image", files={"a": picture()}, data={"fkey": fkey}))


def test_an_fkey_of_one_site_is_worth_nothing_at_another(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What need N5 asks: a key is per site."""
    with serving(tmp_path_factory.mktemp("other")) as other:
        fkey = by_whole_lines(httpx2.get(other.url).text)
        answer = httpx2.post(f"{world.server.url}/login", data={"fkey": fkey, "name": "ada", "password": PASSWORD})
    assert answer.status_code == 403


def test_even_sites_that_share_their_secret_do_not_take_each_others_fkeys() -> None:
    here, there = (Fkeys(bytes(32), f"https://{name}.example") for name in ("here", "there"))
    assert here.fits(here.made())
    assert not there.fits(here.made())


@pytest.mark.parametrize("ended", ["logged out everywhere", "disabled"])
def test_a_login_that_is_over_acts_for_nobody(ended: str, world: World) -> None:
    with logged_in(world.server, "grace") as grace:
        fkey = by_whole_lines(grace.get("/").text)
        cookies = dict(grace.cookies)
        assert world.owner_of(send(grace, fkey)) == "grace"
        if ended == "disabled":
            run(world.server.data, "account", "disable", "grace")
        else:
            assert grace.post("/account/logout", data={"fkey": fkey}).status_code == 200
    with httpx2.Client(base_url=world.server.url, cookies=cookies) as again:
        answer = send(again, fkey)
    run(world.server.data, "account", "enable", "grace")
    assert_nobodys(world, answer)
