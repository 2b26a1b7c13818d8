"""Where a good copy of a picture may be, in which order, and how it is known to be the right one.

A copy is taken only if it is a whole picture and no placeholder, has the hash that the picture is known to have had,
and the shape that the document gives it. Where an archive holds different pictures, and nothing tells which is meant,
none is taken: no picture is better than a wrong one.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urldefrag, urlsplit

from heliograph.repair.archives import Archive
from heliograph.repair.links import looks_like_a_picture
from heliograph.repair.pictures import Picture, Placeholders, picture_in, sha256_of
from heliograph.repair.web import Trouble, Web

SAME_IDS = {"i.stack.imgur.com": "i.sstatic.net", "i.sstatic.net": "i.stack.imgur.com"}
"""Hosts that show the same pictures under the same ids (meta.stackexchange.com/q/399662, 2024)."""
NAMES_ARE_IDS = {"i.stack.imgur.com", "i.sstatic.net", "i.imgur.com", "imgur.com"}
"""Hosts where a file's name is the picture's id, so that a file of that name is that picture."""
ID_NAME = re.compile(r"[A-Za-z0-9]{5,10}\.[A-Za-z]{3,4}")
DIFFERENT_CAPTURES = 6
"""Captures of different bytes that are fetched of one picture."""


@dataclass(frozen=True)
class Wanted:
    """The picture that is looked for. `sha256`: what it is known to have been, "" if unknown; `shapes`: the widths and
    heights that documents give it; `seen`: the file of what its own host still shows, where that can be used.
    """

    url: str
    sha256: str = ""
    shapes: frozenset[tuple[int, int]] = frozenset()
    seen: Path | None = None


@dataclass(frozen=True)
class Candidate:
    """Something that may be the picture. `origin` says where it is from; `sure` whether the place itself proves it, and
    `told` whether a person says that this is it.
    """

    origin: str
    body: bytes
    sure: bool = True
    told: bool = False


@dataclass(frozen=True)
class Copy:
    """A good copy."""

    origin: str
    body: bytes
    sha256: str
    form: str


@dataclass(frozen=True)
class Missed:
    """Why there is no copy, in words for the report."""

    reasons: tuple[str, ...]


class Finder(Protocol):
    """One kind of place where copies are."""

    def candidates(self, wanted: Wanted) -> Iterator[Candidate]:
        """What it has, best first. Raises Trouble where it cannot be asked."""


@dataclass(frozen=True)
class Seen:
    """The picture itself, where it is only shown in the wrong way: by http, or to nobody else's pages."""

    def candidates(self, wanted: Wanted) -> Iterator[Candidate]:
        """What its own host still shows."""
        if wanted.seen is not None:
            yield Candidate(f"its own host, {urlsplit(wanted.url).netloc}", wanted.seen.read_bytes())


@dataclass(frozen=True)
class Mapped:
    """What somebody has told to take: address -> file or address."""

    mapping: Mapping[str, str]
    web: Web

    def candidates(self, wanted: Wanted) -> Iterator[Candidate]:
        """The one that is told."""
        target = self.mapping.get(wanted.url)
        if target is None:
            return
        if target.startswith(("http://", "https://")):
            for candidate in _fetched(self.web, target, f"the mapping, {target}", robots=True):
                yield replace(candidate, told=True)
        elif _is_file(target):
            yield Candidate(f"the mapping, {target}", _read(Path(target)), told=True)
        else:
            raise Trouble(f"there is no file {target}, which the mapping names")


class Folder:
    """A folder of saved pictures: by hash, by `host/path` (as `wget -x` saves), and by name where that is an id."""

    def __init__(self, folder: Path) -> None:
        """Take the names of all pictures below `folder`."""
        self._folder = folder
        self._lock = threading.Lock()
        self._by_hash: dict[str, Path] | None = None
        self._by_name: dict[str, list[Path]] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and looks_like_a_picture(path.name):
                self._by_name.setdefault(path.name, []).append(path)

    def candidates(self, wanted: Wanted) -> Iterator[Candidate]:
        """Files that may be it. A name alone proves nothing, unless the host makes names from ids."""
        parts = urlsplit(wanted.url)
        known = self._hashed(wanted.sha256) if wanted.sha256 else None
        if known is not None:
            yield self._candidate(known)
        mirrored = self._folder / parts.netloc / unquote(parts.path).lstrip("/")
        if ".." not in mirrored.parts and _is_file(mirrored):
            yield self._candidate(mirrored)
        name = unquote(parts.path).rpartition("/")[2]
        is_id = parts.netloc.lower() in NAMES_ARE_IDS and ID_NAME.fullmatch(name) is not None
        for path in self._by_name.get(name, []):
            if path != mirrored:
                yield replace(self._candidate(path), sure=is_id)

    def _hashed(self, sha256: str) -> Path | None:
        """The file with this hash; all are read once, when the first is asked for."""
        with self._lock:
            if self._by_hash is None:
                self._by_hash = {}
                for path in (path for paths in self._by_name.values() for path in paths):
                    with suppress(Trouble):  # it may be asked for by name, and is told of then
                        self._by_hash[sha256_of(_read(path))] = path
            return self._by_hash.get(sha256)

    def _candidate(self, path: Path) -> Candidate:
        return Candidate(f"the folder, {path.relative_to(self._folder)}", _read(path))


