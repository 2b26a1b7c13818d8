"""Programs that look at albums of others, each by the part of it that knows Imgur: album_viewers.py MODULE ADDRESS.

They print the addresses of the pictures in the album. rtv and tuir, viewers of Reddit in a terminal, ask for a title
beside it; bdfr, which downloads what a post links to, gets a post that has nothing but the address.
"""

import importlib
import sys
from types import SimpleNamespace

module, address = sys.argv[1:]
if module == "bdfr":
    from bdfr.site_downloaders.imgur import Imgur

    found = [resource.url for resource in Imgur(SimpleNamespace(url=address)).find_resources()]
else:
    parser = importlib.import_module(f"{module}.mime_parsers").ImgurApiMIMEParser
    parser.CLIENT_ID = "0123456789abcde"
    addresses, kind = parser.get_mimetype(address)
    assert kind == "image/x-imgur-album", (addresses, kind)
    found = addresses.split()
print(*found, sep="\n")
