"""Screens that nobody sees: a real X server and a real Wayland compositor, each with a picture on it."""

import io
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 240
START_SECONDS = 30

SWAY = """\
output HEADLESS-1 resolution {width}x{height} position 0,0 scale {scale}
output HEADLESS-1 background {folder}/wallpaper.png fill
xwayland disable
"""


@contextmanager
def virtual_screen(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """The name of its DISPLAY, and what it shows: coloured fields, no two the same."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            display = f":{told.readline().strip()}"
        picture = _fields()
        picture.save(folder / "wallpaper.png")
        command = ["display", "-window", "root", str(folder / "wallpaper.png")]  # its exit code is 1 when all went well
        subprocess.run(command, env=os.environ | {"DISPLAY": display}, check=False, timeout=30)
        yield display, picture
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def wayland_screen(scale: int = 1) -> Iterator[tuple[dict[str, str], Image.Image]]:
    """The environment of programs in a session of Wayland, and what it shows; with `scale`, so many pixels a unit."""
    who = {"user": "nobody", "group": "nogroup", "extra_groups": ()} if os.geteuid() == 0 else {}  # sway is never root
    headless = {"WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"}
    with tempfile.TemporaryDirectory(prefix="wayland-") as name:
        folder = Path(name)
        picture = _fields()
        picture.save(folder / "wallpaper.png")
        (folder / "config").write_text(SWAY.format(width=WIDTH, height=HEIGHT, scale=scale, folder=folder))
        if who:
            shutil.chown(folder, "nobody", "nogroup")
        here = os.environ | headless | {"XDG_RUNTIME_DIR": name}
        command = ["sway", "--config", str(folder / "config")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, env=here, stdout=log, stderr=log, **who)  # type: ignore[call-overload]
        try:
            own = {"XDG_RUNTIME_DIR": name, "WAYLAND_DISPLAY": "wayland-1"}  # sway's first name in a folder of its own
            _wait_for(picture, os.environ | own, process, folder / "log")
            yield own, picture
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(picture: Image.Image, environment: dict[str, str], process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the screen shows its wallpaper."""
    until, shown = time.monotonic() + START_SECONDS, b""
    while not shown or pixels(shown).tobytes() != picture.tobytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
        shown = subprocess.run(["grim", "-"], env=environment, capture_output=True, check=False).stdout


def pixels(data: bytes) -> Image.Image:
    """A picture's pixels, as red, green and blue."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def _fields() -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    for x in range(0, WIDTH, 40):
        for y in range(0, HEIGHT, 40):
            draw.rectangle((x, y, x + 39, y + 39), (x * 255 // WIDTH, y * 255 // HEIGHT, 200 - x // 2))
    return picture
