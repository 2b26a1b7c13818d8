"""Bytes in: whatever a client sends as a body becomes texts and a picture, streamed, hashed and limited.

What the picture is gets decided by content, never by label: a file part is bytes, whatever its name or type; a text
field or a raw body is sniffed by `textual`. The body shapes are those that 42 real client programs were seen
to send; letters in comments are those of the wire page clients, table of upload bodies. Framework form parsers refuse
base64 text over about 1 MB, hence our own.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from heliograph.imaging.formats import SIGNATURE_BYTES, sniff
from heliograph.server.errors import BadParameter, TooManyBytes
from heliograph.server.http.compressed import plain_body
from heliograph.server.http.multiparts import Head, Parts, boundary_in, boundary_of, is_multipart
from heliograph.server.http.spelling import BOM, Members, as_meant, cut_before_escape, query_texts, unquoted
from heliograph.server.http.textual import File, Text, is_picture_in_base64
from heliograph.server.incoming import Incoming
from heliograph.server.model import RemoteImage

_TEXT_LIMIT = 64 * 1024
_SHORT = 1024
_PIECE = 256 * 1024
_HEAD = 1024
"""Bytes of a body that are waited for before it is seen what it is."""
_MOST_PARTS = 100
_ENCODED_SIZE = 3
"""How many times larger than its picture a body may be: go-imgur percent-encodes raw bytes (shape f)."""

_FORM_START = re.compile(rb"[&\s]*[A-Za-z_%][A-Za-z0-9_.\[\]%+-]{0,63}=(?!=?\s*\Z)")
"""A field's name. In base64 a `=` stands at the end only."""
_JSON_START = re.compile(rb"\s*\{")
TEXTS = ("title", "description", "alt", "name", "caption", "key", "type", "album", "album_id")
"""The texts that any dialect's upload has beside the picture."""

_one_json_at_a_time = asyncio.Semaphore(2)


