"""What other pages need to know of a chapter: its title, headings, cells."""

import json
import re
from functools import cache
from typing import Any

from tools.paths import BOOK


@cache
def cells(chapter: str) -> tuple[dict[str, Any], ...]:
    """Return a chapter's cells, each with its source as one string; a page of prose is one cell."""
    page = BOOK / f"{chapter}.md"
    if page.exists():
        return ({"cell_type": "markdown", "source": page.read_text(encoding="utf-8"), "metadata": {}},)
    found = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return tuple(cell | {"source": "".join(cell["source"])} for cell in found)


def headings(chapter: str) -> list[str]:
    """Return the headings of a chapter, its title first."""
    prose = "\n".join(cell["source"] for cell in cells(chapter) if cell["cell_type"] == "markdown")
    prose = re.sub(r"^```.*?^```", "", prose, flags=re.S | re.M)
    return re.findall(r"^#+ +(.+?) *$", prose, flags=re.M)


def title(chapter: str) -> str:
    """Return a chapter's title."""
    return headings(chapter)[0]
