"""Link the first use of each glossary term in a chapter to the glossary, without a mark in the text."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform

GLOSSARY = "book/generated/glossary.md"
ROOMS = ("tools", "highway", "campus", "grid", "city", "synthesis")
# words inside these stay as they are; chapters are named in italics
CLOSED = (
    nodes.title,
    nodes.emphasis,
    nodes.reference,
    nodes.literal,
    nodes.math,
    nodes.raw,
    nodes.caption,
    addnodes.pending_xref,
)


def terms(glossary: str) -> list[str]:
    """Return the terms of a glossary: the lines that begin at the margin."""
    body = glossary.split("```{glossary}\n")[1].split("\n```", maxsplit=1)[0]
    return [line for line in body.splitlines() if line and not line.startswith(" ")]


def pattern(term: str) -> re.Pattern[str]:
    """Return what finds a term as whole words, singular or plural, at the start of a sentence or not."""
    last = "(?:y|ies)" if re.search(r"[^aeiou]y$", term) else f"{re.escape(term[-1])}(?:s|es)?"
    stem = re.escape(term[1:-1]).replace(r"\ ", r"\s+")
    return re.compile(rf"(?<![\w-])[{re.escape(term[0].lower() + term[0].upper())}]{stem}{last}(?![\w-])")


class LinkTerms(SphinxTransform):
    """Replace the first use of each term in a paragraph of a chapter by a link to the glossary."""

    default_priority = 790  # before links are collected and resolved

    def apply(self, **kwargs: Any) -> None:
        """Longer terms come first, so that `stable matching` is not taken for `matching`."""
        if self.env.docname.split("/")[1:2] and self.env.docname.split("/")[1] not in ROOMS:
            return
        texts = [text for text in self.document.findall(nodes.Text) if _is_open(text)]
        for term in sorted(self.config.v2g_terms, key=len, reverse=True):
            found = pattern(term)
            for place, text in enumerate(texts):
                match = found.search(text.astext())
                if match:
                    texts[place : place + 1] = _link(text, match, term, self.env.docname)
                    break


def _is_open(text: nodes.Text) -> bool:
    """Return whether a text stands in a paragraph, and not in a heading, a link, code or a formula."""
    node, paragraph = text.parent, False
    while node is not None:
        if isinstance(node, CLOSED) or "exercise" in node.get("classes", ()) or "solution" in node.get("classes", ()):
            return False
        paragraph = paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return paragraph


def _link(text: nodes.Text, match: re.Match[str], term: str, page: str) -> list[nodes.Text]:
    """Put the link in its place; return the texts left before and after it."""
    words = text.astext()
    link = addnodes.pending_xref(
        "", nodes.inline("", match[0], classes=["std", "std-term"]), refdomain="std", reftype="term", reftarget=term
    )
    link["refdoc"], link["refexplicit"], link["refwarn"] = page, True, True
    before, after = nodes.Text(words[: match.start()]), nodes.Text(words[match.end() :])
    text.parent.replace(text, [piece for piece in (before, link, after) if piece.astext()])
    return [piece for piece in (before, after) if piece.astext()]


def read_glossary(app: Sphinx, config: Config) -> None:
    """Let the configuration know the terms: all pages are read anew when they change."""
    glossary = Path(app.srcdir) / GLOSSARY
    config.v2g_terms = terms(glossary.read_text(encoding="utf-8")) if glossary.exists() else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect both."""
    app.add_config_value("v2g_terms", [], "env")
    app.connect("config-inited", read_glossary)
    app.add_transform(LinkTerms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
