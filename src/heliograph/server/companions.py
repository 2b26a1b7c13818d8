"""What is kept beside an image: the source that made it, and its SVG. Each is a blob like any other (decision 0039).

Hides what is accepted as one: a source is text and no picture, an SVG is written anew without anything that acts.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from heliograph.imaging import vectors
from heliograph.imaging.formats import SIGNATURE_BYTES, sniff
from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.errors import BadParameter, NotFound, StorageUnavailable, TooManyBytes
from heliograph.server.model import Caller, Companion, Image, Kind
from heliograph.server.ports import BlobStore, Database

LONGEST: Mapping[str, int] = {"source": 256 * 1024, "vector": 1024 * 1024}
"""Bytes of each kind, as UTF-8."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is about to be kept, and its bytes."""

    companion: Companion
    content: bytes


class Companions:
    """Everything about what is kept beside images. `vectors`: whether SVGs are."""

    def __init__(self, *, database: Database, blobs: BlobStore, vectors: bool) -> None:
        self._database = database
        self._blobs = blobs
        self._vectors = vectors

    async def drafted(self, sent: Mapping[Kind, str]) -> tuple[Draft, ...]:
        """What is to be kept of the texts that were sent, by kind. Raises TooManyBytes, BadParameter."""
        drafts = []
        for kind, text in sorted(sent.items()):
            if kind == "vector" and not self._vectors:
                continue
            content = await asyncio.to_thread(_vector, text) if kind == "vector" else _source(text)
            digest = hashlib.sha256(content).digest()
            drafts.append(Draft(Companion(kind, digest, len(content)), content))
        return tuple(drafts)

    async def of(self, image: Image) -> tuple[Companion, ...]:
        """What is kept beside the image."""
        rows = await self._database.fetch_all(catalog.companions_of(image.id))
        return tuple(catalog.to_companion(row) for row in rows)

    async def source(self, image: Image) -> str:
        """The source that came with the image. Raises NotFound, StorageUnavailable."""
        found = next((each for each in await self.of(image) if each.kind == "source"), None)
        if found is None:
            raise NotFound("No source is kept with this image.")
        return await self.read(found)

    async def read(self, companion: Companion) -> str:
        """Its text. Raises StorageUnavailable, also where the bytes are lost."""
        try:
            blob = await self._blobs.get(companion.sha256.hex())
        except NotFound as lost:
            raise StorageUnavailable("This cannot be read just now.") from lost
        if blob.path is not None:
            return (await asyncio.to_thread(blob.path.read_bytes)).decode()
        assert blob.chunks is not None, "a blob that is nowhere on disk comes in chunks"
        return b"".join([chunk async for chunk in blob.chunks]).decode()

    async def remove(self, image: Image, kind: Kind, by: Caller) -> None:
        """Forget what of that kind is kept beside the image. Raises NotFound."""
        work = catalog.remove_companion(image.id, kind)
        deed = done_by(by, f"image.remove-{kind}", image.id)
        if not await self._database.transaction(catalog.noted(work, deed)):
            raise NotFound(f"No {kind} is kept with this image.")


def _source(text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    _must_fit("source", content)
    # A blob is known by its bytes alone: those of a picture must never be called text.
    if _NO_TEXT.search(text) or sniff(content[:SIGNATURE_BYTES]):
        raise BadParameter("The source must be plain text.")
    return content


def _vector(text: str) -> bytes:
    sent = text.encode("utf-8", "replace")
    _must_fit("vector", sent)
    try:
        content = vectors.cleaned(sent)
    except vectors.NoVector as problem:
        raise BadParameter(f"The vector is no SVG that can be kept. {problem}") from problem
    _must_fit("vector", content)
    return content


def _must_fit(kind: Kind, content: bytes) -> None:
    if len(content) > LONGEST[kind]:
        raise TooManyBytes(f"The {kind} is longer than {LONGEST[kind]:,} bytes.")
