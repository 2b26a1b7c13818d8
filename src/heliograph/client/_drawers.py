"""How each library of pictures and figures is asked to draw; hides their ways, and is never the first to import them.

A drawer takes a thing and how it is to look, and gives the bytes of a picture, or None where the thing is not its own.
What comes out depends on the figure alone: no time stamp, no version of the library, no random name.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from types import ModuleType
from typing import Any

from heliograph.client._errors import InputError
from heliograph.client._look import SALT, Look
from heliograph.client._png import array_as_png
from heliograph.client._rasters import html_drawn

FORMULA_POINTS = 18
FORMULA_DPI = 160
FIGURES = ("figure", "figure_", "fig")
"""Where seaborn's grids, scikit-learn's displays and others keep the matplotlib figure that they drew on."""
IN_PNG = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
"""Pillow's modes that PNG has a word for."""
PLOTLY_NAMES = re.compile(rb"(clip|defs-|topdefs-|legend|bglegend|g|scrollbox|cb|pattern)[0-9a-f]{6}(?=[\w-]*[\"')])")
"""The names inside plotly's SVG, each with the six random digits of its figure."""
MOVING = {"GIF", "PNG", "WEBP", "AVIF"}
"""Pillow's formats of which many frames mean an animation, not many pages."""


def _pillow(thing: Any, look: Look) -> bytes | None:
    """A picture of Pillow, with its colour profile; an animation stays one (as APNG)."""
    library = sys.modules.get("PIL.Image")
    if library is None or not isinstance(thing, library.Image):
        return None
    look.must_be_plain("A picture of Pillow")
    look.must_be_pixels("A picture of Pillow")
    buffer = io.BytesIO()
    if getattr(thing, "is_animated", False) and thing.format in MOVING:
        frame = thing.tell()
        thing.save(buffer, "PNG", save_all=True)
        thing.seek(frame)
    else:
        _in_a_mode_of_png(thing).save(buffer, "PNG")
    return buffer.getvalue()


def _in_a_mode_of_png(picture: Any) -> Any:
    """The same pixels in a mode that PNG can hold; raises InputError where that would lose some."""
    if picture.mode in IN_PNG:
        return picture
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I")  # of another order of bytes
    if picture.mode == "I" and min(picture.getextrema()) >= 0 and max(picture.getextrema()) < 1 << 16:
        return picture.convert("I;16")
    if picture.mode in ("I", "F"):
        raise InputError(
            f"A picture of Pillow's mode {picture.mode} has values that no picture format holds. Scale them to 0 to "
            '255 and convert("L") first.'
        )
    return picture.convert("RGBA" if picture.mode in ("PA", "La", "RGBa") else "RGB")


def _matplotlib(thing: Any, look: Look) -> bytes | None:
    """A figure, anything drawn on one, `plt` itself (its current figure), or what keeps a figure."""
    figure = matplotlib_figure(thing)
    if figure is None:
        return None
    look.must_be_plain("A figure of matplotlib", "Make it in: with plt.style.context('dark_background')")
    return _saved(figure, look)


def matplotlib_figure(thing: Any) -> Any:
    """The figure of matplotlib that is meant by a thing, None where there is none."""
    library = sys.modules.get("matplotlib.figure")
    if library is None:
        return None
    return _current_figure() if _is_pyplot(thing) else _figure_of(thing, library.FigureBase)


def _saved(figure: Any, look: Look, **how: Any) -> bytes:
    """The PNG or SVG that `savefig` writes, less the version of matplotlib, the time and random names."""
    buffer = io.BytesIO()
    unsaid = {"Date": None, "Creator": None} if look.vector else {"Software": None}
    with sys.modules["matplotlib"].rc_context({"svg.hashsalt": SALT}):
        figure.savefig(buffer, format=look.form, metadata=unsaid, **how)
    return buffer.getvalue()


def _is_pyplot(thing: Any) -> bool:
    """Whether this is the module with which figures are drawn without naming them."""
    return isinstance(thing, ModuleType) and thing.__name__ in ("matplotlib.pyplot", "pylab")


def _current_figure() -> Any:
    """What pyplot draws on; raises InputError where there is nothing, instead of making an empty figure."""
    pyplot = sys.modules["matplotlib.pyplot"]
    if not pyplot.get_fignums():
        raise InputError(
            "No figure of matplotlib is open: a notebook closes them after each cell. Pass the figure itself, or "
            "upload in the cell that draws it."
        )
    return pyplot.gcf()


def _figure_of(thing: Any, kind: type) -> Any:
    """The whole figure (of `kind`) that a thing is, lies on, keeps, or holds somewhere in a list; None without one."""
    if isinstance(thing, (list, tuple)) or getattr(thing, "dtype", None) == "object":
        inside = thing.ravel() if hasattr(thing, "ravel") else thing
        return next((figure for each in inside if (figure := _figure_of(each, kind)) is not None), None)
    for name in FIGURES:
        kept = getattr(thing, name, None)
        if isinstance(kept, kind):
            return kept if kept is thing else _figure_of(kept, kind)
    return None


