"""What a host's robots.txt lets a program ask for (RFC 9309); hides groups, wildcards, and which rule wins.

Python's own parser knows no wildcards, and takes the first rule that fits instead of the longest.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

LINE = re.compile(r"[ \t\ufeff]*([A-Za-z-]+)[ \t]*:[ \t]*([^#]*)")
NAME = re.compile(r"[A-Za-z_-]+|\*")
LEFT_AS_IS = "/?&=:;,@!$'()*+~[]"


@dataclass(frozen=True)
class Robots:
    """The rules for one program: whether each allows, and the pattern of what. `delay`: seconds between two requests
    that the host asks for, 0 if it does not.
    """

    rules: tuple[tuple[bool, str], ...] = ()
    delay: float = 0.0

    def allow(self, url: str) -> bool:
        """Whether `url` may be asked for: what the longest rule says that fits, of two that are as long the kinder."""
        parts = urlsplit(url)
        path = _normal((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        fitting = [(len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


def robots_in(text: str, names: Collection[str]) -> Robots:
    """What a robots.txt says to a program of these `names` (small letters), or to all where it names none of them."""
    rules: dict[str, list[tuple[bool, str]]] = {}
    delays: dict[str, float] = {}
    agents: set[str] = set()
    naming = False
    for line in map(LINE.match, text.splitlines()):
        if line is None:
            continue
        field, value = line[1].lower(), line[2].strip()
        if field == "user-agent":
            name = NAME.match(value)
            agents = {*(agents if naming else ()), *([name[0].lower()] if name else ())}
        elif field in ("allow", "disallow"):
            for agent in agents if value else ():
                rules.setdefault(agent, []).append((field == "allow", _normal(value)))
        elif field == "crawl-delay" and re.fullmatch(r"\d{1,6}(?:\.\d+)?", value):
            delays |= dict.fromkeys(agents, float(value))
        naming = field == "user-agent"
        for agent in agents:
            rules.setdefault(agent, [])
    ours = [name for name in names if name in rules] or ["*"]
    return Robots(
        tuple(rule for name in ours for rule in rules.get(name, ())), max(delays.get(name, 0.0) for name in ours)
    )


def _normal(path: str) -> str:
    """Percent signs only where they are needed, so that two spellings of one path are the same (section 2.2.2)."""
    return quote(unquote(path, errors="surrogateescape"), safe=LEFT_AS_IS, errors="surrogateescape")


def _fits(pattern: str, path: str) -> bool:
    """Whether `path` begins as the pattern says; `*` is anything, and `$` at its end the end."""
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    to_the_end = pattern.endswith("$")
    last = rest.pop() if rest and to_the_end else None
    for piece in rest:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= at
    return not to_the_end or at == len(path)
