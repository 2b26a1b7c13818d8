"""pyimgurapi, as its README shows it: a refresh token becomes an access token, and then an upload."""

import json
import sys

from pyimgurapi import ImgurAPI

verb, client_id, client_secret, refresh_token, *words = sys.argv[1:]
api = ImgurAPI(refresh_token=refresh_token, client_id=client_id, client_secret=client_secret)
api.auth()
if verb == "upload":
    with open(words[0], "rb") as file:
        data = api.image.upload(file, "a title", "a description").data
    print(json.dumps({"link": data.link, "delete": data.deletehash}))
elif verb == "list":
    print(json.dumps([image["link"] for image in api.account.images().data]))
else:
    api.image.delete(words[0])
