"""Pixels of what has none yet: SVG and HTML; hides the programs that can draw them.

Hosts of pictures take neither: both may hold scripts. An SVG is drawn by vl-convert or CairoSVG, whichever is
installed; a page by Chromium or Chrome, in a profile of its own, so that no cookies of anybody are in it.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from html import unescape
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.parsers import expat

from heliograph.client._errors import InputError
from heliograph.client._look import Look

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_SECONDS = 60
PAGE_MILLISECONDS = 5000
"""Of the page's own time (which a browser that has nothing to do lets pass at once), for scripts to draw."""
WIDEST = 4000
"""Pixels that a page may be wide before its text is broken into lines."""
TALLEST = 8000
FRAME = 300
"""Pixels by which a window is more than what it shows, at most: Chromium counts its bars, though it draws none."""

AS_IT_IS = Look()
LARGEST_VECTOR = 1024 * 1024
"""Bytes of an SVG that a server keeps beside a picture."""

SVG_HEAD = 4096
"""Bytes among which an SVG has to begin, behind what may stand before it."""
SVG_START = re.compile(
    rb"\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE\s+svg[^\[>]*(?:\[[^\]]*\]\s*)?>\s*)*"
    rb"<(?:[\w.-]+:)?svg[\s>/]",
    re.DOTALL,
)
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "em": 16.0}
"""Pixels of a length in an SVG (CSS Values and Units, section 5.2)."""
MOST_PIXELS = 100_000_000
"""Of an SVG that is drawn: one that is larger ends the whole process, as the memory for it cannot be had."""
OFFLINE = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=socks5://0.0.0.0:9",
    "--proxy-bypass-list=<-loopback>",
    "--disable-background-networking",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
"""What keeps Chromium from the network: no host is found, and all are behind a proxy that is not there."""

SHRINK = """<style>html,body{height:auto!important}
body{display:inline-block!important;margin:8px!important}</style>"""
THEMES = {
    None: "<style>html,body{background:#fff}</style>",
    "light": "<style>:root{color-scheme:light}html,body{background:#fff}</style>",
    "dark": "<style>:root{color-scheme:dark}html,body{background:#111;color:#eee}</style>",
}
MEASURE = """<script>addEventListener("load", () => setTimeout(() => {
const withFrames = (page) => page ? [page, ...[...page.querySelectorAll("iframe")]
    .flatMap((frame) => withFrames(frame.contentDocument))] : [];
const needed = withFrames(document)
    .flatMap((page) => [...page.querySelectorAll("img[src], script[src], iframe[src]")])
    .map((part) => part.getAttribute("src")).filter((name) => /^(https?:)?\\/\\//i.test(name));
const box = document.body.getBoundingClientRect(), told = document.documentElement.dataset;
told.size = [box.right + 8, box.bottom + 8].map(Math.ceil).join("x");
if (needed.length) told.needs = encodeURI(needed[0]);
}, 1000))</script>"""
"""Says how large the page is, and which picture or script of it, frames included, lies in the network."""
SIZE = re.compile(r'data-size="(\d+)x(\d+)"')
NEEDS = re.compile(r'data-needs="([^"]+)"')


def looks_like_svg(head: bytes) -> bool:
    """Whether a file that begins so is an SVG."""
    return SVG_START.match(head[:SVG_HEAD].removeprefix(b"\xef\xbb\xbf")) is not None


