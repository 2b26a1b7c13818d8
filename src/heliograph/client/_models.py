"""What the server answers, as frozen records; hides the JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from heliograph.client import _markup
from heliograph.client._errors import UnexpectedAnswerError, VerificationError


@dataclass(frozen=True)
class Receipt:
    """A host's signed word that it stored a picture. Reading one does not verify it: `Client.verify` does.

    `token`: the compact JWS (RFC 7515). `issuer`: the host's base URL. `id`: the image. `sha256`, `size` (bytes) and
    `media_type`: of what is stored and served at `link`. `received_sha256`: of the bytes that arrived, before private
    metadata was removed. `key_id`: which of the host's keys signed.
    """

    token: str = field(repr=False)
    issuer: str
    id: str
    issued: datetime
    sha256: str
    size: int
    media_type: str
    link: str
    received_sha256: str
    key_id: str

    def __str__(self) -> str:
        return self.token

    @classmethod
    def parse(cls, token: str) -> Receipt:
        """Read the compact JWS `token` without verifying it; raises VerificationError if it is no receipt."""
        token = "".join(token.split())
        try:
            header, payload = (json.loads(part) for part in jws_parts(token)[:2])
            return cls(
                token=token,
                issuer=str(payload["iss"]),
                id=str(payload["sub"]),
                issued=datetime.fromtimestamp(payload["iat"], UTC),
                sha256=str(payload["sha256"]),
                size=int(payload["size"]),
                media_type=str(payload["media_type"]),
                link=str(payload["link"]),
                received_sha256=str(payload.get("received_sha256", "")),
                key_id=str(header["kid"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
            raise VerificationError("This is not a receipt of Heliograph: it is damaged or cut short.") from error


@dataclass(frozen=True)
class Image:
    """A published picture. `str(image)` is its direct link.

    `size` is in bytes, `width` and `height` in pixels; `sha256` (hex) is of what is stored and served; `thumbnails`
    maps the size letters (s b t m l h) to links. `delete_link`, `delete_hash`, `receipt` and `removed_metadata` are
    told to the uploader and the owner only. `vector_link` and `source_link`, of the SVG and the source where they are
    kept, are told by `upload` and `info`; `views` (in any size) and `bandwidth` (bytes that took) by `info` only, which
    tells an account also whether it is among its favourites (`favorite`).
    `host`: the base URL of the host that took it, told by `upload` only; one that is shaped like Imgur tells no
    `sha256`, receipt and thumbnails. `answer` is the server's whole answer, unknown members too.
    """

    id: str
    page: str
    link: str
    thumbnails: Mapping[str, str] = field(repr=False)
    width: int
    height: int
    media_type: str
    size: int
    animated: bool
    sha256: str
    created: datetime
    title: str = ""
    description: str = ""
    alt: str = ""
    name: str = ""
    delete_link: str | None = field(default=None, repr=False)
    delete_hash: str | None = field(default=None, repr=False)
    receipt: Receipt | None = field(default=None, repr=False)
    removed_metadata: tuple[str, ...] = ()
    vector_link: str | None = field(default=None, repr=False)
    source_link: str | None = field(default=None, repr=False)
    views: int | None = field(default=None, compare=False)
    bandwidth: int | None = field(default=None, compare=False)
    favorite: bool | None = field(default=None, compare=False)
    host: str = field(default="", compare=False)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __str__(self) -> str:
        return self.link

    def markdown(self) -> str:
        """`![alt](link)`; the title stands in for a missing alt text, here and below."""
        return _markup.markdown(self.link, self.alt or self.title)

    def html(self) -> str:
        """An `img` element with alt text and dimensions."""
        return _markup.img(self.link, self.alt or self.title, self.width, self.height)

    def bbcode(self) -> str:
        """`[img]link[/img]`."""
        return _markup.bbcode(self.link)

    def rst(self) -> str:
        """An image directive of reStructuredText."""
        return _markup.rst(self.link, self.alt or self.title)

    def latex(self) -> str:
        """A link by the package hyperref."""
        return _markup.latex(self.link, self.alt or self.title)

    def _repr_html_(self) -> str:
        """How a notebook shows it: the picture, by its link."""
        return self.html()

    def _repr_markdown_(self) -> str:
        """The same for notebooks that are exported as Markdown."""
        return self.markdown()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, ARG002 # IPython's own
        """The same for a terminal: the link. All members, as `repr` shows them, would make notebooks large."""
        printer.text(self.link)

    @classmethod
    def parse(cls, answer: object) -> Image:
        """Read the JSON object of an image; unknown members are kept in `answer` and otherwise ignored.

        Raises UnexpectedAnswerError if what every image has is missing.
        """
        try:
            return cls._read(answer)  # type: ignore[arg-type] # whatever it is, reading it tells
        except (ValueError, KeyError, TypeError, AttributeError, VerificationError) as error:
            raise UnexpectedAnswerError(
                f"The server described an image in a way that this client does not understand ({error!r}). "
                "Is it a Heliograph server, and is this client as new as it?"
            ) from error

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> Image:
        receipt = answer.get("receipt")
        texts = {text: str(answer.get(text) or "") for text in ("title", "description", "alt", "name")}
        return cls(
            id=str(answer["id"]),
            page=str(answer["page"]),
            link=str(answer["link"]),
            thumbnails=dict(answer["thumbnails"]),
            width=int(answer["width"]),
            height=int(answer["height"]),
            media_type=str(answer["media_type"]),
            size=int(answer["size"]),
            animated=bool(answer["animated"]),
            sha256=str(answer["sha256"]),
            created=datetime.fromisoformat(answer["created"]),
            delete_link=answer.get("delete_link"),
            delete_hash=answer.get("delete_hash"),
            receipt=Receipt.parse(receipt) if receipt else None,
            vector_link=answer.get("vector_link"),
            source_link=answer.get("source_link"),
            views=_count(answer.get("views")),
            bandwidth=_count(answer.get("bandwidth")),
            favorite=answer.get("favorite"),
            removed_metadata=tuple(map(str, answer.get("removed_metadata") or ())),
            answer=answer,
            **texts,
        )


@dataclass(frozen=True)
class Whose:
    """Whose key it is, and what it may do.

    application: the program that the key was given to; None for a token that somebody made by hand. expires: when the
    key ends; None for never.
    """

    account: str
    scopes: tuple[str, ...]
    application: str | None
    expires: datetime | None

    @classmethod
    def parse(cls, answer: Any) -> Whose:  # noqa: ANN401 # JSON may be anything
        """Read the server's answer; raises UnexpectedAnswerError if it is none."""
        try:
            expires = answer["expires"]
            return cls(
                account=str(answer["account"]),
                scopes=tuple(map(str, answer["scopes"])),
                application=answer.get("application"),
                expires=datetime.fromisoformat(expires) if expires else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnexpectedAnswerError(f"The server's answer does not say whose key this is ({error!r}).") from error


def _count(told: object) -> int | None:
    """What was counted, or None where the server did not say."""
    return int(str(told)) if told is not None else None


@dataclass(frozen=True)
class Account:
    """One's own account. `role`: user, moderator or administrator.

    `used_bytes`: of the originals of its images, each counted. `allowed_bytes`, `allowed_images`: how much it may hold,
    None for as much as it likes. `answer` is the server's whole answer, unknown members too.
    """

    name: str
    role: str
    created: datetime
    used_bytes: int
    used_images: int
    allowed_bytes: int | None = None
    allowed_images: int | None = None
    email: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse(cls, answer: object) -> Account:
        """Read the JSON object of an account. Raises UnexpectedAnswerError if what every account has is missing."""
        try:
            return cls._read(answer)  # type: ignore[arg-type] # whatever it is, reading it tells
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswerError(
                f"The server described an account in a way that this client does not understand ({error!r}). "
                "Is it a Heliograph server, and is this client as new as it?"
            ) from error

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> Account:
        return cls(
            name=str(answer["name"]),
            role=str(answer["role"]),
            created=datetime.fromisoformat(answer["created"]),
            used_bytes=int(answer["used_bytes"]),
            used_images=int(answer["used_images"]),
            allowed_bytes=_count(answer.get("allowed_bytes")),
            allowed_images=_count(answer.get("allowed_images")),
            email=str(answer.get("email") or ""),
            answer=answer,
        )


def jws_parts(token: str) -> tuple[bytes, bytes, bytes]:
    """Header, payload and signature of a compact JWS (RFC 7515 section 7.1), decoded; else raises ValueError."""
    header, payload, signature = (unbase64url(part) for part in token.split("."))
    return header, payload, signature


def unbase64url(text: str) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2); raises ValueError for anything else."""
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
