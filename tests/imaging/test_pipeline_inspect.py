"""Inspection of real pictures: what it says, and that nothing visible changes."""

import hashlib
import re

import pytest

from heliograph.imaging import failures
from heliograph.imaging.limits import Limits
from tests.corpus.hostile import flat_png, gif
from tests.corpus.pictures import pixels
from tests.corpus.secrets import SECRET, plant
from tests.imaging.names import ALL
from tests.running import picture

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pytest.mark.parametrize("name", ALL)
def test_every_real_picture_is_accepted_and_described_as_it_is_displayed(name, corpus, inspect):
    picture = corpus[name]
    found, _ = inspect(picture.path.read_bytes())
    assert (found.format, found.width, found.height, found.frames) == (
        picture.format,
        picture.width,
        picture.height,
        picture.frames,
    )


@pytest.mark.parametrize("name", ALL)
def test_hash_and_size_are_those_of_what_is_to_be_stored(name, corpus, inspect):
    found, stored = inspect(corpus[name].path.read_bytes())
    assert (found.sha256, found.size) == (hashlib.sha256(stored).digest(), len(stored))


@pytest.mark.parametrize("name", ALL)
def test_no_planted_secret_is_left(name, corpus, inspect):
    picture = corpus[name]
    planted = plant(picture.format, picture.path.read_bytes())
    assert SECRET in planted
    assert SECRET not in inspect(planted)[1]


@pytest.mark.parametrize("name", ALL)
def test_pixels_frames_delays_and_orientation_stay_when_secrets_go(name, corpus, inspect, tmp_path):
    picture = corpus[name]
    before, after = tmp_path / "before", tmp_path / "after"
    planted = plant(picture.format, picture.path.read_bytes())
    encoded_again = picture.format in ("avif", "heic")
    before.write_bytes(planted if encoded_again else picture.path.read_bytes())
    after.write_bytes(inspect(planted)[1])
    assert pixels(after) == pixels(before)


@pytest.mark.parametrize("name", ALL)
def test_a_cleaned_picture_is_not_cleaned_again(name, corpus, inspect):
    picture = corpus[name]
    stored = inspect(plant(picture.format, picture.path.read_bytes()))[1]
    found, again = inspect(stored)
    assert (found.changed, found.removed) == (False, ())
    assert again == stored


@pytest.mark.parametrize("name", ["adobe-rgb.jpg", "display-p3.jpg", "adobe-rgb.png", "adobe-rgb.webp"])
def test_a_colour_profile_stays(name, corpus, inspect, profile_of):
    picture = corpus[name]
    before = profile_of(picture.path.read_bytes())
    assert before
    assert profile_of(inspect(plant(picture.format, picture.path.read_bytes()))[1]) == before


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_an_animation_repeats_as_often_as_before(name, corpus, inspect, loops_of):
    picture = corpus[name]
    stored = inspect(plant(picture.format, picture.path.read_bytes()))[1]
    assert loops_of(stored) == loops_of(picture.path.read_bytes()) != 0


@pytest.mark.parametrize("value", range(2, 9))
def test_a_turned_jpeg_keeps_nothing_of_its_exif_but_the_orientation(value, corpus, inspect):
    stored = inspect(plant("jpeg", corpus[f"orientation-{value}.jpg"].path.read_bytes()))[1]
    block = re.search(rb"\xff\xe1(..)Exif\0\0", stored, re.DOTALL)
    assert int.from_bytes(block[1], "big") == 2 + 6 + 26
    assert stored.count(b"Exif\0\0") == 1


def test_what_was_removed_is_told_in_words(corpus, inspect):
    found, _ = inspect(plant("jpeg", corpus["rocket.jpg"].path.read_bytes()))
    assert {"EXIF", "GPS", "maker note", "XMP", "IPTC", "comment", "thumbnail", "trailing bytes"} <= set(found.removed)


def test_a_hidden_second_picture_after_the_first_is_cut_off(corpus, inspect):
    first, second = (corpus[name].path.read_bytes() for name in ("full-chroma.jpg", "hopper.jpg"))
    assert inspect(first + second)[1] == first


def test_a_profile_that_is_no_profile_is_dropped(corpus, inspect):
    data = corpus["full-chroma.jpg"].path.read_bytes()
    body = b"ICC_PROFILE\0\1\1" + SECRET * 20
    planted = data[:2] + b"\xff\xe2" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]
    found, stored = inspect(planted)
    assert (stored, found.removed) == (data, ("broken colour profile",))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP"])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (1, 40), (40, 1), (7, 300), (9, 8)])
def test_a_picture_may_be_as_small_as_it_likes(size, form, inspect):
    found, _ = inspect(picture(*size, form=form))
    assert (found.width, found.height) == size


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(inspect):
    with pytest.raises(failures.TooManyPixels, match="2000 x 1000"):
        inspect(flat_png(2000, 1000), Limits(pixels=1_999_999))


def test_an_animation_of_as_many_frames_as_allowed_is_accepted(inspect):
    assert inspect(gif(1, 1, 7), Limits(frames=7))[0].frames == 7
    with pytest.raises(failures.TooManyFrames):
        inspect(gif(1, 1, 8), Limits(frames=7))


def test_all_frames_together_are_limited_too(inspect):
    with pytest.raises(failures.TooManyPixels):
        inspect(gif(100, 100, 11), Limits(total_pixels=100_000))


def test_a_progressive_picture_that_needs_too_much_memory_is_refused(corpus, inspect):
    data = corpus["progressive.jpg"].path.read_bytes()
    with pytest.raises(failures.TooManyPixels, match="progressive"):
        inspect(data, Limits(memory=100_000))


def test_a_missing_source_is_an_os_error_and_no_failure_of_the_picture(tmp_path):
    from heliograph.imaging import pipeline

    with pytest.raises(FileNotFoundError):
        pipeline.inspect(tmp_path / "nowhere", tmp_path / "target", Limits(), lambda memory: None)
