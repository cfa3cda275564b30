"""What the book adds to Sphinx: scripts of its own, links to figure data and chapters, a version.

MathJax comes from the package sphinx-mathjax-offline, of which only the parts in use are copied.
"""

import html
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import ReferenceRole

from v2g_nb import __version__

# without its menu, a third of MathJax's size, which also asks for parts that are not here
MATHJAX = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
)
# How long a start takes was not measured: Binder builds an environment once for each version, then keeps it.
LAUNCH = (
    '<p class="v2g-launch"><a href="{address}">Run this chapter on Binder</a>, in your browser and on somebody '
    "else's machine. We estimate, and have not measured, two to ten minutes until it starts. "
    "This page is complete without it.</p>"
)
WIDGETS = ("sphinx-thebe", "THEBE_JS_URL", "thebe_selector", "thebelab")  # live cells need a server


class FigureDataLink(SphinxPostTransform):
    """Put a link to the numbers behind a figure under its caption, where they are stored."""

    default_priority = 5
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Append a legend to every named figure with a CSV beside its chapter."""
        page = Path(self.env.doc2path(self.env.docname))
        folder = page.with_name(page.stem + "-data")
        for figure in self.document.findall(nodes.figure):
            stored = [name for name in figure["names"] if (folder / f"{name}.csv").exists()]
            if stored:
                href = f"{folder.name}/{stored[0]}.csv"
                link = f'<a class="v2g-data" href="{href}" download>Data of this figure (CSV)</a>'
                figure.append(nodes.legend("", nodes.paragraph("", "", nodes.raw("", link, format="html"))))


class CellPlaces(SphinxPostTransform):
    """Give each code cell an address on its page, ``#cell-3`` for the third that runs, where other pages lead to."""

    default_priority = 5
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Add the address to the cells' containers."""
        for cell in self.document.findall(nodes.container):
            if cell.get("exec_count"):
                cell["ids"].append(f"cell-{cell['exec_count']}")


class ChapterRole(ReferenceRole):
    """Link to a chapter, such as ``tools/waiting-lines``, or with ``#Its heading`` or ``#cell-3`` to a place in it.

    A chapter that is not there is a warning, as with any link, and so ends the build.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a reference."""
        page, _, heading = self.target.partition("#")
        if heading and f"book/{page}" in self.env.found_docs:
            address = self.env.app.builder.get_relative_uri(self.env.docname, f"book/{page}")
            place = f"{address}#{nodes.make_id(heading)}"
            return [nodes.reference("", self.title, refuri=place, internal=True)], []
        reference = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/book/{page}", refexplicit=True, refwarn=True
        )
        reference["refdoc"] = self.env.docname
        reference += nodes.inline("", self.title)
        return [reference], []


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the parts of MathJax that pages load, keeping what is there already."""
    if error or app.builder.format != "html":
        return
    found = find_spec("sphinx-mathjax-offline")
    if found is None or found.origin is None:
        raise RuntimeError("the package sphinx-mathjax-offline is missing")
    origin = Path(found.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX:
        if (target / part).exists():
            continue
        if (origin / part).is_dir():
            shutil.copytree(origin / part, target / part)
        else:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin / part, target / part)


def tidy_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Drop scripts that are listed twice, or that the page has no use for; name the version in the footer."""
    seen, kept = set(), []
    body = context.get("body", "")
    unused = [*WIDGETS]
    unused += [] if 'class="math' in body else ["mathjax", "MathJax"]
    unused += [] if 'class="sd-' in body else ["sphinx-design", "design-tabs"]
    for script in context["script_files"]:
        attributes = tuple(sorted((k, v) for k, v in getattr(script, "attributes", {}).items() if v is not None))
        name = str(getattr(script, "filename", script) or "")
        if (name, attributes) in seen or any(word in name + repr(attributes) for word in unused):
            continue
        seen.add((name, attributes))
        kept.append(script)
    context["script_files"][:] = kept
    styles = context["css_files"]
    styles[:] = [
        style for style in styles if not any(word in str(getattr(style, "filename", style)) for word in unused)
    ]
    context["last_updated"] = None  # the same sources give the same pages on any day
    context["theme_extra_footer"] = footer(app.config.v2g_issues)
    notebook = Path(app.env.doc2path(page)) if page in app.env.found_docs else Path()
    if app.config.v2g_binder and notebook.suffix == ".ipynb":
        address = app.config.v2g_binder.replace("PAGE", f"{page}.ipynb")
        context["body"] = body.replace("</h1>", "</h1>" + LAUNCH.format(address=html.escape(address)), 1)


def footer(issues: str) -> str:
    """Return the version, and where errors are reported if there is such a place."""
    link = f' · <a href="{html.escape(issues)}">Report an error</a>' if issues else ""
    return f"Version {__version__}{link}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect everything above."""
    app.config.mathjax_path = "mathjax/startup.js"
    app.add_config_value("v2g_binder", "", "html")  # with PAGE for the notebook; empty where no repository is known
    app.add_config_value("v2g_issues", "", "html")
    app.add_post_transform(FigureDataLink)
    app.add_post_transform(CellPlaces)
    app.add_role("chapter", ChapterRole())
    app.connect("html-page-context", tidy_page, priority=900)
    app.connect("build-finished", copy_mathjax)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
