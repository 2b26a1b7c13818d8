"""Stacks-Editor in Chromium: stacks_editor.py NODE_MODULES PICTURE.

The page is the one that its documentation shows, at the host of a site that has the editor; its image uploader then
does what it does there. Only the page itself and the editor's own files come from here.
"""

import json
import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Route, expect, sync_playwright

SITE = "https://stackoverflow.com"
PAGE = """<!doctype html><link rel="stylesheet" href="/editor/styles.css"><div id="editor"></div>
<script src="/editor/app.bundle.js"></script>
<script>editor = new stacksEditor.StacksEditor(document.querySelector("#editor"), "A *figure*: ", {});</script>"""

files, picture = Path(sys.argv[1]) / "@stackoverflow" / "stacks-editor" / "dist", Path(sys.argv[2])


def serve(route: Route) -> None:
    """The page and the editor."""
    name = route.request.url.removeprefix(f"{SITE}/editor/")
    if name:
        route.fulfill(path=files / name)
    else:
        route.fulfill(body=PAGE, content_type="text/html")


with sync_playwright() as playwright:
    # It keeps no list of authorities that the test could add its own to.
    chromium = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--no-sandbox", "--disable-gpu", "--ignore-certificate-errors"],
        env={**os.environ, "SSL_CERT_FILE": ""},
    )
    page = chromium.new_page()
    page.route(f"{SITE}/editor/**", serve)
    page.goto(f"{SITE}/editor/")
    page.locator("[contenteditable=true]").click()
    page.keyboard.press("Control+g")
    page.locator("input[type=file]").set_input_files(picture)
    page.locator(".js-add-image").click()
    shown = page.locator("[contenteditable=true] img").first
    expect(shown).to_be_visible(timeout=20_000)
    link = re.search(r"\]\((\S+?)[ )]|\]: (\S+)", page.evaluate("editor.content"))
    assert link, page.evaluate("editor.content")
    print(json.dumps({"link": link[1] or link[2]}))
