"""What a reader does with a page: search, hover, copy, go by keyboard, print. Part of the browser check."""

import functools
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import snowballstemmer
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page

Faults = list[tuple[str, str]]

STEM = snowballstemmer.stemmer("porter").stemWord  # as the search does
SECONDS = 15.0  # how long a page may take to do something
PAPER_PX = 657  # A4 less the margins that v2g.css asks for: 174 mm
HIDDEN_ON_PAPER = (
    ".bd-sidebar-primary",
    ".bd-sidebar-secondary",
    ".bd-header-article",
    ".prev-next-footer",
    "#pst-back-to-top",
    "#v2g-preview",
    ".skip-link a",
    "article button",
    "article input",
    "a.v2g-data",
    "a.headerlink",
)
PREVIEWED = "article a.reference.internal"
# what a link leads to, where it can be shown beside it: a source, or something on the same page
KINDS = """links => {
    const own = link => link.hash && link.pathname === location.pathname
        && document.getElementById(decodeURIComponent(link.hash.slice(1)))?.closest("figure, .admonition");
    const named = link => link.title || link.dataset.preview;
    const found = {};
    links.forEach((link, place) => {
        if (!link.checkVisibility({visibilityProperty: true})) return;
        const target = own(link);
        const kind = named(link) ? "source" : target && !target.contains(link) ? target.className : "";
        if (kind && !(kind in found)) found[kind] = place;
    });
    return found;
}"""


def until(page: Page, condition: str, arg: object = None) -> bool:
    """Wait for a condition, asked from outside: the page's own policy refuses it to playwright's wait_for_function."""
    end = time.monotonic() + SECONDS
    while not page.evaluate(condition, arg):
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(50)
    return True


def paper(page: Page) -> Faults:
    """Print a page: nothing is wider than the paper, what has no use there is gone, solutions are open."""
    size = page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_PX, "height": 950})
    faults = page.evaluate("hidden => v2gChecks.paper(hidden)", list(HIDDEN_ON_PAPER))
    page.emulate_media(media="screen")
    if size:
        page.set_viewport_size(size)
    return [("paper", detail) for detail in faults]


def keyboard(page: Page) -> Faults:
    """Go by keyboard: the skip link comes first and works, focus moves on, and shows wherever it is."""
    faults: Faults = []
    # focus on the body itself starts the round anew
    page.evaluate("() => { const b = document.body; b.tabIndex = -1; b.focus(); b.removeAttribute('tabindex') }")
    page.keyboard.press("Tab")
    if page.locator("#pst-skip-link").count():
        here = "() => document.activeElement.closest('#pst-skip-link') && document.activeElement.checkVisibility()"
        if not page.evaluate(here):
            faults.append(("keyboard", "the first Tab does not lead to the link that skips the menus"))
        else:
            page.keyboard.press("Enter")
            if page.evaluate("location.hash") != "#main-content":
                faults.append(("keyboard", "the link that skips the menus leads nowhere"))
    seen: list[str] = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 300)"))
    if len(set(seen)) == 1 and page.locator("a[href]").count() > 8:
        faults.append(("keyboard", f"focus stays at {seen[-1][:100]}"))
    return faults + [("keyboard", detail) for detail in page.evaluate("v2gChecks.focus()")]


def previews(page: Page) -> Faults:
    """Reach one link of each kind by keyboard and by mouse: a preview appears, and Escape takes it away."""
    faults: Faults = []
    links = page.locator(PREVIEWED)
    for kind, place in links.evaluate_all(KINDS).items():
        link = links.nth(place)
        page.keyboard.press("Tab")
        link.focus()
        said = page.evaluate("document.getElementById('v2g-preview')?.innerText ?? ''")
        if len(said) < 10 or link.get_attribute("aria-describedby") != "v2g-preview":
            faults.append(("preview", f"none for a link to {kind!r}: {link.inner_text()}"))
            continue
        page.keyboard.press("Escape")
        if page.locator("#v2g-preview").count():
            faults.append(("preview", "Escape leaves it there"))
    return faults


def copying(page: Page) -> Faults:
    """Press the first copy button: it has a name and copies the cell's text."""
    button = page.locator("button.copybtn").first
    if not page.locator("button.copybtn").count():
        cells = page.locator("div.highlight pre").count()
        return (
            [("copy", "no copy button on a page with code")] if cells and page.locator("main article").count() else []
        )
    page.evaluate(
        """() => {
            const wrote = text => { window.v2gCopied = text };
            document.addEventListener("copy", () => wrote(document.activeElement.value ?? String(getSelection())));
            if (navigator.clipboard) navigator.clipboard.writeText = async text => wrote(text);
        }"""
    )
    name = button.evaluate("b => b.getAttribute('aria-label') || b.querySelector('title')?.textContent || ''")
    code = button.evaluate("b => b.parentElement.querySelector('pre').innerText")
    button.focus()
    page.keyboard.press("Enter")
    if not until(page, "() => window.v2gCopied !== undefined"):
        return [("copy", "the button copies nothing")]
    faults = [] if len(name) > 3 else [("copy", "the button has no name")]
    if page.evaluate("window.v2gCopied").split() != code.split():
        faults.append(("copy", f"copied something else than {code[:60]!r}"))
    return faults


class _Prose(HTMLParser):
    """Collects the words of paragraphs in the article, without headings, code and formulas."""

    def __init__(self) -> None:
        super().__init__()
        self.words: set[str] = set()
        self.all: set[str] = set()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("article", "p", "script", "style", "h1", "h2", "h3", "code", "pre", "nav"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if {"script", "style"} & set(self._open):
            return
        words = set(re.findall(r"[a-z]+", data.lower()))
        self.all |= words
        if "article" in self._open and self._open[-1] == "p":
            self.words |= {word for word in words if len(word) >= 6}


@functools.cache
def _forms(word: str) -> tuple[str, str]:
    """Return what two words share if the search may take one for the other."""
    return word[:6], STEM(word)


def telling_words(site: Path, names: list[str]) -> dict[str, str]:
    """Return for each page a word of its text that stands on no other page, not even in another form."""
    read: dict[str, _Prose] = {}
    for name in names:
        read[name] = _Prose()
        read[name].feed((site / name).read_text(encoding="utf-8"))
    chosen = {}
    # the search looks for stems, for the beginning of words, and anywhere in a name of the package
    texts = {name: " ".join(its.all) for name, its in read.items()}
    forms = {name: {form for word in its.all for form in _forms(word)} for name, its in read.items()}
    for name, prose in read.items():
        elsewhere = set().union(*(its for other, its in forms.items() if other != name))
        others = " ".join(text for other, text in texts.items() if other != name)
        only = [word for word in sorted(prose.words) if not elsewhere & set(_forms(word)) and word not in others]
        if only:
            chosen[name] = max(only, key=len)
    return chosen


def searching(page: Page, address: str, words: dict[str, str]) -> Faults:
    """Search for each page's own word: the first result has to be that page."""
    faults: Faults = []
    for name, word in words.items():
        page.goto(f"{address}?q={word}", wait_until="load")
        try:
            page.wait_for_selector("#search-results li a", timeout=1000 * SECONDS)
        except BrowserError:
            faults.append(("search", f"finds nothing for {word!r}, which {name} holds"))
            continue
        first = page.locator("#search-results li a").first.evaluate("a => new URL(a.href).pathname")
        if not first.endswith("/" + name):
            faults.append(("search", f"{word!r} leads to {first.rsplit('/', 1)[-1]}, but only {name} holds it"))
    return faults
