"""The upload page with JavaScript: several at once, dropped, pasted, with links ready to copy."""

import base64

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.pictures import PHOTOGRAPH, small_picture

PUT_INTO = """([kind, name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  const property = kind === "paste" ? "clipboardData" : "dataTransfer";
  const event = new Event(kind, { bubbles: true, cancelable: true });
  document.body.dispatchEvent(Object.defineProperty(event, property, { value: data }));
}"""


def hand_over(page: Page, kind: str, picture: FilePayload) -> None:
    """Drop or paste a picture on the page, as the browser would tell it."""
    page.evaluate(PUT_INTO, [kind, picture["name"], picture["mimeType"], base64.b64encode(picture["buffer"]).decode()])


def test_several_pictures_go_up_at_once_and_each_has_its_links(page: Page, server: str) -> None:
    page.goto(server + "/")
    page.get_by_label("Picture", exact=True).set_input_files(
        [small_picture("one.png"), small_picture("two.png"), small_picture("three.png")]
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_have_text("Done.")
    entries = page.get_by_role("list").get_by_role("listitem")
    expect(entries).to_have_count(3)
    expect(entries.first.get_by_role("heading")).to_have_text("three.png")
    for entry in entries.all():
        assert entry.get_by_label("Direct link", exact=True).input_value().startswith(server)
        assert "/delete/" in entry.get_by_label("Delete link (keep it to yourself)", exact=True).input_value()
        assert entry.get_by_role("img").count() <= 1


def test_the_name_in_the_list_leads_to_the_pictures_page(page: Page, server: str) -> None:
    page.goto(server + "/")
    page.get_by_label("Picture", exact=True).set_input_files(PHOTOGRAPH)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="sample.jpg").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("sample.jpg")


def test_a_dropped_picture_goes_up(page: Page, server: str) -> None:
    page.goto(server + "/")
    hand_over(page, "drop", small_picture("dropped.png"))
    expect(page.get_by_role("link", name="dropped.png")).to_be_visible()


def test_a_pasted_picture_goes_up(page: Page, server: str) -> None:
    page.goto(server + "/")
    hand_over(page, "paste", small_picture("pasted.png"))
    expect(page.get_by_role("link", name="pasted.png")).to_be_visible()


def test_what_is_said_in_the_form_goes_with_the_picture(page: Page, server: str) -> None:
    page.goto(server + "/")
    page.get_by_label("Picture", exact=True).set_input_files(small_picture("said.png"))
    page.get_by_text("Say something about it").click()
    page.get_by_label("Title").fill("Well said")
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="Well said").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Well said")


def test_what_goes_wrong_is_said_beside_the_picture_and_can_be_tried_again(page: Page, server: str, visit) -> None:
    visit.expected = ("status of 415", "status of 403", "ERR_FAILED")
    page.goto(server + "/")
    hand_over(page, "drop", {"name": "words.txt", "mimeType": "text/plain", "buffer": b"only words"})
    expect(page.get_by_text("not a picture")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.route("**/api/v1/images", lambda route: route.abort())
    hand_over(page, "drop", small_picture("later.png"))
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    page.unroute("**/api/v1/images")
    page.get_by_role("listitem").filter(has_text="later.png").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="later.png")).to_be_visible()


def test_a_picture_over_the_limit_is_not_even_sent(page: Page, server: str) -> None:
    page.goto(server + "/")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.evaluate(
        """size => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(size)], "huge.png", { type: "image/png" }));
          const event = new Event("drop", { bubbles: true });
          document.body.dispatchEvent(Object.defineProperty(event, "dataTransfer", { value: data }));
        }""",
        20 * 1024 * 1024 + 1,
    )
    expect(page.get_by_text("The picture is larger than this server accepts.")).to_be_visible()
    assert not sent


def test_a_copy_button_copies_its_link(visit, server: str) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.goto(server + "/")
    page.get_by_label("Picture", exact=True).set_input_files(small_picture("copied.png"))
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="copied.png").click()
    page.get_by_role("button", name="Copy: Direct link").click()
    expect(page.get_by_role("button", name="Copy: Direct link")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_label("Direct link", exact=True).input_value()
