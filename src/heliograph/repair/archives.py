"""Archives of the web: which captures they hold of an address. Each is a few lines behind one protocol.

Only archives whose addresses are documented for programs are here (docs/repair.md says where).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from heliograph.repair.web import Trouble, Web

MOST_CAPTURES = 200
MEMENTO = re.compile(r'<([^<>]+)>\s*;[^<]*\brel="?[^"<]*\bmemento\b', re.IGNORECASE)
REPLAY = re.compile(r"^(?P<before>.*/)(?P<time>\d{14})(?P<flag>[a-z]{2}_)?/(?P<url>https?:.*)$")


@dataclass(frozen=True)
class Capture:
    """One capture. `address`: where its very bytes are; `digest`: the same for the same bytes, "" if unknown."""

    address: str
    digest: str = ""


class Archive(Protocol):
    """Something that keeps captures."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    def captures(self, url: str) -> Sequence[Capture]:
        """What it holds of `url`, oldest first. Raises Trouble where it cannot be asked."""


@dataclass(frozen=True)
class WaybackMachine:
    """The Internet Archive's, by its CDX server (github.com/internetarchive/wayback, wayback-cdx-server/README.md).

    `/web/TIMEid_/URL` gives the bytes as they were, without the archive's own additions.
    """

    web: Web
    base: str = "https://web.archive.org"
    name: str = "the Wayback Machine"

    def captures(self, url: str) -> Sequence[Capture]:
        """Captures that were pictures and answered 200, one of those that follow each other with the same bytes."""
        query = (
            f"url={quote(url, safe='')}&output=json&fl=timestamp,original,digest&filter=statuscode:200"
            f"&filter=mimetype:image/.*&collapse=digest&limit={MOST_CAPTURES}"
        )
        answer = self.web.ask("GET", f"{self.base}/cdx/search/cdx?{query}", robots=False)
        if not answer.good:
            raise Trouble(f"it answers {answer.status}")
        try:
            rows = json.loads(answer.body or b"[]")
            return [Capture(f"{self.base}/web/{time}id_/{original}", digest) for time, original, digest in rows[1:]]
        except (ValueError, TypeError) as error:
            raise Trouble("it answered something else than its index") from error


@dataclass(frozen=True)
class TimeMap:
    """Any archive that tells its captures by a TimeMap in link format (RFC 7089), such as those that run pywb.

    `base`: what the address is put behind, such as `https://arquivo.pt/wayback/timemap/link/` (its Memento API).
    """

    web: Web
    base: str
    name: str

    def captures(self, url: str) -> Sequence[Capture]:
        """Its mementos; where their addresses have Wayback's form, as they were (pywb's `id_`)."""
        answer = self.web.ask("GET", f"{self.base}{url}", robots=False)
        if answer.status == 404:
            return []
        if not answer.good:
            raise Trouble(f"it answers {answer.status}")
        found = MEMENTO.findall(answer.body.decode("utf-8", "replace"))[:MOST_CAPTURES]
        return [Capture(REPLAY.sub(r"\g<before>\g<time>id_/\g<url>", address)) for address in found]


ARQUIVO = "https://arquivo.pt/wayback/timemap/link/"
"""github.com/arquivo/pwa-technologies, wiki, "Memento API"."""
