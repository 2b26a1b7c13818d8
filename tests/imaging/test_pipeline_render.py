"""Renditions: sizes, cropping, orientation, colours, and that they carry nothing but pixels."""

import io

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from heliograph.imaging.recipe import LETTERS, WEB, Recipe
from tests.corpus.pictures import orientation_exif, photograph, with_transparency
from tests.corpus.profiles import adobe_rgb_like
from tests.corpus.secrets import SECRET, plant
from tests.imaging.names import ALL

CROPPED = {"s": (90, 90), "b": (160, 160)}
FINE = Recipe(320, 320, "inside", "jpg", 100)
"""Where colours are compared, the encoder's own losses shall not matter."""

FITTED = {"t": 160, "m": 320, "l": 640, "h": 1024}


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of samples, 0 to 255."""
    other = other.convert("RGB").resize(one.size, Image.Resampling.LANCZOS)
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other)).mean)


@pytest.mark.parametrize("name", ALL)
def test_every_real_picture_has_a_cropped_and_a_fitted_thumbnail(name, corpus, render):
    picture = corpus[name]
    with (
        Image.open(render(picture.path, LETTERS["s"])) as small,
        Image.open(render(picture.path, LETTERS["t"])) as fitted,
    ):
        assert (small.format, small.size) == ("JPEG", (90, 90))
        share = 160 / max(picture.width, picture.height)
        assert fitted.size == pytest.approx((picture.width * share, picture.height * share), abs=1)


@pytest.mark.parametrize("letter", CROPPED)
def test_cropped_sizes_fill_the_box_even_from_a_smaller_picture(letter, render, tmp_path):
    source = tmp_path / "small.png"
    photograph((40, 20)).save(source)
    with Image.open(render(source, LETTERS[letter])) as made:
        assert made.size == CROPPED[letter]


@pytest.mark.parametrize("letter", FITTED)
def test_fitted_sizes_keep_proportions_and_never_enlarge(letter, render, tmp_path):
    large, small = tmp_path / "large.jpg", tmp_path / "small.jpg"
    photograph((1500, 1000)).save(large)
    photograph((100, 60)).save(small)
    with Image.open(render(large, LETTERS[letter])) as made:
        assert made.size == (FITTED[letter], round(FITTED[letter] / 1.5))
    with Image.open(render(small, LETTERS[letter])) as made:
        assert made.size == (100, 60)


@pytest.mark.parametrize("form", ["png", "jpg", "gif", "webp", "tif"])
@pytest.mark.parametrize("size", [(3000, 1), (1, 3000)])
def test_a_thread_of_a_picture_has_thumbnails_too(size, form, render, tmp_path):
    source = tmp_path / f"thread.{form}"
    photograph(size).save(source)
    with Image.open(render(source, LETTERS["b"])) as made:
        assert made.size == (160, 160)
    with Image.open(render(source, LETTERS["t"])) as made:
        assert sorted(made.size) == [1, 160]


@pytest.mark.parametrize("value", range(1, 9))
def test_thumbnails_are_upright(value, corpus, render):
    picture = corpus[f"orientation-{value}.jpg"]
    with Image.open(picture.path) as source, Image.open(render(picture.path, FINE)) as made:
        upright = ImageOps.exif_transpose(source)
        assert made.size == upright.size
        assert difference(made, upright) < 3


@pytest.mark.parametrize("name", ["turned.avif", "turned.tif"])
def test_other_formats_are_upright_too(name, corpus, render):
    with Image.open(render(corpus[name].path, FINE)) as made:
        assert difference(made, photograph().rotate(-90, expand=True)) < 4


def test_an_upright_png_stays_as_its_cleaned_original_shows(render, inspect, tmp_path):
    source = tmp_path / "turned.png"
    photograph().save(source, exif=orientation_exif(6)[6:])
    found, stored = inspect(source.read_bytes())
    source.write_bytes(stored)
    with Image.open(render(source, FINE)) as made:
        assert made.size == (found.width, found.height)


@pytest.mark.parametrize("name", ["adobe-rgb.jpg", "adobe-rgb.png", "adobe-rgb.webp"])
def test_a_wide_gamut_is_turned_into_srgb(name, corpus, render):
    profile = ImageCms.ImageCmsProfile(io.BytesIO(adobe_rgb_like()))
    with Image.open(corpus[name].path) as source, Image.open(render(corpus[name].path, FINE)) as made:
        expected = ImageCms.profileToProfile(source.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
        assert difference(made, expected) < 3
        assert difference(made, source) > difference(made, expected) + 1


def test_display_p3_looks_as_the_srgb_photograph_it_was_made_of(corpus, render):
    with Image.open(render(corpus["display-p3.jpg"].path, FINE)) as made:
        assert difference(made, photograph()) < 3


IN_COLOUR = [
    *("progressive.jpg", "rgb.png", "sixteen-bits.png", "interlaced.png", "moving.png", "moving.gif", "lossy.webp"),
    *("moving.webp", "plain.avif", "moving.avif", "plain.heic", "plain.tif", "tiles.tif", "sixteen-bits.tif"),
    *("two-pages.tif", "rgb.bmp", "palette.bmp"),
]


@pytest.mark.parametrize("name", IN_COLOUR)
def test_the_first_picture_of_every_format_is_shown_in_its_colours(name, corpus, render):
    with Image.open(render(corpus[name].path, FINE)) as made:
        assert difference(made, photograph()) < 6


@pytest.mark.parametrize("name", ["alpha.png", "lossless-alpha.webp", "alpha.avif", "alpha.heic"])
def test_transparency_becomes_white_in_jpeg_and_stays_in_webp(name, corpus, render):
    source = corpus[name].path
    on_white = Image.new("RGBA", with_transparency().size, "white")
    on_white.alpha_composite(with_transparency())
    with Image.open(render(source, FINE)) as made:
        assert difference(made, on_white) < 4
    with Image.open(render(source, WEB)) as made:
        assert made.mode == "RGBA"
        assert difference(made.getchannel("A").convert("RGB"), with_transparency().getchannel("A").convert("RGB")) < 2


def test_grey_stays_grey_and_cmyk_becomes_rgb(corpus, render):
    with Image.open(render(corpus["grey.jpg"].path, FINE)) as made:
        assert made.mode == "L"
    with Image.open(render(corpus["cmyk.jpg"].path, FINE)) as made:
        assert made.mode == "RGB"


def test_the_web_rendition_is_webp_of_at_most_its_box(corpus, render, tmp_path):
    source = tmp_path / "large.jpg"
    photograph((3000, 2000)).save(source)
    with Image.open(render(source, WEB)) as made:
        assert (made.format, made.size) == ("WEBP", (2560, 1707))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", ["full-chroma.jpg", "rgb.png", "lossy.webp", "plain.avif", "plain.heic", "plain.tif"])
def test_renditions_carry_no_metadata_even_from_an_uncleaned_original(name, corpus, render, tmp_path):
    source = tmp_path / "planted"
    source.write_bytes(plant(corpus[name].format, corpus[name].path.read_bytes()))
    for recipe in (LETTERS["m"], WEB):
        made = render(source, recipe).read_bytes()
        assert SECRET not in made
        assert b"Exif" not in made
        assert b"ICC" not in made


def test_cropping_takes_the_middle(render, tmp_path):
    source = tmp_path / "three.png"
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    wide.save(source)
    with Image.open(render(source, Recipe(100, 100, "crop", "jpg", 95))) as made:
        assert made.getpixel((50, 50))[2] > 240
        assert made.getpixel((4, 50))[2] > 240
        assert made.getpixel((95, 50))[2] > 240


def test_a_profile_that_cannot_be_applied_is_ignored(render, tmp_path):
    source = tmp_path / "odd.jpg"
    photograph().save(source, icc_profile=adobe_rgb_like().replace(b"rTRC", b"xTRC"), quality=95)
    with Image.open(render(source, FINE)) as made:
        assert difference(made, photograph()) < 6
