"""Flask-Imgur, as its README shows it."""

import json
import sys

from flask import Flask
from flask_imgur.flask_imgur import Imgur

verb, *words = sys.argv[1:]
app = Flask(__name__)
app.config["IMGUR_ID"] = "0123456789abcde"
imgur = Imgur(app)
if verb == "upload":
    with open(words[0], "rb") as file:
        data = imgur.send_image(file, send_params={"title": "a title"})["data"]
    print(json.dumps({"link": data["link"], "delete": data["deletehash"]}))
else:
    print(json.dumps(imgur.delete_image(words[0])))
