"""The URL grammar, in both directions: from an image to its links, and from a path to what it asks for.

Our ids have one length, so a size letter behind one is never ambiguous. Imported foreign ids keep their own length (5
to 8): they are looked up whole first, and then less one letter (wire page links-and-thumbnails, section 2).

Every kind of word has a length of its own, so none is ever taken for another: foreign ids 5 to 8, image ids 10, those
with a size letter 11, album ids 12 (their page is `/a/ID`), delete hashes 15.
"""

import re
import secrets
import string
from urllib.parse import quote, urlsplit

from heliograph.imaging.formats import BY_MEDIA_TYPE
from heliograph.imaging.recipe import LETTERS
from heliograph.server.model import ImageRef

ID_LENGTH = 10
ALBUM_ID_LENGTH = 12
DELETE_HASH_LENGTH = 15
_ALPHABET = string.ascii_letters + string.digits
_IMAGE_PATH = re.compile(
    r"/(?!removed\.png\Z|oembed\.(?:json|xml)\Z)([A-Za-z0-9]{5,11})\.(?!gifv\Z)([A-Za-z0-9]{1,5})\Z"
)


def new_id() -> str:
    """A fresh image id: 10 letters and digits, 59 bits, not to be guessed."""
    return _random_word(ID_LENGTH)


def new_album_id() -> str:
    """A fresh album id: 12 letters and digits, 71 bits; who has a hidden album's link has it from somebody."""
    return _random_word(ALBUM_ID_LENGTH)


def new_delete_hash() -> str:
    """A fresh delete hash: 15 letters and digits, 89 bits. Its length tells it from an id."""
    return _random_word(DELETE_HASH_LENGTH)


def parse(path: str) -> ImageRef | None:
    """What the path of an image file, such as `/aB3xY7qmTzl.jpg`, asks for; None where it is no such path.

    `/ID.gifv` is a page, and `/removed.png` no image of anybody.
    """
    found = _IMAGE_PATH.match(path)
    if not found:
        return None
    word, extension = found.groups()
    whole, shorter = (word, None), (word[:-1], word[-1])
    if word[-1] not in LETTERS or len(word) == ID_LENGTH:
        return ImageRef((whole,), extension)
    if len(word) == ID_LENGTH + 1:
        return ImageRef((shorter,), extension)
    return ImageRef((whole, shorter) if len(word) > 5 else (whole,), extension)


def _random_word(length: int) -> str:
    """Letters and digits, each as likely, from one draw of the system's randomness."""
    drawn = secrets.randbelow(len(_ALPHABET) ** length)
    letters = []
    for _ in range(length):
        drawn, letter = divmod(drawn, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


class Links:
    """Makes links. `public` and `images` are addresses without a final slash; `scheme` overrides theirs where set."""

    def __init__(self, public: str, images: str = "", scheme: str = "") -> None:
        self.public = _with_scheme(public, scheme)
        self.images = _with_scheme(images or public, scheme)

    def page(self, image_id: str) -> str:
        """The page that shows the image."""
        return f"{self.public}/{image_id}"

    def album(self, album_id: str) -> str:
        """The page that shows the album."""
        return f"{self.public}/a/{album_id}"

    def direct(self, image_id: str, media_type: str) -> str:
        """The image file itself, with the extension of its stored type."""
        return f"{self.images}/{image_id}.{BY_MEDIA_TYPE[media_type].extension}"

    def vector(self, image_id: str) -> str:
        """The SVG that is kept beside the image."""
        return f"{self.images}/{image_id}.svg"

    def source(self, image_id: str) -> str:
        """The source that is kept beside the image, as text."""
        return f"{self.public}/api/v1/images/{image_id}/source"

    def thumbnail(self, image_id: str, letter: str) -> str:
        """One of the six letter sizes: always a JPEG, and so is its extension."""
        return f"{self.images}/{image_id}{letter}.jpg"

    def thumbnails(self, image_id: str) -> dict[str, str]:
        """All six letter sizes by letter."""
        return {letter: self.thumbnail(image_id, letter) for letter in LETTERS}

    def gifv(self, image_id: str) -> str:
        """The page that shows an animation and nothing else, under the name that Imgur's links have."""
        return f"{self.images}/{image_id}.gifv"

    @property
    def removed(self) -> str:
        """The picture that stands for all that are missing."""
        return f"{self.images}/removed.png"

    def web(self, image_id: str) -> str:
        """A rendition that every browser shows, of an original that not every browser shows."""
        return f"{self.images}/{image_id}.webp?as=web"

    def description(self, page: str) -> str:
        """Where a page is described for other sites (oEmbed)."""
        return f"{self.public}/oembed?format=json&url={quote(page, safe='')}"

    def path_of(self, link: str) -> str | None:
        """The path of a link of this server's, by http or https, without query and fragment; None for any other."""
        rest = re.sub(r"\Ahttps?://", "", link.strip(), flags=re.IGNORECASE)
        for address in (self.public, self.images):
            own = address.partition("://")[2]
            if rest != link.strip() and rest[: len(own) + 1].lower() == f"{own}/".lower():
                return re.split(r"[?#]", rest[len(own) :], maxsplit=1)[0]
        return None

    def delete_page(self, delete_hash: str) -> str:
        """The page that asks whether to delete, and does."""
        return f"{self.public}/delete/{delete_hash}"


def _with_scheme(address: str, scheme: str) -> str:
    return urlsplit(address)._replace(scheme=scheme).geturl() if scheme else address
