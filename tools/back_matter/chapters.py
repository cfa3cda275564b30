"""What other pages need to know of a chapter: its title, headings, cells."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.paths import BOOK

PARTS = {
    "tools": "Tools",
    "highway": "Highway",
    "campus": "Campus",
    "grid": "Grid",
    "city": "City",
    "synthesis": "Synthesis",
}


@cache
def cells(chapter: str) -> tuple[dict[str, Any], ...]:
    """Return a chapter's cells, each with its source as one string; a page of prose is one cell."""
    page = BOOK / f"{chapter}.md"
    if page.exists():
        return ({"cell_type": "markdown", "source": page.read_text(encoding="utf-8"), "metadata": {}},)
    found = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return tuple(cell | {"source": "".join(cell["source"])} for cell in found)


def by_part(folder: Path) -> dict[str, Any]:
    """Return what stands in ``folder/<part>.yml``, every scalar as a text, in the order of the parts, others first."""
    found = sorted(folder.glob("*.yml"), key=lambda p: [*PARTS].index(p.stem) if p.stem in PARTS else -1)
    return {p.stem: yaml.load(p.read_text(encoding="utf-8"), yaml.BaseLoader) for p in found}


def cell_number(chapter: str, code: str) -> int:
    """Return the number of the one code cell that holds a piece of code; on the page it is at ``#cell-<number>``."""
    sources = [c["source"] for c in cells(chapter) if c["cell_type"] == "code" and c["source"].strip()]
    found = [number for number, source in enumerate(sources, 1) if code in source]
    if len(found) != 1:
        raise ValueError(f"{chapter}: {len(found)} cells hold {code!r}, must be one")
    return found[0]


def headings(chapter: str) -> list[str]:
    """Return the headings of a chapter, its title first."""
    prose = "\n".join(cell["source"] for cell in cells(chapter) if cell["cell_type"] == "markdown")
    prose = re.sub(r"^```.*?^```", "", prose, flags=re.S | re.M)
    return re.findall(r"^#+ +(.+?) *$", prose, flags=re.M)


def title(chapter: str) -> str:
    """Return a chapter's title."""
    return headings(chapter)[0]
