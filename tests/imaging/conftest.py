"""The corpus, made once per session, and short ways to call the pipeline."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from heliograph.imaging import pipeline
from heliograph.imaging.formats import Inspection
from heliograph.imaging.limits import Limits
from heliograph.imaging.recipe import Recipe
from tests.corpus.hostile import Hostile, hostile
from tests.corpus.pictures import Picture


@pytest.fixture(scope="session")
def hostiles(corpus: dict[str, Picture], tmp_path_factory: pytest.TempPathFactory) -> list[Hostile]:
    return hostile(tmp_path_factory.mktemp("hostile"), list(corpus.values()))


@pytest.fixture
def inspect(tmp_path: Path) -> Callable[..., tuple[Inspection, bytes]]:
    """Inspect bytes; the answer and the bytes that are to be stored."""

    def call(data: bytes, limits: Limits | None = None) -> tuple[Inspection, bytes]:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(data)
        target.unlink(missing_ok=True)
        found = pipeline.inspect(source, target, limits or Limits(), lambda memory: None)
        assert found.changed == target.exists()
        return found, target.read_bytes() if found.changed else data

    return call


@pytest.fixture
def render(tmp_path: Path) -> Callable[[Path, Recipe], Path]:
    """Render a picture; the rendition's path."""

    def call(source: Path, recipe: Recipe) -> Path:
        target = tmp_path / f"{source.name}-{recipe}"
        pipeline.render(recipe, source, target, Limits(), lambda memory: None)
        return target

    return call


@pytest.fixture
def profile_of() -> Callable[[bytes], bytes | None]:
    """The colour profile in a file, as Pillow reads it."""

    def call(data: bytes) -> bytes | None:
        with Image.open(io.BytesIO(data)) as image:
            return image.info.get("icc_profile")

    return call


@pytest.fixture
def loops_of() -> Callable[[bytes], int]:
    """How often an animation repeats, as Pillow reads it."""

    def call(data: bytes) -> int:
        with Image.open(io.BytesIO(data)) as image:
            return int(image.info["loop"])

    return call
