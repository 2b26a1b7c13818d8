"""Programs that look at albums of others, each by the part of it that knows Imgur: album_viewers.py MODULE ADDRESS.

They print the addresses of the pictures in the album. rtv and tuir, viewers of Reddit in a terminal, ask for a title
beside it.
"""

import importlib
import sys

module, address = sys.argv[1:]
parser = importlib.import_module(f"{module}.mime_parsers").ImgurApiMIMEParser
parser.CLIENT_ID = "0123456789abcde"
addresses, kind = parser.get_mimetype(address)
assert kind == "image/x-imgur-album", (addresses, kind)
print(*addresses.split(), sep="\n")