@dataclass(slots=True)
class Form:
    """What came: texts by field name (query and body, the body wins) and the picture, if any.

    field: the name of the field that holds the picture, known as soon as it begins to arrive; None for a raw body.
    written: what stood in its place, where that was a short text. empty_file: whether a file came with nothing in it.
    """

    texts: dict[str, str] = field(default_factory=dict)
    picture: Incoming | RemoteImage | None = None
    field: str | None = None
    written: str = ""
    empty_file: bool = False

    def text(self, *names: str) -> str | None:
        """The first of the fields `names` that has a text other than blanks."""
        return next((self.texts[name] for name in names if self.texts.get(name, "").strip()), None)

    @property
    def key(self) -> str | None:
        """The key, without the blanks and line ends that come along where it was read from a file."""
        return (self.text("key") or "").strip() or None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads upload bodies into files of `folder` where they are large; pictures of at most `max_bytes` bytes."""

    folder: Path
    max_bytes: int

    @asynccontextmanager
    async def read(
        self,
        request: Request,
        pictures: Collection[str],
        *,
        texts: Collection[str] = (),
        long: Mapping[str, int] | None = None,
        any_file: bool = False,
    ) -> AsyncIterator[Form]:
        """The form that `request` brings; fields named in `pictures` hold the picture, whatever they look like.

        The first file part that is not empty wins over all else. any_file: a file part may have any name, as those of
        the Stack Exchange form have. texts: what is read of a JSON body besides TEXTS. long: texts that may have
        more than 64 KiB, and how many bytes.
        Raises TooManyBytes, BadParameter, LocalPathSent, InvalidUrl, UnsupportedFormat.
        """
        form = request.state.form = Form(query_texts(request.scope["query_string"], _MOST_PARTS))
        parse = _Parse(self, frozenset(pictures), frozenset(texts), long or {}, form, any_file=any_file)
        try:
            await parse.body(request)
            yield parse.form
        finally:
            parse.close()


def form_of(request: Request) -> Form:
    """What has been read of the request's body, also where reading it has failed: some dialects say a failure in the
    way that the fields ask for. Its picture is closed by then.
    """
    return getattr(request.state, "form", None) or Form()


class _Parse:
    """One body being read. All that it opens is closed by `close`."""

    def __init__(
        self,
        reader: Reader,
        pictures: frozenset[str],
        texts: frozenset[str],
        long: Mapping[str, int],
        form: Form,
        *,
        any_file: bool,
    ) -> None:
        self._reader = reader
        self._pictures = pictures
        self._texts = texts | long.keys()
        self._long = long
        self._any_file = any_file
        self._has_file = False
        self._opened: list[Incoming] = []
        self.form = form

    async def body(self, request: Request) -> None:
        declared = request.headers.get("content-length", "")
        # Where any field may be the file, its name is wanted before the refusal, which comes when too much has come.
        if declared.isdigit() and int(declared) > self._body_limit and not self._any_file:
            raise TooManyBytes(f"The image is larger than this server accepts ({self._reader.max_bytes:,} bytes).")
        pieces = plain_body(request, self._body_limit, TooManyBytes())
        await self._as_it_begins(pieces, request.headers.get("content-type", ""))
        if self.form.picture is None:
            self._picture_from_query()

    def close(self) -> None:
        for incoming in self._opened:
            incoming.close()

    @property
    def _body_limit(self) -> int:
        return _ENCODED_SIZE * (self._reader.max_bytes + sum(self._long.values())) + 1024 * 1024

    def _open(self, limit: int, *, hashed: bool = True) -> Incoming:
        incoming = Incoming(self._reader.folder, limit, hashed=hashed)
        self._opened.append(incoming)
        return incoming

    async def _as_it_begins(self, pieces: AsyncIterator[bytes], label: str) -> None:
        """Read a body as what its first bytes are, and as what its Content-Type calls it only where they do not tell.
        PHP's curl sends parts under any type that is forced by hand (need N11).
        """
        begun = b""
        async for piece in pieces:
            begun += piece
            if len(begun) >= _HEAD + len(BOM):
                break
        begun = begun.removeprefix(BOM)
        rest, head = _joined(begun, pieces), begun[:_HEAD]  # as much of it in every case, however it was cut
        is_text = not sniff(head[:SIGNATURE_BYTES]) and not label.lower().startswith("image/")
        if head and is_multipart(label) and not sniff(head[:SIGNATURE_BYTES]):
            await self._multipart(rest, boundary_of(label))
        elif is_text and (boundary := boundary_in(head)):
            await self._multipart(rest, boundary)
        elif is_text and self._is_form(head):
            await self._urlencoded(rest)
        elif is_text and head and (_JSON_START.match(head) or (_is_json(label) and not is_picture_in_base64(head))):
            await self._json(rest)
        elif head:
            await self._raw(rest)

    def _is_form(self, head: bytes) -> bool:
        """Whether a body begins with a field's name. `image=` alone might be base64 too, and is the field."""
        name, equals, _ = head.partition(b"=")
        known = {*TEXTS, *self._pictures, *self._texts}
        return bool(_FORM_START.match(head) or (equals and name.decode("latin-1") in known))

    # Shapes a, b, c: multipart.

    async def _multipart(self, stream: AsyncIterator[bytes], boundary: bytes) -> None:
        parts = Parts(boundary, _MOST_PARTS)
        part: _Part | None = None
        async for piece in stream:
            part = self._take_parts(parts.read(piece), part)
        self._take_parts(parts.end(), part)

    def _take_parts(self, events: Iterator[Head | bytes | None], part: "_Part | None") -> "_Part | None":
        for event in events:
            if isinstance(event, Head):
                part = self._open_part(event.name, event.filename)
            elif part is not None and event is not None:
                part.write(event)
            elif part is not None:
                self._close_part(part)
                part = None
        return part

    def _open_part(self, name: str, filename: str | None) -> "_Part":
        # With an empty filename it is no file, but whatever a text may be.
        if filename is not None and (self._any_file or (filename and name in self._pictures)):
            self._begin_picture(name)
            return _Part(name, File(self._open, self._reader.max_bytes), filename=filename)
        return self._open_field(name)

    def _open_field(self, name: str) -> "_Part":
        if name in self._pictures:
            self._begin_picture(name)
            return _Part(name, self._picture_text())
        return _Part(name, None, limit=self._long.get(name, 0))

    def _begin_picture(self, name: str) -> None:
        if self.form.picture is None:
            self.form.field = name

    def _close_part(self, part: "_Part") -> None:
        if part.into is None:
            self.form.texts[part.name] = as_meant(bytes(part.text))
        elif isinstance(part.into, Text):
            self._take_text(part.into)
        elif (file := part.into.picture()) is None:
            self.form.empty_file = True
        elif not self._has_file:
            self._has_file = True
            self.form.picture, self.form.field = file, part.name
            if part.filename:
                self.form.texts.setdefault("name", part.filename.replace("\\", "/").rsplit("/", 1)[-1])

    def _picture_text(self) -> Text:
        return Text(self._open, self._reader.max_bytes)

    def _take_text(self, text: Text) -> None:
        """A picture in a field without a filename (b, c, d, e, f), or as the whole body (g, h, i)."""
        self.form.written = text.short(_SHORT) or self.form.written
        found = text.picture()
        if found is not None and not self._has_file:
            self.form.picture = found

    # All other shapes.

    async def _raw(self, stream: AsyncIterator[bytes]) -> None:
        """Shapes g, g', h (raw bytes under any label) and i (bare base64)."""
        text = self._picture_text()
        async for piece in stream:
            text.write(piece)
        self._take_text(text)

    async def _urlencoded(self, stream: AsyncIterator[bytes]) -> None:
        """Shapes d, d', e, f; a field is decoded as it comes, so a large one never stands in memory."""
        name, undecoded, part = b"", b"", None
        fields = 0
        async for piece in _joined(b"", stream, end=b"&"):
            # Looking for a sign is many times quicker than splitting at it, and most pieces are of one large field.
            *finished, last = piece.split(b"&", _MOST_PARTS) if b"&" in piece else (piece,)
            fields += len(finished)
            if fields > _MOST_PARTS:
                raise BadParameter(f"The form has more than {_MOST_PARTS} fields.")
            for value in finished:
                name, part, undecoded = self._feed_field(name, part, undecoded + value)
                if part is not None:
                    part.write(unquoted(undecoded))
                    self._close_part(part)
                name, part, undecoded = b"", None, b""
            name, part, undecoded = self._feed_field(name, part, undecoded + last)
            if part is None and len(name) > _TEXT_LIMIT:
                raise BadParameter("The form has a field name that is too long.")

    def _feed_field(self, name: bytes, part: "_Part | None", raw: bytes) -> tuple[bytes, "_Part | None", bytes]:
        """Take raw bytes of one field in: returns its name so far, its part once the name is whole, and what is
        left.
        """
        if part is None:
            name, equals, raw = (name + raw).partition(b"=")
            if not equals:
                return name, None, b""
            part = self._open_field(as_meant(unquoted(name)).strip())
        whole, left = cut_before_escape(raw)
        part.write(unquoted(whole))
        return name, part, left

    async def _json(self, stream: AsyncIterator[bytes]) -> None:
        """Shape j. The text must stand in memory twice while it is parsed, so few are parsed at once."""
        # A picture is a third longer in base64, and a long text up to twice as long for its quotes and line ends.
        most = self._reader.max_bytes * 4 // 3 + 2 * sum(self._long.values()) + 1024 * 1024
        body = self._open(most, hashed=False)
        async for piece in stream:
            body.write(piece)
        fields = Members({*TEXTS, *self._pictures, *self._texts})
        async with _one_json_at_a_time:
            for name, value in fields.read(b"".join(body.pieces())):
                part = self._open_field(name)
                for start in range(0, len(value), _PIECE):
                    part.write(value[start : start + _PIECE])
                    await asyncio.sleep(0)
                self._close_part(part)

    def _picture_from_query(self) -> None:
        """Shapes k and l: everything in the query string."""
        for name in sorted(self._pictures & self.form.texts.keys()):
            self._begin_picture(name)
            text = self._picture_text()
            text.write(self.form.texts[name].encode())
            self._take_text(text)


@dataclass(slots=True)
class _Part:
    """A field being received: where it is the picture, `into` what takes it (a file, or a text that stands for it).
    Any other is `text`, of `limit` bytes where it may be long.
    """

    name: str
    into: File | Text | None
    filename: str | None = None
    text: bytearray = field(default_factory=bytearray)
    limit: int = 0

    def write(self, piece: bytes | bytearray) -> None:
        if self.into is not None:
            self.into.write(piece)
            return
        self.text += piece
        if len(self.text) > (self.limit or _TEXT_LIMIT):
            failure = TooManyBytes if self.limit else BadParameter
            raise failure(f"The field {self.name!r} is longer than {self.limit or _TEXT_LIMIT:,} bytes.")


def _is_json(label: str) -> bool:
    return label.partition(";")[0].strip().lower().endswith("json")


async def _joined(head: bytes, stream: AsyncIterator[bytes], end: bytes = b"") -> AsyncIterator[bytes]:
    if head:
        yield head
    async for piece in stream:
        yield piece
    if end:
        yield end
