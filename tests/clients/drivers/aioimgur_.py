"""aioimgur, as its README shows it; `upload_from_path` itself returns nothing, so the call below it is made."""

import asyncio
import json
import sys

from aioimgur import ImgurClient

verb, *words = sys.argv[1:]


async def main() -> None:
    client = ImgurClient("0123456789abcde", "secret")
    if verb == "upload":
        with open(words[0], "rb") as file:
            answer = await client.make_request("POST", "upload", {"image": file, "type": "file"}, True)
        print(json.dumps({"link": answer["link"], "delete": answer["deletehash"]}))
    else:
        print(json.dumps(await client.delete_image(words[0])))


asyncio.run(main())
