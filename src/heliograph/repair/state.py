"""What one run leaves for the next: looks at addresses, and what was uploaded; hides the file.

A line of JSON is added for each thing as it happens, so that a run that was interrupted goes on where it was. Delete
hashes and receipts are told only once and are kept here too, so nobody else may read the file.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import heliograph
from heliograph import InputError
from heliograph.client._durable import write_document
from heliograph.repair.judging import Observation, Verdict


class State:
    """The file, read once and added to; may be used by several threads."""

    def __init__(self, path: Path) -> None:
        """Read what is there. Raises InputError if the file is not one of ours; a last line cut short is left out."""
        self._path = path
        self._lock = threading.Lock()
        self._looks: dict[str, list[Observation]] = {}
        self._links: dict[tuple[str, str], str] = {}
        text = path.read_text("utf-8") if path.exists() else ""
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                if number < len(lines) or text.endswith("\n"):
                    raise InputError(f"{path} is damaged in line {number}. Name another folder with --out.") from error
                lines.pop()
        if text and not text.endswith("\n"):
            write_document(path, "".join(f"{each}\n" for each in lines).encode())

    def looks(self, url: str) -> Sequence[Observation]:
        """All looks at an address, oldest first."""
        return tuple(self._looks.get(url, ()))

    def add_look(self, url: str, look: Observation) -> None:
        """Remember one more look."""
        self._add({"look": url, **asdict(look)})

    def known_sha256(self, url: str) -> str:
        """The hash of the picture that was last seen live at an address, "" if none ever was."""
        seen = (look.sha256 for look in reversed(self._looks.get(url, ())) if look.verdict is Verdict.LIVE)
        return next((sha256 for sha256 in seen if sha256), "")

    def link(self, server: str, sha256: str) -> str | None:
        """Where a picture is on a server, if an earlier run has uploaded it."""
        return self._links.get((server, sha256))

    def hosts(self, server: str) -> set[str]:
        """Where a server's links lead to, with the port, if any: pictures may have a host of their own."""
        return {urlsplit(link).netloc for (of, _), link in self._links.items() if of == server}

    def add_upload(self, server: str, sha256: str, image: heliograph.Image) -> None:
        """Remember an upload, with all that the server said of it."""
        self._add({"upload": sha256, "server": server, "link": image.link, "answer": dict(image.answer)})

    def _add(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._take(entry)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def _take(self, entry: dict[str, Any]) -> None:
        if "look" in entry:
            look = Observation(
                Verdict(entry["verdict"]), str(entry["reason"]), float(entry["at"]), str(entry["sha256"])
            )
            self._looks.setdefault(str(entry["look"]), []).append(look)
        else:
            self._links[str(entry["server"]), str(entry["upload"])] = str(entry["link"])
