"""Letters in figures are large enough to read on a phone."""

import base64
import json
import re
import zlib

import pytest

from tools.paths import ROOT

SMALLEST = 9.0  # CSS pixels
FIGURE, FRAMES = 390, 374  # how wide v2g.css shows them on a phone that is 390 pixels wide
PACKED = re.compile(r'class="v2g-frames" id="([^"]+)".*?text/plain">([^<]+)<', re.S)
LETTERS = re.compile(r'<g [^>]*transform="[^"]*scale\(([\d.]+) -[\d.]+\)"')


def smallest(svg: str, shown: float) -> float:
    """Return the size of the smallest letters of a matplotlib SVG shown at a width."""
    width = float(re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)[1])
    # matplotlib draws each text as outlines of 100 units, scaled; what is small enough keeps its size
    return min((100 * float(s) for s in LETTERS.findall(svg)), default=99.0) * min(shown / width, 96 / 72)


def pictures():
    for notebook in sorted((ROOT / "book").rglob("*.ipynb")):
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                yield from of_output(notebook.stem, output.get("data", {}))


def of_output(chapter, data):
    if "image/svg+xml" in data:
        svg = "".join(data["image/svg+xml"])
        yield f"{chapter}: {''.join(data['text/plain'])}", smallest(svg, FIGURE)
    packed = PACKED.search("".join(data.get("text/html", "")))
    if packed:
        frames = json.loads(zlib.decompress(base64.b64decode(packed[2])))["svg"]
        yield f"{chapter}: {packed[1]}", min(smallest(svg, FRAMES) for svg in frames)


def test_every_figure_is_legible_on_a_phone():
    found = dict(pictures())
    assert len(found) > 40
    assert {name: round(size, 1) for name, size in found.items() if size < SMALLEST} == {}


@pytest.mark.parametrize(("points", "legible"), [(12, True), (8, False)])
def test_small_letters_are_noticed(points, legible):
    from matplotlib.figure import Figure

    from v2g_nb.figures.style import picture

    figure = Figure(figsize=(6, 3))
    figure.text(0.1, 0.5, "A" + 60 * " " + "B", fontsize=points)
    figure.subplots().set(xticks=[], yticks=[])
    assert (smallest(picture(figure).svg, FIGURE) >= SMALLEST) is legible
