"""Pictures to upload: a real photograph, and as many different small ones as a test wants."""

import io
from itertools import count
from pathlib import Path

from PIL import Image as Pillow
from playwright.sync_api import FilePayload

import heliograph.cli

PHOTOGRAPH = Path(heliograph.cli.__file__).with_name("sample.jpg")
_numbers = count(1)


def small_picture(name: str, form: str = "PNG") -> FilePayload:
    """A small picture that no other test has, encoded by Pillow."""
    number = next(_numbers)
    file = io.BytesIO()
    Pillow.new("RGB", (120 + number, 80), (number % 256, 120, 200)).save(file, form)
    return {"name": name, "mimeType": f"image/{form.lower()}", "buffer": file.getvalue()}
