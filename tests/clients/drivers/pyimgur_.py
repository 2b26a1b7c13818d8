"""pyimgur, as its README shows it."""

import json
import sys

import pyimgur

verb, *words = sys.argv[1:]
imgur = pyimgur.Imgur("0123456789abcde")
if verb == "upload":
    image = imgur.upload_image(words[0], title="Uploaded with PyImgur")
    print(json.dumps({"link": image.link, "delete": image.deletehash}))
else:
    print(json.dumps(imgur.send_request(f"https://api.imgur.com/3/image/{words[0]}", method="DELETE")))
