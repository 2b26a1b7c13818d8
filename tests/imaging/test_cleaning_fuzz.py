"""Readers of containers raise nothing but named failures, whatever the bytes, and end soon."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heliograph.imaging import cleaning, png_frames
from heliograph.imaging.failures import ImageFailure
from tests.corpus.secrets import plant

SEEDS = {
    "jpeg": ("orientation-6.jpg", "progressive.jpg", "display-p3.jpg"),
    "png": ("palette.png", "moving.png", "interlaced.png"),
    "gif": ("moving.gif",),
    "webp": ("moving.webp", "lossless-alpha.webp"),
    "avif": ("alpha.avif", "moving.avif"),
    "heic": ("alpha.heic",),
    "tiff": ("tiles.tif", "two-pages.tif", "jpeg-inside.tif"),
    "bmp": ("palette.bmp", "rgb.bmp"),
}
CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["set", "cut", "insert", "copy"]),
        st.one_of(
            st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 4, bytes(4), b"\x80\0\0\0", b"\0\0\0\x01"])
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def changed(data: bytes, changes: list[tuple[float, str, bytes, bool]]) -> bytes:
    """Some bytes set, cut, inserted or copied; half of the time among the first ones, where structure is."""
    for place, how, value, early in changes:
        at = int(place * (min(len(data), 600) if early else len(data)))
        if how == "set":
            data = data[:at] + value + data[at + len(value) :]
        elif how == "cut":
            data = data[:at] + data[at + len(value) * 7 :]
        elif how == "insert":
            data = data[:at] + value + data[at:]
        else:
            data = data[: at + 64] + data[at:]
    return data


@pytest.fixture(scope="session")
def seeds(corpus):
    pictures = {name: corpus[name].path.read_bytes() for names in SEEDS.values() for name in names}
    return {
        format_: [data for name in names for data in (pictures[name], plant(format_, pictures[name]))]
        for format_, names in SEEDS.items()
    }


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("format_", SEEDS)
def test_changed_pictures_are_read_or_refused_by_name(format_, seeds):
    @settings(max_examples=400, deadline=2_000, suppress_health_check=list(HealthCheck), database=None)
    @given(st.integers(0, 5), CHANGES)
    def claim(number, changes):
        data = memoryview(changed(seeds[format_][number % len(seeds[format_])], changes))
        with contextlib.suppress(ImageFailure):
            plan = cleaning.plan(format_, data)
            plan.changes(data)
            assert _length(plan) <= 2 * len(data) + 1_000
        if format_ == "png":
            with contextlib.suppress(ImageFailure):
                png_frames.check(data)

    claim()


@pytest.mark.parametrize("format_", SEEDS)
def test_arbitrary_bytes_are_read_or_refused_by_name(format_):
    @settings(max_examples=200, deadline=2_000, database=None)
    @given(st.binary(max_size=400))
    def claim(data):
        with contextlib.suppress(ImageFailure):
            cleaning.plan(format_, memoryview(data))

    claim()


def _length(plan) -> int:
    return sum(piece[1] - piece[0] if isinstance(piece, tuple) else len(piece) for piece in plan.pieces)
