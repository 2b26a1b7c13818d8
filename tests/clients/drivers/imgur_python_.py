"""imgur-python, as its examples show it."""

import json
import sys
from os import path

from imgur_python import Imgur

verb, *words = sys.argv[1:]
client = Imgur({"client_id": "0123456789abcde"})
if verb == "upload":
    file = path.realpath(words[0])
    answer = client.image_upload(file, "Untitled", "My first image upload")
    data = answer["response"]["data"]
    print(json.dumps({"link": data["link"], "delete": data["deletehash"]}))
else:
    print(json.dumps(client.image_delete(words[0])))
