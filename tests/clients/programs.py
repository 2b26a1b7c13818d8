"""The real client programs. Their code is unmodified; what is ours is a driver that calls a library as its
documentation does, and prints one line of JSON: `link`, and `delete` where it got a delete hash.
"""

from tests.clients.from_debian import FROM_DEBIAN
from tests.clients.from_npm import FROM_NPM
from tests.clients.from_pypi import FROM_PYPI
from tests.clients.program import Program

PROGRAMS: tuple[Program, ...] = (*FROM_PYPI, *FROM_NPM, *FROM_DEBIAN)
"""Every program that is run."""

LEFT_OUT: dict[str, str] = {
    "LikX": "its wheel needs GTK's development files to build pycairo; its way of encoding is a transcript",
    "lximage-qt": "its window does not always show itself to the programs that press buttons; what it sends and "
    "reads are transcripts",
    "Greenshot": "runs on Windows; what it sends and reads are transcripts",
    "imgur.sh, imgurbash2, imgur-screenshot, imgur2, dncrht/imgur, limgur, php-imgur-api-client, go-imgur, "
    "Imgur.API, go-sechat, comment-image-upload, the palettes for Mathematica": "are in no package registry of "
    "programs; what they send and read are transcripts",
}
"""Programs of the wire page clients that are not run: name -> reason."""
