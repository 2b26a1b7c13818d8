"""What a client can do, each operation once, as a plan of requests; hides the native API, version 1.

Neither blocking nor asynchronous: see `_exchange` for what a plan is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from heliograph.client._config import Target, normal_url
from heliograph.client._errors import GoneError, InputError, NotFoundError, UnexpectedAnswerError, VerificationError
from heliograph.client._exchange import Answer, Patience, Plan, Send, exchange
from heliograph.client._idempotency import IdempotencyKey
from heliograph.client._models import Account, Image, Receipt, Whose
from heliograph.client._pictures import Picture, Source, opened, sendable
from heliograph.client._receipts import check_bytes, check_local, check_signature
from heliograph.client._references import Reference, is_receipt, refer

PAGE = 100
"""Images or albums asked for at once while listing."""

MULTIPART_NAME = "image"
"""The picture's part, and its file name where it has none: a part without a file name could be taken for text."""


@dataclass(frozen=True)
class Page:
    """A page of a listing; `next` is the cursor of the page after it, None at the end."""

    images: tuple[Image, ...]
    next: str | None


@dataclass(frozen=True)
class Operations:
    """The operations against one server, with one key and one patience. What each raises is said at `Client`."""

    target: Target
    patience: Patience

    def upload(
        self,
        what: Picture | str,
        texts: Mapping[str, str],
        key: IdempotencyKey,
    ) -> Plan[Image]:
        """Publish a picture, or what a URL shows. The key stays the same through all retries, so one image is made."""
        send = Send("POST", self.address("api/v1/images"), headers=self.headers() | key.headers())
        if isinstance(what, str):
            send = replace(send, json={"url": what, **texts})
        else:
            send = replace(send, picture=what, fields=texts)
        answer = yield from exchange(send, self.patience)
        image = replace(Image.parse(json_of(answer)), host=self.target.url)
        if not isinstance(what, str):
            _check_arrival(image, what.sha256)
        return image

    def whoami(self) -> Plan[Whose]:
        """Whose key it is."""
        answer = yield from exchange(Send("GET", self.address("api/v1/whoami"), self.headers()), self.patience)
        return Whose.parse(json_of(answer))

    def info(self, image: Image | str, delete_hash: str | None = None) -> Plan[Image]:
        """Describe one image."""
        answer = yield from exchange(self._about("GET", image, delete_hash), self.patience)
        return Image.parse(json_of(answer))

    def source(self, image: Image | str) -> Plan[str]:
        """The source that is kept with an image."""
        about = self._about("GET", image, None)
        send = replace(about, url=f"{about.url}/source", headers={**about.headers, "Accept": "text/plain"})
        return (yield from exchange(send, self.patience)).body.decode("utf-8", "replace")

    def account(self) -> Plan[Account]:
        """The caller's own account."""
        send = Send("GET", self.address("api/v1/account"), self.headers())
        return Account.parse(json_of((yield from exchange(send, self.patience))))

    def change_account(
        self, email: str | None, password: str | None = None, old_password: str | None = None
    ) -> Plan[Account]:
        """Change what is not None; "" is no e-mail address. A password is sent once only where it may have arrived:
        then the old one is good no more.
        """
        changes: dict[str, str | None] = {} if email is None else {"email": email or None}
        if password is not None:
            changes |= {"password": password, "old_password": old_password}
        if not changes:
            raise InputError("Nothing to change: pass an email or a password.")
        send = Send("PATCH", self.address("api/v1/account"), self.headers(), json=changes)
        answer = yield from exchange(send, self.patience, repeatable=password is None)
        return Account.parse(json_of(answer))

    def page(self, limit: int, cursor: str | None, search: Mapping[str, str]) -> Plan[Page]:
        """One page of those of the caller's images that `searched` asks for, `limit` at most."""
        query = {"limit": str(limit), **search} | ({"cursor": cursor} if cursor else {})
        send = Send("GET", self.address("api/v1/images"), self.headers(), query)
        answer = json_of((yield from exchange(send, self.patience)))
        images = answer.get("images") if isinstance(answer, dict) else None
        if not isinstance(images, list):
            raise UnexpectedAnswerError(f"{send.url} answered with no list of images. Is the server's address right?")
        return Page(tuple(map(Image.parse, images)), answer.get("next") or None)

    def update(
        self, image: Image | str, texts: Mapping[str, str | None], delete_hash: str | None = None
    ) -> Plan[Image]:
        """Change those of an image's texts that are not None."""
        changes = {name: sendable(text) for name, text in texts.items() if text is not None}
        if not changes:
            raise InputError("Nothing to change: pass a title, description, alt or name.")
        send = replace(self._about("PATCH", image, delete_hash), json=changes)
        answer = yield from exchange(send, self.patience)
        return Image.parse(json_of(answer))

    def delete(self, image: Image | str, delete_hash: str | None = None) -> Plan[None]:
        """Remove an image. If an answer was lost and the next try finds it gone, this was our own doing."""
        send = replace(self._about("DELETE", image, delete_hash), done_before=410)
        yield from exchange(send, self.patience)

    def claim(self, image: Image | str, delete_hash: str | None = None) -> Plan[Image]:
        """Make an image that nobody owns the caller's own; one that is its own already stays so."""
        about = self._about("POST", image, delete_hash)
        answer = yield from exchange(replace(about, url=f"{about.url}/claim"), self.patience)
        return Image.parse(json_of(answer))

    def mark(self, image: Image | str, *, favorite: bool) -> Plan[None]:
        """Have an image among the caller's favourites, or not."""
        about = self._about("PUT" if favorite else "DELETE", image, None)
        yield from exchange(replace(about, url=f"{about.url}/favorite", query={}), self.patience)

    def remove_beside(self, image: Image | str, kind: str, delete_hash: str | None = None) -> Plan[None]:
        """Remove the "source" or the "vector" that is kept beside an image. If an answer was lost and the next try does
        not find it, this was our own doing.
        """
        about = self._about("DELETE", image, delete_hash)
        yield from exchange(replace(about, url=f"{about.url}/{kind}", done_before=404), self.patience)

    def verify(self, subject: Image | Receipt | str, file: Source | None = None) -> Plan[Receipt]:
        """Check a receipt's signature, then the bytes at its link, then those of a local `file`."""
        receipt = yield from self._receipt(subject)
        self._check_issuer(receipt)
        answer = yield from exchange(Send("GET", self.address(".well-known/heliograph-keys.json")), self.patience)
        check_signature(receipt, json_of(answer))
        yield from self._check_link(receipt)
        if file is not None:
            with opened(file) as picture:
                while picture.read(1 << 20):
                    pass
                check_local(receipt, picture.sha256, picture.name or "The file")
        return receipt

    def _receipt(self, subject: Image | Receipt | str) -> Plan[Receipt]:
        """The receipt that is meant: itself, its text, or the one that the server tells of an image."""
        if isinstance(subject, Receipt):
            return subject
        if isinstance(subject, str) and is_receipt(subject):
            return Receipt.parse(subject)
        image = subject if isinstance(subject, Image) and subject.receipt else (yield from self.info(subject))
        if image.receipt is None:
            raise InputError(f"The server told no receipt of {image.link}. Pass the receipt that came with the upload.")
        return image.receipt

    def _check_issuer(self, receipt: Receipt) -> None:
        """Only the server that the caller chose to trust may vouch: anybody can sign a receipt of a host of his own."""
        try:
            issuer = normal_url(receipt.issuer)
        except InputError as error:
            raise VerificationError(
                f"The receipt names no host that could have issued it: {receipt.issuer!r}."
            ) from error
        if issuer != self.target.url:
            raise VerificationError(
                f"This receipt was issued by {issuer}, not by {self.target.url}. If that is a host that you trust, "
                "name it as the server."
            )

    def _check_link(self, receipt: Receipt) -> Plan[None]:
        """Fetch what the receipt's link shows, without our key, as it may be another host, and compare."""
        send = Send("GET", receipt.link, {"Accept-Encoding": "identity"}, hashed=True)
        try:
            answer = yield from exchange(send, self.patience)
        except (GoneError, NotFoundError, UnexpectedAnswerError) as error:
            raise VerificationError(
                f"The receipt is genuine, but {receipt.link} no longer shows the picture (status {error.status})."
            ) from error
        check_bytes(receipt, answer.sha256, answer.size, receipt.link)

    def _about(self, method: str, image: Image | str, delete_hash: str | None) -> Send:
        """A request about one image, named by itself, an id, a link or a delete hash."""
        named = Reference(image.id, image.delete_hash or "") if isinstance(image, Image) else refer(image)
        secret = refer(delete_hash).delete_hash if delete_hash else named.delete_hash
        if delete_hash and not secret:
            raise InputError("This is not a delete hash or delete link.")
        query = {"delete_hash": secret} if secret else {}
        return Send(method, self.address(f"api/v1/images/{quote(named.id or secret)}"), self.headers(), query)

    def address(self, path: str) -> str:
        """The address of a path of the server."""
        return f"{self.target.url}/{path}"

    def headers(self) -> dict[str, str]:
        """What shows who calls."""
        return {"Authorization": f"Bearer {self.target.key}"} if self.target.key else {}


def searched(query: str, since: datetime | str | None, until: datetime | str | None) -> dict[str, str]:
    """What a listing is narrowed to, as its query says it; a time without a zone is UTC."""
    times = {
        name: at.isoformat() if isinstance(at, datetime) else at for name, at in (("since", since), ("until", until))
    }
    return {name: sendable(text) for name, text in {"q": query, **times}.items() if text}


def json_of(answer: Answer) -> Any:  # noqa: ANN401 # JSON may be anything
    """The JSON of a good answer; raises UnexpectedAnswerError if it holds none."""
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise UnexpectedAnswerError(
            f"The answer ({answer.status}) is no JSON: this is not a Heliograph server. Is the server's address right?"
        ) from error


def _check_arrival(image: Image, sent_sha256: str) -> None:
    """Raise VerificationError if the receipt says that other bytes arrived than were sent."""
    arrived = image.receipt.received_sha256 if image.receipt else ""
    if arrived and arrived != sent_sha256:
        raise VerificationError(
            f"Bytes were altered on the way: {sent_sha256} (SHA-256) was sent, but {arrived} arrived. "
            f"Delete {image.link} and upload it again."
        )
