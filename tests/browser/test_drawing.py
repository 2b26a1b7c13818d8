"""Drawing on a picture before it goes up: what is drawn is in the pixels, and nothing else changes."""

import io
import itertools
import re

import pytest
from PIL import Image as Pillow
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.conftest import NARROW
from tests.browser.test_for_everybody import assert_accessible, walk_to
from tests.browser.test_scripted import hand_over

RED = (255, 0, 0)
SIZE = (640, 400)
_shades = itertools.count(1)


@pytest.fixture
def screenshot() -> FilePayload:
    """A picture in which no pixel is red, and that no other test has."""
    picture = Pillow.new("RGB", SIZE)
    shade = next(_shades)
    picture.putdata([(x % 200, y % 256, shade) for y in range(SIZE[1]) for x in range(SIZE[0])])
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"name": "screen.png", "mimeType": "image/png", "buffer": file.getvalue()}


@pytest.fixture
def dialog(page: Page, server: str, screenshot: FilePayload) -> Locator:
    """The page's dialog, with the screenshot to be drawn on."""
    return opened(page, server, screenshot)


def opened(page: Page, server: str, picture: FilePayload) -> Locator:
    """Choose to draw, and a picture; returns the dialog."""
    page.goto(server + "/")
    page.get_by_label("Let me draw on pictures").check()
    page.get_by_label("Picture", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Upload", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def draw_a_circle(page: Page, dialog: Locator) -> None:
    """A rough circle around the picture's middle, by the mouse."""
    box = dialog.get_by_role("img", name="Draw on it").bounding_box()
    assert box
    x, y, radius = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 4
    page.mouse.move(x + radius, y)
    page.mouse.down()
    for dx, dy in ((0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7), (1, 0)):
        page.mouse.move(x + dx * radius, y + dy * radius)
    page.mouse.up()


def kept(page: Page, name: str = "screen.png") -> bytes:
    """The bytes behind the direct link of the picture that went up last."""
    entry = page.get_by_role("list").get_by_role("listitem").filter(has=page.get_by_role("link", name=name)).first
    link = entry.get_by_label("Direct link", exact=True)
    expect(link).to_be_visible()
    return page.request.get(link.input_value()).body()


def pixels(data: bytes) -> Pillow.Image:
    """The picture in these bytes."""
    return Pillow.open(io.BytesIO(data)).convert("RGB")


def test_a_red_circle_is_in_the_pixels_and_all_others_are_as_they_were(
    page: Page, dialog: Locator, screenshot: FilePayload
) -> None:
    draw_a_circle(page, dialog)
    dialog.get_by_role("button", name="Upload with the drawing").click()
    before, after = pixels(screenshot["buffer"]), pixels(kept(page))
    assert after.size == SIZE
    changed = [
        (x, y) for y in range(SIZE[1]) for x in range(SIZE[0]) if after.getpixel((x, y)) != before.getpixel((x, y))
    ]
    red = [place for place in changed if after.getpixel(place) == RED]
    assert len(red) > 0.4 * len(changed) > 500  # the edges of a stroke are smooth
    radius = SIZE[1] / 4
    for x, y in changed:
        away = ((x - SIZE[0] / 2) ** 2 + (y - SIZE[1] / 2) ** 2) ** 0.5
        assert radius * 0.8 < away < radius * 1.1


def test_what_was_undone_is_not_there_and_the_untouched_file_goes_up(
    page: Page, dialog: Locator, screenshot: FilePayload
) -> None:
    undo = dialog.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    draw_a_circle(page, dialog)
    draw_a_circle(page, dialog)
    undo.click()
    page.keyboard.press("Control+z")
    expect(undo).to_be_disabled()
    dialog.get_by_role("button", name="Upload with the drawing").click()
    assert kept(page) == screenshot["buffer"]


def test_a_stroke_that_is_undone_while_it_is_drawn_goes_no_further(
    page: Page, dialog: Locator, screenshot: FilePayload
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    box = dialog.get_by_role("img", name="Draw on it").bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 50)
    page.keyboard.press("Control+z")
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.mouse.up()
    dialog.get_by_role("button", name="Upload with the drawing").click()
    assert kept(page) == screenshot["buffer"]
    assert not errors


def test_escape_uploads_nothing(page: Page, dialog: Locator) -> None:
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    draw_a_circle(page, dialog)
    page.keyboard.press("Escape")
    expect(page.get_by_role("status")).to_have_text("screen.png was not uploaded.")
    assert not sent


def test_a_drawing_that_grows_too_large_is_told_from_a_picture_that_is(page: Page, server: str) -> None:
    small = io.BytesIO()
    Pillow.effect_noise(SIZE, 100).save(small, "JPEG", quality=20)
    limit = len(small.getvalue()) + 1000

    def with_limit(route: Route) -> None:
        route.fulfill(body=re.sub(r'data-limit="\d+"', f'data-limit="{limit}"', route.fetch().text()))

    page.route(server + "/", with_limit)
    dialog = opened(page, server, {"name": "noise.jpg", "mimeType": "image/jpeg", "buffer": small.getvalue()})
    draw_a_circle(page, dialog)
    dialog.get_by_role("button", name="Upload with the drawing").click()
    expect(page.get_by_text("With the drawing, as a PNG, the picture is larger")).to_be_visible()


def test_who_thinks_better_of_it_uploads_nothing(page: Page, dialog: Locator) -> None:
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    draw_a_circle(page, dialog)
    dialog.get_by_role("button", name="Do not upload").click()
    expect(page.get_by_role("status")).to_have_text("screen.png was not uploaded.")
    words = FilePayload(name="words.png", mimeType="image/png", buffer=b"only words")
    page.get_by_label("Picture", exact=True).set_input_files(words)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("cannot be drawn on. It was not uploaded.")).to_be_visible()
    assert not sent


def test_pasted_pictures_come_one_after_the_other_and_keep_their_own_drawings(
    page: Page, server: str, screenshot: FilePayload
) -> None:
    page.goto(server + "/")
    page.get_by_label("Let me draw on pictures").check()
    for name in ("one.jpg", "two.jpg"):
        hand_over(page, "paste", {**screenshot, "name": name})
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Blue").check()
    draw_a_circle(page, dialog)
    dialog.get_by_role("button", name="Upload with the drawing").click()
    first = pixels(kept(page, "one.png"))
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Upload with the drawing").click()
    assert kept(page, "two.jpg") == screenshot["buffer"]
    assert (0, 87, 255) in {colour for _, colour in first.getcolors(1 << 20) or []}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_is_for_everybody(visit, server: str, screenshot: FilePayload, scheme: str) -> None:
    page = visit(color_scheme=scheme, viewport=NARROW)
    dialog = opened(page, server, screenshot)
    assert_accessible(page)
    assert dialog.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    walk_to(page, dialog.get_by_role("button", name="Do not upload"))
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


def test_without_scripts_nobody_is_offered_to_draw(plain: Page, server: str) -> None:
    plain.goto(server + "/")
    expect(plain.get_by_label("Let me draw on pictures")).to_be_hidden()
    expect(plain.get_by_role("dialog")).to_be_hidden()
