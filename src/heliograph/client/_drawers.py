"""How each library of pictures and figures is asked to draw; hides their ways, and is never the first to import them.

A drawer takes a thing and how it is to look, and gives the bytes of a picture, or None where the thing is not its own.
What comes out depends on the figure alone: no time stamp, no version of the library, no random name.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from heliograph.client._errors import InputError
from heliograph.client._look import SALT, Look
from heliograph.client._png import array_as_png
from heliograph.client._rasters import html_drawn

FORMULA_POINTS = 18
FORMULA_DPI = 160
FIGURES = ("figure", "figure_", "fig")
"""Where seaborn's grids, scikit-learn's displays and others keep the matplotlib figure that they drew on."""
DRAWN = ("ax", "wedges")
"""Where a colour bar and a pie keep what was drawn on a figure."""
IN_PNG = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
"""Pillow's modes that PNG has a word for."""
PLOTLY_NAMES = re.compile(
    rb"((?<![\w-])p|clip(?:-relative|-layout\w*)?|defs-|topdefs-|legend-?|bglegend|g|scrollbox|cb|pattern|trace"
    rb"|rangeslider[xy]\d*-|Clip_|path_|(?<=p[0-9a-f]{6})-)([0-9a-f]{6})(?=[\w-]*[\"')])"
)
"""The names inside plotly's SVG, each with six random digits of its figure or its trace."""
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
        thing.save(buffer, "PNG", save_all=True, duration=_milliseconds(thing))
        thing.seek(frame)
    else:
        picture = _in_a_mode_of_png(thing)
        picture.save(buffer, "PNG", icc_profile=_profile(picture))
    return buffer.getvalue()


def _milliseconds(animation: Any) -> list[float]:
    """How long each frame is shown, which a WebP tells only of one that is loaded."""
    told = []
    for number in range(animation.n_frames):
        animation.seek(number)
        animation.load()
        told.append(animation.info.get("duration", 0))
    return told


def _profile(picture: Any) -> bytes | None:
    """The colour profile that came with a picture, where it is one for its colours (ICC.1, section 7.2.6)."""
    profile = picture.info.get("icc_profile")
    space = b"GRAY" if picture.mode in ("1", "L", "LA", "I;16") else b"RGB "
    return profile if isinstance(profile, bytes) and profile[16:20] == space else None


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
    if picture.mode == "La":
        return picture.convert("LA")
    return picture.convert("RGBA" if picture.mode in ("PA", "RGBa") else "RGB")


def _matplotlib(thing: Any, look: Look) -> bytes | None:
    """A figure, anything drawn on one, `plt` itself (its current figure), or what keeps a figure."""
    figure = matplotlib_figure(thing)
    if figure is None:
        return None
    look.must_be_plain("A figure of matplotlib", "Make it in: with plt.style.context('dark_background')")
    return _saved(figure, look)


def _animation(thing: Any, look: Look) -> bytes | None:
    """An animation of matplotlib, frame by frame, as APNG."""
    library = sys.modules.get("matplotlib.animation")
    if library is None or not isinstance(thing, library.Animation):
        return None
    look.must_be_plain("An animation of matplotlib", "Make it in: with plt.style.context('dark_background')")
    look.must_be_pixels("An animation of matplotlib")
    with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
        file = Path(folder, "animation.png")
        thing.save(file, writer="pillow")
        return file.read_bytes()


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
    if isinstance(thing, (list, tuple, dict)) or getattr(thing, "dtype", None) == "object":
        inside = thing.values() if isinstance(thing, dict) else thing.ravel() if hasattr(thing, "ravel") else thing
        return next((figure for each in inside if (figure := _figure_of(each, kind)) is not None), None)
    for name in FIGURES:
        kept = getattr(thing, name, None)
        if isinstance(kept, kind):
            return kept if kept is thing else _figure_of(kept, kind)
    lying = [part for name in DRAWN for part in _listed(getattr(thing, name, None))]
    return next((_figure_of(part, kind) for part in lying if isinstance(getattr(part, "figure", None), kind)), None)


