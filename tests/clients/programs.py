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
    "Imgur.API, imgurs, go-sechat, comment-image-upload, the palettes for Mathematica": "are in no package registry "
    "of programs; what they send and read are transcripts",
    "shotx": "brings all of Qt for its window; its uploader, alone, uploads",
    "host-image-backup": "brings the kits of four clouds; asks for nothing but an account's images by page",
    "hypershot, sphinxcontrib-imgur, django-my-imgur, imgur2pdf": "ask for a Jinja2, Sphinx, Django or Pillow of "
    "years ago; they go by imgurpython, pyimgur and the album's address, which are run",
    "imgur4blog, lama, imgurscrot, imgurfs, django-imgur": "are written in Python 2",
    "clip2imgur": "runs on macOS",
    "gallery-dl": "takes ids of 5 or 7 characters alone, and asks an interface that was never published (`/post/v1`)",
    "yt-dlp": "takes videos alone",
    "albumr, imgur-dl, DSImgur, redditcurl, imageurlscraper": "read Imgur's own pages, which look otherwise",
    "bdfr": "tells an album from an image by `is_album`, which Imgur's models do not name and strict readers refuse",
    "catimg, imgurt, latz-imgur, imgur-scraper": "want the public gallery, which is deliberately not here",
}
"""Programs that are not run: name -> reason."""
