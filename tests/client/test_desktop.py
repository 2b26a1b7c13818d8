"""The clipboard and the screen, on a real X server, by every program of the table that Debian has for one."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import heliograph
from heliograph.client import _desktop
from heliograph.client._config import desktop
from tests.running import RunningServer, picture
from tests.servers.screen import pixels, virtual_screen

PROGRAMS = ["maim", "scrot", "import"]
REGION = (35, 50, 100, 70)


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Image.Image]]:
    with virtual_screen(tmp_path_factory.mktemp("screen")) as told:
        yield told


@pytest.fixture
def shown(screen: tuple[str, Image.Image], monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    """What is on the screen that this test has."""
    display, wallpaper = screen
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return wallpaper


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Leave only these programs in the path."""

    path = os.environ["PATH"]

    def only(*programs: str) -> None:
        folder = tmp_path / f"only {' '.join(programs)}"
        folder.mkdir()
        for program in programs:
            found = shutil.which(program, path=path)
            assert found, f"{program} is not installed"
            (folder / program).symlink_to(found)
        monkeypatch.setenv("PATH", str(folder))

    return only


def put_on_clipboard(data: bytes, media_type: str) -> None:
    command = ["xclip", "-selection", "clipboard", "-target", media_type, "-in"]
    subprocess.run(command, input=data, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("program", [*PROGRAMS, "gnome-screenshot"])
def test_the_whole_screen_is_seen_as_it_is(shown: Image.Image, only, program: str) -> None:
    only(program)
    assert pixels(heliograph.screen()).tobytes() == shown.tobytes()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_region_of_the_screen_is_that_region(shown: Image.Image, only, program: str) -> None:
    only(program)
    x, y, width, height = REGION
    assert pixels(heliograph.screen(REGION)).tobytes() == shown.crop((x, y, x + width, y + height)).tobytes()


def test_a_region_beside_the_screen_is_an_input_error_whoever_looks(shown: Image.Image, only) -> None:
    for programs in (PROGRAMS, []):
        only(*programs)
        with pytest.raises(heliograph.InputError, match="no such region"):
            heliograph.screen((shown.width + 5, 5, 10, 10))


def test_pillow_is_not_asked_for_the_screen_of_wayland(shown: Image.Image, only, monkeypatch) -> None:
    only()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-1")  # beside an X server, which there only shows what is its own
    with pytest.raises(heliograph.InputError, match="Install one of these: grim, spectacle, gnome-screenshot"):
        heliograph.screen()


def test_pillow_sees_the_screen_where_no_program_is_there(shown: Image.Image, only) -> None:
    only()
    x, y, width, height = REGION
    assert pixels(heliograph.screen()).tobytes() == shown.tobytes()
    assert pixels(heliograph.screen(REGION)).tobytes() == shown.crop((x, y, x + width, y + height)).tobytes()


def test_a_screenshot_is_published_with_the_right_pixels(shown: Image.Image, server: RunningServer, http) -> None:
    image = heliograph.upload(heliograph.screen(), server=server.url, key=server.key)
    assert pixels(http.get(image.link).content).tobytes() == shown.tobytes()


@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("BMP", "image/bmp")])
def test_the_picture_on_the_clipboard_comes_back_byte_by_byte(shown: Image.Image, form: str, media_type: str) -> None:
    data = picture(form=form)
    put_on_clipboard(data, media_type)
    assert heliograph.clipboard() == data


@pytest.mark.parametrize("program", ["xclip", "xsel"])
def test_text_is_copied_to_the_clipboard(shown: Image.Image, only, program: str) -> None:
    reader = shutil.which("xclip")
    only(program)
    _desktop.copy(f"ünï {program}\nline 2")
    command = [reader, "-selection", "clipboard", "-out"]
    text, told, until = f"ünï {program}\nline 2".encode(), b"", time.monotonic() + 30
    while told != text and time.monotonic() < until:  # both take it only after they have ended
        told = subprocess.check_output(command)
    assert told == text


def test_a_clipboard_that_holds_text_holds_no_picture(shown: Image.Image) -> None:
    _desktop.copy("no picture")
    with pytest.raises(heliograph.InputError, match="Copy one first"):
        heliograph.clipboard()


@pytest.mark.parametrize("region", [(0, 0, 0, 5), (0, 0, 5, -1), (1, 2, 3)])
def test_what_is_no_region_is_refused(region) -> None:
    with pytest.raises(heliograph.InputError, match="left, top, width and height"):
        heliograph.screen(region)


@pytest.mark.parametrize("program", ["scrot", "import"])
def test_a_region_beside_the_screen_is_refused(shown: Image.Image, only, monkeypatch, program: str) -> None:
    only(program)
    monkeypatch.setattr(_desktop, "_image_grab", lambda: None)  # Pillow would show it black
    with pytest.raises(heliograph.InputError, match="no such region"):
        heliograph.screen((5000, 5000, 10, 10))


def test_without_a_screen_it_is_said_which_variables_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for ask in (heliograph.screen, heliograph.clipboard, lambda: _desktop.copy("text")):
        with pytest.raises(heliograph.InputError, match="DISPLAY"):
            ask()


def test_without_any_program_it_is_said_what_to_install(shown: Image.Image, only) -> None:
    only()
    with pytest.raises(heliograph.InputError, match="Install one of these: xclip, xsel"):
        _desktop.copy("text")


def test_every_system_has_programs_for_everything() -> None:
    for ways in (_desktop._PASTE, _desktop._SHOOT, _desktop._COPY):
        assert {way.system for way in ways} == {"wayland", "x11", "macos", "windows"}
    assert [
        desktop({}, "darwin"),
        desktop({}, "win32"),
        desktop({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, "linux"),
    ] == [
        "macos",
        "windows",
        "wayland",
    ]