@dataclass(frozen=True)
class SameId:
    """The same id on another host."""

    web: Web
    hosts: Mapping[str, str] = field(default_factory=lambda: SAME_IDS)

    def candidates(self, wanted: Wanted) -> Iterator[Candidate]:
        """What the other host shows under the same path."""
        parts = urlsplit(wanted.url)
        other = self.hosts.get(parts.netloc.lower())
        if other is not None:
            yield from _fetched(self.web, parts._replace(scheme="https", netloc=other).geturl(), other, robots=True)


@dataclass(frozen=True)
class Archived:
    """What an archive has captured."""

    archive: Archive
    web: Web

    def candidates(self, wanted: Wanted) -> Iterator[Candidate]:
        """One capture of each different content."""
        try:
            yield from self._captured(wanted)
        except Trouble as trouble:
            raise Trouble(f"{self.archive.name}: {trouble.reason}") from trouble

    def _captured(self, wanted: Wanted) -> Iterator[Candidate]:
        digests: set[str] = set()
        for capture in self.archive.captures(urldefrag(wanted.url).url):
            if capture.digest in digests or len(digests) == DIFFERENT_CAPTURES:
                continue
            origin = f"{self.archive.name}, {capture.address}"
            yield from _fetched(self.web, capture.address, origin, robots=False)
            digests.add(capture.digest or capture.address)


def find_copy(wanted: Wanted, finders: Sequence[Finder], placeholders: Placeholders) -> Copy | Missed:
    """The first good copy, or why there is none."""
    reasons: list[str] = []
    for finder in finders:
        good: dict[str, Copy] = {}
        try:
            for candidate in finder.candidates(wanted):
                problem, picture = _checked(candidate, wanted, placeholders)
                if picture is None:
                    reasons.append(f"{candidate.origin}: {problem}")
                    continue
                digest = sha256_of(candidate.body)
                good.setdefault(digest, Copy(candidate.origin, candidate.body, digest, picture.form))
        except Trouble as trouble:
            reasons.append(trouble.reason)
            # What could not be looked at may be another picture, so only one that is known to be right is right now.
            good = {digest: copy for digest, copy in good.items() if digest == wanted.sha256}
        if len(good) == 1:
            return next(iter(good.values()))
        if good:
            places = ", ".join(copy.origin for copy in good.values())
            reasons.append(f"{len(good)} different pictures, of which nobody says which it was: {places}")
    return Missed(tuple(reasons) or ("no copy was found",))


def _checked(candidate: Candidate, wanted: Wanted, placeholders: Placeholders) -> tuple[str, Picture | None]:
    """What is wrong with a candidate, or the picture that it is."""
    picture = picture_in(candidate.body)
    known = candidate.told or wanted.sha256 == sha256_of(candidate.body)
    checks: tuple[tuple[bool, str], ...] = (
        (picture is None, "no picture"),
        (picture is not None and not picture.whole, "a picture that breaks off"),
        (placeholders.hold(candidate.body), "a placeholder"),
        (bool(wanted.sha256) and not known, "another picture than was seen before"),
        (picture is not None and not known and not _fits(picture, wanted.shapes), "a picture of another shape"),
        (not candidate.sure and not known, "only its name is the same"),
    )
    problem = next((said for wrong, said in checks if wrong), "")
    return problem, None if problem else picture


def _is_file(path: Path | str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 # a Path raises what the disk says of a name that is too long


def _read(path: Path) -> bytes:
    """What is in a file. Raises Trouble."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Trouble(f"{path} cannot be read ({error.strerror})") from error


def _fits(picture: Picture, shapes: frozenset[tuple[int, int]]) -> bool:
    """Whether the picture has the shape that documents give it, scaled or not, less rounding."""
    if picture.width is None or picture.height is None:
        return True
    rounding = 1.5 * max(picture.width, picture.height)
    return all(abs(picture.width * height - picture.height * width) <= rounding for width, height in shapes)


def _fetched(web: Web, url: str, origin: str, *, robots: bool) -> Iterator[Candidate]:
    """What an address gives now; nothing where it gives no picture any more, or that of a picture that is gone.

    Raises Trouble where nobody can tell.
    """
    answer = web.ask("GET", url, robots=robots)
    if answer.status == 429 or answer.status >= 500:
        raise Trouble(f"{urlsplit(url).netloc} answers {answer.status}")
    if answer.good and answer.whole and not _is_removed(answer.url):
        yield Candidate(origin, answer.body)


def _is_removed(url: str) -> bool:
    """Whether an address, also an archive's of it, is that of Imgur's "removed" picture."""
    return url.rpartition("/")[2] == "removed.png"
