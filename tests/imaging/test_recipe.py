"""Recipes print and parse to the same thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.imaging.recipe import LETTERS, WEB, Recipe, parse

RECIPES = st.builds(
    Recipe,
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.sampled_from(["crop", "inside"]),
    st.sampled_from(["jpg", "webp"]),
    st.integers(1, 100),
    st.integers(1, 9),
)


@given(RECIPES)
def test_what_is_printed_is_parsed_back(recipe):
    assert parse(str(recipe)) == recipe


@given(RECIPES, RECIPES)
def test_different_recipes_have_different_texts(one, other):
    assert (one == other) == (str(one) == str(other))


def test_no_two_letters_share_a_rendition():
    assert len({str(recipe) for recipe in [*LETTERS.values(), WEB]}) == len(LETTERS) + 1


@pytest.mark.parametrize(
    "text", ["", "v1-1x1-crop-jpg", "v1-1x1-crop-png-q5", "v1-1x1-crop-jpg-q5\n", "x v1-1x1-crop-jpg-q5"]
)
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="not a recipe"):
        parse(text)
