"""ImgurPy, as its README shows it: base64, anonymous or into an account; the account's access token is got anew."""

import base64
import json
import sys

from ImgurPy import ImgurPy

verb, client_id, client_secret, refresh_token, *words = sys.argv[1:]
imgur = ImgurPy(client_id, client_secret, refresh_token)
if verb == "upload":
    with open(words[0], "rb") as file:
        text = base64.b64encode(file.read()).decode()
    data = imgur.ImageUpload(text, type="base64", title="a title", auth=True)["data"]
    print(json.dumps({"link": data["link"], "delete": data["deletehash"]}))
else:
    print(json.dumps(imgur.ImageDelete(words[0])))
