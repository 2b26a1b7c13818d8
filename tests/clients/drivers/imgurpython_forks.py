"""The forks of imgurpython for an account, as its README shows it: imgurpython_forks.py MODULE VERB ...

Their `upload_from_path` does not return what it got, so the call below it is made.
"""

import importlib
import json
import sys

module, verb, client_id, client_secret, access_token, refresh_token, *words = sys.argv[1:]
client = importlib.import_module(module).ImgurClient(client_id, client_secret, access_token, refresh_token)
if verb == "upload":
    with open(words[0], "rb") as file:
        answer = client.upload(file, anon=False)
    print(json.dumps({"link": answer["link"], "delete": answer["deletehash"], "id": answer["id"]}))
elif verb == "list":
    print(json.dumps([image.link for image in client.get_account_images("me")]))
else:
    print(json.dumps(client.delete_image(words[0])))
