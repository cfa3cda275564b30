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


CLEAN = page(
    '<p>Maths <span class="math">\\(a^2\\)</span> and a <a href="other.html#place">link</a> elsewhere.</p>'
    + PICTURE
    + interactive()
    + Table(["station", "wait"], [["Ashigara", "2.7 min"]], "Waits").to_html()
    + f'<pre style="overflow-x:auto" tabindex="0">{"x" * 300}</pre>',
    MATHS,
)
WORDS = "".join(f'<span class="{kind}">word</span> ' for kind in "kkkp")
CODE = f'<div class="highlight"><pre>{WORDS}</pre></div>'
OUTSIDE = "http://localhost:9"
FONT = f"<style>@font-face{{font-family:f;src:url({OUTSIDE}/f)}}</style>"

PLANTED: dict[str, tuple[str, set[str]]] = {}


def plant(what: str, kinds: str, body: str, head: str = "", policy: bool = True, swap: tuple[str, str] = ("", "")):
    """Plant a fault; what is swapped in comes after the policy, which does not know it."""
    PLANTED[what] = page(body, head, policy).replace(*swap), set(kinds.split())


WIDE = f"<article><p tabindex='0' class='w'>{'x' * 300}</p></article>"
BUTTON = '</pre><button class="copybtn" aria-label="Copy">c</button>'
PALE_IN_THE_DARK = "<style>@media (prefers-color-scheme:dark){.p{color:#bbb}}</style>"
CLOSED = '<div class="solution dropdown"><section style="display:none">So</section></div>'
REFERRED = '<div class="admonition" id="t"><p>All is well that ends well.</p></div>'
plant("bad TeX", "maths", '<p><span class="math">\\(\\frac{1}{2\\)</span></p>', MATHS)
plant("an unknown command", "maths", '<p><span class="math">\\(\\nosuchthing{2}\\)</span></p>', MATHS)
plant("maths nobody renders", "maths", '<p><span class="math">\\(a^2\\)</span></p>')
plant("raw TeX in the text", "maths", "<p>The load is $\\lambda / \\mu$.</p>")
for what, body, head in (
    ("script", "<p>x</p>", f'<script src="{OUTSIDE}/a.js"></script>'),
    ("font", "<p style='font-family:f'>x</p>", FONT),
    ("style", "<p>x</p>", f'<link rel="stylesheet" href="{OUTSIDE}/a.css">'),
):
    plant(f"an outside {what}", "request console policy", body, head, policy=False)
ELSEWHERE = f'<img src="{OUTSIDE}/a.png" alt="{ALT}">'
plant("an outside picture", "request console policy pictures", ELSEWHERE, policy=False)
plant("an outside picture that the policy stops", "request policy pictures", ELSEWHERE)
plant("a console error", "console", "<script>console.error('broken')</script>")
plant("an exception", "console", "<script>undefinedFunction()</script>")
plant("a broken link", "link", '<p><a href="nowhere.html">nowhere</a></p>')
plant("a broken anchor", "link", '<p><a href="other.html#nowhere">nowhere</a></p>')
plant("a broken anchor of its own", "link", '<p><a href="#nowhere">nowhere</a></p>')
plant("a broken link in a drawing", "link", '<svg><a href="nowhere.html"><text y="20">nowhere</text></a></svg>')
plant("a picture that is not there", "request console pictures", f'<img src="gone.svg" alt="{ALT}">')
plant("no alternative text", "pictures", '<img src="picture.svg" alt="">')
plant("a file name for a text", "pictures", '<img src="picture.svg" alt="_images/picture.svg">')
plant("a page too wide for a phone", "sideways", '<div style="width:600px">wide</div>')
plant("words cut off on a phone", "sideways", '<div style="overflow:hidden"><p style="width:600px">wide</p></div>')
plant("an input without a label", "axe", '<input type="text">')
plant("pale text", "axe", '<p style="color:#bbb">pale</p>')
plant("a pale kind of word in code", "axe", CODE, "<style>.highlight .p{color:#bbb}</style>")
plant("text pale in the dark only", "axe", '<p class="p">pale</p>', PALE_IN_THE_DARK)
plant("a page too heavy", "weight", f"<!-- {'x' * MAX_BYTES} -->")
for what, kinds, old, altered in (
    ("a slider without its script", "slider console", "DecompressionStream", "NoSuchStream"),
    ("a slider that moves nothing", "slider", "addEventListener('input',show)", "blur()"),
    ("a picture whose words stay", "slider", ";image.alt=data.alts[j]", ""),
    ("a slider that says nothing", "slider", "input.setAttribute('aria-valuetext',names[k])", "0"),
):
    plant(what, kinds, interactive().replace(old, altered))
LATE, SCRIPT = "<p>later</p>", "<script>let a = 1</script>"
HANDLER = f'<p><img src="picture.svg" onload="1" alt="{ALT}"></p>'
ANY = ("script-src 'self'", "script-src 'self' 'unsafe-inline' https:")
plant("a script that the policy does not know", "policy", LATE, swap=(LATE, SCRIPT))
plant("a handler in the page", "policy", LATE, swap=(LATE, HANDLER))
plant("no policy at all", "policy", "<p>x</p>", policy=False)
plant("a policy that allows everything", "policy", "<p>x</p>", swap=ANY)
plant("an address that only a server knows", "request console pictures", f'<img src="/picture.svg" alt="{ALT}">')
plant("something wider than the paper", "paper", WIDE, "<style>@media print{.w{width:900px}}</style>")
plant("words cut off on paper", "paper", WIDE, "<style>.w{overflow-x:auto;height:2em}</style>")
plant("a button on paper", "paper", "<article><button>Press here</button></article>")
plant("a solution that stays closed on paper", "paper", f"<article>{CLOSED}</article>")
plant("focus that does not show", "keyboard", '<p><a href="other.html" style="outline:none">a link</a></p>')
plant("code without a copy button", "copy", f"<article>{CODE}</article>")
WITH_BUTTON = f"<article>{CODE}</article>".replace("</pre>", BUTTON)
plant("a copy button without effect", "copy", WITH_BUTTON, "<style>@media print{button{display:none}}</style>")
LINK = '<p><a class="reference internal" href="#t">Theorem 1</a></p>'
plant("a link without preview", "preview", f"<article>{LINK}{REFERRED}</article>")
plant("a link into this machine", "link", '<p><a href="file:///somewhere/x.html">x</a></p>')


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


ON_A_PHONE = {"a page too wide for a phone", "words cut off on a phone", "an address that only a server knows"}
NEVER_COMES = {"a slider without its script", "a copy button without effect"}  # waiting longer tells no more


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_caught(site, what, monkeypatch):
    if what in NEVER_COMES:
        monkeypatch.setattr("tools.page_checks_reader.SECONDS", 2.0)
    faults = page_faults(site, address(what), (PHONE if what in ON_A_PHONE else DESKTOP,))
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
