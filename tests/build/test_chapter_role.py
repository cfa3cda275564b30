"""A link to a section of a chapter leads where Sphinx puts that section."""

import re

import pytest
from docutils import nodes

from tools.back_matter import corrections
from tools.back_matter.chapters import headings

ENTRIES = [e for e in corrections.load() if e.section]


@pytest.mark.parametrize("entry", [pytest.param(e, id=f"{e.paper}: {e.title}") for e in ENTRIES])
def test_a_heading_is_its_own_anchor(entry):
    """Only the first of equal headings keeps the name as its anchor, so a heading that is linked stands once."""
    anchors = [nodes.make_id(h) for h in headings(entry.chapter)]
    wanted = nodes.make_id(entry.section)
    assert re.fullmatch(r"[a-z][a-z0-9-]*", wanted)
    assert anchors.count(wanted) == 1
