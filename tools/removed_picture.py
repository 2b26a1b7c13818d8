"""Draws `/removed.png`, what programs are led to where a picture is missing and the operator wants them led there."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

TARGET = Path(__file__).parents[1] / "src/heliograph/server/http/static/removed.png"
SIZE = (161, 81)
"""Pixels; the size of the picture that programs know from Imgur."""


def drawn() -> Image.Image:
    """Two lines in the middle of a grey card, in one byte for each pixel."""
    card = Image.new("L", SIZE, 0xEE)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, SIZE[0] - 1, SIZE[1] - 1), outline=0x99)
    font = ImageFont.load_default(14)
    for line, y in (("This picture is", 31), ("not here.", 50)):
        pen.text((SIZE[0] // 2, y), line, fill=0x33, font=font, anchor="mm")
    return card.quantize(16)


if __name__ == "__main__":
    drawn().save(TARGET, optimize=True)
