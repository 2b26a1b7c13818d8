"""Pictures that could not be sent yet, kept on this computer's disk; hides where, and in which form.

An entry is one file: a line of JSON, and the picture's bytes behind it. It is there whole or not at all, for its owner
only, and holds no key of the server's. It does hold the upload's idempotency key, so whoever sends it, and however
often, it is published once.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from heliograph.client._config import Target, state_folder
from heliograph.client._durable import write
from heliograph.client._errors import InputError
from heliograph.client._idempotency import IdempotencyKey
from heliograph.client._pictures import Picture

FORM = 1
ENDING = ".waiting"
LONGEST_LINE = 1 << 20
STALE = 86_400.0
"""Seconds after which nobody is still writing a file."""


@dataclass(frozen=True)
class Waiting:
    """A picture that waits to be sent. `str(waiting)` is what it is called.

    `server`: the base URL of the host that is to have it; `anonymous`: nobody's key goes with it. `kept`: since when.
    `texts`: title, description and so on. `url`: what the server is to fetch, "" where the `size` bytes are here.
    `doubt`: why nobody can know whether it was published already, "" where it surely is published once. `damage`: why
    it cannot be read, "" where it can.
    """

    id: str
    path: Path = field(repr=False)
    kept: datetime
    server: str = ""
    anonymous: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    url: str = ""
    size: int = 0
    doubt: str = ""
    damage: str = ""
    key: IdempotencyKey = field(default=IdempotencyKey(""), repr=False)

    def __str__(self) -> str:
        return self.id

    def is_for(self, server: str, key: IdempotencyKey) -> bool:
        """Whether it is the entry of that very upload."""
        return (self.server, self.key) == (server, key)

    @contextmanager
    def opened(self) -> Iterator[Picture | str]:
        """The picture, or the URL, as it is to be sent. Raises InputError where it is gone or damaged."""
        if self.damage:
            raise InputError(f"The entry {self.id} of the outbox is damaged ({self.damage}): {self.path}")
        if self.url:
            yield self.url
            return
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise InputError(f"There is no entry {self.id} in the outbox any more.") from error
        with file:
            file.readline(LONGEST_LINE)
            yield Picture(file, self.name, None)


class Outbox:
    """The pictures that wait, in one folder. May be used by several programs at once."""

    def __init__(self, folder: Path | None = None) -> None:
        """Look into `folder`, else into the one that each user has."""
        self._folder = folder or state_folder() / "outbox"

    def keep(
        self,
        what: Picture | str,
        texts: Mapping[str, str],
        key: IdempotencyKey,
        target: Target,
        doubt: str = "",
    ) -> Waiting:
        """Keep a picture, or a URL, durably. The same upload is kept once. Raises OSError, e.g. for a full disk."""
        told: dict[str, Any] = {
            "heliograph_outbox": FORM,
            "kept": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "server": target.url,
            "anonymous": target.key is None,
            "key": key.text,
            "by_content": key.by_content,
            "call": key.call,
            "texts": dict(texts),
            "doubt": doubt,
        }
        if isinstance(what, str):
            told["url"] = what
        else:
            told |= {"name": what.name, "size": what.size}
        named = hashlib.sha256(f"{target.url}\n{key.text}".encode()).hexdigest()[:12]
        path = self._folder / f"{named}{ENDING}"
        if isinstance(what, str) and (there := _found(path)) and not there.damage and there.doubt == doubt:
            return there  # what the URL showed at its first call is what waits
        blocks = () if isinstance(what, str) else what.blocks()
        self._sweep()
        write(path, chain([json.dumps(told).encode() + b"\n"], blocks))
        return _read(path)

    def _sweep(self) -> None:
        """Remove what programs that were killed have left half written: it is no entry, and never will be."""
        for path in self._folder.glob(f".*{ENDING}.*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE:
                    path.unlink()

    def waiting(self, server: str | None = None) -> list[Waiting]:
        """What waits, the oldest first: all, or what waits for one server."""
        found = [entry for path in self._folder.glob(f"*{ENDING}") if (entry := _found(path))]
        return sorted(
            (entry for entry in found if server in (None, entry.server)), key=lambda entry: (entry.kept, entry.id)
        )

    def find(self, name: str) -> Waiting:
        """The entry of that name. Raises InputError."""
        for entry in self.waiting():
            if entry.id == name.strip():
                return entry
        raise InputError(f"There is no entry {name!r} in the outbox. 'heliograph outbox list' shows them.")

    def remove(self, entry: Waiting) -> None:
        """Forget an entry; one that is gone already is no error. Raises InputError."""
        try:
            entry.path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"The entry {entry.id} of the outbox cannot be removed: {error}.") from error


def _found(path: Path) -> Waiting | None:
    """What is read there; None where another program has sent it meanwhile."""
    with suppress(FileNotFoundError):
        return _read(path)
    return None


def _read(path: Path) -> Waiting:
    """The entry at `path`, as damaged where it cannot be understood. Raises FileNotFoundError."""
    name = path.name.removesuffix(ENDING)
    try:
        with path.open("rb") as file:
            line = file.readline(LONGEST_LINE)
            behind = path.stat().st_size - len(line)
        told = json.loads(line)
        if told["heliograph_outbox"] != FORM:
            raise ValueError("it is of another version")
        if behind != told.get("size", 0):
            raise ValueError(f"{behind} of {told.get('size', 0)} bytes are there")
        return Waiting(
            id=name,
            path=path,
            kept=datetime.fromisoformat(told["kept"]),
            server=str(told["server"]),
            anonymous=bool(told["anonymous"]),
            texts={str(text): str(value) for text, value in told["texts"].items()},
            name=str(told.get("name", "")),
            url=str(told.get("url", "")),
            size=behind,
            doubt=str(told["doubt"]),
            key=IdempotencyKey(str(told["key"]), bool(told["by_content"]), str(told.get("call", ""))),
        )
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Waiting(id=name, path=path, kept=datetime.fromtimestamp(0, UTC), damage=str(error) or repr(error))
