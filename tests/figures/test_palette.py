"""The figures' colours: legible on both pages, and told apart by colour-blind readers."""

import itertools

import numpy as np
import pytest

from tests.figures import colours
from tests.figures.colours import BLINDNESS, contrast, difference, in_the_dark, lab, linear, page_colour, rgb
from v2g_nb.figures.style import PALETTE

LOOKS = {"light": lambda colour: colour, "dark": in_the_dark}


@pytest.mark.parametrize("theme", LOOKS)
@pytest.mark.parametrize("name", PALETTE)
def test_each_colour_stands_out_from_the_page(name, theme):
    assert contrast(LOOKS[theme](rgb(PALETTE[name])), page_colour(theme)) >= 3.0


@pytest.mark.parametrize("theme", LOOKS)
def test_black_words_in_figures_are_legible(theme):
    assert contrast(LOOKS[theme](np.zeros(3)), page_colour(theme)) >= 7.0


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("theme", LOOKS)
def test_any_two_colours_differ(theme, blindness):
    seen = {name: LOOKS[theme](rgb(colour)) for name, colour in PALETTE.items()}
    near = {pair: difference(*map(seen.get, pair), blindness) for pair in itertools.combinations(PALETTE, 2)}
    assert min(near.values()) >= 15.0, min(near.items(), key=lambda item: item[1])


def test_the_simulation_and_the_measures_are_right():
    white, black, red, green = np.ones(3), np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    assert contrast(white, black) == pytest.approx(21.0)
    assert lab(linear(white)) == pytest.approx([100, 0, 0], abs=0.02)
    assert lab(linear(red)) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    for matrix in BLINDNESS.values():  # grey stays grey
        assert matrix @ np.ones(3) == pytest.approx(np.ones(3), abs=1e-5)
    # what makes red and green alike to a deuteranope: most of their distance is gone
    hues = [lab(colours.as_seen(colour, "deuteranopia"))[1] for colour in (red, green)]
    assert abs(hues[0] - hues[1]) < 0.2 * abs(lab(linear(red))[1] - lab(linear(green))[1])


def test_a_poor_palette_would_fail():
    red, green = rgb("#e00000"), rgb("#548000")
    assert difference(red, green, "none") > 60
    assert difference(red, green, "deuteranopia") < 30
    assert contrast(rgb("#f0e442"), page_colour("light")) < 3.0


def test_the_filter_keeps_hues_and_swaps_light_with_dark():
    amount, angle = colours.dark_filter()
    assert angle == 180.0
    assert in_the_dark(np.zeros(3)) == pytest.approx(np.full(3, amount))
    assert in_the_dark(np.ones(3)) == pytest.approx(np.full(3, 1 - amount), abs=1e-12)
    for name in ("blue", "vermilion", "green", "purple"):
        before, after = rgb(PALETTE[name]), in_the_dark(rgb(PALETTE[name]))
        assert np.argmax(before) == np.argmax(after)
