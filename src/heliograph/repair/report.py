"""The report of a run, as JSON for programs (docs/repair-report.schema.json) and as a page for people."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from heliograph.repair.documents import Unreadable
from heliograph.repair.judging import Verdict

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#ccc, #555); --soft: light-dark(#555, #bbb); }
html { background: light-dark(#fff, #121212); color: light-dark(#111, #eee); }
a { color: light-dark(#0645ad, #8ab4f8); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2rem; }
ul.links { list-style: none; padding: 0; }
ul.links > li { border-top: 1px solid var(--line); padding: .7rem 0; overflow-wrap: anywhere; }
ul.links p { margin: .1rem 0; } .soft { color: var(--soft); font-size: .9rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .15rem 1.5rem .15rem 0; font-weight: normal; }
td { text-align: right; font-variant-numeric: tabular-nums; }
"""


@dataclass(frozen=True)
class Place:
    """Where an address stands: a document's name, and the line, counted from 1."""

    document: str
    line: int


@dataclass
class Entry:
    """One address: what has become of it, and what is done about it.

    `wanted`: whether it is one of those to repair. `origin`, `sha256`: of the copy that was found, "" if none; `link`:
    where it was uploaded to, "" if it was not; `problems`: why there is no copy or no link.
    """

    url: str
    verdict: Verdict
    reason: str
    places: tuple[Place, ...]
    wanted: bool = False
    origin: str = ""
    sha256: str = ""
    link: str = ""
    problems: tuple[str, ...] = ()


@dataclass
class Report:
    """All addresses of a run. `command`: repair or mirror; `mode`: dry, patch or write; `at`: ISO 8601, UTC."""

    command: str
    mode: str
    at: str
    server: str
    documents: int
    entries: list[Entry] = field(default_factory=list)
    unreadable: Sequence[Unreadable] = ()
    files: tuple[str, ...] = ()
    """The documents that were changed, or would be by the patch."""

    def counts(self) -> dict[str, int]:
        """How many addresses have each verdict, all verdicts named."""
        counted = Counter(entry.verdict for entry in self.entries)
        return {verdict.value: counted[verdict] for verdict in Verdict}

    def as_json(self) -> dict[str, Any]:
        """What programs read."""
        return {
            "version": 1,
            "command": self.command,
            "mode": self.mode,
            "at": self.at,
            "server": self.server,
            "documents": self.documents,
            "counts": self.counts(),
            "changed": list(self.files),
            "unreadable": [{"document": str(each.path), "reason": each.reason} for each in self.unreadable],
            "links": [_entry(entry) for entry in self.entries],
        }

    def as_html(self) -> str:
        """What people read, without scripts and without pictures: these would be asked for from hosts elsewhere."""
        rows = "".join(f"<tr><th scope=row>{name}</th><td>{number}</td></tr>" for name, number in self.counts().items())
        sections = "".join(self._section(verdict) for verdict in Verdict if verdict is not Verdict.LIVE)
        if self.command == "mirror":
            sections = self._section(Verdict.LIVE) + sections
        left_out = "".join(
            f"<li><p>{_text(each.path)}</p><p class=soft>{_text(each.reason)}</p></li>" for each in self.unreadable
        )
        title = f"heliograph {self.command}"
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
            f"<h1>{title}: {self._extent()}</h1>"
            f"<p>{_text(self._summary())}</p><table><tbody>{rows}</tbody></table>{sections}"
            + (f"<h2>Documents left out</h2><ul class=links>{left_out}</ul>" if left_out else "")
            + "</main></body></html>\n"
        )

    def summary(self) -> str:
        """One line for the terminal."""
        counted = ", ".join(f"{number} {name}" for name, number in self.counts().items() if number)
        return f"{self._extent()}: {counted or 'none'}"

    def _extent(self) -> str:
        addresses = number(len(self.entries), "address", "addresses")
        return f"{addresses} in {number(self.documents, 'document', 'documents')}"

    def _summary(self) -> str:
        wanted = [entry for entry in self.entries if entry.wanted]
        found = sum(bool(entry.origin) for entry in wanted)
        said = {
            "dry": "Nothing was uploaded and nothing was changed.",
            "patch": f"The patch changes {number(len(self.files), 'document', 'documents')}.",
            "write": f"Changed: {number(len(self.files), 'document', 'documents')}.",
        }[self.mode]
        return f"{self.at}. {number(len(wanted), 'address', 'addresses')} to replace, {found} with a good copy. {said}"

    def _section(self, verdict: Verdict) -> str:
        entries = [entry for entry in self.entries if entry.verdict is verdict]
        items = "".join(_item(entry) for entry in entries)
        return f"<h2>{verdict.value.capitalize()} ({len(entries)})</h2><ul class=links>{items}</ul>" if entries else ""


def number(count: int, one: str, many: str) -> str:
    """How many of something there are, in words."""
    return f"{count:,} {one if count == 1 else many}"


def _item(entry: Entry) -> str:
    places = ", ".join(f"{_text(place.document)}:{place.line}" for place in entry.places)
    parts = [
        f'<p><a href="{_text(entry.url)}" rel="noreferrer">{_text(entry.url)}</a></p>',
        f"<p>{_text(entry.reason)}</p>",
    ]
    if entry.link:
        parts.append(f'<p>Now at <a href="{_text(entry.link)}">{_text(entry.link)}</a></p>')
    if entry.origin:
        parts.append(f"<p>A good copy: {_text(entry.origin)}</p>")
    parts += [f"<p>{_text(problem)}</p>" for problem in entry.problems]
    return f"<li>{''.join(parts)}<p class=soft>{places}</p></li>"


def _entry(entry: Entry) -> dict[str, Any]:
    copy = {"origin": entry.origin, "sha256": entry.sha256} if entry.origin else None
    return {
        "url": entry.url,
        "verdict": entry.verdict.value,
        "reason": entry.reason,
        "places": [{"document": place.document, "line": place.line} for place in entry.places],
        "wanted": entry.wanted,
        "copy": copy,
        "link": entry.link or None,
        "problems": list(entry.problems),
    }


def _text(value: object) -> str:
    """Text from elsewhere, as it may stand in the page."""
    return html.escape(str(value).encode("utf-8", "replace").decode("utf-8"))