def _array(thing: Any, look: Look) -> bytes | None:
    """An array of NumPy: rows and columns of grey, grey and alpha, RGB or RGBA."""
    library = sys.modules.get("numpy")
    if library is None or not isinstance(thing, library.ndarray):
        return None
    look.must_be_plain("An array")
    look.must_be_pixels("An array")
    return array_as_png(thing, library)


def _plotly(thing: Any, look: Look) -> bytes | None:
    """A figure of plotly, drawn by Kaleido, which plotly asks for by name where it is missing."""
    library = sys.modules.get("plotly.basedatatypes")
    if library is None or not isinstance(thing, library.BaseFigure):
        return None
    if look.theme:
        template = {"light": "plotly_white", "dark": "plotly_dark"}[look.theme]
        thing = import_module("plotly.graph_objects").Figure(thing).update_layout(template=template)
    data: bytes = thing.to_image(format=look.form)
    return PLOTLY_NAMES.sub(rb"\g<1>000000", data) if look.vector else data


def _altair(thing: Any, look: Look) -> bytes | None:
    """A chart of Altair, drawn by vl-convert, which Altair asks for by name where it is missing."""
    library = sys.modules.get("altair")
    if library is None or not isinstance(thing, library.TopLevelMixin):
        return None
    buffer = io.StringIO() if look.vector else io.BytesIO()
    with _altair_theme(library, look.theme):
        thing.save(buffer, format=look.form)
    drawn = buffer.getvalue()
    return drawn.encode() if isinstance(drawn, str) else drawn


def _altair_theme(library: Any, theme: str | None) -> Any:
    """Altair's own theme of that name while this lasts; its names moved in version 5.5."""
    if theme is None:
        return nullcontext()
    themes = library.theme if hasattr(library, "theme") else library.themes
    return themes.enable({"light": "default", "dark": "dark"}[theme])


def _bokeh(thing: Any, look: Look) -> bytes | None:
    """A plot or layout of Bokeh, drawn by a browser from one page that holds all it needs."""
    library = sys.modules.get("bokeh.models")
    if library is None or not isinstance(thing, library.UIElement):
        return None
    look.must_be_pixels("A plot of Bokeh")
    theme = {None: None, "light": "light_minimal", "dark": "dark_minimal"}[look.theme]
    theme = import_module("bokeh.themes").built_in_themes[theme] if theme else None
    embed = import_module("bokeh.embed")
    page = embed.file_html(thing, resources="inline", title="", theme=theme, suppress_callback_warning=True)
    return html_drawn(page, look)


def _graphviz(thing: Any, look: Look) -> bytes | None:
    """A graph of graphviz, drawn by its program `dot`."""
    library = sys.modules.get("graphviz")
    if library is None or not isinstance(thing, (library.Graph, library.Digraph, library.Source)):
        return None
    look.must_be_plain("A graph of graphviz", "Set its attributes bgcolor, color and fontcolor.")
    data: bytes = thing.pipe(format=look.form)
    return data


def _sympy(thing: Any, look: Look) -> bytes | None:
    """An expression of SymPy: set as a formula by matplotlib, or, where that does not know a sign, as aligned text."""
    library = sys.modules.get("sympy.core._print_helpers")
    if library is None or not isinstance(thing, library.Printable):
        return None
    printing = import_module("sympy.printing")
    try:
        import_module("matplotlib.figure")
    except ImportError as error:
        raise InputError("To draw formulas of SymPy, install matplotlib: pip install matplotlib") from error
    try:
        return _typeset(f"${printing.latex(thing, mat_delim='(')}$", look)
    except ValueError:
        aligned = printing.pretty(thing, use_unicode=True, wrap_line=False)
        return _typeset(aligned, look, family="monospace", parse_math=False)


def _typeset(text: str, look: Look, **how: Any) -> bytes:
    """`text` in black on white (dark: the reverse), a little margin around; raises ValueError if it cannot be set."""
    ink, paper = ("white", "black") if look.theme == "dark" else ("black", "white")
    figure = sys.modules["matplotlib.figure"].Figure(figsize=(0.01, 0.01), facecolor=paper)
    figure.text(0, 0, text, fontsize=FORMULA_POINTS, color=ink, **how)
    return _saved(figure, look, dpi=FORMULA_DPI, bbox_inches="tight", pad_inches=0.1)


DRAWERS: tuple[tuple[str, Callable[[Any, Look], bytes | None]], ...] = (
    ("Pillow", _pillow),
    ("matplotlib", _matplotlib),
    ("NumPy", _array),
    ("plotly", _plotly),
    ("Altair", _altair),
    ("Bokeh", _bokeh),
    ("graphviz", _graphviz),
    ("SymPy", _sympy),
)
"""Who draws, by a name that people know; the first that knows a thing draws it."""
