"""elliesImgurUploader: an album, a picture in it, and the album looked at again."""

import json
import sys

from elliesImgurUploader.imgurUploader import create_album, get_album_info, upload_image

auth = {"Authorization": "Client-ID 0123456789abcde"}
album, album_hash = create_album("An album", auth)
_, _, delete, link = upload_image(sys.argv[2], auth, album_hash)
print(json.dumps({"link": link, "delete": delete, "album": get_album_info(album, auth)}))
