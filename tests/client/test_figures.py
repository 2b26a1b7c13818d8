"""Anything that can be seen, made by the real library, uploaded to a real server, and looked at again."""

import io
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy
import pytest
from PIL import Image as Pillow

import heliograph
from heliograph.client.figures import drawn
from tests.client import seen
from tests.client.conftest import Call
from tests.client.test_lightness import modules_after
from tests.running import RunningServer


@pytest.fixture(autouse=True)
def _warnings_of_others_are_theirs() -> Iterator[None]:
    """Libraries of figures warn of each other's deprecations; what they draw is what is tested here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def picture(data: Any) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def published(image: heliograph.Image) -> Pillow.Image:
    with urlopen(image.link) as answer:
        return picture(answer.read())


def red_share(shown: Pillow.Image) -> float:
    """How much of a picture is red, JPEG's losses allowed for."""
    pixels = numpy.asarray(shown.convert("RGB")).astype(int)
    red = (pixels[:, :, 0] > 240) & (pixels[:, :, 1] < 20) & (pixels[:, :, 2] < 20)
    return float(red.mean())


@pytest.mark.parametrize("kind", seen.THINGS)
def test_everything_that_can_be_seen_is_published_as_it_looks(call: Call, server: RunningServer, kind: str) -> None:
    image = call("upload", seen.THINGS[kind](), server=server.url, key=server.key, title=kind)
    assert 0.05 < red_share(published(image)) < 0.95


@pytest.mark.parametrize("kind", [kind for kind in seen.THINGS if kind != "file object"])
def test_the_same_thing_made_again_gives_the_same_bytes(kind: str) -> None:
    first, again = drawn(seen.THINGS[kind]()), drawn(seen.THINGS[kind]())
    assert first == again if isinstance(first, str | bytes) else bytes(first) == bytes(again)  # type: ignore[arg-type]


def test_an_svg_file_is_drawn(server: RunningServer, tmp_path: Path) -> None:
    image = heliograph.upload(seen.svg_file(tmp_path), server=server.url)
    assert (image.media_type, image.width, image.height) == ("image/png", 30, 20)


def test_a_figure_is_the_picture_that_savefig_writes_and_tells_no_version() -> None:
    saved = io.BytesIO()
    seen.figure().savefig(saved, format="png")
    shown = picture(drawn(seen.figure()))
    assert numpy.array_equal(numpy.asarray(shown), numpy.asarray(picture(saved.getvalue())))
    assert "Software" not in shown.info


def test_what_lies_on_a_part_of_a_figure_means_the_whole_figure() -> None:
    import matplotlib.figure

    whole = matplotlib.figure.Figure()
    part = whole.subfigures(1, 2)[0]
    axes = part.subplots()
    assert drawn(axes) == drawn(part) == drawn(whole)


def test_a_plot_of_seaborn_objects_shows_itself() -> None:
    import seaborn.objects

    plot = seaborn.objects.Plot(seen.frame(), x="a", y="b").add(seaborn.objects.Bar(color="red", alpha=1))
    assert red_share(picture(drawn(plot))) > 0.05


@pytest.mark.parametrize("matrix", [False, True], ids=["formula", "matrix"])
def test_an_expression_of_sympy_is_dark_ink_on_white(server: RunningServer, matrix: bool) -> None:
    import sympy

    x = sympy.Symbol("x")
    shown = published(heliograph.upload(sympy.Matrix([[1, x], [x**2, 3]]) if matrix else x**2 / 3, server=server.url))
    grey = numpy.asarray(shown.convert("L"))
    assert grey[0, 0] == 255
    assert 0.01 < (grey < 64).mean() < 0.5


ARRAYS = {
    "grey": numpy.arange(200, dtype=numpy.uint8).reshape(10, 20),
    "grey and alpha": numpy.arange(200, dtype=numpy.uint8).reshape(10, 10, 2),
    "RGB": numpy.arange(240, dtype=numpy.uint8).reshape(8, 10, 3),
    "RGBA": numpy.arange(240, dtype=numpy.uint8).reshape(6, 10, 4),
    "a view": numpy.arange(240, dtype=numpy.uint8).reshape(8, 10, 3)[::-2, ::-1],
    "whole numbers": numpy.arange(200).reshape(10, 20),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_an_array_keeps_its_pixels(server: RunningServer, kind: str) -> None:
    shown = numpy.asarray(published(heliograph.upload(ARRAYS[kind], server=server.url)))
    assert numpy.array_equal(shown, ARRAYS[kind])


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bits_stay_sixteen_bits(server: RunningServer, order: str) -> None:
    values = numpy.arange(0, 60000, 600, dtype=order).reshape(10, 10)
    shown = published(heliograph.upload(values, server=server.url))
    assert shown.mode == "I;16"
    assert numpy.array_equal(numpy.asarray(shown), values)


def test_floats_and_truth_values_go_from_black_to_white() -> None:
    floats = numpy.array([[0.0, 0.5, 1.0]], dtype=numpy.float32)
    assert numpy.asarray(picture(drawn(floats))).tolist() == [[0, 128, 255]]
    assert numpy.asarray(picture(drawn(numpy.array([[True, False]])))).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "I;16", "I;16B"]
)
def test_a_pillow_picture_of_every_mode_keeps_what_it_shows(mode: str) -> None:
    original = seen.pillow()
    for step in ("L", "I", mode) if mode.startswith("I") else (mode,):
        original = original.convert(step)
    shown = picture(drawn(original))
    for each in ((6, 6), (0, 0)):
        if mode.startswith("I"):
            assert shown.getpixel(each) == original.getpixel(each)
        else:
            assert shown.convert("RGBA").getpixel(each) == original.convert("RGBA").getpixel(each)


