"""What must hold of a page in a real browser; ``page_faults`` opens one and says what does not."""

import functools
import http.server
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import axe_playwright_python
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, sync_playwright
from playwright.sync_api import Error as BrowserError

from tools.page_checks_reader import copying, keyboard, paper, previews, searching, telling_words, until

FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the network is cut
)
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # what a change of theme can change
MAX_BYTES = 2_500_000
PATIENCE = 90_000  # milliseconds: generous, machines are shared


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one page: the kind of fault, what it is, and how the page was opened."""

    page: str
    kind: str
    detail: str
    view: str

    def __str__(self) -> str:
        return f"{self.page} [{self.view}] {self.kind}: {self.detail}"


@dataclass(frozen=True)
class View:
    """How a page is opened: window, colour scheme, and whether unpacked from disk instead of served."""

    width: int
    height: int
    scheme: str
    disk: bool = False

    def __str__(self) -> str:
        return f"{self.width} px, {self.scheme}{', from disk' if self.disk else ''}"


DESKTOP = View(1280, 900, "light")
PHONE = View(390, 844, "dark", disk=True)
VIEWS = (DESKTOP, PHONE)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: the check prints what matters."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a page that was closed while its pictures were on their way."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids |= {value for key, value in attrs if value and key in ("id", "name")}


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    """Return the ids in an HTML file."""
    parser = _Ids()
    parser.feed(path.read_text(encoding="utf-8"))
    return frozenset(parser.ids)


@dataclass
class Inspector:
    """A site, its own server, a folder to open it from without one, and one browser context a view."""

    site: Path
    base: str
    disk: Path
    contexts: dict[View, BrowserContext] = field(default_factory=dict)
    weights: dict[str, tuple[int, float | None]] = field(default_factory=dict)  # bytes, first paint [s]
    sliders: dict[str, int] = field(default_factory=dict)  # moved by keyboard

    def address(self, name: str, view: View) -> str:
        """Return where a page of the site is found."""
        return (self.disk / name).as_uri() if view.disk else self.base + name

    @functools.cached_property
    def words(self) -> dict[str, str]:
        """A word of each page that stands on no other."""
        return telling_words(self.site, pages(self.site))

    def is_own(self, url: str) -> bool:
        """Return whether an address belongs to the book."""
        return url.startswith((self.base, self.disk.as_uri() + "/", "data:", "blob:", "about:"))


@contextmanager
def inspector(site: Path, executable: str | None, disk: Path | None = None) -> Iterator[Inspector]:
    """Serve `site` and start a browser for it, and for its copy in the folder `disk` (the site itself where None)."""
    site, disk = site.resolve(), (disk or site).resolve()
    server = _Server(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    anchors.cache_clear()
    flags = [*FLAGS, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [*FLAGS]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=flags)
            made = Inspector(site, f"http://127.0.0.1:{server.server_port}/", disk)
            for view in VIEWS:
                size = {"width": view.width, "height": view.height}
                context = browser.new_context(viewport=size, color_scheme=view.scheme, reduced_motion="reduce")
                context.set_default_timeout(PATIENCE)
                context.add_init_script(path=Path(__file__).with_name("page_checks.js"))
                made.contexts[view] = context
            yield made
            browser.close()
    finally:
        server.shutdown()
        server.server_close()


def page_faults(inspect: Inspector, name: str, views: tuple[View, ...] = VIEWS) -> list[Fault]:
    """Open a page in each view and return every fault found."""
    return [fault for view in views for fault in _view_faults(inspect, name, view)]


def _view_faults(inspect: Inspector, name: str, view: View) -> list[Fault]:
    found: list[tuple[str, str]] = []
    page = inspect.contexts[view].new_page()
    try:
        _watch(page, inspect, found)
        page.goto(inspect.address(name, view), wait_until="load")
        page.evaluate("v2gChecks.settled()")
        for kind in ("maths", "pictures", "policy"):
            found += [(kind, detail) for detail in page.evaluate(f"v2gChecks.{kind}()")]
        if view == DESKTOP:
            found += _weight(page, inspect, name) + _links(page, inspect)
        if view == PHONE:
            found += [("sideways", detail) for detail in page.evaluate("v2gChecks.sideways()")]
        found += _sliders(page, inspect, name) + copying(page)
        if view == DESKTOP:
            found += previews(page) + keyboard(page) + paper(page)
        found += _axe(page, view)
        if name == "search.html":
            # one of every other page from disk, of the rest from the server
            words = dict(list(inspect.words.items())[view.disk :: 2])
            found += searching(page, inspect.address(name, view), words)
    except BrowserError as error:
        found.append(("page", str(error).splitlines()[0]))
    finally:
        page.close()
    return [Fault(name, kind, detail, str(view)) for kind, detail in dict.fromkeys(found)]


def _watch(page: Page, inspect: Inspector, found: list[tuple[str, str]]) -> None:
    """Note console errors and failed or foreign requests as they happen; FLAGS let none out."""

    def asked(request: Request) -> None:
        if not inspect.is_own(request.url):
            found.append(("request", f"asks for {request.url[:120]}"))

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            kind = "policy" if "Content Security Policy" in message.text else "console"
            found.append((kind, message.text.splitlines()[0][:160]))

    def failed(url: str, why: str) -> None:
        if inspect.is_own(url) and why != "net::ERR_ABORTED":  # the page was left before all had come
            found.append(("request", f"{why}: {url[:120]}"))

    page.on("request", asked)
    page.on("console", console)
    page.on("pageerror", lambda error: found.append(("console", str(error).splitlines()[0][:160])))
    page.on("requestfailed", lambda request: failed(request.url, request.failure or "failed"))
    page.on("response", lambda response: response.status >= 400 and failed(response.url, str(response.status)))


def _weight(page: Page, inspect: Inspector, name: str) -> list[tuple[str, str]]:
    loaded = page.evaluate("v2gChecks.loaded()")
    inspect.weights[name] = (loaded["bytes"], loaded["firstPaint"])
    heavy = loaded["bytes"] > MAX_BYTES
    return [("weight", f"{loaded['bytes'] / 1e6:.2f} MB, more than {MAX_BYTES / 1e6:g}")] if heavy else []


def _links(page: Page, inspect: Inspector) -> list[tuple[str, str]]:
    """Return links into the book that lead nowhere; links out of it are not followed."""
    faults = []
    for link in dict.fromkeys(page.evaluate("v2gChecks.links()")):
        if link.startswith("file:"):
            faults.append(("link", f"leads to a file on this machine: {link}"))
        if not link.startswith(inspect.base):
            continue
        address, fragment = urldefrag(link)
        target = inspect.site / unquote(urlsplit(address).path).lstrip("/")
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file():
            faults.append(("link", f"leads nowhere: {link.removeprefix(inspect.base)}"))
        elif fragment and target.suffix == ".html" and unquote(fragment) not in anchors(target):
            faults.append(("link", f"no such place on the page: {link.removeprefix(inspect.base)}"))
    return faults


def _axe(page: Page, view: View) -> list[tuple[str, str]]:
    """Run all rules as opened, then the rules on colour once more in the other colour scheme."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    colours = "rules => v2gChecks.colours(rules)"
    faults = page.evaluate("([levels, rules]) => v2gChecks.structure(levels, rules)", [LEVELS, COLOUR_RULES])
    faults += page.evaluate(colours, COLOUR_RULES)
    other = "light" if view.scheme == "dark" else "dark"
    page.emulate_media(color_scheme=other)
    turned = "theme => [theme, undefined].includes(document.documentElement.dataset.theme)"
    if not until(page, turned, other):
        faults.append(f"theme: does not turn {other}")
    switched = page.evaluate(colours, COLOUR_RULES)
    page.emulate_media(color_scheme=view.scheme)
    return [("axe", detail) for detail in faults] + [("axe", f"{detail} (turned {other})") for detail in switched]


