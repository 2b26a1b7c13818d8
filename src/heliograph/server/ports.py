"""The seams of the server, one page. Each implementation runs the contract suite of its port in `tests/contracts`."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Row
from sqlalchemy.sql.selectable import Select

from heliograph.imaging.formats import Inspection
from heliograph.imaging.recipe import Recipe
from heliograph.server.model import Allowance, Bucket, Challenge, Person

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """An open blob: `size` is the whole blob's length in bytes, `path` is set where it lies on a local disk.

    `chunks` yields the asked span's bytes once, and is None where `path` is set: whoever serves it reads the file.
    """

    size: int
    path: Path | None
    chunks: AsyncIterator[bytes] | None


class BlobStore(Protocol):
    """Bytes by name. A name is 64 lower-case hex digits, the SHA-256 of what the bytes are made from.

    All verbs raise StorageUnavailable when the store cannot be reached, is full, or refuses, and ValueError for what is
    no name.
    """

    async def put(self, name: str, source: Path) -> None:
        """Keep the file `source` under `name`: whole and durable when this returns, invisible before.

        A second put of the same name changes nothing, unless what is kept is not whole (its size differs from the
        source's): then it is replaced. The source stays, and must not be written to afterwards. After
        StorageUnavailable it must not be put again: the kernel reports a failed write-back only once.
        """

    async def get(self, name: str, span: tuple[int, int] | None = None) -> StoredBlob:
        """Open a blob; `span` is (first byte, byte after the last), within the blob. Raises NotFound."""

    async def stat(self, name: str) -> int | None:
        """The blob's size in bytes, or None where there is none."""

    async def remove(self, name: str) -> None:
        """Forget a blob; may be repeated."""

    def keys(self) -> AsyncIterator[str]:
        """All names, in no order. What is put or removed meanwhile may or may not be among them."""


class Database(Protocol):
    """Runs statements and knows no table: every statement is in `catalog`.

    All verbs raise StorageUnavailable when the database cannot be reached or is full.
    """

    async def fetch_one(self, statement: Select[Any]) -> Row[Any] | None:
        """The first row, or None. Sees everything that a finished transaction wrote."""

    async def fetch_all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """All rows."""

    async def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, durable when this returns; its own exceptions roll it back and come through.

        `work` runs in a thread or, on PostgreSQL, in the event loop: it must wait for nothing but the connection, must
        not commit or roll back itself (savepoints are fine), and may be run again after a conflict. Transactions are
        serializable. When the awaiting task is cancelled, the work may or may not happen.
        """

    async def close(self) -> None:
        """Finish what is under way and let go of the database. Afterwards all verbs raise StorageUnavailable."""


class Limiter(Protocol):
    """Counts for rate limits. `let_through` is the number of requests that an outage let through uncounted."""

    let_through: int

    async def spend(self, buckets: Sequence[Bucket], sides: Sequence[Sequence[Bucket]] = ()) -> Allowance:
        """Take each bucket's cost, or nothing from any: one atomic step, however many spend at once.

        The request is allowed when all `buckets` have room and, where there are `sides`, all buckets of at least one
        side have. Then the cost is taken from `buckets` and from every side that has room; a side without room gives
        nothing and is left as it is. No bucket may be on two sides, or on one and among `buckets`. A cost of 0 only
        looks. The Allowance tells of `buckets`, then of the sides, in their order.
        An outage of what stands behind lets the request through (no buckets in the Allowance), within a bounded
        time, and is counted; counting resumes by itself.
        """

    async def reachable(self) -> None:
        """Raise StorageUnavailable where what stands behind does not answer."""

    async def close(self) -> None:
        """Let go of what stands behind."""


class Transformer(Protocol):
    """Pictures decoded in processes that may die without harm.

    All verbs raise the ImageFailures of `imaging.failures`, and OSError when a file cannot be read or written.
    """

    async def inspect(self, source: Path, target: Path) -> Inspection:
        """Decode the file `source` wholly, within limits of pixels, frames, memory and time.

        Writes to `target` what should be stored instead, free of private metadata, with identical pixels; writes
        nothing where the source is already clean (`Inspection.changed` is False).
        Raises UnsupportedFormat, CorruptImage, TooManyPixels, TooManyFrames, Busy.
        """

    async def render(self, recipe: Recipe, source: Path, target: Path) -> None:
        """Write the rendition that `recipe` describes of the picture `source` to `target`. Raises CorruptImage,
        Busy.
        """

    async def close(self) -> None:
        """End the worker processes."""


class Fetcher(Protocol):
    """Downloads a picture that somebody named by URL."""

    async def fetch(self, url: str, limit: int, target: Path) -> tuple[int, bytes]:
        """Download `url` into the file `target`: at most `limit` bytes. Returns its size and its SHA-256 (32 bytes).

        The address is checked when connecting, at every redirect (at most 5), so neither DNS rebinding nor a redirect
        reaches inside. Raises InvalidUrl, ForbiddenAddress, FetchFailed, TooManyBytes, StorageUnavailable.
        """


class IdentityProvider(Protocol):
    """An OpenID Connect provider, which tells who somebody is. `issuer` is its name for ever.

    Both verbs raise Busy where the provider cannot be reached in time, or does not answer as one.
    """

    issuer: str

    async def question(self, challenge: Challenge) -> str:
        """The address to send a browser to, which comes back with a code and the challenge's state."""

    async def person(self, code: str, challenge: Challenge) -> Person:
        """Who came back with `code`, after everything that proves it was checked. Raises InvalidToken where it does
        not, or the code has been used.
        """
