"""Turn Sphinx's pages into the book's: theme faults mended, icons embedded, a security policy on each.

Every mend is an exact replacement that must apply wherever its occasion arises. When a new version
of the theme words things differently the pages are still made, and the mend is named: as a warning,
or with ``--strict`` of ``tools.build_html`` as a fault.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tools.icons import icon_sheet

SKIPPED = re.compile(
    r"\.map$|(^|/)_static/(vendor/|.*thebe|sbt-webpack|webpack-macros)|(^|/)\.buildinfo$|^index\.html$"
)
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
INLINE = re.compile(r"<script(?![^>]*\ssrc=)(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)
HANDLER = re.compile(r"<[a-z][^<>]*?\s(on[a-z]+)\s*=")
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="refresh" content="0; url={first}"></head>
<body><main><h1>{title}</h1><p><a href="{first}">Read the book</a></p></main></body></html>
"""


Faults = dict[str, list[str]]  # what no longer fits, and the pages where


@dataclass(frozen=True)
class Mend:
    """Replace `old` by `new` in every page that holds `when` (default: in every page)."""

    what: str
    old: str
    new: str
    when: str = "<html"

    def apply(self, page: str, name: str, faults: Faults) -> str:
        """Return the mended page, or the page as it is with a fault more."""
        if self.when not in page:
            return page
        mended, count = re.subn(self.old, self.new, page, flags=re.DOTALL)
        if not count:
            faults.setdefault(self.fault(f"{self.old!r} is not found beside {self.when!r}"), []).append(name)
        return mended

    def fault(self, why: str) -> str:
        """Return a fault that names this mend."""
        return f"theme patch {self.what!r} (MENDS in tools/finish_pages.py): {why}"


def _exact(what: str, old: str, new: str, when: str = "<html") -> Mend:
    return Mend(what, re.escape(old), new.replace("\\", r"\\"), when)


MENDS = (
    _exact("light without scripts", 'data-theme="auto"', 'data-theme="light"'),
    _exact(
        "light or dark is known before anything is painted",
        'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";',
        "document.documentElement.dataset.theme =\n"
        '      (mode => mode !== "auto" ? mode : matchMedia("(prefers-color-scheme: dark)").matches\n'
        '       ? "dark" : "light")'
        "      (document.documentElement.dataset.mode);",
    ),
    Mend(
        "the icons are a style sheet of our own",
        r'<link href="([^"]*)vendor/fontawesome/[^"]*" rel="stylesheet" />',
        r'<link href="\1icons.css" rel="stylesheet" />',
    ),
    Mend("no icon font is loaded ahead", r'<link rel="preload" as="font"[^>]*vendor/fontawesome/[^>]*/>\s*', ""),
    Mend("no script of icons", r'<script src="[^"]*vendor/fontawesome/[^"]*"></script>', ""),
    Mend("icons are silent", r'<i class="fa', '<i aria-hidden="true" class="fa'),
    # handlers are set by v2g.js: the policy forbids them in the page
    _exact("full screen", 'onclick="toggleFullScreen()"', 'type="button" data-does="full-screen"'),
    _exact("printing", 'onclick="window.print()"', 'type="button" data-does="print"', when="download-pdf-button"),
    Mend(
        "no live cells, which need a server",
        r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName = [^<]*</script>',
        "",
        when="x-thebe-config",
    ),
    # names and roles for screen readers
    _exact(
        "the name of the side bar",
        '<div class="bd-sidebar-primary bd-sidebar">',
        '<div class="bd-sidebar-primary bd-sidebar" role="complementary" aria-label="Book">',
    ),
    _exact(
        "the search button is named once",
        'search-button__button" title="Search" aria-label="Search"',
        'search-button__button" title="Search"',
    ),
    _exact(
        "the name of a page's contents",
        '<nav class="bd-toc-nav page-toc">',
        '<nav class="bd-toc-nav page-toc" aria-label="On this page">',
        when="page-toc tocsection",
    ),
    _exact(
        "references are no list of items",
        '<div role="list" class="citation-list">',
        '<div class="citation-list">',
        when="citation-list",
    ),
    _exact("a reference has no role", ' role="doc-biblioentry"', "", when="citation-list"),
    # the same id on every proof and every exercise of a page
    _exact("one id on many proofs", ' id="proof-content"', "", when='id="proof-content"'),
    _exact("one id on many exercises", ' id="exercise-content"', "", when='id="exercise-content"'),
    _exact("one id on many solutions", ' id="solution-content"', "", when='id="solution-content"'),
    Mend(
        "a proof is known by its first word",
        r'<div class="proof admonition" id="proof">\s*<p>Proof\.',
        '<div class="proof admonition"><p><em>Proof.</em>',
        when='<div class="proof admonition" id="proof">',
    ),
    Mend("a link does not begin with a blank", r"(Solution to)(<a [^>]*>) ", r"\1 \2", when="Solution to<a"),
    Mend(
        "a download stays a download",
        r'(<a href="[^"]*_sources/[^"]*") target="_blank"',
        r"\1 download",
        when="download-source-button",
    ),
)


