"""What can be wrong with a picture, said in imaging's own words: it imports nothing of the server.

The names are those of the server's catalogue, which takes them over (`server.errors.naming_image_failures`).
"""


class ImageFailure(Exception):
    """A picture could not be inspected or rendered; the text (maybe empty) is safe to show."""


class UnsupportedFormat(ImageFailure):
    """The bytes are no image of an accepted format."""


class CorruptImage(ImageFailure):
    """The bytes begin like an image but cannot be decoded to the end, or the decoder died on them."""


class TooManyPixels(ImageFailure):
    """Width times height (of one frame, or of all frames) is over the limit."""


class TooManyFrames(ImageFailure):
    """The animation has more frames than allowed."""


class Busy(ImageFailure):
    """The queue of pictures waiting for a worker is full."""
