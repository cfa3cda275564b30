"""The browser's filter on figures in the dark is the one that tests/figures computes contrast with."""

import io

import matplotlib.image
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from tests.figures.colours import STYLE, in_the_dark, rgb
from tools.browser import NOT_RUN, found
from v2g_nb.figures.style import PALETTE

CHROMIUM = found()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NOT_RUN)


def test_chromium_makes_the_computed_colours():
    stripes = "".join(f'<div style="height:10px;background:{colour}"></div>' for colour in PALETTE.values())
    page_text = (
        f'<style>{STYLE} #s {{filter: var(--v2g-dark-figure)}} body {{margin: 0}}</style><div id="s">{stripes}</div>'
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 40, "height": 100})
        page.set_content(page_text)
        shot = matplotlib.image.imread(io.BytesIO(page.screenshot()), format="png")
        browser.close()
    for place, colour in enumerate(PALETTE.values()):
        assert np.abs(shot[10 * place + 5, 20, :3] - in_the_dark(rgb(colour))).max() < 0.02
