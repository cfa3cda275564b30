"""A figure is the same bytes wherever and whenever it is drawn, and lets the page show through."""

import os
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from v2g_nb.errors import InvalidInput
from v2g_nb.figures.style import picture, use_style

DRAW = """
import hashlib
from matplotlib import pyplot as plt
from v2g_nb.figures.style import picture, use_style
use_style()
figure, (left, right) = plt.subplots(1, 2)
for power in range(6):
    left.plot([0, 1, 2], [x**power for x in range(3)], label=f"power {power}")
left.legend()
left.set_xlabel(r"load $\\lambda$ [1/h]")
right.fill_between([0, 1], [0, 1], [1, 2], alpha=0.3, hatch="/")
right.imshow([[0, 1], [1, 0]])
print(hashlib.sha256(picture(figure).svg.encode()).hexdigest())
"""


def digest(seed: str) -> str:
    env = os.environ | {"PYTHONHASHSEED": seed}
    return subprocess.run([sys.executable, "-c", DRAW], env=env, capture_output=True, text=True, check=True).stdout


def test_two_processes_draw_the_same_bytes():
    first = digest("1")
    assert re.fullmatch(r"[0-9a-f]{64}\n", first)
    assert digest("2") == first


def draw():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_title("Title")
    return figure


@pytest.fixture
def drawn():
    use_style()
    return draw()


def test_a_picture_has_no_date_no_ground_and_no_font(drawn):
    svg = picture(drawn).svg
    assert svg.startswith("<svg")
    assert not re.search(r"dc:date|dc:creator|font-family|fill: #(fff|ffffff)\b", svg)


def test_a_picture_is_closed_and_shows_as_svg(drawn):
    number = drawn.number
    shown = picture(drawn, "a rising line")
    assert not plt.fignum_exists(number)
    assert shown._repr_mimebundle_() == {"image/svg+xml": shown.svg, "text/plain": "a rising line"}


def test_the_style_does_not_depend_on_what_was_set_before(drawn):
    svg = picture(drawn).svg
    with plt.rc_context({"svg.hashsalt": None, "svg.fonttype": "none", "savefig.bbox": None}):
        assert picture(draw()).svg == svg


def test_what_is_no_figure_is_refused():
    with pytest.raises(InvalidInput, match=r"figure = 3"):
        picture(3)
    with pytest.raises(InvalidInput, match="text = "):
        picture(Figure(), " ")
