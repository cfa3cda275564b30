"""The glossary's terms are found as words, linked once, and used by some chapter."""

import importlib.util
import re
from pathlib import Path

import pytest

from tools.back_matter import glossary
from tools.back_matter.chapters import PARTS, cells
from tools.paths import ROOT
from tools.reading_time import chapters

spec = importlib.util.spec_from_file_location("v2g_terms", ROOT / "_ext" / "v2g_terms.py")
assert spec is not None
assert spec.loader is not None
v2g_terms = importlib.util.module_from_spec(spec)
spec.loader.exec_module(v2g_terms)

TERMS = v2g_terms.terms(glossary.page())


def test_terms_stand_once_and_in_order():
    assert len(set(TERMS)) == len(TERMS) > 50
    assert sorted(TERMS, key=str.lower) == TERMS
    assert {p.stem for p in glossary.SOURCE.glob("*")} <= set(PARTS)


def test_a_term_of_two_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each author adds to a file alone; the same term in two of them is named."""
    for part in ("tools", "grid"):
        (tmp_path / f"{part}.yml").write_text(f"bus: of {part}\n{part}: once\n")
    monkeypatch.setattr(glossary, "SOURCE", tmp_path)
    with pytest.raises(ValueError, match=r"\['bus'\] stand twice"):
        glossary.load()


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_used_by_a_chapter(term: str):
    prose = "\n".join(c["source"] for chapter in chapters() for c in cells(chapter) if c["cell_type"] == "markdown")
    assert v2g_terms.pattern(term).search(prose), f"no chapter says {term!r}"


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("best response", "Best responses go round", "Best responses"),
        ("bus", "the buses of a ring", "buses"),
        ("bus", "a business", None),
        ("matching", "a mismatching or matching-based plan", None),
        ("mixed strategy", "mixed strategies", "mixed strategies"),
        ("state of charge", "the state\nof charge", "state\nof charge"),
        ("M/M/c", "the line M/M/c.", "M/M/c"),
    ],
)
def test_words_are_found_whole(term: str, text: str, found: str | None):
    match = v2g_terms.pattern(term).search(text)
    assert (match and match[0]) == found


def test_only_the_first_use_in_a_paragraph_is_linked():
    """On a document of docutils' own: a heading, two paragraphs and a piece of code."""
    from docutils import nodes
    from sphinx import addnodes

    text = nodes.Text("A stable matching is a matching. Another matching.")
    page = nodes.section("", nodes.title("", "Matching"), nodes.paragraph("", "", nodes.literal("", "regret"), text))
    for term in ("stable matching", "matching"):
        for node in list(page.findall(nodes.Text)):
            match = v2g_terms.pattern(term).search(node.astext())
            if match and v2g_terms._is_open(node):
                v2g_terms._link(node, match, term, "book/tools/demo")
                break
    links = [(link["reftarget"], link.astext()) for link in page.findall(addnodes.pending_xref)]
    assert links == [("stable matching", "stable matching"), ("matching", "matching")]
    assert page.astext().count("Another matching.") == 1
    assert re.sub(r"\s+", " ", page.astext()).startswith("Matching")
