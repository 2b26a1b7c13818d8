"""The pictures of a site built from files, and their links; hides what is remembered from one build to the next.

What has a link already is told by the hash of its bytes, so a picture is published once however often the site is
built, and whatever its file is called. Where the server cannot be reached, the pictures stay where they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from heliograph import (
    Client,
    HeliographError,
    Image,
    LimitReachedError,
    NotAllowedError,
    ServerFailedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from heliograph.client._durable import write_document
from heliograph.documents.embedded import Embedded
from heliograph.documents.publishing import outcomes

RASTERS = frozenset({".png", ".apng", ".jpg", ".jpeg", ".gif", ".webp"})
"""Files that are published. SVGs stay: browsers show them as they are, while a host of pictures takes pixels."""
THE_SERVERS_FAULT = (UnreachableError, UnexpectedAnswerError, NotAllowedError, LimitReachedError, ServerFailedError)
"""Errors that the other pictures would meet as well."""
RETRIES, PATIENCE = 2, 10.0
"""A build does not wait for a server as long as a person would: tries after the first one, and seconds in all."""


@dataclass(frozen=True)
class Published:
    """A picture's link, and its width and height (pixels)."""

    link: str
    width: int
    height: int


class Site:
    """The pictures of one site. `memory`: the file that remembers their links, of each server its own."""

    def __init__(self, memory: Path, server: str | None, warn: Callable[[str], None]) -> None:
        """`server`: its base URL, else the one that the environment or the config file names. Nothing is asked yet.

        `warn` is told of what stays on the site, and why. Raises InputError where the server's address is none.
        """
        self._memory = memory
        with Client(server) as client:
            self._server = client.server
        self._warn = warn
        self._hashes: dict[Path, str] = {}
        self._everywhere = _read(memory)
        self._links = self._everywhere.setdefault(self._server, {})

    def published(self, file: Path) -> Published | None:
        """What is remembered of a picture; None where it is not published, is none, or cannot be read."""
        return self._links.get(self._hash(file)) if file.suffix.lower() in RASTERS else None

    def publish(self, files: Iterable[Path]) -> None:
        """Publish those pictures that are not yet; warn of each that cannot be."""
        pictures = {self._hash(file): file for file in files if file.suffix.lower() in RASTERS}
        missing = [Embedded(file) for sha256, file in pictures.items() if sha256 and sha256 not in self._links]
        if not missing:
            return
        with (
            Client(self._server, retries=RETRIES, patience=PATIENCE) as client,
            closing(outcomes(client, missing)) as each,
        ):
            left = len(missing)
            for picture, outcome in each:
                if isinstance(outcome, THE_SERVERS_FAULT):
                    stay = "1 picture stays" if left == 1 else f"{left} pictures stay"
                    self._warn(f"{stay} on the site itself: {outcome}")
                    break
                self._take(Path(str(picture.picture)), outcome)
                left -= 1
        self._remember()

    def _take(self, file: Path, outcome: Image | HeliographError) -> None:
        if isinstance(outcome, HeliographError):
            self._warn(f"{file} stays on the site itself: {outcome}")
        else:
            self._links[self._hash(file)] = Published(outcome.link, outcome.width, outcome.height)

    def _hash(self, file: Path) -> str:
        """Of the file's bytes (SHA-256, hex), read once in a build; "" where it cannot be read."""
        if file not in self._hashes:
            try:
                with file.open("rb") as opened:
                    self._hashes[file] = hashlib.file_digest(opened, "sha256").hexdigest()
            except OSError:
                return ""
        return self._hashes[file]

    def _remember(self) -> None:
        links = {
            server: {sha256: asdict(each) for sha256, each in sorted(links.items())}
            for server, links in self._everywhere.items()
        }
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            write_document(self._memory, json.dumps(links, indent=1).encode())
        except OSError as error:
            self._warn(f"{self._memory} cannot be written ({error.strerror}): the next build publishes again.")


def _read(memory: Path) -> dict[str, dict[str, Published]]:
    """What is remembered; nothing, where there is no such file or it is damaged."""
    try:
        known = json.loads(memory.read_text("utf-8"))
        return {
            server: {sha256: Published(**each) for sha256, each in links.items()} for server, links in known.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
