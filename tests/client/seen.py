"""One thing of every kind that can be seen, each showing something red on white, made by the real library."""

import base64
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RED_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20" fill="#fff"/>'
    '<rect x="5" y="5" width="20" height="10" fill="#f00"/></svg>'
)


def red_png() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.new("RGB", (30, 20), "white")
    picture.paste("red", (5, 5, 25, 15))
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def pillow() -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(red_png()))


def array() -> Any:
    import numpy

    picture = numpy.full((20, 30, 3), 255, numpy.uint8)
    picture[5:15, 5:25] = (255, 0, 0)
    return picture


def figure() -> Any:
    import matplotlib.figure

    drawn = matplotlib.figure.Figure()
    drawn.subplots().fill_between([0, 1], [1, 1], color="red")
    return drawn


def pyplot() -> Any:
    import matplotlib.pyplot

    matplotlib.pyplot.switch_backend("agg")
    matplotlib.pyplot.close("all")
    matplotlib.pyplot.fill_between([0, 1], [1, 1], color="red")
    return matplotlib.pyplot


def frame() -> Any:
    import pandas

    return pandas.DataFrame({"a": ["x", "y"], "b": [1, 2]})


def seaborn_grid() -> Any:
    import seaborn

    return seaborn.catplot(frame(), x="a", y="b", kind="bar", color="red", saturation=1)


def plotly() -> Any:
    import plotly.graph_objects

    return plotly.graph_objects.Figure(plotly.graph_objects.Bar(x=["x"], y=[1], marker_color="red"))


def altair() -> Any:
    import altair

    return altair.Chart(frame()).mark_bar(color="red").encode(x="a:N", y="b:Q")


def bokeh() -> Any:
    import bokeh.plotting

    plot = bokeh.plotting.figure(width=300, height=200)
    plot.vbar(x=[1], top=[1], color="red")
    return plot


def pygal() -> Any:
    import pygal
    import pygal.style

    hooks = [hook for hook in sys.meta_path if type(hook).__name__ == "PluginImportFixer"]
    for hook in hooks:  # pygal's import hook lacks what Python has asked of one since 3.4, and breaks other imports
        sys.meta_path.remove(hook)
    chart = pygal.Bar(style=pygal.style.Style(colors=["#f00"], opacity="1"))
    chart.add("a", [1, 2])
    return chart


def graphviz() -> Any:
    import graphviz

    graph = graphviz.Digraph(node_attr={"style": "filled", "fillcolor": "red"})
    graph.edge("a", "b")
    return graph


def styler() -> Any:
    return frame().style.set_properties(**{"background-color": "red"})


class Shown:
    """Shows itself by one method of rich display."""

    def __init__(self, method: str, answer: Any) -> None:
        setattr(self, method, lambda *_, **__: answer)


def red_jpeg() -> bytes:
    buffer = io.BytesIO()
    pillow().save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


BASE64 = base64.b64encode(red_png()).decode()

THINGS: dict[str, Callable[[], Any]] = {
    "bytes": red_png,
    "file object": lambda: io.BytesIO(red_png()),
    "data: URI": lambda: f"data:image/png;base64,{BASE64}",
    "data: URI of an SVG": lambda: "data:image/svg+xml," + RED_SVG.replace("#", "%23"),
    "SVG": RED_SVG.encode,
    "Pillow": pillow,
    "NumPy": array,
    "NumPy floats": lambda: array() / 255,
    "matplotlib figure": figure,
    "matplotlib axes": lambda: figure().axes[0],
    "matplotlib artist": lambda: figure().axes[0].collections[0],
    "list of axes": lambda: figure().axes,
    "plt": pyplot,
    "pandas plot": lambda: frame().plot.bar(color="red"),
    "seaborn grid": seaborn_grid,
    "plotly": plotly,
    "Altair": altair,
    "Bokeh": bokeh,
    "pygal": pygal,
    "graphviz": graphviz,
    "pandas Styler": styler,
    "_repr_png_": lambda: Shown("_repr_png_", red_png()),
    "_repr_png_ with metadata": lambda: Shown("_repr_png_", (BASE64, {"width": 30})),
    "_repr_jpeg_": lambda: Shown("_repr_jpeg_", red_jpeg()),
    "_repr_svg_": lambda: Shown("_repr_svg_", RED_SVG),
    "_repr_html_": lambda: Shown("_repr_html_", '<div style="background:red;width:50px;height:50px"></div>'),
    "_repr_mimebundle_": lambda: Shown("_repr_mimebundle_", {"text/plain": "red", "image/png": BASE64}),
}


def svg_file(folder: Path) -> Path:
    path = folder / "red.svg"
    path.write_text(RED_SVG)
    return path
