"""pycurl, as the example in the documentation of Imgur's second API had it."""

import io
import sys

import pycurl

answer = io.BytesIO()
curl = pycurl.Curl()
curl.setopt(curl.POST, 1)
curl.setopt(curl.URL, "https://api.imgur.com/2/upload.xml")
curl.setopt(curl.HTTPPOST, [("key", sys.argv[2]), ("image", (curl.FORM_FILE, sys.argv[1]))])
curl.setopt(curl.WRITEDATA, answer)
curl.perform()
curl.close()
print(answer.getvalue().decode())
