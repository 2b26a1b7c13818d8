"""imgurpython for an account, as its README shows it: upload into the account, list its images, delete."""

import json
import sys

from imgurpython import ImgurClient

verb, client_id, client_secret, access_token, refresh_token, *words = sys.argv[1:]
client = ImgurClient(client_id, client_secret, access_token, refresh_token)
if verb == "upload":
    answer = client.upload_from_path(words[0], anon=False)
    print(json.dumps({"link": answer["link"], "delete": answer["deletehash"], "id": answer["id"]}))
elif verb == "list":
    print(json.dumps([image.link for image in client.get_account_images("me")]))
else:
    print(json.dumps(client.delete_image(words[0])))
