"""Real pictures of every format, sent in every shape through every dialect, come back as they were, without secrets.

Where each picture comes from stands in `tests/corpus/pictures.py`.
"""

import hashlib
import io
import warnings
from functools import cache
from pathlib import Path

import httpx2
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from heliograph.imaging.formats import FORMATS
from heliograph.imaging.recipe import LETTERS
from tests.corpus.pictures import Picture, pixels
from tests.corpus.secrets import SECRET
from tests.end_to_end.dialects import BY_ADDRESS, DIALECTS, SHAPES, send, shaped
from tests.running import RunningServer


def test_the_corpus_has_thirty_pictures_of_all_formats(corpus: dict[str, Picture]) -> None:
    assert len(corpus) >= 30
    assert {picture.format for picture in corpus.values()} == set(FORMATS)
    assert all(picture.source_note for picture in corpus.values())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("shape", [*SHAPES, *BY_ADDRESS])
def test_every_picture_comes_back_with_its_pixels_and_without_its_secrets(
    shape: str,
    dialect: str,
    corpus: dict[str, Picture],
    planted: dict[str, Path],
    http: httpx2.Client,
    server: RunningServer,
    web: str,
    tmp_path: Path,
) -> None:
    spoken = DIALECTS[dialect]
    for picture in corpus.values():
        sent = planted[picture.name]
        what = sent.read_bytes() if shape in SHAPES else f"{web}/{picture.name}"
        answer = send(http, spoken, shaped(spoken, shape, what, server.key))
        assert answer.status_code in (200, 201), (picture.name, answer.text)
        link, _ = spoken.link(answer)
        _check_original(picture, sent, http.get(link), tmp_path)


def _check_original(picture: Picture, sent: Path, got: httpx2.Response, folder: Path) -> None:
    assert got.headers["content-type"] == FORMATS[picture.format].media_type, picture.name
    assert got.headers["etag"] == f'"{hashlib.sha256(got.content).hexdigest()}"', picture.name
    assert SECRET not in sent.read_bytes() or SECRET not in got.content, picture.name
    received = folder / picture.name
    received.write_bytes(got.content)
    assert (pixels(received), _profile(received)) == _shown(sent), picture.name


@cache
def _shown(sent: Path) -> tuple[list[bytes], bytes | None]:
    """Pixels and profile of what was sent; the planted secrets make Pillow warn of broken tags."""
    with warnings.catch_warnings(action="ignore"):
        return pixels(sent), _profile(sent)


def _profile(path: Path) -> bytes | None:
    with Pillow.open(path) as image:
        profile: bytes | None = image.info.get("icc_profile")
    return profile.replace(SECRET, b"") if profile else None


def test_the_secrets_are_in_what_is_sent(planted: dict[str, Path]) -> None:
    """Otherwise their absence in what comes back would say nothing."""
    assert [name for name, path in planted.items() if SECRET not in path.read_bytes()] == []


def test_every_thumbnail_of_every_picture_has_its_size_and_no_secret(
    corpus: dict[str, Picture], planted: dict[str, Path], http: httpx2.Client
) -> None:
    for picture in corpus.values():
        said = http.post("/api/v1/images", files={"image": planted[picture.name].read_bytes()}).json()
        assert (said["width"], said["height"]) == (picture.width, picture.height), picture.name
        assert said["animated"] == (picture.frames > 1), picture.name
        for letter, recipe in LETTERS.items():
            got = http.get(said["thumbnails"][letter])
            assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg"), (picture.name, letter)
            assert SECRET not in got.content
            with Pillow.open(io.BytesIO(got.content)) as thumbnail:
                thumbnail.load()
                assert thumbnail.size == _fitted(picture, recipe.width, recipe.height, recipe.fit), (
                    picture.name,
                    letter,
                )


def _fitted(picture: Picture, width: int, height: int, fit: str) -> tuple[int, int]:
    if fit == "crop":
        return width, height
    scale = min(width / picture.width, height / picture.height, 1.0)
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def test_a_turned_photograph_has_an_upright_thumbnail(corpus: dict[str, Picture], http: httpx2.Client) -> None:
    """All eight orientations, each beside Pillow's own turning of the same file."""
    turned = [picture for picture in corpus.values() if "orientation" in picture.name]
    assert len(turned) >= 8
    for picture in turned:
        said = http.post("/api/v1/images", files={"image": picture.path.read_bytes()}).json()
        thumbnail = _small(http.get(said["thumbnails"]["t"]).content)
        upright = _small(picture.path.read_bytes())
        assert sum(abs(a - b) for a, b in zip(thumbnail, upright, strict=True)) / 256 < 6, picture.name


def _small(content: bytes) -> bytes:
    """The picture as displayed, 16 by 16 grey pixels."""
    with Pillow.open(io.BytesIO(content)) as image:
        return ImageOps.exif_transpose(image).convert("L").resize((16, 16)).tobytes()
