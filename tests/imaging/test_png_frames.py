"""Our own full check of PNG agrees with libpng about how long rows and passes are."""

import pytest
import pyvips

from heliograph.imaging import png_frames
from heliograph.imaging.failures import CorruptImage
from tests.corpus.hostile import png


@pytest.mark.parametrize("interlace", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_true_pictures_of_every_small_size_pass(interlace, bits):
    for width in range(1, 11):
        for height in range(1, 11):
            image = pyvips.Image.black(width, height).cast("ushort" if bits == 16 else "uchar")
            data = image.pngsave_buffer(interlace=interlace, bitdepth=bits)
            png_frames.check(memoryview(data))


@pytest.mark.parametrize("rows", [bytes(101 * 99), bytes(101 * 100 - 1), bytes(101 * 100 + 1), bytes(101 * 101)])
def test_a_row_or_a_byte_too_few_or_too_many_is_noticed(rows):
    png_frames.check(memoryview(png(100, 100, bytes(101 * 100))))
    with pytest.raises(CorruptImage):
        png_frames.check(memoryview(png(100, 100, rows)))


def test_a_wrong_filter_is_noticed_in_any_row():
    for row in (0, 1, 57, 99):
        rows = bytearray(101 * 100)
        rows[row * 101] = 5
        with pytest.raises(CorruptImage, match="filter"):
            png_frames.check(memoryview(png(100, 100, bytes(rows))))