def _listed(part: Any) -> list[Any]:
    return part if isinstance(part, list) else [part]


def _array(thing: Any, look: Look) -> bytes | None:
    """An array of NumPy: rows and columns of grey, grey and alpha, RGB or RGBA."""
    library = sys.modules.get("numpy")
    if library is None or not isinstance(thing, library.ndarray):
        return None
    look.must_be_plain("An array")
    look.must_be_pixels("An array")
    return array_as_png(thing, library)


def _array_like(thing: Any, look: Look) -> bytes | None:
    """What gives an array of NumPy when it is asked for one, as tensors do; None where it gives none of a picture."""
    library = sys.modules.get("numpy")
    if library is None or isinstance(thing, type) or not hasattr(type(thing), "__array__"):
        return None
    array = library.asarray(thing)
    return _array(array, look) if array.ndim in (2, 3) else None


def _plotly(thing: Any, look: Look) -> bytes | None:
    """A figure of plotly, drawn by Kaleido, which plotly asks for by name where it is missing."""
    library = sys.modules.get("plotly.basedatatypes")
    if library is None or not isinstance(thing, library.BaseFigure):
        return None
    if look.theme:
        template = {"light": "plotly_white", "dark": "plotly_dark"}[look.theme]
        thing = import_module("plotly.graph_objects").Figure(thing).update_layout(template=template)
    data: bytes = thing.to_image(format=look.form)
    return _without_chance(data) if look.vector else data


def _without_chance(svg: bytes) -> bytes:
    """An SVG of plotly with a number in the place of each random name: the same figure is the same SVG."""
    seen: dict[bytes, int] = {}
    return PLOTLY_NAMES.sub(lambda name: name[1] + b"%06d" % seen.setdefault(name[2], len(seen)), svg)


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
    """An expression of SymPy: set as a formula by matplotlib, or, where that does not know a sign, as aligned text; or
    a plot of one.
    """
    if (plot := _plot_of_sympy(thing)) is not None:
        return _matplotlib(plot, look)
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


def _plot_of_sympy(thing: Any) -> Any:
    """The figure of matplotlib that a plot of SymPy draws, None where it is none."""
    library = sys.modules.get("sympy.plotting.plot")
    if library is None or not isinstance(thing, library.Plot) or not hasattr(thing, "process_series"):
        return None
    thing.process_series()
    return getattr(thing, "fig", None)


def _typeset(text: str, look: Look, **how: Any) -> bytes:
    """`text` in black on white (dark: the reverse), a little margin around; raises ValueError if it cannot be set."""
    ink, paper = ("white", "black") if look.theme == "dark" else ("black", "white")
    figure = sys.modules["matplotlib.figure"].Figure(figsize=(0.01, 0.01), facecolor=paper)
    figure.text(0, 0, text, fontsize=FORMULA_POINTS, color=ink, **how)
    return _saved(figure, look, dpi=FORMULA_DPI, bbox_inches="tight", pad_inches=0.1)


Drawer: TypeAlias = tuple[str, Callable[[Any, Look], bytes | None]]
"""A library, by a name that people know, and how it is asked."""

DRAWERS: tuple[Drawer, ...] = (
    ("Pillow", _pillow),
    ("matplotlib", _animation),
    ("matplotlib", _matplotlib),
    ("NumPy", _array),
    ("plotly", _plotly),
    ("Altair", _altair),
    ("Bokeh", _bokeh),
    ("graphviz", _graphviz),
    ("SymPy", _sympy),
)
"""Who draws; the first that knows a thing draws it."""

ARRAY_LIKE: Drawer = ("NumPy", _array_like)
"""Who is asked last, after the thing itself: tables give arrays, too, and show themselves better."""