def _sliders(page: Page, inspect: Inspector, name: str) -> list[tuple[str, str]]:
    """Move every slider by keyboard: picture, alternative text and spoken value have to follow."""
    faults = []
    written = (inspect.site / name).read_text(encoding="utf-8").count('<div class="v2g-frames"')
    boxes = page.locator(".v2g-frames").all()
    if len(boxes) != written:
        faults.append(("slider", f"{written} interactive figures are written, {len(boxes)} are shown"))
    inspect.sliders[name] = 0
    for box in boxes:
        place = box.get_attribute("id") or "without id"
        if not until(page, "box => box.dataset.ready === '1'", box.element_handle()):
            faults.append(("slider", f"{place}: never becomes ready"))
            continue
        for slider in box.locator("input[type=range]").all():
            inspect.sliders[name] += 1
            still = _unmoved(page, box, slider)
            if still:
                faults.append(("slider", f"{place}, {slider.get_attribute('id')}: by keyboard, no change of {still}"))
    return faults


def _unmoved(page: Page, box: Locator, slider: Locator) -> str:
    """Return what stays as it was when a slider is moved to its other end."""
    state = """(slider, box) => ({"the picture": box.querySelector("img").src, "alt": box.querySelector("img").alt,
        "aria-valuetext": slider.getAttribute("aria-valuetext"), "the value shown": [...box.querySelectorAll("output")]
        .filter(o => o.htmlFor.contains(slider.id)).map(o => o.value).join()})"""
    handle = box.element_handle()
    before = slider.evaluate(state, handle)
    slider.focus()
    page.keyboard.press("Home" if slider.input_value() == slider.get_attribute("max") else "End")
    after = slider.evaluate(state, handle)
    loads = box.evaluate("box => box.querySelector('img').decode().then(() => true, () => false)")
    return ", ".join([key for key in before if before[key] == after[key]] + ([] if loads else ["a picture that loads"]))


def pages(site: Path) -> list[str]:
    """Return the pages of a site, without the redirect at its root."""
    found = sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html") if "_static" not in p.parts)
    return [name for name in found if name != "index.html"]


def redirect_faults(site: Path) -> list[Fault]:
    """Return a fault if the address of the whole book leads nowhere."""
    index = site / "index.html"
    match = re.search(r'content="0; url=([^"]+)"', index.read_text(encoding="utf-8")) if index.exists() else None
    leads = match is not None and (site / match[1]).is_file()
    return [] if leads else [Fault("index.html", "link", "leads to no page", "file")]
