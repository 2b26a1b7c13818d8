"""The pages for everybody: by keyboard, on a narrow screen, in the dark, and by axe's rules."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from heliograph.server.model import LAYOUTS
from tests.browser.conftest import NARROW
from tests.browser.pictures import PHOTOGRAPH, small_picture
from tests.browser.uploading import delete_link, upload
from tests.wire.conftest import files

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="9" height="9" fill="#f00"/></svg>'
SOURCE = "<b>import</b> matplotlib.pyplot as plt\n\n" + "plt.plot(range(10)) # as long as it takes " * 20 + "\n" * 40
WORDS = "An unbreakable_" + "very" * 40 + "_long name"


@pytest.fixture(scope="module")
def places(browser, server: str) -> dict[str, str]:
    """The address of every kind of page."""
    page = browser.new_context(java_script_enabled=False).new_page()
    upload(page, server, small_picture("removed.png"))
    removed = page.url
    page.goto(delete_link(page))
    page.get_by_role("button", name="Delete for good").click()
    upload(page, server, PHOTOGRAPH, title=WORDS, description=WORDS * 3)
    names = [delete_link(page).rpartition("/")[2]]
    found = {
        "front": server + "/",
        "image": page.url,
        "animation": _animation(page, server),
        "delete": delete_link(page),
        "removed": removed,
        "unknown": server + "/nothinghere",
        "api": server + "/docs/api",
        "problems": server + "/docs/problems",
    }
    found["source"] = _with_source(page, server)
    for layout in LAYOUTS:
        about = {"images": names, "layout": layout, "title": WORDS, "description": WORDS * 3}
        found[layout] = page.request.post(f"{server}/api/v1/albums", data=about).json()["page"]
    page.context.close()
    return found


def _animation(page: Page, server: str) -> str:
    """The page of a link that ends in .gifv."""
    picture = {"name": "a.gif", "mimeType": "image/gif", "buffer": files()["gif"]}
    about = {"image": picture, "title": WORDS, "description": WORDS * 3}
    return f"{server}/{page.request.post(f'{server}/api/v1/images', multipart=about).json()['id']}.gifv"


def _with_source(page: Page, server: str) -> str:
    """The page of a picture with its source and its SVG."""
    picture = {"name": "a.gif", "mimeType": "image/gif", "buffer": files()["gif"]}
    about = {"image": picture, "title": "Growth", "source": SOURCE, "vector": SVG}
    return str(page.request.post(f"{server}/api/v1/images", multipart=about).json()["page"])


KINDS = ["front", "image", "source", "animation", "delete", "removed", "unknown", "api", "problems", *LAYOUTS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_to_complain_about(visit, places: dict[str, str], kind: str, scheme: str) -> None:
    visit.expected = ("status of 404", "status of 410")
    page = visit(color_scheme=scheme)
    page.goto(places[kind])
    assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_after_uploads(visit, server: str, scheme: str) -> None:
    visit.expected = ("status of 415",)
    page = visit(color_scheme=scheme)
    page.goto(server + "/")
    wrong = {"name": "words.png", "mimeType": "image/png", "buffer": b"only words"}
    page.get_by_label("Picture", exact=True).set_input_files([small_picture("fine.png"), wrong])
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_have_text("Done.")
    assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_that_its_uploader_sees(visit, server: str, scheme: str) -> None:
    page = visit(color_scheme=scheme, java_script_enabled=False)
    upload(page, server, small_picture("seen.png"))
    expect(page.get_by_label("Delete link", exact=True)).to_be_visible()
    # axe itself needs scripts: the same page, the same cookie, in a context that has them.
    scripted = visit(color_scheme=scheme, storage_state=page.context.storage_state())
    scripted.goto(page.url)
    expect(scripted.get_by_label("Delete link", exact=True)).to_be_visible()
    assert_accessible(scripted)


def test_the_source_is_folded_away_and_opens_without_scripts(visit, places: dict[str, str]) -> None:
    for options in ({"java_script_enabled": False}, {"viewport": NARROW}):
        page = visit(**options)
        page.goto(places["source"])
        source = page.get_by_label("Source")
        expect(source).to_be_hidden()
        page.get_by_text("Source", exact=True).click()
        expect(source).to_be_visible()
        expect(source).to_contain_text("<b>import</b> matplotlib.pyplot as plt")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert_accessible(page)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_has_to_be_scrolled_sideways_at_320_pixels(visit, places: dict[str, str], kind: str) -> None:
    visit.expected = ("status of 404", "status of 410")
    page = visit(viewport=NARROW)
    page.goto(places[kind])
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_picture_goes_up_and_is_deleted_by_keyboard_alone(page: Page, server: str) -> None:
    # Listening from the start: Chromium is told to report choosers, and may hear it later than the next key.
    page.on("filechooser", lambda _: None)
    page.goto(server + "/")
    walk_to(page, page.get_by_role("link", name="Skip to the content"))
    page.keyboard.press("Enter")
    walk_to(page, page.get_by_label("Picture", exact=True))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(small_picture("typed.png"))
    walk_to(page, page.get_by_role("button", name="Upload"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Done.")
    page.goto(page.get_by_label("Delete link (keep it to yourself)", exact=True).input_value())
    walk_to(page, page.get_by_role("button", name="Delete for good"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")


def walk_to(page: Page, target) -> None:
    """Press Tab until `target` has the focus, which must show."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    raise AssertionError(f"{target} cannot be reached by keyboard")


def assert_accessible(page: Page) -> None:
    """Hold the page against all of axe's rules."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
