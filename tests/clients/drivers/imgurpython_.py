"""imgurpython, as its README shows it. The constructor asks for the credits."""

import json
import os
import sys

from imgurpython import ImgurClient

verb, *words = sys.argv[1:]
client = ImgurClient("0123456789abcde", "secret")
if verb == "upload":
    answer = client.upload_from_path(
        words[0], config={"title": "a title", "name": os.path.basename(words[0])}, anon=True
    )
    print(json.dumps({"link": answer["link"], "delete": answer["deletehash"], "id": answer["id"]}))
else:
    print(json.dumps(client.delete_image(words[0])))
