"""Plant one fault of each kind in a small page and see the browser check catch it, and nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.figure import Figure

from tools.browser import NOT_RUN, found
from tools.finish_pages import with_policy
from tools.page_checks import DESKTOP, MAX_BYTES, PHONE, inspector, page_faults, pages, redirect_faults
from tools.page_checks_reader import searching, telling_words
from tools.paths import ROOT
from v2g_nb.figures.frames import frames
from v2g_nb.figures.table import Table

CHROMIUM = found()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NOT_RUN)

ALT = "A line that rises from the lower left corner to the upper right one."
PICTURE = f'<img src="picture.svg" alt="{ALT}">'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="90" height="90">'
    '<path d="M0 9L9 0" stroke="#000"/></svg>'
)
PARTS = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]["mathjax3_config"]
MATHS = f'<script>window.MathJax = {json.dumps(PARTS)}</script><script defer src="mathjax/startup.js"></script>'
STYLE = """body{background:#fff;color:#000;font-size:16px}img,table{max-width:100%}.v2g-table{overflow-x:auto}
input[type=range]{height:32px}"""


def interactive() -> str:
    def draw(columns, slope):
        figure = Figure(figsize=(3, 2))
        figure.subplots().plot(columns["x"], columns["y"])
        return figure

    def compute(slope):
        return {"x": np.arange(3), "y": slope * np.arange(3)}

    def alt(columns, slope):
        return f"A straight line that rises to {columns['y'][-1]:g}."

    return frames("fig-slope", {"slope": [1, 2, 3]}, compute, draw, alt).html


def page(body: str, head: str = "", policy: bool = True) -> str:
    text = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>A page</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="picture.svg">'
        f"<style>{STYLE}</style>{head}</head><body><main><h1 id='top'>A page</h1>{body}</main></body></html>"
    )
    return with_policy(text, "a page", {}) if policy else text


def after_policy(body: str, planted: str) -> str:
    """Return a page with a policy that does not know what is planted."""
    return page(body + "<!-- here -->").replace("<!-- here -->", planted)


CLEAN = page(
    '<p>Maths <span class="math">\\(a^2\\)</span> and a <a href="other.html#place">link</a> elsewhere.</p>'
    + PICTURE
    + interactive()
    + Table(["station", "wait"], [["Ashigara", "2.7 min"]], "Waits").to_html()
    + '<pre style="overflow-x:auto" tabindex="0">'
    + "x" * 300
    + "</pre>",
    MATHS,
)
WORDS = "".join(f'<span class="{kind}">word</span> ' for kind in "kkkp")
CODE = f'<div class="highlight"><pre>{WORDS}</pre></div>'
OUTSIDE = "http://localhost:9"
FONT = f"<style>@font-face{{font-family:f;src:url({OUTSIDE}/f)}}</style>"

PLANTED = {
    "bad TeX": (page('<p><span class="math">\\(\\frac{1}{2\\)</span></p>', MATHS), {"maths"}),
    "an unknown command": (page('<p><span class="math">\\(\\nosuchthing{2}\\)</span></p>', MATHS), {"maths"}),
    "maths nobody renders": (page('<p><span class="math">\\(a^2\\)</span></p>'), {"maths"}),
    "raw TeX in the text": (page("<p>The load is $\\lambda / \\mu$.</p>"), {"maths"}),
    "an outside script": (
        page("<p>x</p>", f'<script src="{OUTSIDE}/a.js"></script>', policy=False),
        {"request", "console", "policy"},
    ),
    "an outside picture": (
        page(f'<img src="{OUTSIDE}/a.png" alt="{ALT}">', policy=False),
        {"request", "console", "policy", "pictures"},
    ),
    "an outside font": (
        page("<p style='font-family:f'>x</p>", FONT, policy=False),
        {"request", "console", "policy"},
    ),
    "an outside style": (
        page("<p>x</p>", f'<link rel="stylesheet" href="{OUTSIDE}/a.css">', policy=False),
        {"request", "console", "policy"},
    ),
    "an outside picture that the policy stops": (
        page(f'<img src="{OUTSIDE}/a.png" alt="{ALT}">'),
        {"request", "policy", "pictures"},
    ),
    "a console error": (page("<script>console.error('broken')</script>"), {"console"}),
    "an exception": (page("<script>undefinedFunction()</script>"), {"console"}),
    "a broken link": (page('<p><a href="nowhere.html">nowhere</a></p>'), {"link"}),
    "a broken anchor": (page('<p><a href="other.html#nowhere">nowhere</a></p>'), {"link"}),
    "a broken anchor of its own": (page('<p><a href="#nowhere">nowhere</a></p>'), {"link"}),
    "a broken link in a drawing": (
        page('<svg width="90" height="30"><a href="nowhere.html"><text y="20">nowhere</text></a></svg>'),
        {"link"},
    ),
    "a picture that is not there": (page(f'<img src="gone.svg" alt="{ALT}">'), {"request", "console", "pictures"}),
    "no alternative text": (page('<img src="picture.svg" alt="">'), {"pictures"}),
    "a file name for a text": (page('<img src="picture.svg" alt="_images/picture.svg">'), {"pictures"}),
    "a page too wide for a phone": (page('<div style="width:600px">wide</div>'), {"sideways"}),
    "words cut off on a phone": (
        page('<div style="overflow:hidden"><p style="width:600px">wide</p></div>'),
        {"sideways"},
    ),
    "an input without a label": (page('<input type="text">'), {"axe"}),
    "pale text": (page('<p style="color:#bbb">pale</p>'), {"axe"}),
    "a pale kind of word in code": (page(CODE, "<style>.highlight .p{color:#bbb}</style>"), {"axe"}),
    "text pale in the dark only": (
        page('<p class="p">pale</p>', "<style>@media (prefers-color-scheme:dark){.p{color:#bbb}}</style>"),
        {"axe"},
    ),
    "a page too heavy": (page(f"<!-- {'x' * MAX_BYTES} -->"), {"weight"}),
    "a slider without its script": (
        page(interactive().replace("DecompressionStream", "NoSuchStream")),
        {"slider", "console"},
    ),
    "a slider that moves nothing": (
        page(interactive().replace("addEventListener('input',show)", "blur()")),
        {"slider"},
    ),
    "a picture whose words stay": (page(interactive().replace(";image.alt=data.alts[j]", "")), {"slider"}),
    "a slider that says nothing": (
        page(interactive().replace("input.setAttribute('aria-valuetext',names[k])", "0")),
        {"slider"},
    ),
    "a script that the policy does not know": (after_policy("<p>x</p>", "<script>let a = 1</script>"), {"policy"}),
    "a handler in the page": (
        after_policy("", '<p><img src="picture.svg" onload="1" alt="' + ALT + '"></p>'),
        {"policy"},
    ),
    "no policy at all": (page("<p>x</p>", policy=False), {"policy"}),
    "a policy that allows everything": (
        page("<p>x</p>").replace("script-src 'self'", "script-src 'self' 'unsafe-inline' https:"),
        {"policy"},
    ),
    "an address that only a server knows": (
        page(f'<img src="/picture.svg" alt="{ALT}">'),
        {"request", "console", "pictures"},
    ),
    "something wider than the paper": (
        page("<article><p class='w'>wide</p></article>", "<style>@media print{.w{width:900px}}</style>"),
        {"paper"},
    ),
    "words cut off on paper": (
        page(
            f"<article><p class='w'>{'x' * 300}</p></article>", "<style>.w{overflow-x:auto;height:2em}</style>"
        ).replace("<p class='w'", "<p tabindex='0' class='w'"),
        {"paper"},
    ),
    "a button on paper": (page("<article><button>Press here</button></article>"), {"paper"}),
    "a solution that stays closed on paper": (
        page('<article><div class="solution dropdown"><section style="display:none">So</section></div></article>'),
        {"paper"},
    ),
    "focus that does not show": (page('<p><a href="other.html" style="outline:none">a link</a></p>'), {"keyboard"}),
    "code without a copy button": (page(f"<article>{CODE}</article>"), {"copy"}),
    "a copy button without effect": (
        page(f"<article>{CODE}</article>", "<style>@media print{button{display:none}}</style>").replace(
            "</pre>", '</pre><button class="copybtn" aria-label="Copy">c</button>'
        ),
        {"copy"},
    ),
    "a link without preview": (
        page(
            '<article><p><a class="reference internal" href="#t">Theorem 1</a></p>'
            '<div class="admonition" id="t"><p>All is well that ends well.</p></div></article>'
        ),
        {"preview"},
    ),
    "a link into this machine": (page('<p><a href="file:///somewhere/x.html">x</a></p>'), {"link"}),
}


def address(what: str) -> str:
    return what.replace(" ", "-") + ".html"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    from importlib.util import find_spec

    folder = tmp_path_factory.mktemp("site")
    (folder / "picture.svg").write_text(SVG)
    (folder / "other.html").write_text(page("<h2 id='place'>A place</h2>"))
    (folder / "clean.html").write_text(CLEAN)
    for what, (text, _) in PLANTED.items():
        (folder / address(what)).write_text(text)
    (folder / "mathjax").symlink_to(Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax")
    with inspector(folder, CHROMIUM) as inspect:
        yield inspect


def test_a_clean_page_has_no_fault(site):
    assert page_faults(site, "clean.html") == []
    weight, paint = site.weights["clean.html"]
    assert weight > 700_000  # MathJax was loaded, and counted
    assert paint is not None
    assert paint > 0


def test_a_search_that_names_another_page_is_caught(site):
    folder = site.site / "sought"
    folder.mkdir()
    one, two = "<h2>Terminating</h2><p>Deferred acceptance ends.</p>", "<p>Equilibrium, or defers.</p>"
    (folder / "one.html").write_text(page(f"<article>{one}</article>"))
    (folder / "two.html").write_text(page(f"<article>{two}</article>"))
    (folder / "search.html").write_text(page('<ul id="search-results"><li><a href="one.html">first</a></li></ul>'))
    words = telling_words(folder, ["one.html", "two.html"])
    # neither a word of a heading, nor one that stands on the other page in another form
    assert words == {"one.html": "acceptance", "two.html": "equilibrium"}
    tab = site.contexts[DESKTOP].new_page()
    (wrong,) = searching(tab, site.base + "sought/search.html", words)
    assert wrong[1] == "'equilibrium' leads to one.html, but only two.html holds it"
    tab.close()


VIEWS = {
    "a page too wide for a phone": PHONE,
    "words cut off on a phone": PHONE,
    "an address that only a server knows": PHONE,
}
NEVER_COMES = {"a slider without its script", "a copy button without effect"}  # waiting longer tells no more


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_caught(site, what, monkeypatch):
    if what in NEVER_COMES:
        monkeypatch.setattr("tools.page_checks_reader.SECONDS", 2.0)
    faults = page_faults(site, address(what), (VIEWS.get(what, DESKTOP),))
    assert {fault.kind for fault in faults} == PLANTED[what][1], [str(fault) for fault in faults]


def test_what_only_the_phone_the_disk_or_the_dark_shows(site):
    assert page_faults(site, address("a page too wide for a phone"), (DESKTOP,)) == []
    assert page_faults(site, address("an address that only a server knows"), (DESKTOP,)) == []
    (dark,) = page_faults(site, address("text pale in the dark only"), (DESKTOP,))
    assert dark.detail.endswith("(turned dark)")


def test_the_address_of_the_book_leads_to_a_page(site, tmp_path):
    assert [fault.kind for fault in redirect_faults(tmp_path)] == ["link"]
    (tmp_path / "index.html").write_text('<meta http-equiv="refresh" content="0; url=book/intro.html">')
    assert redirect_faults(tmp_path) != []
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "intro.html").write_text("x")
    assert redirect_faults(tmp_path) == []
    assert pages(tmp_path) == ["book/intro.html"]