def may_be_kept(svg: str) -> bool:
    """Whether a server would keep this SVG: whole, in the namespace, without declarations, and of at most 1 MiB."""
    parser = expat.ParserCreate("utf-8", " ")
    first: list[str] = []
    parser.StartElementHandler = lambda name, _: first.append(name) if not first else None
    parser.StartDoctypeDeclHandler = lambda *declared: first.append("") if declared[3] else None
    try:
        parser.Parse(svg.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return first[0] == "http://www.w3.org/2000/svg svg" and len(svg.encode()) <= LARGEST_VECTOR


def svg_drawn(svg: bytes) -> bytes:
    """PNG of an SVG, at its own size. Raises InputError where nothing here can draw it."""
    width, height = _size(svg)
    if width * height > MOST_PIXELS:
        raise InputError(f"The SVG is {width:.0f} x {height:.0f} pixels large. Give it a smaller width and height.")
    for name, draw in (("vl_convert", _by_vl_convert), ("cairosvg", _by_cairosvg)):
        try:
            library = import_module(name)
        except (ImportError, OSError):  # CairoSVG without its C library raises an OSError
            continue
        try:
            return draw(library, svg)
        except Exception as error:  # whatever a library may raise about a damaged SVG
            reason = " ".join(str(error).partition("Stack backtrace")[0].split())
            raise InputError(f"{name} could not draw the SVG: {reason}") from error
    raise InputError("To draw an SVG as a picture, install vl-convert: pip install vl-convert-python")


def _size(svg: bytes) -> tuple[float, float]:
    """The pixels that an SVG says it has, at least; 0 where it does not say, or is damaged."""
    parser = expat.ParserCreate()
    first: list[dict[str, str]] = []
    parser.StartElementHandler = lambda _, attributes: first.append(attributes) if not first else None
    with suppress(expat.ExpatError):  # what stands before the damage may say
        parser.Parse(svg, True)
    root = first[0] if first else {}
    box = [_length(each) for each in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    inside = box[2:] if len(box) == 4 else [0.0, 0.0]
    return _length(root.get("width", "")) or inside[0], _length(root.get("height", "")) or inside[1]


def _length(text: str) -> float:
    """A length in pixels, 0 for what is none or a share of something."""
    found = re.fullmatch(r"\s*([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", text, re.IGNORECASE)
    try:
        return float(found[1]) * UNITS.get(found[2].lower(), 0.0) if found else 0.0
    except ValueError:
        return 0.0


def vega_lite_drawn(chart: Mapping[str, Any], theme: str | None = None) -> bytes:
    """PNG of a chart of Vega-Lite. Raises InputError where that cannot be drawn here."""
    try:
        themed = "dark" if theme == "dark" else None
        data: bytes = import_module("vl_convert").vegalite_to_png(dict(chart), theme=themed)
    except ImportError as error:
        raise InputError("To draw a chart of Altair, install vl-convert: pip install vl-convert-python") from error
    except ValueError as error:
        raise InputError(f"vl_convert could not draw the chart: {error}") from error
    return data


def _by_vl_convert(library: ModuleType, svg: bytes) -> bytes:
    data: bytes = library.svg_to_png(svg.decode("utf-8"))
    return data


def _by_cairosvg(library: ModuleType, svg: bytes) -> bytes:
    data: bytes = library.svg2png(bytestring=svg)
    return data


def html_drawn(page: str, look: Look = AS_IT_IS) -> bytes:
    """PNG of a page or a piece of one, cut to what it holds. Raises InputError where no browser can draw it.

    The browser reaches no network, unless `look` says so: what an object shows of itself must not tell others of it.
    """
    look.must_be_pixels("What shows itself as HTML")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError("This shows itself as HTML only. To draw it as a picture, install Chromium or Chrome.")
    with tempfile.TemporaryDirectory(prefix="heliograph-", ignore_cleanup_errors=True) as folder:
        file = Path(folder, "page.html")
        file.write_text(f'<!DOCTYPE html><meta charset="utf-8">{page}{SHRINK}{THEMES[look.theme]}{MEASURE}', "utf-8")
        network = () if look.online else OFFLINE
        told = _browse(browser, file, *network, "--dump-dom", f"--window-size={WIDEST},{TALLEST}").decode(
            "utf-8", "replace"
        )
        size = SIZE.search(told)
        if size is None:
            raise InputError("The browser could not draw this in time.")
        if (needs := NEEDS.search(told)) and not look.online:
            raise InputError(f"This loads {unescape(needs[1])} from the network. Pass online=True to let it.")
        width, height = min(int(size[1]), WIDEST), min(int(size[2]), TALLEST)
        picture = Path(folder, "page.png")
        _browse(browser, file, *network, f"--screenshot={picture}", f"--window-size={width + FRAME},{height + FRAME}")
        if not picture.exists():
            raise InputError("The browser could not draw this.")
        return _cropped(picture, width, height)


def _cropped(picture: Path, width: int, height: int) -> bytes:
    """The upper left of a picture, as PNG."""
    try:
        pillow = import_module("PIL.Image")
    except ImportError as error:
        raise InputError("To draw what shows itself as HTML, install Pillow: pip install pillow") from error
    buffer = io.BytesIO()
    with pillow.open(picture) as whole:
        whole.crop((0, 0, width, height)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _browse(browser: str, page: Path, *what: str) -> bytes:
    """Open `page` without a window, in a profile of its own; what the browser printed."""
    fixed = ("--headless", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--no-first-run")
    own = (f"--user-data-dir={page.parent / 'profile'}", f"--virtual-time-budget={PAGE_MILLISECONDS}")
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium refuses to run as root with it
    try:
        done = subprocess.run(  # noqa: S603 # no shell; the browser is the one that is installed
            [browser, *fixed, *own, *root, *what, page.as_uri()],
            capture_output=True, stdin=subprocess.DEVNULL, timeout=BROWSER_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{browser} could not draw this: {error}") from error
    return done.stdout
