"""What people say about a picture: how long each text may be, and that a blank one is none."""

from heliograph.server.errors import BadParameter

LONGEST_TEXT = {"title": 512, "description": 16_384, "alt": 4_096, "name": 255}
"""The most characters of each text."""


def checked_texts(texts: dict[str, str | None]) -> dict[str, str | None]:
    """The texts without NUL (PostgreSQL takes none) and surrounding blanks, blank ones as None.

    Raises BadParameter where one is too long.
    """
    for name, text in texts.items():
        if text is not None and len(text) > LONGEST_TEXT[name]:
            raise BadParameter(f"The {name} is longer than {LONGEST_TEXT[name]:,} characters.")
    return {name: text.replace("\0", "").strip() or None if text else None for name, text in texts.items()}
