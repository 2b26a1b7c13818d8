"""The clipboard and the screen of the desktop; hides whose programs reach them, which differ from system to system.

Nothing is installed for this: the programs of the table that are found are run one after the other until one gives a
picture. Where none is found, Pillow's ImageGrab is asked, if Pillow is there; but not under Wayland, where it would
show the black screen of an X server that nobody sees, or wait for ever.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TypeAlias

from heliograph.client._config import desktop
from heliograph.client._errors import InputError

Region: TypeAlias = tuple[int, int, int, int]
"""A part of the screen: left, top, width, height, in the desktop's units, which are pixels unless it enlarges all."""

SECONDS = 20
"""After which a program that does not answer is given up."""

SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")
"""How PNG, JPEG, GIF, BMP, WebP and TIFF begin."""

DOT = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1"
"""A PNG of one pixel: what ImageMagick makes of a region that is not on the screen."""

_POWERSHELL = ("-NoProfile", "-STA", "-Command")
_PASTE_ON_WINDOWS = (
    "Add-Type -AssemblyName System.Windows.Forms, System.Drawing;"
    "$i = [Windows.Forms.Clipboard]::GetImage(); if ($i) { $i.Save('{file}', [Drawing.Imaging.ImageFormat]::Png) }"
)
_SHOOT_ON_WINDOWS = (
    "Add-Type -AssemblyName System.Windows.Forms, System.Drawing;"
    "$b = [Windows.Forms.SystemInformation]::VirtualScreen; $x, $y, $w, $h = {rectangle};"
    "$i = New-Object Drawing.Bitmap $w, $h;"
    "[Drawing.Graphics]::FromImage($i).CopyFromScreen($x, $y, 0, 0, $i.Size);"
    "$i.Save('{file}', [Drawing.Imaging.ImageFormat]::Png)"
)
_PASTE_ON_MACOS = (
    'set f to open for access POSIX file "{file}" with write permission',
    "write (the clipboard as «class PNGf») to f",
    "close access f",
)


@dataclass(frozen=True)
class _Way:
    """A program, the system that it is for, and its arguments; `{file}` in them stands for a file that it writes, else
    it writes to its output. `region`: what is put before them for a part of the screen; None where it knows no parts.
    `encoding`: of the text that it is given.
    """

    system: str
    program: str
    arguments: tuple[str, ...] = ()
    region: tuple[str, ...] | None = None
    encoding: str = "utf-8"


_PASTE = (
    _Way("wayland", "wl-paste", ("--no-newline", "--type", "image/png")),
    _Way("wayland", "wl-paste", ("--no-newline", "--type", "image")),
    _Way("x11", "xclip", ("-selection", "clipboard", "-out", "-target", "image/png")),
    _Way("x11", "xclip", ("-selection", "clipboard", "-out", "-target", "image/jpeg")),
    _Way("x11", "xclip", ("-selection", "clipboard", "-out", "-target", "image/bmp")),
    _Way("macos", "pngpaste", ("{file}",)),
    _Way("macos", "osascript", tuple(part for line in _PASTE_ON_MACOS for part in ("-e", line))),
    _Way("windows", "powershell", (*_POWERSHELL, _PASTE_ON_WINDOWS)),
)

_SHOOT = (
    _Way("wayland", "grim", ("-",), ("-g", "{x},{y} {w}x{h}")),
    _Way("wayland", "spectacle", ("--background", "--nonotify", "--fullscreen", "--output", "{file}")),
    _Way("wayland", "gnome-screenshot", ("--file={file}",)),
    _Way("x11", "maim", ("--hidecursor",), ("--geometry={w}x{h}+{x}+{y}",)),
    _Way("x11", "scrot", ("--overwrite", "{file}"), ("--autoselect", "{x},{y},{w},{h}")),
    _Way("x11", "import", ("-silent", "-window", "root", "png:-"), ("-crop", "{w}x{h}+{x}+{y}")),
    _Way("x11", "spectacle", ("--background", "--nonotify", "--fullscreen", "--output", "{file}")),
    _Way("x11", "gnome-screenshot", ("--file={file}",)),
    _Way("macos", "screencapture", ("-x", "{file}"), ("-R{x},{y},{w},{h}",)),
    _Way("windows", "powershell", (*_POWERSHELL, _SHOOT_ON_WINDOWS), ()),
)

_COPY = (
    _Way("wayland", "wl-copy"),
    _Way("x11", "xclip", ("-selection", "clipboard", "-in")),
    _Way("x11", "xsel", ("--clipboard", "--input")),
    _Way("macos", "env", ("LC_ALL=en_US.UTF-8", "pbcopy")),  # it reads by the locale, which programs with a window lack
    _Way("windows", "clip", encoding="utf-16-le"),  # it takes UTF-8 for the code page of the console
)