def test_an_animation_of_pillow_stays_one_and_stands_where_it_stood(server: RunningServer) -> None:
    buffer = io.BytesIO()
    frames = [Pillow.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=200)
    animation = Pillow.open(buffer)
    animation.seek(1)
    image = heliograph.upload(animation, server=server.url)
    shown = published(image)
    assert image.animated
    assert [shown.seek(n) or shown.convert("RGB").getpixel((1, 1)) for n in range(3)] == [  # type: ignore[func-returns-value]
        (255, 0, 0), (0, 255, 0), (0, 0, 255),
    ]  # fmt: skip
    assert animation.tell() == 1


def test_a_webp_of_pillow_keeps_how_long_each_frame_is_shown() -> None:
    buffer = io.BytesIO()
    frames = [Pillow.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=[100, 200, 300])
    shown = picture(drawn(Pillow.open(buffer)))
    assert [shown.seek(n) or shown.info["duration"] for n in range(3)] == [100, 200, 300]  # type: ignore[func-returns-value]


def test_a_colour_profile_is_kept_only_with_the_colours_that_it_is_for() -> None:
    from PIL import ImageCms

    ours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture_of = {"RGB": ours, "L": ours, "CMYK": ours[:16] + b"CMYK" + ours[20:]}
    kept = {}
    for mode, profile in picture_of.items():
        original = seen.pillow().convert(mode)
        original.info["icc_profile"] = profile
        kept[mode] = picture(drawn(original)).info.get("icc_profile")
    assert kept == {"RGB": ours, "L": None, "CMYK": None}


def test_an_animation_of_matplotlib_is_published_frame_by_frame(server: RunningServer) -> None:
    def made() -> Any:
        import matplotlib.animation
        import matplotlib.pyplot

        matplotlib.pyplot.switch_backend("agg")
        figure, axes = matplotlib.pyplot.subplots(figsize=(2, 1))
        frames = [[axes.text(0.5, 0.5, word)] for word in "abc"]
        return matplotlib.animation.ArtistAnimation(figure, frames, interval=200)

    image = heliograph.upload(made(), server=server.url)
    shown = published(image)
    assert image.animated
    assert (shown.n_frames, shown.info["duration"]) == (3, 200)  # type: ignore[attr-defined]
    assert len({shown.seek(n) or shown.tobytes() for n in range(3)}) == 3  # type: ignore[func-returns-value]
    assert heliograph.upload(made(), server=server.url).sha256 == image.sha256


def test_a_pie_a_colour_bar_and_named_axes_mean_the_whole_figure() -> None:
    plot = seen.pyplot()
    for thing in (plot.colorbar(plot.imshow([[0, 1]])), {"A": plot.gca()}, plot.pie([1, 2])):
        assert drawn(thing) == drawn(plot)


def test_a_plot_of_sympy_is_the_figure_that_it_draws() -> None:
    import sympy
    import sympy.plotting

    seen.pyplot()
    plot = sympy.plotting.plot(sympy.Symbol("x") ** 2, line_color="red", show=False)
    assert 0 < red_share(picture(drawn(plot))) < 0.5


def test_a_function_of_sympy_which_is_of_no_module_is_published_with_its_svg(server: RunningServer) -> None:
    import sympy

    assert heliograph.upload(sympy.Function("f")(sympy.Symbol("x")), server=server.url).vector_link


