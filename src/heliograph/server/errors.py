"""The failure catalogue: every way in which Heliograph can say no.

A failure has a name (its class), a message that is safe to show (what was wrong and what to do) and, where useful, the
facts behind it. It knows nothing of HTTP: each dialect holds a complete table from these names to its own answers, and
`tests/server/http/test_failures.py` walks this catalogue through every dialect.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from heliograph.imaging.failures import ImageFailure


class HeliographError(Exception):
    """A failure with a name. `message` is safe to show to anybody; `str(error)` is the same text."""

    message = "Something went wrong."

    def __init__(self, message: str | None = None) -> None:
        """Take `message` (plain text, one sentence or two) instead of the class's own words."""
        self.message = message or type(self).message
        super().__init__(self.message)

    @property
    def name(self) -> str:
        """The failure's name, as documented and as used by the dialects' tables."""
        return type(self).__name__


class NoImageSent(HeliographError):
    message = "No image was sent. Send it as a file, base64 text, a URL, or the raw request body."


class UnsupportedFormat(HeliographError):
    message = "This is not an image that Heliograph accepts: PNG, APNG, JPEG, GIF, WebP, AVIF, HEIC, TIFF or BMP."


class CorruptImage(HeliographError):
    message = "The image is damaged or cut short: it could not be decoded to its end."


class TooManyBytes(HeliographError):
    message = "The image is larger than this server accepts."


class TooManyPixels(HeliographError):
    message = "The image has more pixels than this server accepts."


class TooManyFrames(HeliographError):
    message = "The animation has more frames than this server accepts."


class InvalidUrl(HeliographError):
    """The address of a picture to fetch is not a usable http(s) address; `url` is what was sent."""

    message = "The address is not a valid http or https URL."

    def __init__(self, message: str | None = None, url: str = "") -> None:
        """Keep `url`, the address as it was sent, because imgur_v3 repeats it."""
        super().__init__(message)
        self.url = url


class ForbiddenAddress(HeliographError):
    message = "The URL leads to an address that this server does not fetch from."


class FetchFailed(HeliographError):
    message = "The picture could not be downloaded from that URL."


class LocalPathSent(HeliographError):
    message = (
        "A path on your own computer was sent instead of the picture. Send the file's bytes, base64 text, or a URL."
    )


class NoKeySent(HeliographError):
    message = "No API key was sent."


class UnknownKey(HeliographError):
    message = "This API key is not known here, or is disabled."


class NoTokenSent(HeliographError):
    message = "This needs a key that belongs to an account. Send it as 'Authorization: Bearer KEY'."


class InvalidToken(HeliographError):
    message = "The access token provided is invalid."


class GrantRefused(HeliographError):
    """A program is not let in by OAuth 2. `reason` is the word for it (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628
    section 3.5).
    """

    message = "This request for access cannot be granted."

    def __init__(self, message: str | None = None, reason: str = "invalid_request") -> None:
        """Keep `reason`, a word that programs compare."""
        super().__init__(message)
        self.reason = reason


class InvalidFkey(HeliographError):
    message = "The form's fkey is missing or has expired. Load the page again."


class Forbidden(HeliographError):
    message = "You may not do this: only the owner may, or who holds the delete hash."


class NotFound(HeliographError):
    message = "There is nothing here by that name."


class MethodNotAllowed(HeliographError):
    """The address exists, but not for this method. `allow` names those that it takes."""

    message = "This address does not take this method."

    def __init__(self, message: str | None = None, allow: tuple[str, ...] = ()) -> None:
        """Keep `allow`, methods in capitals."""
        super().__init__(message or f"This address takes {', '.join(allow)} only." if allow else message)
        self.allow = allow


class Gone(HeliographError):
    """An image that was removed. `removed_at` is in seconds since 1970, UTC; `reason` is public."""

    message = "This image was removed."

    def __init__(self, message: str | None = None, removed_at: float = 0.0, reason: str = "") -> None:
        """Keep the tombstone's date (seconds since 1970) and public reason."""
        super().__init__(message)
        self.removed_at = removed_at
        self.reason = reason


class BadParameter(HeliographError):
    message = "A parameter is not valid."


class Conflict(HeliographError):
    message = "This idempotency key was already used for a different upload."


class UploadLimitReached(HeliographError):
    """A rate limit was passed. `retry_after` is whole seconds until the next upload is admitted."""

    message = "Upload limit reached."

    def __init__(self, message: str | None = None, retry_after: int = 1) -> None:
        """Keep `retry_after`, seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class TooManyAttempts(HeliographError):
    """Passwords were tried too often. `retry_after` is whole seconds until the next attempt is looked at."""

    message = "Too many attempts. Wait before the next one."

    def __init__(self, message: str | None = None, retry_after: int = 1) -> None:
        """Keep `retry_after`, seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceeded(HeliographError):
    message = "The account's space is used up."


class Busy(HeliographError):
    """The server is working on as many pictures as it can. `retry_after` is in seconds."""

    message = "The server is busy. Try again in a moment."
    retry_after = 1


class StorageUnavailable(HeliographError):
    """Bytes or rows could not be written or read. `retry_after` is in seconds."""

    message = "The picture could not be stored just now. Nothing was kept; try again."
    retry_after = 5


class Internal(HeliographError):
    message = "An internal error occurred. It was logged; quote the request id if you report it."


CATALOGUE: tuple[type[HeliographError], ...] = (
    NoImageSent, UnsupportedFormat, CorruptImage, TooManyBytes, TooManyPixels, TooManyFrames,
    InvalidUrl, ForbiddenAddress, FetchFailed, LocalPathSent, NoKeySent, UnknownKey, NoTokenSent,
    InvalidToken, GrantRefused, InvalidFkey, Forbidden, NotFound, MethodNotAllowed, Gone, BadParameter, Conflict,
    UploadLimitReached, TooManyAttempts, QuotaExceeded, Busy, StorageUnavailable, Internal,
)  # fmt: skip
"""Every failure, in the order of the documentation."""

BY_NAME = {failure.__name__: failure for failure in CATALOGUE}


@contextmanager
def naming_image_failures() -> Iterator[None]:
    """Speak the failures of `imaging`, which knows nothing of the server, under this catalogue's names.

    Raises the HeliographError of the same class name as the ImageFailure raised inside; StorageUnavailable where the
    worker could not read or write its files.
    """
    try:
        yield
    except ImageFailure as failure:
        raise BY_NAME[type(failure).__name__](str(failure) or None) from failure
    except OSError as failure:
        raise StorageUnavailable from failure
