"""ImgurPy, as its README shows it: base64 in a form, and a delete by the delete hash."""

import base64
import json
import sys
from pathlib import Path

from ImgurPy import ImgurPy

verb, *words = sys.argv[1:]
imgur = ImgurPy(client_id="0123456789abcde", client_secret="secret")
if verb == "upload":
    content = base64.b64encode(Path(words[0]).read_bytes()).decode()
    image = imgur.ImageUpload(content, "base64", title="Uploaded with ImgurPy")["data"]
    print(json.dumps({"link": image["link"], "delete": image["deletehash"]}))
else:
    print(json.dumps(imgur.ImageDelete(words[0])))
