"""jQuery in a page of another site, in Chromium: jquery_.py PICTURE.

The call is the one that pages for the third API show: base64 by $.ajax, with the key in a header, which a browser asks
about first. Only the page itself and jQuery's file come from here.
"""

import base64
import json
import os
import sys
from pathlib import Path

from playwright.sync_api import Route, sync_playwright

SITE = "https://notes.example"
UNASKED = "--disable-features=LocalNetworkAccessChecks"
FILES = Path("/usr/share/javascript/jquery")
CALL = """picture => new Promise((told, failed) => $.ajax({
    url: "https://api.imgur.com/3/image",
    type: "POST",
    headers: { Authorization: "Client-ID 0123456789abcde", Accept: "application/json" },
    data: { image: picture, type: "base64" },
    success: answer => told({ link: answer.data.link, delete: answer.data.deletehash }),
    error: (_, status, problem) => failed(new Error(status + " " + problem)),
}))"""


def serve(route: Route) -> None:
    """The page and jQuery."""
    name = route.request.url.removeprefix(f"{SITE}/")
    if name:
        route.fulfill(path=FILES / name)
    else:
        route.fulfill(body='<!doctype html><script src="/jquery.min.js"></script>', content_type="text/html")


with sync_playwright() as playwright:
    # It keeps no list of authorities that the test could add to, and asks people before a page reaches loopback.
    chromium = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", UNASKED],
        env={**os.environ, "SSL_CERT_FILE": ""},
    )
    page = chromium.new_page()
    page.route(f"{SITE}/**", serve)
    page.goto(f"{SITE}/")
    print(json.dumps(page.evaluate(CALL, base64.b64encode(Path(sys.argv[1]).read_bytes()).decode())))
