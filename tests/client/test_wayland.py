"""The clipboard and the screen in a real session of Wayland: sway without devices, wl-clipboard and grim."""

import subprocess
from collections.abc import Iterator

import pytest
from PIL import Image

import heliograph
from heliograph.client import _desktop
from tests.running import picture
from tests.servers.screen import pixels, wayland_screen

REGION = (35, 50, 100, 70)
FORMS = [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("BMP", "image/bmp"), ("WEBP", "image/webp")]


@pytest.fixture(scope="module")
def session() -> Iterator[tuple[dict[str, str], Image.Image]]:
    with wayland_screen() as told:
        yield told


@pytest.fixture
def shown(session: tuple[dict[str, str], Image.Image], monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    """What is on the screen of the session that this test is in, which has no X server."""
    environment, wallpaper = session
    monkeypatch.delenv("DISPLAY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return wallpaper


@pytest.fixture
def without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would ask the same programs once more where they have failed."""
    monkeypatch.setattr(_desktop, "_image_grab", lambda: None)


def put_on_clipboard(data: bytes, *how: str) -> None:
    subprocess.run(["wl-copy", *how], input=data, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_the_whole_screen_is_seen_as_it_is(shown: Image.Image, without_pillow: None) -> None:
    assert pixels(heliograph.screen()).tobytes() == shown.tobytes()


def test_a_region_of_the_screen_is_that_region(shown: Image.Image, without_pillow: None) -> None:
    x, y, width, height = REGION
    assert pixels(heliograph.screen(REGION)).tobytes() == shown.crop((x, y, x + width, y + height)).tobytes()


@pytest.mark.parametrize("corner", [(325, 5), (5, 245), (-20, -20), (5000, 5000)])
def test_a_region_beside_the_screen_is_an_input_error(shown: Image.Image, corner: tuple[int, int]) -> None:
    with pytest.raises(heliograph.InputError, match="no such region"):
        heliograph.screen((*corner, 10, 10))


def test_a_region_on_a_screen_that_is_enlarged_is_counted_before_enlarging(monkeypatch, without_pillow: None) -> None:
    with wayland_screen(scale=2) as (environment, wallpaper):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert pixels(heliograph.screen((10, 20, 30, 40))).tobytes() == wallpaper.crop((20, 40, 80, 120)).tobytes()


@pytest.mark.parametrize(("form", "media_type"), FORMS)
def test_the_picture_on_the_clipboard_comes_back_byte_by_byte(
    shown: Image.Image, without_pillow: None, form: str, media_type: str
) -> None:
    data = picture(form=form)
    put_on_clipboard(data, "--type", media_type)
    assert heliograph.clipboard() == data


@pytest.mark.parametrize("how", [["no picture"], ["--clear"]], ids=["text", "nothing"])
def test_a_clipboard_without_a_picture_says_so(shown: Image.Image, how: list[str]) -> None:
    put_on_clipboard(b"", *how)
    with pytest.raises(heliograph.InputError, match="Copy one first"):
        heliograph.clipboard()


def test_text_is_copied_to_the_clipboard(shown: Image.Image) -> None:
    _desktop.copy("ünï\nline 2")
    assert subprocess.check_output(["wl-paste", "--no-newline"]).decode() == "ünï\nline 2"
