"""`theme=`: figures in light and dark, by each library's own way, told by their pixels; and pages drawn offline."""

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy
import pytest
from PIL import Image as Pillow

import heliograph
from heliograph.client._look import Look
from heliograph.client._rasters import html_drawn
from heliograph.client.figures import drawn, picture_in
from tests.client import seen
from tests.client.conftest import Call
from tests.client.test_figures import published
from tests.running import RunningServer, answering


def sympy() -> object:
    import sympy

    return sympy.sqrt(sympy.Symbol("x"))


THEMED = {"plotly": seen.plotly, "altair": seen.altair, "bokeh": seen.bokeh, "styler": seen.styler, "sympy": sympy}


def paper(shown: Pillow.Image) -> float:
    """How light a picture's upper left corner is, 0 to 255."""
    return float(numpy.asarray(shown.convert("L"))[:4, :4].mean())


def picture_of(thing: object, **how: object) -> Pillow.Image:
    return Pillow.open(io.BytesIO(drawn(thing, Look(**how))))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", THEMED)
def test_a_figure_is_drawn_light_and_dark(kind: str) -> None:
    assert paper(picture_of(THEMED[kind](), theme="light")) > 240
    assert paper(picture_of(THEMED[kind](), theme="dark")) < 60


def test_what_is_red_stays_red_in_the_dark(call: Call, server: RunningServer) -> None:
    image = call("upload", seen.altair(), server=server.url, theme="dark")
    pixels = numpy.asarray(published(image).convert("RGB")).astype(int)
    assert ((pixels[:, :, 0] > 240) & (pixels[:, :, 1] < 20)).mean() > 0.1
    assert paper(published(image)) < 60


def test_a_theme_leaves_the_figure_and_its_library_as_they_were() -> None:
    chart, plot = seen.altair(), seen.plotly()
    before = drawn(chart), plot.to_json()
    drawn(chart, Look("dark"))
    drawn(plot, Look("dark"))
    assert (drawn(chart), plot.to_json()) == before


@pytest.mark.parametrize("kind", ["matplotlib figure", "NumPy array", "pillow", "graphviz", "pygal", "bytes", "url"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_has_its_colours_once_and_for_all_cannot_be_themed(kind: str, theme: str) -> None:
    things = {
        "matplotlib figure": seen.figure, "NumPy array": seen.array, "pillow": seen.pillow, "graphviz": seen.graphviz,
        "pygal": seen.pygal, "bytes": seen.red_png, "url": lambda: "http://127.0.0.1/a.png",
    }  # fmt: skip
    with pytest.raises(heliograph.InputError, match="cannot be themed"):
        drawn(things[kind](), Look(theme))


def test_there_are_two_themes() -> None:
    with pytest.raises(heliograph.InputError, match="'light', 'dark'"):
        heliograph.upload(seen.altair(), theme="blue")


def test_what_a_notebook_shows_as_a_chart_is_themed_and_as_pixels_is_not() -> None:
    chart = {"application/vnd.vegalite.v5+json": seen.altair().to_dict(), "image/png": seen.red_png()}
    shown = picture_in(chart, Look("dark"))
    assert shown is not None
    assert paper(Pillow.open(io.BytesIO(shown))) < 60
    assert picture_in({"image/png": seen.red_png()}, Look("dark")) is None


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A web site on this machine, and the paths that were asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = seen.red_png()
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as site:
        yield site, asked


def test_a_page_is_drawn_without_the_network_unless_that_is_asked_for(visits: tuple[str, list[str]]) -> None:
    address, asked = visits
    by_name = address.replace("127.0.0.1", "localhost")
    page = (
        f'<img src="{address}/a.png" width="30"><img src="{by_name}/b.png" width="30">'
        f'<script>fetch("{address}/c").catch(() => 0); new WebSocket("{address.replace("http", "ws")}/d")</script>'
    )
    with pytest.raises(heliograph.InputError, match=rf"loads {address}/a.png from the network. Pass online=True"):
        html_drawn(page)
    html_drawn(page[page.index("<script>") :])  # what a script asks for cannot be told, and does not arrive either
    assert asked == []
    html_drawn(page, Look(online=True))
    assert {"/a.png", "/b.png", "/c"} <= set(asked)
