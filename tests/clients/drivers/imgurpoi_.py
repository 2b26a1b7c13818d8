"""imgurpoi, as its command line calls it."""

import json
import sys

from imgurpoi.imgurpoi import imgur_uploader

data = imgur_uploader(sys.argv[2], "0123456789abcde", "secret")["data"]
print(json.dumps({"link": data["link"], "delete": data["deletehash"]}))