# how words, names and formulas may break across lines
FORMULA = re.compile(r'(<span class="math notranslate nohighlight">[^<]*</span>)([.,;:!?)\]’”]+)')
CELL = re.compile(r"<td( [^>]*)?>[^<]*</td>")
UNIT = re.compile(r"(?<=\d) (?=[A-Za-zµ°%€$/²]{1,7}(?:[ ,;)]|</td>))")
BETWEEN = re.compile(r"(?<=\d) ± (?=\d)")
POWER = re.compile(r"\d[\d.]*e-\d+")
NAME = re.compile(r'<span class="pre">[^<]*</span>')
DOT = re.compile(r"(?<=\w)[._](?=[A-Za-z])")


def typeset(page: str) -> str:
    """Return the page with a full stop tied to its formula, a unit to its number, and breaks allowed in names."""
    page = FORMULA.sub(r'<span class="v2g-tied">\1\2</span>', page)
    tied = r'<span class="v2g-tied">\g<0></span>'
    page = CELL.sub(lambda cell: POWER.sub(tied, BETWEEN.sub("\u00a0±\u00a0", UNIT.sub("\u00a0", cell[0]))), page)
    return NAME.sub(lambda name: DOT.sub(r"\g<0><wbr>", name[0]), page)


def with_policy(page: str, name: str, faults: Faults) -> str:
    """Return the page with a Content-Security-Policy that admits its own inline scripts and no others."""
    handler = HANDLER.search(re.sub(INLINE, "", page))
    if handler:
        faults.setdefault(f"the inline handler {handler[1]} is refused by the page's policy", []).append(name)
    bodies = {m["body"] for m in INLINE.finditer(page) if 'type="text/plain"' not in m["attributes"]}
    hashes = sorted(base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies)
    policy = POLICY.format(hashes="".join(f" 'sha256-{value}'" for value in hashes))
    head, found, rest = page.partition("<head>")
    if not found:
        faults.setdefault("no <head>, so no policy", []).append(name)
        return page
    return f'{head}{found}\n    <meta http-equiv="Content-Security-Policy" content="{policy}" />{rest}'


def write_changed(path: Path, content: bytes) -> None:
    """Write a file unless it already is so."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def finish(raw: Path, site: Path, source: Path) -> tuple[int, list[str]]:
    """Make `site` the finished copy of Sphinx's folder `raw`; return the number of pages, and what no longer fits."""
    files = {p.relative_to(raw).as_posix(): p for p in sorted(raw.rglob("*")) if p.is_file()}
    made: dict[str, bytes] = {}
    texts, styles = [], []
    faults: Faults = {}
    idle = set(MENDS)
    for name, path in files.items():
        if SKIPPED.search(name):
            continue
        content = path.read_bytes()
        if name.endswith(".html") and not name.startswith("_static/"):
            page = content.decode("utf-8")
            for mend in MENDS:
                idle -= {mend} if mend.when in page else set()
                page = mend.apply(page, name, faults)
            page = typeset(page)
            texts.append(page)
            content = with_policy(page, name, faults).encode()
        elif name.startswith("_static/") and name.endswith(".js") and "mathjax" not in name:
            texts.append(content.decode("utf-8"))
        elif name.startswith("_static/") and name.endswith(".css"):
            styles.append(content.decode("utf-8"))
        made[name] = content
    pages = len([name for name in made if name.endswith(".html")])
    made["_static/icons.css"] = icon_sheet(texts, styles).encode()
    for table in source.glob("book/**/*-data/*.csv"):
        made[table.relative_to(source).as_posix()] = table.read_bytes()
    first = re.search(r"url=([^\"]+)", (raw / "index.html").read_text(encoding="utf-8"))
    if first:
        made["index.html"] = with_policy(INDEX.format(title="V2G Games", first=first[1]), "index.html", faults).encode()
    for left in [p for p in site.rglob("*") if p.is_file() and p.relative_to(site).as_posix() not in made]:
        left.unlink()
    for name, content in made.items():
        write_changed(site / name, content)
    found = [f"{fault} ({len(names)} pages, the first {names[0]})" for fault, names in faults.items()]
    return pages, [*found, *(m.fault(f"no page holds {m.when!r}") for m in MENDS if m in idle)]
