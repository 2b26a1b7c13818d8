"""A screen that nobody sees: a real X server, with a picture on it."""

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 240


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
