"""The pages without JavaScript: everything can be done."""

import re

import httpx2
from playwright.sync_api import Page, expect

from tests.browser.pictures import PHOTOGRAPH, small_picture
from tests.browser.uploading import delete_link, upload


def test_a_photograph_goes_up_and_its_page_shows_it_with_links_that_work(plain: Page, server: str) -> None:
    upload(plain, server, PHOTOGRAPH, title="Lift-off", alt="A rocket over the sea at night")
    expect(plain.get_by_role("heading", level=1)).to_have_text("Lift-off")
    picture = plain.get_by_role("img", name="A rocket over the sea at night")
    assert picture.evaluate("element => [element.naturalWidth, element.naturalHeight]") == [640, 427]
    direct = plain.get_by_label("Direct link").input_value()
    assert plain.get_by_label("Markdown").input_value() == f"![A rocket over the sea at night]({direct})"
    assert plain.get_by_label("HTML").input_value() == f'<img src="{direct}" alt="A rocket over the sea at night">'
    assert plain.get_by_label("BBCode").input_value() == f"[img]{direct}[/img]"
    assert plain.get_by_label("This page").input_value() == plain.url
    assert httpx2.get(direct).headers["content-type"] == "image/jpeg"


def test_every_thumbnail_that_the_page_names_is_there(plain: Page, server: str) -> None:
    upload(plain, server, PHOTOGRAPH)
    plain.get_by_text("Thumbnails").click()
    links = [field.input_value() for field in plain.locator("[id^=thumbnail-]").all()]
    assert len(links) == 6
    for link in links:
        assert httpx2.get(link).headers["content-type"] == "image/jpeg"


def test_the_page_says_what_is_kept(plain: Page, server: str) -> None:
    upload(plain, server, PHOTOGRAPH)
    facts = plain.locator(".facts").inner_text()
    direct = plain.get_by_label("Direct link").input_value()
    assert "640 \N{MULTIPLICATION SIGN} 427 pixels" in facts
    assert "image/jpeg" in facts
    hashed = re.search(r"[0-9a-f]{64}", facts)
    assert hashed
    assert httpx2.get(direct).headers["etag"] == f'"{hashed[0]}"'


def test_only_the_uploader_sees_the_delete_link(plain: Page, server: str, visit) -> None:
    upload(plain, server, small_picture("mine.png"))
    link = delete_link(plain)
    stranger = visit(java_script_enabled=False)
    stranger.goto(plain.url)
    expect(stranger.get_by_role("heading", name="Links")).to_be_visible()
    assert link.rpartition("/")[2] not in stranger.content()


def test_the_uploader_sees_no_delete_link_of_another_image(plain: Page, server: str) -> None:
    upload(plain, server, small_picture("first.png"))
    first = plain.url
    upload(plain, server, small_picture("second.png"))
    cookies = plain.context.cookies(first)
    assert [(cookie["path"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [
        (first.removeprefix(server), True, "Strict")
    ]


def test_the_delete_link_asks_and_then_deletes_for_good(plain: Page, server: str, visit) -> None:
    upload(plain, server, small_picture("gone.png"), title="Soon gone")
    page, link, direct = plain.url, delete_link(plain), plain.get_by_label("Direct link").input_value()
    plain.goto(link)
    expect(plain.get_by_role("heading", level=1)).to_have_text("Delete this picture?")
    assert plain.get_by_role("img", name="Soon gone").evaluate("element => element.naturalWidth") > 0
    assert httpx2.get(direct).status_code == 200, "asking deletes nothing"
    plain.get_by_role("button", name="Delete for good").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Deleted")
    assert httpx2.get(direct).status_code == 410
    visit.expected = ("status of 410",)
    answer = plain.goto(page)
    assert answer
    assert answer.status == 410
    expect(plain.get_by_role("heading", level=1)).to_have_text("This was removed")
    expect(plain.get_by_text("Removed on", exact=True)).to_be_visible()
    assert httpx2.get(link).status_code == 410


def test_the_uploader_may_keep_the_picture_after_all(plain: Page, server: str) -> None:
    upload(plain, server, small_picture("kept.png"))
    page = plain.url
    plain.goto(delete_link(plain))
    plain.get_by_role("link", name="Keep it").click()
    assert plain.url == page
    expect(plain.get_by_role("heading", name="Links")).to_be_visible()


def test_a_file_that_is_no_picture_is_refused_in_words(plain: Page, server: str, visit) -> None:
    visit.expected = ("status of 415",)
    plain.goto(server + "/")
    page = {"name": "evil.png", "mimeType": "image/png", "buffer": b"<html><script>alert(1)</script>"}
    plain.get_by_label("Picture", exact=True).set_input_files(page)
    plain.get_by_role("button", name="Upload").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Not a picture we know")
    expect(plain.get_by_text("This is not a picture")).to_be_visible()
    plain.get_by_role("link", name="To the upload form").click()
    expect(plain.get_by_role("button", name="Upload")).to_be_visible()


def test_an_empty_form_is_answered_with_what_to_send(plain: Page, server: str, visit) -> None:
    visit.expected = ("status of 400",)
    plain.goto(server + "/")
    plain.get_by_role("button", name="Upload").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("No picture was sent")


def test_an_unknown_page_is_404_in_words(plain: Page, server: str, visit) -> None:
    visit.expected = ("status of 404",)
    answer = plain.goto(server + "/nothinghere")
    assert answer
    assert answer.status == 404
    expect(plain.get_by_role("heading", level=1)).to_have_text("Nothing here")


def test_texts_of_uploaders_stay_texts(plain: Page, server: str) -> None:
    nasty = '"><script>alert(1)</script>]('
    upload(plain, server, small_picture("<b>.png"), title=nasty, alt=nasty, description=nasty)
    expect(plain.get_by_role("heading", level=1)).to_have_text(nasty)
    assert plain.locator("main script").count() == 0
    assert plain.get_by_label("HTML").input_value().endswith('alt="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;](">')
    assert plain.get_by_label("Markdown").input_value().startswith(r'!["><script>alert(1)</script>\](](')
