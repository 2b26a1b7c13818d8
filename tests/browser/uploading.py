"""What several tests begin with: a picture uploaded by the plain form."""

import re
from pathlib import Path

from playwright.sync_api import FilePayload, Page


def upload(page: Page, server: str, picture: Path | FilePayload, **texts: str) -> str:
    """Upload by the form without JavaScript; returns the id in the address of the page that it leads to."""
    page.goto(server + "/")
    page.get_by_label("Picture", exact=True).set_input_files(picture)
    if texts:
        page.get_by_text("Say something about it").click()
    for name, text in texts.items():
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile(r"/[A-Za-z0-9]{10}$"))
    return page.url.rpartition("/")[2]


def delete_link(page: Page) -> str:
    """The delete link that the image's page shows."""
    return page.get_by_label("Delete link", exact=True).input_value()