def clipboard() -> bytes:
    """The picture on the clipboard, most often as PNG, for `upload`. Raises InputError where there is none."""
    ways = _found(_PASTE, "the clipboard", or_pillow=True)
    for way in ways:
        if picture := _run(way, {}):
            return picture
    return (b"" if ways else _grabbed(None, shooting=False)) or _give_up(
        "There is no picture on the clipboard. Copy one first."
    )


def screen(region: Region | None = None) -> bytes:
    """What the screen shows, or the `region` (left, top, width, height) of it, as PNG, for `upload`.

    A desktop that enlarges all it shows (HiDPI) counts a region before that, and the picture has more pixels then. What
    of a region lies beside the screen is cut off or black. Raises InputError where the screen cannot be seen, or holds
    nothing of the region.
    """
    if region is not None and not (len(region) == 4 and min(region[2:]) > 0):
        raise InputError("A region of the screen is left, top, width and height, in pixels: 0, 0, 640, 480.")
    ways = _found(_SHOOT, "the screen", or_pillow=True, in_part=region is not None)
    place = {name: str(number) for name, number in zip("xywh", region or (), strict=False)}
    place["rectangle"] = ",".join(map(str, region)) if region else "$b.X, $b.Y, $b.Width, $b.Height"
    for way in ways:
        picture = _run(way, place, in_part=region is not None)
        if picture and not picture.startswith(DOT):
            return picture
    seen = b"" if ways else _grabbed(region, shooting=True)
    return seen or _give_up("The screen cannot be seen from here, or has no such region.")


def copy(text: str) -> None:
    """Put `text` on the clipboard. Raises InputError where that cannot be."""
    for way in _found(_COPY, "the clipboard"):
        try:
            # A program that keeps the clipboard stays behind, with our pipes if it had any.
            subprocess.run(  # noqa: S603 # programs of the table above
                [way.program, *way.arguments],
                input=text.encode(way.encoding),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
                timeout=SECONDS,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return
    _give_up("The text could not be put on the clipboard.")


def _system() -> str:
    return desktop() or _give_up("There is neither screen nor clipboard here: DISPLAY and WAYLAND_DISPLAY are not set.")


def _found(ways: Sequence[_Way], what: str, *, or_pillow: bool = False, in_part: bool = False) -> list[_Way]:
    """Those of this system whose program is there; raises InputError, with what to install, if there is none.

    With `or_pillow` there may be none, where Pillow is there instead.
    """
    system = _system()
    fitting = [way for way in ways if way.system == system and not (in_part and way.region is None)]
    there = [way for way in fitting if shutil.which(way.program)]
    if not there and not (or_pillow and system != "wayland" and _image_grab()):
        names = list(dict.fromkeys(way.program for way in fitting))
        _give_up(f"No program is found that reaches {what}. Install one of these: {', '.join(names)}.")
    return there


def _run(way: _Way, place: dict[str, str], *, in_part: bool = False) -> bytes:
    """The picture that a program gives, b"" if it gives none."""
    with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
        file = Path(folder) / "picture.png"
        command = [way.program]
        path = str(file).replace("'", "''") if way.program == "powershell" else str(file)
        for argument in ((way.region or ()) if in_part else ()) + way.arguments:
            for name, value in ({"file": path} | place).items():
                argument = argument.replace(f"{{{name}}}", value)  # one word after the other
            command.append(argument)
        try:
            done = subprocess.run(  # noqa: S603 # programs of the tables above
                command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=SECONDS
            )
        except (OSError, subprocess.SubprocessError):
            return b""
        picture = file.read_bytes() if file.exists() else done.stdout
    return picture if picture.startswith(SIGNATURES) else b""


def _grabbed(region: Region | None, *, shooting: bool) -> bytes:
    """What Pillow sees of the screen or the clipboard, as PNG; b"" where it is not there or sees nothing."""
    grab = _image_grab()
    if grab is None:
        return b""
    try:
        if shooting:
            picture = grab.grab()  # type: ignore[attr-defined] # Pillow may be absent
            if region:
                x, y, w, h = region
                if x + w <= 0 or y + h <= 0 or x >= picture.width or y >= picture.height:
                    return b""  # Pillow would make a black picture of it
                picture = picture.crop((x, y, x + w, y + h))
        else:
            picture = grab.grabclipboard()  # type: ignore[attr-defined]
        file = io.BytesIO()
        picture.save(file, "PNG")
    except Exception:  # whatever Pillow's many ways may raise: the caller says what to do
        return b""
    return file.getvalue()


def _image_grab() -> object | None:
    try:
        return import_module("PIL.ImageGrab")
    except ImportError:
        return None


def _give_up(message: str) -> NoReturn:
    raise InputError(message)
