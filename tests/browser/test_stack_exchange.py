"""The Stack Exchange form as scripts in a browser use it: hidden frames, and requests of other pages."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import running
from tests.browser.pictures import small_picture
from tests.running import website

HEAD = '<!doctype html><link rel="icon" href="data:,">'
SITE = f"""{HEAD}<title>A site with the form in a dialog</title>
<form method="post" action="ACTION" target="answer" enctype="multipart/form-data">
<input type="hidden" name="fkey" value="0000"><input type="file" name="filename"><input name="upload-url">
<button>Go</button>
</form>
<iframe name="answer"></iframe><output></output>
<script>
window.closeDialog = (url) => document.querySelector("output").append("closed with " + url);
window.displayUploadError = (error) => document.querySelector("output").append("failed: " + error);
</script>"""
"""How Manishearth's ThumbnailUpload and samliew's ChatImprovements upload: the answer's script calls its parent."""


def open_site(page: Page, server: str) -> None:
    """A page of the server's own origin, as where a site has the server behind its own address."""

    def answer(route: Route) -> None:
        route.fulfill(body=SITE.replace("ACTION", "/upload/image"), content_type="text/html")

    page.route(f"{server}/questions/ask", answer)
    page.goto(f"{server}/questions/ask")


def test_the_answer_in_a_frame_hands_its_parent_the_link(page: Page, server: str) -> None:
    open_site(page, server)
    page.locator("[name=filename]").set_input_files(small_picture("frame.png"))
    page.get_by_role("button", name="Go").click()
    expect(page.locator("output")).to_contain_text("closed with http")
    link = page.locator("output").inner_text().removeprefix("closed with ")
    assert page.request.get(link).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("file", "address", "words"),
    [
        ({"name": "words.png", "mimeType": "image/png", "buffer": b"only words"}, "", "not a picture"),
        (None, "", "No image was sent"),
        (None, "ftp://h.example/a.png", "not a web address"),
        (None, "'</script><script>parent.document.title='taken'</script>", "neither base64"),
    ],
)
def test_the_answer_in_a_frame_hands_its_parent_the_error(
    page: Page, server: str, file: dict[str, object] | None, address: str, words: str
) -> None:
    open_site(page, server)
    if file:
        page.locator("[name=filename]").set_input_files(file)  # type: ignore[arg-type]
    page.locator("[name=upload-url]").fill(address)
    page.get_by_role("button", name="Go").click()
    expect(page.locator("output")).to_contain_text("failed: ")
    assert words in page.locator("output").inner_text()
    assert page.title() == "A site with the form in a dialog"


def test_the_answer_is_shown_in_no_frame_of_another_site(visit, server: str) -> None:
    visit.expected = ("frame-ancestors",)
    page = visit()
    body = SITE.replace("ACTION", server + "/upload/image").encode()
    with website({"/": (200, {"Content-Type": "text/html"}, body)}) as site:
        page.goto(site)
        page.locator("[name=filename]").set_input_files(small_picture("framed.png"))
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.get_by_role("button", name="Go").click()
        assert page.locator("output").inner_text() == ""


def test_a_script_of_another_page_reads_the_answer_but_sends_no_cookies(visit, server: str) -> None:
    page = visit()
    with website({"/": (200, {"Content-Type": "text/html"}, HEAD.encode())}) as site:
        page.goto(site)
        said = page.evaluate(
            """async ([address, bytes]) => {
              const body = new FormData();
              body.append("file", new Blob([new Uint8Array(bytes)]), "p.png");
              return await (await fetch(address, { method: "POST", body })).json();
            }""",
            [server + "/upload/image", list(small_picture("cors.png")["buffer"])],
        )
    assert said["Success"] is True
    assert page.request.get(said["UploadedImage"]).ok


def test_scripts_on_the_start_page_find_the_fkey_in_each_of_its_places(page: Page, server: str) -> None:
    """As userscripts, chat scripts and the seed's program look for it, under the policy that forbids inline scripts."""
    page.goto(server + "/")
    places = ("StackExchange.options.user.fkey", "fkey().fkey", "document.getElementById('fkey').value")
    [found] = {page.evaluate(place) for place in places}
    assert len(found) == 64
    assert f"fkey: '{found}'," in page.content()
    assert page.evaluate("StackExchange.options.user.isAnonymous") is True
    page.evaluate("StackExchange.init({})")


def test_a_server_for_members_has_them_too(visit, tmp_path) -> None:
    with running(tmp_path / "data", HELIOGRAPH_ANONYMOUS_UPLOADS="false", HELIOGRAPH_MAX_BYTES="3 MiB") as closed:
        page = visit()
        page.goto(closed + "/")
        assert page.evaluate("fkey().fkey") == page.evaluate("document.getElementById('fkey').value")
        assert page.evaluate("StackExchange.settings.image") == {
            "maxImageUploadSizeInBytes": 3 * 1024**2,
            "maxImageUploadSizeInBytesAnimatedGif": 3 * 1024**2,
        }


def test_a_userscript_uploads_by_the_fkey_that_it_finds(page: Page, server: str) -> None:
    """userscripters/comment-image-upload; and the chat scripts, which append the whole object."""
    page.goto(server + "/")
    for fkey in ("StackExchange.options.user.fkey", "fkey()"):
        said = page.evaluate(
            f"""async (bytes) => {{
              if (bytes.length > StackExchange.settings.image.maxImageUploadSizeInBytes) return null;
              const body = new FormData();
              body.append("file", new Blob([new Uint8Array(bytes)]), "p.png");
              body.append("fkey", {fkey});
              const answer = await fetch("/upload/image?method=json", {{ method: "POST", body }});
              return answer.ok ? await answer.json() : null;
            }}""",
            list(small_picture("userscript.png")["buffer"]),
        )
        assert said["Success"] is True
        assert page.request.get(said["UploadedImage"]).ok
