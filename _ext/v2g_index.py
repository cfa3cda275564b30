"""The index: named theorems get an entry, and on a phone the index is one column."""

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

STYLE = """<style>
.bd-article :is(.genindextable, .genindextable tbody, .genindextable tr, .genindextable td) {display: block}
.bd-article .genindextable {columns: 18rem}
.bd-article .genindextable td {width: auto !important}
.bd-article .genindextable code {overflow-wrap: anywhere}
</style>"""


class IndexTheorems(SphinxTransform):
    """Put an entry into the index for every theorem, lemma or definition that has a name."""

    default_priority = 800  # before the index is collected

    def apply(self, **kwargs: Any) -> None:
        """Add the entries, with the anchor of the theorem itself."""
        for node in list(self.document.findall(nodes.Element)):
            kind, name = node.get("realtype"), node.get("title")
            if kind and name and node["ids"] and "proof" in node["classes"]:
                bare = re.sub(r"^\((.*)\)$", r"\1", name.strip())  # the theme sets titles in parentheses
                entry = ("single", f"{bare} ({kind})", node["ids"][0], "", None)
                node.insert(0, addnodes.index(entries=[entry]))


def style_index(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add a style to the page of the index, which no source describes."""
    if page == "genindex":
        context["metatags"] = context.get("metatags", "") + STYLE


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect both."""
    app.add_transform(IndexTheorems)
    app.connect("html-page-context", style_index)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
