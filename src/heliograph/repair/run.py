"""A whole run: find the links, look at them, find copies, upload these, write the patch and the report.

Hides in which order, how much of it at once, and what is left in the folder of results:

    report.html, report.json    what was found and done
    repair.patch                what changes the documents, unless this is a dry run
    originals/                  the documents as they were, where they were changed in place
    pictures/, state.jsonl      what the next run needs not do again
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import heliograph
from heliograph import HeliographError, InputError, NotAllowedError, UnreachableError
from heliograph.client._durable import write_document
from heliograph.repair.copies import Finder, Missed, Wanted, find_copy
from heliograph.repair.documents import Document, Unreadable, find_documents, read_document
from heliograph.repair.judging import Judge, Observation, Verdict, settled
from heliograph.repair.links import Link
from heliograph.repair.patches import repaired, replace_file, unified
from heliograph.repair.report import Entry, Place, Report, number
from heliograph.repair.state import State

AT_ONCE = 8
"""Hosts that are asked at the same time."""
LOOKS = 3
"""Looks at one address in one run at most."""

Tell = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How a run is to go.

    `fix`: which verdicts are to be repaired. `mode`: dry, patch or write. `pause`: seconds between two looks; `fresh`:
    seconds for which a look counts. `kept_hosts`: hosts (with their port, if any) that promise to keep pictures: their
    links are left alone.
    """

    command: str
    fix: frozenset[Verdict]
    mode: str
    out: Path
    pause: float = 60.0
    fresh: float = 86_400.0
    kept_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Use:
    """A link, and where it stands."""

    document: Document
    line: int
    link: Link


