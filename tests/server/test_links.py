"""The URL grammar, read and written."""

import pytest

from heliograph.server import links
from heliograph.server.links import Links


@pytest.mark.parametrize(
    ("path", "candidates"),
    [
        ("/aB3xY7qmTz.jpg", (("aB3xY7qmTz", None),)),
        ("/aB3xY7qmTs.jpg", (("aB3xY7qmTs", None),)),
        ("/aB3xY7qmTzl.jpg", (("aB3xY7qmTz", "l"),)),
        ("/aB3xY7qmTzx.jpg", (("aB3xY7qmTzx", None),)),
        ("/cxmHM.png", (("cxmHM", None),)),
        ("/cxmHs.png", (("cxmHs", None),)),
        ("/cxmHMs.png", (("cxmHMs", None), ("cxmHM", "s"))),
        ("/abcdefgh.gif", (("abcdefgh", None), ("abcdefg", "h"))),
    ],
)
def test_a_path_is_read_whole_first_and_then_less_a_size_letter(path: str, candidates: object) -> None:
    ref = links.parse(path)
    assert ref is not None
    assert ref.candidates == candidates


@pytest.mark.parametrize(
    "path", ["/", "/aB3xY7qmTz", "/abcd.jpg", "/a/b.jpg", "/favicon.ico.x", "/a-b-c-d.jpg", "/aB3xY7qmTzzz.jpg"]
)
def test_other_paths_are_no_image_files(path: str) -> None:
    assert links.parse(path) is None


def test_every_link_that_is_made_is_read_back() -> None:
    made = Links("http://h.example")
    image_id = links.new_id()
    for letter, link in made.thumbnails(image_id).items():
        assert links.parse(link.removeprefix("http://h.example")).candidates == ((image_id, letter),)
    direct = made.direct(image_id, "image/jpeg")
    assert links.parse(direct.removeprefix("http://h.example")).candidates == ((image_id, None),)


def test_images_may_have_a_host_and_a_scheme_of_their_own() -> None:
    made = Links("https://h.example", "https://i.h.example", "http")
    assert made.direct("a", "image/png") == "http://i.h.example/a.png"
    assert made.page("a") == "http://h.example/a"


def test_ids_and_delete_hashes_are_told_apart_by_length() -> None:
    assert len(links.new_id()) == 10
    assert len(links.new_delete_hash()) == 15


@pytest.mark.parametrize("path", ["/oembed.json", "/oembed.xml"])
def test_an_embeds_description_is_no_image_file(path: str) -> None:
    assert links.parse(path) is None


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("http://h.example/a", "/a"),
        ("https://h.example/a?b=c#d", "/a"),
        ("HTTPS://H.example/a/b.png", "/a/b.png"),
        ("https://i.h.example/x/a.png", "/a.png"),
        ("https://i.h.example/a.png", None),
        ("http://h.example", None),
        ("http://h.example.org/a", None),
        ("//h.example/a", None),
        ("h.example/a", None),
        ("ftp://h.example/a", None),
        ("http://http://h.example/a", None),
        ("", None),
    ],
)
def test_a_link_of_ours_has_a_path_by_either_scheme(link: str, path: str | None) -> None:
    assert Links("http://h.example", "https://i.h.example/x").path_of(link) == path
