"""Publishing a picture once, whatever happens on the way; hides keys, the outbox, and which host takes it in the end.

With an outbox, what lies in no file of its own (a figure, a pipe) is kept before it is sent, so that not even the end
of the program loses it. A file is kept when sending fails: until then it is where it was. Another host is asked only
where it is sure that no host before it took the picture; where that is in doubt, the picture waits for the host that
may have it, because the idempotency key lets that one recognise it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from heliograph.client._config import Fallback, Target
from heliograph.client._errors import (
    ChangedError,
    GoneError,
    HeliographError,
    InputError,
    KeptError,
    LimitReachedError,
    ServerFailedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from heliograph.client._exchange import Plan
from heliograph.client._fallbacks import upload_to
from heliograph.client._idempotency import IdempotencyKey, fresh, given, of_content
from heliograph.client._models import Image
from heliograph.client._operations import Operations
from heliograph.client._outbox import Outbox, Waiting
from heliograph.client._pictures import Picture, Progress, Source, is_url, opened, sendable

KEPT_FOR_LATER = (UnreachableError, ServerFailedError, LimitReachedError, UnexpectedAnswerError)
"""What may be over later. So may what is no Heliograph: many a network answers for others until one has logged in."""

LOOKS = 3
"""How often a file that changes while it is being sent is taken for what it is by then."""


@dataclass(frozen=True)
class Repeat:
    """How an upload is told from its repetition: the caller's own key, or none that was ever used (`again`), or that
    of the content.
    """

    idempotency_key: str | None = None
    again: bool = False

    def key(self, what: Picture | str, texts: Mapping[str, str], target: Target) -> IdempotencyKey:
        """The key. Raises InputError."""
        if self.idempotency_key is None:
            return fresh() if self.again else of_content(what, texts, anonymous=target.key is None)
        if self.again:
            raise InputError("Pass either an idempotency key or again=True.")
        return given(self.idempotency_key)


@dataclass(frozen=True)
class _Upload:
    """One upload under way to one host."""

    what: Picture | str
    texts: Mapping[str, str]
    key: IdempotencyKey
    target: Target


class _DoubtError(Exception):
    """A fallback may have taken the picture. `upload`: to whom it can be sent again; `doubt`: why that may double it,
    "" where that host recognises it.
    """

    def __init__(self, error: HeliographError, upload: _Upload, doubt: str) -> None:
        super().__init__(str(error))
        self.error, self.upload, self.doubt = error, upload, doubt


@dataclass(frozen=True)
class Publishing:
    """Uploads by `operations`. `keeps`: what cannot be sent is kept in the outbox. `fallbacks`: in their order."""

    operations: Operations
    outbox: Outbox
    keeps: bool = False
    fallbacks: tuple[Fallback, ...] = ()

    def publish(
        self, source: Source, texts: Mapping[str, str | None], repeat: Repeat, progress: Progress | None = None
    ) -> Plan[Image]:
        """Publish a picture. What it raises is said at `Client`.

        A file that changes on the way is published as it is in the end, by the key of just these bytes.
        """
        fields = {name: sendable(text) for name, text in texts.items() if text is not None}
        with _opened(source, progress) as what:
            for _ in range(LOOKS - 1):
                try:
                    return (yield from self._published(source, what, fields, repeat))
                except ChangedError:
                    assert isinstance(what, Picture), "a URL is no file"
                    what.measure()
            return (yield from self._published(source, what, fields, repeat))

    def _published(self, source: Source, what: Picture | str, texts: Mapping[str, str], repeat: Repeat) -> Plan[Image]:
        """One look at what there is: published, or kept where that is wanted. Raises ChangedError, too."""
        target = self.operations.target
        upload = _Upload(what, texts, repeat.key(what, texts, target), target)
        before = self._kept_before(source, upload)
        try:
            image = yield from self._taken(upload, repeat)
        except _DoubtError as doubt:
            if not self.keeps:
                raise doubt.error from None
            raise self._kept(doubt.upload, doubt.error, before, doubt.doubt) from doubt.error
        except KEPT_FOR_LATER as error:
            if not self.keeps:
                raise
            raise self._kept(upload, error, before) from error
        except HeliographError:
            self._forget(before)
            raise
        self._forget(before)
        return image

    def send(self, waiting: Waiting) -> Plan[Image]:
        """Send an entry of the outbox to its host and forget it; where it cannot be sent, it waits on."""
        target = self.operations.target
        if waiting.server != target.url:
            raise InputError(f"The entry {waiting} waits for {waiting.server}, not for {target.url}.")
        if not waiting.anonymous and target.key is None:
            raise InputError(f"The entry {waiting} is to be published with a key. Run 'heliograph login', or set one.")
        # With another key than before, its host would not recognise it.
        operations = replace(self.operations, target=Target(target.url, None)) if waiting.anonymous else self.operations
        with waiting.opened() as what:
            try:
                image = yield from operations.upload(what, waiting.texts, waiting.key)
            except GoneError:  # it was published, and removed since
                self._forget(waiting)
                raise
        self._forget(waiting)
        return image

    def _taken(self, upload: _Upload, repeat: Repeat) -> Plan[Image]:
        """Published at the server, or else at the first fallback that takes it."""
        try:
            return (yield from self.operations.upload(upload.what, upload.texts, upload.key))
        except (UnreachableError, ServerFailedError) as error:
            if error.may_be_done or not self.fallbacks:
                raise
            down: HeliographError = error
        return (yield from self._at_a_fallback(upload, repeat, down))

    def _at_a_fallback(self, upload: _Upload, repeat: Repeat, down: HeliographError) -> Plan[Image]:
        """Published at the first that takes it; raises `down` where none does."""
        for host in self.fallbacks:
            texts = {name: text for name, text in upload.texts.items() if name != "album"}  # that is the server's own
            there = replace(upload, texts=texts, key=repeat.key(upload.what, texts, host.target), target=host.target)
            try:
                image = yield from upload_to(host, there.what, texts, there.key, self.operations.patience)
            except HeliographError as error:
                if error.may_be_done:
                    known = host.client_id is None
                    raise _DoubtError(error, there if known else upload, "" if known else error.message) from error
            else:
                return image
        raise down

    def _kept_before(self, source: Source, upload: _Upload) -> Waiting | None:
        """The entry of what lies in no file. Where none can be made, that matters only if sending fails too."""
        if not self.keeps or isinstance(source, str | os.PathLike):
            return None
        with suppress(OSError):
            return self.outbox.keep(upload.what, upload.texts, upload.key, upload.target)
        return None

    def _kept(
        self, upload: _Upload, error: HeliographError, before: Waiting | None, doubt: str = ""
    ) -> HeliographError:
        """Keep a picture, of which an entry may be there from `before`; the error that tells so, or that tells that it
        could not be kept either.
        """
        try:
            entry = self._entry(upload, before, doubt)
        except OSError as full:
            return UnreachableError(
                f"{error.message} Nor could the picture be kept for later: {full.strerror or full}.",
                status=error.status,
            )
        if before is not None and before.path != entry.path:
            self._forget(before)
        how = f"'heliograph outbox send {entry}'" if doubt else "'heliograph outbox send'"
        advice = "Look there first, as it may be there already; then" if doubt else "It waits in the outbox:"
        kept = KeptError(
            f"{error.message} {advice} {how} sends it.", status=error.status, retry_after=error.retry_after
        )
        kept.entry = entry.id
        return kept

    def _entry(self, upload: _Upload, before: Waiting | None, doubt: str) -> Waiting:
        """The entry of a picture: the one that was written before it was sent, where it is as good as a new one."""
        there = before is not None and before.path.exists()
        if before is not None and there and not doubt and before.is_for(upload.target.url, upload.key):
            return before
        try:
            return self.outbox.keep(upload.what, upload.texts, upload.key, upload.target, doubt)
        except OSError:
            if before is None or not there:
                raise
            return before

    def _forget(self, entry: Waiting | None) -> None:
        if entry is not None:
            self.outbox.remove(entry)


@contextmanager
def _opened(source: Source, progress: Progress | None) -> Iterator[Picture | str]:
    """The picture, or its URL as it can be sent."""
    if is_url(source):
        assert isinstance(source, str)
        yield sendable(source)
        return
    with opened(source, progress) as picture:
        yield picture