@dataclass(frozen=True)
class Run:
    """One run, with what it asks and where it uploads to. `tell` is given a line now and then, for people who wait."""

    settings: Settings
    judge: Judge
    finders: Sequence[Finder]
    client: heliograph.Client
    tell: Tell
    state: State = field(init=False)

    def __post_init__(self) -> None:
        (self.settings.out / "pictures").mkdir(parents=True, exist_ok=True)
        object.__setattr__(self, "state", State(self.settings.out / "state.jsonl"))

    def over(self, paths: Sequence[Path]) -> Report:
        """Do it all. Raises InputError for paths that cannot be read, and what the client raises where the server
        cannot be reached at all; a picture that cannot be uploaded is a problem of that picture.
        """
        documents, unreadable = _read(paths, self.settings.out)
        links = self._wanted_links(documents)
        self.tell(f"documents: {len(documents)}; addresses of pictures elsewhere: {len(links)}")
        looks = self._looks(links)
        base = _base([document.path for document in documents])
        entries = [self._entry(looks[url], url, _places(found, base)) for url, found in links.items()]
        _each(lambda entry: self._find(entry, [use.link for use in links[entry.url]]), ([each] for each in entries))
        if self.settings.mode != "dry":
            _each(self._upload, _by_picture(entries))
        files, left = self._write(documents, {entry.url: entry.link for entry in entries if entry.link}, base)
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        report = Report(
            self.settings.command,
            self.settings.mode,
            at,
            self.client.server,
            len(documents),
            entries,
            [*unreadable, *left],
            files,
        )
        write_document(self.settings.out / "report.json", f"{json.dumps(report.as_json(), indent=2)}\n".encode())
        write_document(self.settings.out / "report.html", report.as_html().encode())
        return report

    def _entry(self, look: Observation, url: str, places: tuple[Place, ...]) -> Entry:
        """What has become of an address. Live pages that only lead to a picture are not wanted."""
        wanted = look.verdict in self.settings.fix and (look.verdict is not Verdict.LIVE or bool(look.sha256))
        return Entry(url, look.verdict, look.reason, places, wanted)

    def _wanted_links(self, documents: Iterable[Document]) -> dict[str, list[_Use]]:
        """Every address elsewhere, and where it stands, in the order of the documents."""
        ours = {*self.settings.kept_hosts, urlsplit(self.client.server).netloc, *self.state.hosts(self.client.server)}
        found: dict[str, list[_Use]] = {}
        for document in documents:
            for link, line in zip(document.links, document.lines, strict=True):
                if urlsplit(link.url).netloc.lower() not in ours:
                    found.setdefault(link.url, []).append(_Use(document, line, link))
        return found

    def _looks(self, links: Mapping[str, Sequence[_Use]]) -> dict[str, Observation]:
        """Look at every address until it is settled what has become of it."""
        shown = {url: any(use.link.shown for use in uses) for url, uses in links.items()}
        for _ in range(LOOKS):
            open_ = [url for url in links if self._settled(url) is None]
            if not open_:
                break
            self._wait_for(open_)
            by_host: dict[str, list[str]] = {}
            for url in open_:
                by_host.setdefault(urlsplit(url).netloc, []).append(url)
            self.tell(
                f"looking at {number(len(open_), 'address', 'addresses')} on {number(len(by_host), 'host', 'hosts')}"
            )
            _each(lambda url: self._look(url, shown[url]), by_host.values())
        unsettled = Observation(Verdict.UNKNOWN, "looks told different things")
        return {url: self._settled(url) or unsettled for url in links}

    def _settled(self, url: str) -> Observation | None:
        look = settled(self.state.looks(url), time.time(), self.settings.pause, self.settings.fresh)
        if look is None or look.verdict not in self.settings.fix:
            return look
        return look if not look.sha256 or self._picture(look.sha256).exists() else None

    def _wait_for(self, urls: Iterable[str]) -> None:
        """Until the last look at each is as old as a second one wants it."""
        last = [looks[-1].at for url in urls if (looks := self.state.looks(url))]
        seconds = max(last, default=0.0) + self.settings.pause - time.time()
        if seconds > 0:
            self.tell(f"waiting {seconds:.0f} s before looking again at what seems broken")
            time.sleep(seconds)

    def _look(self, url: str, shown: bool) -> None:
        look, body = self.judge.look(url, shown)
        if body and look.verdict in self.settings.fix:
            self._keep(look.sha256, body)
        self.state.add_look(url, replace(look, at=time.time()))

    def _picture(self, sha256: str) -> Path:
        return self.settings.out / "pictures" / sha256

    def _keep(self, sha256: str, body: bytes) -> None:
        """Keep a picture whole: half of one, from a run that was killed, must never be taken for a good copy."""
        if not self._picture(sha256).exists():
            write_document(self._picture(sha256), body)

    def _find(self, entry: Entry, links: Sequence[Link]) -> None:
        """Find a copy for one address that wants one."""
        if not entry.wanted:
            return
        last = self.state.looks(entry.url)[-1]
        seen = self._picture(last.sha256) if last.sha256 and self._picture(last.sha256).exists() else None
        wanted = Wanted(
            entry.url,
            last.sha256 if seen else self.state.known_sha256(entry.url),
            frozenset((link.width, link.height) for link in links if link.width and link.height),
            seen,
        )
        copy = find_copy(wanted, self.finders, self.judge.placeholders)
        if isinstance(copy, Missed):
            entry.problems = copy.reasons
            return
        entry.origin, entry.sha256 = copy.origin, copy.sha256
        self._keep(copy.sha256, copy.body)

    def _upload(self, entry: Entry) -> None:
        """Publish a copy, once for each different picture and server."""
        server = self.client.server
        entry.link = self.state.link(server, entry.sha256) or ""
        if entry.link:
            return
        description = f"A copy of {entry.url} ({entry.origin})"[:1000]
        key = hashlib.sha256(f"{server} {entry.sha256} {description}".encode()).hexdigest()
        try:
            image = self.client.upload(
                self._picture(entry.sha256),
                name=urlsplit(entry.url).path.rpartition("/")[2][-100:] or None,
                description=description,
                idempotency_key=f"repair-{key}",
            )
        except (NotAllowedError, UnreachableError):
            raise  # so it would be with all others
        except HeliographError as error:
            entry.problems = (f"the copy was not uploaded: {error}",)
            return
        self.state.add_upload(server, entry.sha256, image)
        entry.link = image.link

    def _write(
        self, documents: Iterable[Document], links: Mapping[str, str], base: Path
    ) -> tuple[tuple[str, ...], list[Unreadable]]:
        """Write the patch, and the documents where that is asked for; returns the names of those that change, and those
        that could not be changed, which keep no other from it.
        """
        changed: list[str] = []
        left: list[Unreadable] = []
        patch: list[bytes] = []
        for document in documents:
            if not any(link.url in links for link in document.links):
                continue
            name = os.path.relpath(document.path.resolve(), base)
            try:
                before, after = repaired(document, links)
                if after == before:
                    continue
                if self.settings.mode == "write":
                    replace_file(document.path, before, after, self.settings.out / "originals" / name)
            except (InputError, OSError) as error:
                reason = getattr(error, "strerror", "") or str(error)
                left.append(Unreadable(document.path, f"could not be changed: {reason}", at_writing=True))
                continue
            changed.append(name)
            patch.append(unified(name, before, after))
        if self.settings.mode != "dry":
            write_document(self.settings.out / "repair.patch", b"".join(patch))
        return tuple(changed), left


def _read(paths: Sequence[Path], results: Path) -> tuple[list[Document], list[Unreadable]]:
    read = [read_document(path) for path in find_documents(paths, results)]
    return [each for each in read if isinstance(each, Document)], [
        each for each in read if isinstance(each, Unreadable)
    ]


def _base(paths: Sequence[Path]) -> Path:
    """The folder that names in the patch begin at: the present one, or where all documents are."""
    here = Path.cwd()
    folders = [path.resolve().parent for path in paths]
    return here if all(folder.is_relative_to(here) for folder in folders) else Path(os.path.commonpath(folders))


def _places(found: Sequence[_Use], base: Path) -> tuple[Place, ...]:
    return tuple(Place(os.path.relpath(use.document.path.resolve(), base), use.line) for use in found)


def _by_picture(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Those with a copy, grouped by it, so that no picture is uploaded twice at the same time."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.origin:
            groups.setdefault(entry.sha256, []).append(entry)
    return list(groups.values())


def _each(work: Callable[[T], None], groups: Iterable[Sequence[T]]) -> None:
    """Do the work on all items, one after the other within a group. What goes wrong, or Ctrl-C, ends all of it soon."""
    stop = threading.Event()

    def through(group: Sequence[T]) -> None:
        for item in group:
            if not stop.is_set():
                work(item)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for future in [pool.submit(through, group) for group in groups]:
                future.result()
        except BaseException:
            stop.set()
            raise
