"""ppyimgur, the fork of pyimgur that takes its place as a module, as its README shows it."""

import json
import sys

import pyimgur

verb, *words = sys.argv[1:]
imgur = pyimgur.Imgur("0123456789abcde")
if verb == "upload":
    image = imgur.upload_image(words[0], title="Uploaded with PyImgur")
    print(json.dumps({"link": image.link, "delete": image.deletehash}))
else:
    imgur.get_image(words[0]).delete()