class Tensor:
    """Gives an array when it is asked for one, as those of PyTorch do, and shows itself in no other way."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self._values


def test_what_gives_an_array_is_that_array() -> None:
    assert drawn(Tensor(seen.array())) == drawn(seen.array())
    with pytest.raises(heliograph.InputError, match=r"numpy\.moveaxis\(array, 0, -1\)"):
        drawn(Tensor(numpy.zeros((3, 8, 8))))
    with pytest.raises(heliograph.InputError, match="Tensor cannot be seen"):
        drawn(Tensor(numpy.zeros(5)))


def test_floats_that_a_computation_has_rounded_and_matrices_are_pictures_too() -> None:
    almost = numpy.array([[-1e-9, 1.0000001]])
    assert numpy.asarray(picture(drawn(almost))).tolist() == [[0, 255]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        assert numpy.asarray(picture(drawn(numpy.matrix([[1, 2]])))).tolist() == [[1, 2]]
    assert numpy.asarray(picture(drawn(numpy.ma.masked_array([[1, 2]])))).tolist() == [[1, 2]]


@pytest.mark.parametrize("kind", ["text", "file", "prefixed", "after a comment", "data: URI without a word"])
def test_an_svg_is_known_wherever_it_is(server: RunningServer, kind: str) -> None:
    svg = seen.RED_SVG.encode()
    prefixed = svg.replace(b"<", b"<s:").replace(b"<s:/", b"</s:").replace(b" xmlns=", b" xmlns:s=")
    things: dict[str, Any] = {
        "text": seen.RED_SVG,
        "file": io.BytesIO(b"before it" + svg),
        "prefixed": prefixed,
        "after a comment": b"<?xml version='1.0'?>\n<!-- " + b"x" * 2000 + b" -->\n" + svg,
        "data: URI without a word": "data:," + seen.RED_SVG.replace("#", "%23"),
    }
    if kind == "file":
        things[kind].seek(9)
    image = heliograph.upload(things[kind], server=server.url)
    assert red_share(published(image)) > 0.3
    assert image.vector_link


class Broken:
    def _repr_png_(self) -> bytes:
        raise RuntimeError("the pen is empty")


class Strange:
    """Answers everything but to be read, as mocks and proxies do."""

    def __getattr__(self, name: str) -> Any:
        if name == "read":
            raise AttributeError(name)
        return lambda *_, **__: Strange()


UNSEEN = {
    "None": (None, "NoneType cannot be seen"),
    "number": (3, "int cannot be seen"),
    "list": ([1, 2], "list cannot be seen"),
    "class": (Broken, "type cannot be seen"),
    "broken": (Broken(), "could not show itself: the pen is empty"),
    "strange": (Strange(), "Strange could not"),
    "seven channels": (numpy.ones((2, 2, 7)), r"shape \(2, 2, 7\) is no picture"),
    "one axis": (numpy.ones(5), r"shape \(5,\) is no picture"),
    "empty": (numpy.ones((0, 5)), "is no picture"),
    "too bright": (numpy.array([[0.0, 1.5]]), "only in 0 to 1. Scale or clip"),
    "not a number": (numpy.array([[numpy.nan]]), "holds NaN, which has no colour"),
    "too large": (numpy.array([[-1, 300]]), "from -1 to 300"),
    "complex": (numpy.array([[1j]]), "array of complex128 is no picture"),
    "masked": (numpy.ma.masked_equal([[1, 2]], 1), r"array.filled\(0\)"),
    "no base64": ("data:image/png;base64,!!", "no base64"),
    "cut base64": ("data:image/png;base64,iVBORw0KG", "Was it cut short"),
    "empty URI": ("data:,", "holds no picture"),
    "damaged SVG": (b"<svg <", "could not draw the SVG"),
    "SVG for which no memory is enough": (
        seen.RED_SVG.replace('width="30" height="20"', 'width="9000mm" height="900in"', 1),
        "The SVG is 34016 x 86400 pixels large",
    ),
    "SVG whose box is too large": (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9e5 9e5"/>',
        "900000 x 900000",
    ),
    "SVG of no namespace": (b'<svg width="9" height="9"></svg>', r'xmlns="http://www.w3.org/2000/svg"'),
    "float picture": (Pillow.new("F", (2, 2)), "Scale them"),
    "graph with an error": (seen.graphviz().__class__(body=["}{"]), "graphviz could not draw"),
}


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_cannot_be_seen_is_refused_with_the_reason(kind: str) -> None:
    thing, reason = UNSEEN[kind]
    with pytest.raises(heliograph.InputError, match=reason):
        drawn(thing)


def test_plt_without_a_figure_says_what_to_do() -> None:
    plot = seen.pyplot()
    plot.close("all")
    with pytest.raises(heliograph.InputError, match="Pass the figure itself"):
        drawn(plot)
    assert plot.get_fignums() == []


def test_a_published_image_is_not_published_again(server: RunningServer) -> None:
    image = heliograph.upload(seen.red_png(), server=server.url)
    with pytest.raises(heliograph.InputError, match=image.link):
        heliograph.upload(image, server=server.url)


def test_without_a_browser_a_page_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(heliograph.InputError, match="install Chromium"):
        drawn(seen.styler())


def test_without_a_library_for_svg_the_message_names_one() -> None:
    code = (
        "import sys; sys.modules['vl_convert'] = sys.modules['cairosvg'] = None\n"
        "from heliograph.client.figures import drawn\n"
        f"try: drawn({seen.RED_SVG.encode()!r})\n"
        "except ValueError as error: print(error)"
    )
    assert "pip install vl-convert-python" in subprocess.check_output([sys.executable, "-c", code], text=True)


def test_looking_at_a_thing_imports_no_library_of_figures() -> None:
    code = (
        "from heliograph.client.figures import drawn\n"
        "for thing in (b'x', 'a.png', object(), 3, [1]):\n    try: drawn(thing)\n    except ValueError: pass"
    )
    libraries = {"numpy", "PIL", "matplotlib", "plotly", "altair", "bokeh", "graphviz", "sympy", "pandas", "vl_convert"}
    assert not libraries & {name.partition(".")[0] for name in modules_after(code)}
