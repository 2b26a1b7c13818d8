"""What goes with a picture: the code that made it, where that is asked for, and its SVG."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

import heliograph
from heliograph.client.figures import prepared
from tests.client import seen
from tests.client.conftest import Call
from tests.running import RunningServer, picture, serving

VERSIONS = re.compile(r"\n\n# Versions: Python 3\.\d+\.\d+(, [\w.-]+ [\w.+]+)+\n\Z")
KINDS_WITH_SVG = ["matplotlib figure", "plotly", "Altair", "graphviz", "pygal", "sympy"]


def vector_of(thing: object, *, wanted: bool | str | None = None) -> str | None:
    return prepared(thing, None, wanted, None, online=False)[1].get("vector")


def test_the_code_is_never_sent_unless_it_is_asked_for(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url)
    assert image.source_link is None
    with pytest.raises(heliograph.NotFoundError):
        call("source", image, server=server.url)


def test_a_given_text_comes_back_with_the_versions_of_what_is_imported(call: Call, server: RunningServer) -> None:
    image = call("upload", picture(), server=server.url, source="plot <- ggplot(x)  # é\n")
    kept = call("source", image.link, server=server.url)
    assert kept.startswith("plot <- ggplot(x)  # é\n\n# Versions: Python ")
    assert VERSIONS.search(kept)
    assert f"pytest {pytest.__version__}" in kept
    assert call("source", image.page, server=server.url) == kept == call("source", image, server=server.url)
    again = call("upload", picture(), server=server.url, source=kept)
    assert call("source", again, server=server.url) == kept


def test_true_sends_the_function_that_calls(server: RunningServer) -> None:
    image = heliograph.upload(picture(), server=server.url, source=True)  # a line to be found again
    kept = heliograph.source(image, server=server.url)
    assert kept.startswith("def test_true_sends_the_function_that_calls(server: RunningServer) -> None:\n")
    assert "# a line to be found again" in kept
    assert "\nimport pytest" not in kept


def test_true_sends_the_coroutine_that_awaits(server: RunningServer) -> None:
    async def publish() -> heliograph.Image:
        return await heliograph.upload_async(picture(), server=server.url, source=True)

    kept = heliograph.source(asyncio.run(publish()), server=server.url)
    assert kept.lstrip().startswith("async def publish() -> heliograph.Image:\n")


def test_a_task_cannot_tell_whose_code_began_it(server: RunningServer) -> None:
    async def publish() -> None:
        await asyncio.create_task(heliograph.upload_async(picture(), server=server.url, source=True))

    with pytest.raises(heliograph.InputError, match="source=TEXT"):
        asyncio.run(publish())


SCRIPT = """import heliograph
from pathlib import Path
picture = Path({path!r}).read_bytes()
print(heliograph.source(heliograph.upload(picture, source=True)), end="")
print("=====")
print(heliograph.source(heliograph.upload(picture, source=True)), end="")
"""


def run(server: RunningServer, *command: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    told = {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key}
    return subprocess.run(
        [sys.executable, *command], env=os.environ | told, input=given, capture_output=True, text=True, check=False
    )


def test_true_sends_a_script_whole_and_says_the_same_each_time(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(picture())
    script = tmp_path / "figure.py"
    script.write_text(SCRIPT.format(path=str(tmp_path / "cat.png")))
    first, again = run(server, script).stdout.split("=====\n")
    assert first.startswith(script.read_text().rstrip() + "\n\n# Versions: Python ")
    assert first == again
    assert ", heliograph " in first


def test_code_that_cannot_be_seen_is_an_error_that_says_what_to_do(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(picture())
    done = run(server, "-", given=f"import heliograph\nheliograph.upload({str(tmp_path / 'cat.png')!r}, source=True)\n")
    assert done.returncode == 1
    assert "Pass it as a text: source=..." in done.stderr.splitlines()[-1]


def test_what_was_imported_meanwhile_makes_no_other_image(call: Call, server: RunningServer) -> None:
    data, ids, kept = picture(), [], []
    for versions in ("Python 3.11.2, heliograph 0.1.0", "Python 3.11.2, heliograph 0.1.0, numpy 2.4"):
        source = f"plot(1:3)\n\n# Versions: {versions}\n"
        for key in (server.key, None):
            image = call("upload", data, server=server.url, key=key, source=source)
            ids.append(image.id)
            kept.append(call("source", image, server=server.url))
    assert ids[:2] == ids[2:]
    assert "numpy" not in "".join(kept)  # the versions are those of the day it was published
    assert call("upload", data, server=server.url, key=server.key, source="plot(3:1)").id not in ids


@pytest.mark.parametrize("source", ["", " \n", 3])
def test_a_source_without_words_is_refused(source: str) -> None:
    with pytest.raises(heliograph.InputError, match="source"):
        prepared(picture(), None, None, source, online=False)


@pytest.mark.parametrize("kind", ["matplotlib figure", "graphviz", "pygal", "SVG bytes"])
def test_the_svg_is_kept_beside_the_picture(call: Call, server: RunningServer, kind: str) -> None:
    thing = seen.RED_SVG.encode() if kind == "SVG bytes" else seen.THINGS[kind]()
    image = call("upload", thing, server=server.url)
    assert image.media_type == "image/png"
    assert image.vector_link == image.link.replace(".png", ".svg")
    with urlopen(image.vector_link) as answer:
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert "<svg" in answer.read().decode()
    assert call("info", image, server=server.url).vector_link == image.vector_link


@pytest.mark.parametrize("kind", KINDS_WITH_SVG)
def test_the_svg_of_the_same_thing_made_again_is_the_same(kind: str) -> None:
    def made() -> object:
        if kind == "sympy":
            sympy = pytest.importorskip("sympy")
            return sympy.sqrt(sympy.Symbol("x"))
        return seen.THINGS[kind]()

    first = vector_of(made(), wanted=True)
    assert first is not None
    assert "<svg" in first
    assert vector_of(made(), wanted=True) == first


@pytest.mark.parametrize("kind", ["patterns", "ternary", "candles", "table"])
def test_the_svg_of_plotly_has_no_random_names_but_different_ones(kind: str) -> None:
    import plotly.graph_objects as plot

    bars = [plot.Bar(y=[n], marker={"pattern": {"shape": shape}}) for n, shape in enumerate("/x", 1)]
    ternary = plot.Scatterternary(a=[1, 2], b=[2, 1], c=[1, 1])
    candles = plot.Candlestick(x=[1, 2], open=[1, 2], high=[3, 4], low=[0, 1], close=[2, 2])
    table = plot.Table(header={"values": ["a"]}, cells={"values": [[1]]})
    traces = {"patterns": bars, "ternary": ternary, "candles": candles, "table": table}
    first, again = (vector_of(plot.Figure(traces[kind]), wanted=True) for _ in range(2))
    assert first == again
    assert first is not None
    names = re.findall(r'<(?:pattern|clipPath)[^>]* id="([^"]+)"', first)
    assert len(set(names)) == len(names) > 1


def test_the_svg_of_pygal_tells_neither_its_version_nor_the_day() -> None:
    svg = vector_of(seen.pygal())
    assert svg is not None
    assert "Generated" not in svg


def test_an_svg_is_kept_where_that_is_quick_or_wanted_and_never_where_it_is_not() -> None:
    assert vector_of(seen.figure(), wanted=False) is None
    assert vector_of(seen.plotly()) is None  # a browser would have to draw it a second time
    assert vector_of(seen.array()) is None
    assert vector_of(picture()) is None
    assert vector_of(picture(), wanted=seen.RED_SVG) == seen.RED_SVG
    for thing in (seen.array(), seen.pillow(), picture(), seen.styler(), "http://127.0.0.1/a.png"):
        with pytest.raises(heliograph.InputError, match="vector=True"):
            vector_of(thing, wanted=True)


@pytest.mark.parametrize(
    "svg",
    [
        f"<!DOCTYPE svg [<!ENTITY red '#f00'>]>{seen.RED_SVG}",
        seen.RED_SVG.replace("</svg>", f"<desc>{'x' * 1024 * 1024}</desc></svg>"),
        seen.RED_SVG.replace("<svg", "<svg><", 1),
    ],
)
def test_an_svg_that_no_host_would_keep_is_not_sent_by_itself(svg: str) -> None:
    class Shown:
        def _repr_png_(self) -> bytes:
            return seen.red_png()

        def _repr_svg_(self) -> str:
            return svg

    assert vector_of(Shown()) is None
    assert vector_of(Shown(), wanted=True) == svg


def test_a_host_that_keeps_no_svgs_gets_the_picture_without_a_word(tmp_path: Path) -> None:
    with serving(tmp_path, VECTORS="off") as server:
        image = heliograph.upload(seen.figure(), server=server.url, vector=True)
        assert image.vector_link is None


def test_a_url_that_the_server_fetches_can_have_a_source(server: RunningServer) -> None:
    link = heliograph.upload(picture(), server=server.url).link
    image = heliograph.upload(link, server=server.url, source="from elsewhere")
    assert heliograph.source(image, server=server.url).startswith("from elsewhere\n")


def test_the_command_prints_the_source(server: RunningServer) -> None:
    image = heliograph.upload(picture(), server=server.url, source="print(1)")
    done = run(server, "-c", "from heliograph.cli import main; main()", "source", image.link)
    assert (done.returncode, done.stdout) == (0, heliograph.source(image, server=server.url))
    other = heliograph.upload(picture(), server=server.url)
    done = run(server, "-c", "from heliograph.cli import main; main()", "source", other.link)
    assert (done.returncode, done.stdout) == (1, "")
    assert "No source is kept with this image." in done.stderr
