"""Anything that can be seen, made into what can be sent; hides the many ways in which Python objects show themselves.

A thing is drawn by the library that made it, found in `sys.modules`: who passes a matplotlib figure has imported
matplotlib already, so nothing is imported to find out that something is none. The same figure gives the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from heliograph.client._drawers import ARRAY_LIKE, DRAWERS, Drawer
from heliograph.client._errors import HeliographError, InputError
from heliograph.client._look import Look, NoVectorError
from heliograph.client._models import Image
from heliograph.client._pictures import Source, is_url
from heliograph.client._provenance import told
from heliograph.client._rasters import (
    AS_IT_IS,
    SVG_HEAD,
    html_drawn,
    looks_like_svg,
    may_be_kept,
    svg_drawn,
    vega_lite_drawn,
)

PLOTLY = "application/vnd.plotly.v1+json"
VEGA_LITE = re.compile(r"application/vnd\.vegalite\.v\d+(\.json|\+json)")
PYGAL_SAYS = re.compile(r"<!--Generated with pygal.*?-->", re.DOTALL)
"""Its version, and the day."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SVG = "image/svg+xml"
RASTERS = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""Media types of what needs no drawing any more, the best first."""


def prepared(
    thing: object, theme: str | None, vector: bool | str | None, source: bool | str | None, *, online: bool
) -> tuple[Source, dict[str, str | None]]:
    """What to send of `thing`, and the texts beside it: its SVG and its source, where they are wanted.

    vector: True draws an SVG of whatever has one, None only where that is quick, and is silent where it cannot be; a
    text is the SVG itself.
    source: True for the code of who called this library. Raises InputError as `drawn` does, also where an SVG was asked
    for of what has none, or the code cannot be seen.
    """
    picture = drawn(thing, Look(theme, online=online))
    beside = {"vector": _vector_of(thing, theme, wanted=vector), "source": told(source)}
    return picture, {name: text for name, text in beside.items() if text is not None}


def _vector_of(thing: object, theme: str | None, *, wanted: bool | str | None) -> str | None:
    """The SVG to be kept beside the picture of `thing`."""
    if isinstance(wanted, str):
        return wanted
    if wanted is False or (wanted is None and _is_slow(thing)):
        return None
    try:
        svg = vector_drawn(thing, Look(theme, vector=True)).decode("utf-8")
    except (InputError, UnicodeDecodeError) as error:
        if wanted is None:
            return None
        raise error if isinstance(error, InputError) else InputError(f"The SVG is no UTF-8: {error}") from error
    return svg if wanted or may_be_kept(svg) else None


def vector_drawn(thing: object, look: Look) -> bytes:
    """The SVG of `thing`, which an SVG has itself, or its library draws. Raises InputError, NoVectorError."""
    if (svg := _own_svg(thing)) is not None:
        return svg
    if isinstance(thing, (str, bytes, bytearray, memoryview, os.PathLike)) or hasattr(thing, "read"):
        raise NoVectorError("This is no SVG, and none can be made of it. Leave out vector=True.")
    if (svg := _drawn_by_its_library(thing, look)) is not None:
        return svg
    bundle = _asked(thing, "_repr_mimebundle_", include=None, exclude=None)
    shown = (bundle.get(SVG) if isinstance(bundle, dict) else None) or _asked(thing, "_repr_svg_")
    if not shown:
        raise NoVectorError(f"A {type(thing).__name__} has no SVG. Leave out vector=True.")
    text = shown if isinstance(shown, str) else bytes(shown).decode("utf-8")
    return UUID.sub(_Numbered(), PYGAL_SAYS.sub("", text)).encode()


class _Numbered:
    """Gives each random name (pygal's charts have one) a number in its place: the same chart is the same SVG."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def __call__(self, found: re.Match[str]) -> str:
        return f"n{self._seen.setdefault(found[0], len(self._seen))}"


def _is_slow(thing: object) -> bool:
    """Whether drawing it once more would start a browser once more."""
    return str(type(thing).__module__).startswith("plotly.")  # a function of SymPy is of no module


def drawn(thing: object, look: Look = AS_IT_IS) -> Source:
    """What `thing` looks like, in pixels, as something that can be sent: a path, a URL, a file object, or bytes.

    Paths, URLs and file objects come back as they are; whatever else is drawn, as PNG where there is a choice. Raises
    InputError, which says what to do, if it cannot be seen or its own library cannot draw it.
    """
    if isinstance(thing, Image):
        raise InputError(f"This is published already: {thing.link}")
    if isinstance(thing, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(thing, "read"):
        look.must_be_plain("A picture that is there already")
        return _as_it_is(thing)
    return (
        _drawn_by_its_library(thing, look)
        or _shown_by_itself(thing, look)
        or _drawn_by_its_library(thing, look, (ARRAY_LIKE,))
        or _nothing_to_see(thing)
    )


def _as_it_is(thing: Any) -> Source:  # noqa: ANN401 # what `drawn` lets through
    """A path, a URL, bytes or a file object; pixels in the place of an SVG."""
    if (svg := _own_svg(thing)) is not None:
        return svg_drawn(svg)
    if isinstance(thing, str) and thing[:5].lower() == "data:":
        return in_uri(thing)[1]
    if isinstance(thing, (bytes, bytearray, memoryview)):
        data = thing if not isinstance(thing, memoryview) or thing.c_contiguous else thing.tobytes()
        return in_uri(bytes(data).decode("latin-1"))[1] if bytes(data[:5]).lower() == b"data:" else data
    return thing  # type: ignore[no-any-return] # whether it gives bytes is seen when it is opened


def _own_svg(thing: Any) -> bytes | None:  # noqa: ANN401 # as above
    """The SVG that `thing` itself is: as text or bytes, in a `data:` URI, in a file; None where it is none."""
    if isinstance(thing, str) and thing[:5].lower() == "data:":
        media_type, data = in_uri(thing)
        return data if media_type == SVG or looks_like_svg(data) else None
    if isinstance(thing, str) and looks_like_svg(thing[:SVG_HEAD].encode("utf-8", "replace")):
        return thing.encode("utf-8", "replace")
    if isinstance(thing, (bytes, bytearray, memoryview)):
        return bytes(thing) if looks_like_svg(bytes(thing[:SVG_HEAD])) else None
    try:
        if isinstance(thing, (str, os.PathLike)):
            return Path(thing).read_bytes() if not is_url(thing) and is_svg_file(thing) else None
        return _svg_in_file(thing)
    except (OSError, ValueError):
        return None  # opening it for sending says what is wrong with it


def _svg_in_file(file: Any) -> bytes | None:  # noqa: ANN401 # as above
    """The SVG in an open file from where it stands, where it can be read twice; then it stands there again."""
    if not (hasattr(file, "seekable") and file.seekable()):
        return None
    start = file.tell()
    head = file.read(SVG_HEAD)
    svg = head + file.read() if isinstance(head, bytes) and looks_like_svg(head) else None
    file.seek(start)
    return svg


def picture_in(bundle: Mapping[str, Any], look: Look = AS_IT_IS) -> bytes | None:
    """The picture of what a notebook shows, a MIME bundle by media types; None where it is none (text, HTML).

    With a theme, only what can be drawn in it. Raises InputError where it is a picture that nothing here can draw.
    """
    for media_type in RASTERS if look.theme is None else ():
        if shown := bundle.get(media_type):
            return base64.b64decode(shown) if isinstance(shown, str) else bytes(shown)
    if PLOTLY in bundle:
        figure = {part: bundle[PLOTLY][part] for part in ("data", "layout")}
        return _drawn_by_its_library(import_module("plotly.graph_objects").Figure(figure), look)
    if chart := next((shown for media_type, shown in bundle.items() if VEGA_LITE.fullmatch(media_type)), None):
        return vega_lite_drawn(chart, look.theme)
    if look.theme is not None:
        return None
    if vector := bundle.get(SVG):
        return svg_drawn(vector.encode() if isinstance(vector, str) else bytes(vector))
    return None


def is_svg_file(path: str | os.PathLike[str]) -> bool:
    """Whether the name says so."""
    return os.fsdecode(path).lower().endswith(".svg")


def in_uri(uri: str) -> tuple[str, bytes]:
    """The media type in a `data:` URI, in lower case, and its bytes (RFC 2397). Raises InputError without."""
    head, comma, body = uri.partition(",")
    media_type, *parameters = head[len("data:") :].split(";")
    data = unquote_to_bytes(body)
    if parameters and parameters[-1].strip().lower() == "base64":
        try:
            data = base64.b64decode(b"".join(data.split()), validate=True)
        except binascii.Error as error:
            raise InputError(f"The data: URI holds no base64 ({error}). Was it cut short?") from error
    if not comma or not data:
        raise InputError("The data: URI holds no picture. A good one begins like data:image/png;base64,iVBORw0KGgo")
    return media_type.strip().lower(), data


def _drawn_by_its_library(thing: object, look: Look, drawers: Sequence[Drawer] = DRAWERS) -> bytes | None:
    """Drawn by the first library that knows it, None where none does."""
    for name, draw in drawers:
        try:
            data = draw(thing, look)
        except HeliographError:
            raise
        except Exception as error:  # whatever a library may raise while it draws
            raise InputError(f"{name} could not draw this {type(thing).__name__}: {_reason(error)}") from error
        if data is not None:
            return data
    return None


def _shown_by_itself(thing: object, look: Look) -> bytes | None:
    """By the methods with which objects show themselves in notebooks (IPython's rich display), None without any."""
    if isinstance(thing, type):
        return None  # a class has the methods, but is no object that could show itself
    failures: list[Exception] = []
    bundle = _tried(lambda: _asked(thing, "_repr_mimebundle_", include=None, exclude=None), failures)
    page = bundle.get("text/html") if isinstance(bundle, dict) else None
    for ask in (
        lambda: picture_in(bundle or {}, look),
        lambda: picture_in({"image/png": _asked(thing, "_repr_png_")}, look),
        lambda: picture_in({"image/jpeg": _asked(thing, "_repr_jpeg_")}, look),
        lambda: picture_in({"image/svg+xml": _asked(thing, "_repr_svg_")}, look),
        lambda: _page_drawn(page or _asked(thing, "_repr_html_"), look),
    ):
        picture: bytes | None = _tried(ask, failures)
        if picture:
            return picture
    if look.theme and any(hasattr(thing, f"_repr_{form}_") for form in ("png", "jpeg", "svg", "mimebundle")):
        look.must_be_plain(f"A {type(thing).__name__}")
    if failures:
        failure = failures[-1]
        raise InputError(f"This {type(thing).__name__} could not show itself: {_reason(failure)}") from failure
    return None


def _page_drawn(page: object, look: Look) -> bytes | None:
    return html_drawn(page, look) if page and isinstance(page, str) else None


def _asked(thing: object, method: str, **how: None) -> Any:  # noqa: ANN401 # objects answer what they like
    """What `thing` answers to a method of rich display, less the metadata that may come with it; None without it."""
    ask = getattr(thing, method, None)
    answer = ask(**how) if callable(ask) else None
    return answer[0] if isinstance(answer, tuple) and answer else answer


def _tried(ask: Callable[[], Any], failures: list[Exception]) -> Any:  # noqa: ANN401 # as above
    """What asking gives, None where it fails: an object that cannot be a PNG here may still be an SVG."""
    try:
        return ask()
    except Exception as error:  # whatever an object may raise
        failures.append(error)
        return None


def _nothing_to_see(thing: object) -> bytes:
    raise InputError(
        f"A {type(thing).__name__} cannot be seen. Pass a path, an http(s) URL, bytes, a file opened in binary mode, "
        "an array, a picture or a figure."
    )


def _reason(error: Exception) -> str:
    """Why, in one sentence: libraries tend to explain themselves in long paragraphs."""
    return " ".join(str(error).split()) or type(error).__name__
