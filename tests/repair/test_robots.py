"""robots.txt is read as RFC 9309 says."""

import pytest

from heliograph.repair.robots import robots_in

NAMES = ("heliograph-repair", "heliograph")


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/a.png", False),
        ("User-agent: *\nDisallow:", "/a.png", True),
        ("\ufeffUser-Agent: *\r\nDISALLOW: /private # ours\r\n", "/private/a.png", False),
        ("User-agent: *\nDisallow: /\nAllow: /pictures/", "/pictures/a.png", True),
        ("User-agent: *\nAllow: /pictures/\nDisallow: /", "/other/a.png", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a.png", True),
        ("User-agent: *\nDisallow: /*.png$", "/deep/a.png", False),
        ("User-agent: *\nDisallow: /*.png$", "/deep/a.png?x", True),
        ("User-agent: *\nDisallow: /*?size=", "/a.png?size=3", False),
        ("User-agent: *\nDisallow: /a*b*c", "/a-b-d", True),
        ("User-agent: *\nDisallow: /a.png$", "/a.png", False),
        ("User-agent: *\nDisallow: /%7Eann/", "/~ann/a.png", False),
        ("User-agent: *\nDisallow: /ä", "/%C3%A4.png", False),
        ("User-agent: other\nDisallow: /", "/a.png", True),
        ("User-agent: other\nUser-agent: Heliograph-Repair/2\nDisallow: /", "/a.png", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: heliograph\nDisallow: /x", "/a.png", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: heliograph-repair\n", "/a.png", True),
        ("User-agent: *\nCrawl-delay: 2\nDisallow: /x\n\nUser-agent: *\nDisallow: /y", "/y", False),
        ("Disallow: /", "/a.png", True),
        ("<html>Not found</html>", "/a.png", True),
    ],
)
def test_the_longest_rule_of_the_right_group_decides(rules: str, path: str, allowed: bool) -> None:
    assert robots_in(rules, NAMES).allow(f"https://h.example{path}") is allowed


def test_the_delay_is_that_of_the_right_group() -> None:
    rules = "User-agent: *\nCrawl-delay: 9\n\nUser-agent: heliograph-repair\nCrawl-delay: 1.5\nDisallow: /x\n"
    assert robots_in(rules, NAMES).delay == 1.5
    assert robots_in("User-agent: *\nCrawl-delay: soon\n", NAMES).delay == 0


def test_a_pattern_full_of_wildcards_takes_no_time() -> None:
    rules = f"User-agent: *\nDisallow: /{'*a' * 5000}b$"
    assert robots_in(rules, NAMES).allow(f"https://h.example/{'a' * 5000}")
