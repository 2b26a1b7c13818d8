"""The pictures that are uploaded and served: three sizes, every variant with pixels of its own.

Hides where the photographs come from and how a size in bytes is hit. The photographs are a Debian package's, unpacked
into the work folder without being installed. They were published smooth and strongly compressed, so the variants get
back some grain, of a camera's strength, and are encoded at the quality that gives the wanted size.
"""

import io
import random
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyvips
from PIL import Image, ImageDraw

WORK = Path(__file__).parent / ".work"
PACKAGE = "lomiri-wallpapers-16.04"
PHOTOGRAPHS = ("Dragonfly_by_Bolly", "seeding_by_Clements_Engelhardt", "sunset_by_Aitzol_Berasategi")

JPEG_KINDS = {
    "medium": (1920, 1200, 490_000, 3.0),
    "large": (4000, 3000, 5_000_000, 6.0),
}
"""kind -> width, height (pixels), wanted size (bytes), grain (standard deviation of 256 levels)."""

SLACK = 64
"""Pixels by which a variant's crop may be moved in both directions."""


def variants(kind: str, count: int) -> list[Path]:
    """The first `count` variants of a kind ("small", "medium", "large"); made where they are not there yet."""
    folder = WORK / "pictures" / kind
    folder.mkdir(parents=True, exist_ok=True)
    extension = "png" if kind == "small" else "jpg"
    paths = [folder / f"{number:04}.{extension}" for number in range(count)]
    missing = [path for path in paths if not path.exists()]
    if missing:
        make = _draw_plot if kind == "small" else _jpeg_maker(kind)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda path: _write(path, make), missing))
    return paths


def _write(path: Path, make: Callable[[int], bytes]) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(make(int(path.stem)))
    unfinished.rename(path)


def _photographs() -> list[Path]:
    """The source photographs, fetched by the system's package tool at the first call."""
    folder = WORK / "photographs"
    found = [folder / "usr/share/backgrounds" / f"{name}.jpg" for name in PHOTOGRAPHS]
    if not all(path.exists() for path in found):
        folder.mkdir(parents=True, exist_ok=True)
        download = ["apt-get", "download", "-qq", PACKAGE]
        if subprocess.run(download, cwd=folder, stderr=subprocess.DEVNULL, check=False).returncode:
            subprocess.run(["apt-get", "update", "-qq"], check=True)
            subprocess.run(download, cwd=folder, check=True)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
    return found


def _jpeg_maker(kind: str) -> Callable[[int], bytes]:
    """A function from a variant's number to a JPEG of the kind: photograph, mirroring, crop and grain vary."""
    width, height, wanted, strength = JPEG_KINDS[kind]
    plates = []
    for path in _photographs():
        photograph = pyvips.Image.new_from_file(path)
        scale = max((width + SLACK) / photograph.width, (height + SLACK) / photograph.height)
        plates.append(photograph.resize(scale).copy_memory())
    grain = pyvips.Image.gaussnoise(width + SLACK, height + SLACK, sigma=strength, mean=0, seed=1).copy_memory()
    qualities: dict[int, int] = {}

    def picture(number: int) -> pyvips.Image:
        chance = random.Random(number)
        plate = plates[number % len(plates)].crop(chance.randrange(SLACK), chance.randrange(SLACK), width, height)
        dust = grain.crop(chance.randrange(SLACK), chance.randrange(SLACK), width, height)
        mixed = (plate + dust).cast("uchar")
        return mixed.fliphor() if chance.random() < 0.5 else mixed

    def make(number: int) -> bytes:
        image, plate = picture(number).copy_memory(), number % len(plates)
        if plate not in qualities:
            qualities[plate] = _quality_for(image, wanted)
        return _encode(image, qualities[plate])

    return make


def _encode(image: pyvips.Image, quality: int) -> bytes:
    """A baseline JPEG as cameras write it, without metadata."""
    return bytes(image.jpegsave_buffer(Q=quality, subsample_mode="on", optimize_coding=True, keep="none"))


def _quality_for(image: pyvips.Image, wanted: int) -> int:
    """The JPEG quality whose result is nearest to `wanted` bytes."""
    low, high = 30, 98
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if len(_encode(image, middle)) < wanted else (low, middle)
    return min((low - 1, low), key=lambda quality: abs(len(_encode(image, quality)) - wanted))


def _draw_plot(number: int) -> bytes:
    """A plot as notebooks make them: RGBA PNG of some 30 kB, curves, points, grid and labels, smoothed edges."""
    chance = random.Random(number)
    width, height, fine = 640, 480, 2
    canvas = Image.new("RGBA", (width * fine, height * fine), "white")
    draw = ImageDraw.Draw(canvas)
    left, top, right, bottom = 80 * fine, 40 * fine, 610 * fine, 420 * fine
    for step in range(7):
        x, y = left + (right - left) * step // 6, top + (bottom - top) * step // 6
        draw.line([(x, top), (x, bottom)], fill="#dddddd", width=fine)
        draw.line([(left, y), (right, y)], fill="#dddddd", width=fine)
        draw.text((x - 12, bottom + 10), f"{step * 0.5:.1f}", fill="black", font_size=11 * fine)
        draw.text((left - 60, y - 12), f"{chance.uniform(-9, 9):.2f}", fill="black", font_size=11 * fine)
    for colour in ("#1f77b4", "#ff7f0e", "#2ca02c"):
        level, curve = chance.uniform(top + 100, bottom - 100), []
        for x in range(left, right, 5):
            level = min(max(level + chance.gauss(0, 9), top), bottom)
            curve.append((x, level))
        draw.line(curve, fill=colour, width=3, joint="curve")
    for _ in range(75):
        across, down = chance.gauss((left + right) / 2, 160), chance.gauss((top + bottom) / 2, 110)
        draw.ellipse([across - 5, down - 5, across + 5, down + 5], fill=(214, 39, 40, 255), outline="#7f1010")
    draw.rectangle([left, top, right, bottom], outline="black", width=fine)
    draw.text((width * fine / 2 - 160, 10 * fine), f"Measurement {number}", fill="black", font_size=13 * fine)
    file = io.BytesIO()
    canvas.resize((width, height), Image.Resampling.BOX).save(file, "PNG")
    return file.getvalue()
