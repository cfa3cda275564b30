"""Every guard of tools/guards.py holds for every chapter."""

import re

import pytest

from tools.guards import GUARDS, chapter, notebooks
from tools.paths import ROOT

HOW = {
    "execution": "store the chapter, `python -m tools.run_notebooks --store PART/NAME`",
    "outputs": "change what the cell prints, and store it again",
    "lengths": "split the cell",
    "line_lengths": "wrap the line, as `ruff format --line-length 78` does",
    "names": "its first code cell makes chapter = Chapter(...) with that name",
    "figures": "alt, caption and name stand in the cell's metadata; storing the chapter stores the data",
    "asserted_columns": "in tests/notebooks/test_PART_NAME.py, assert something of column(CHAPTER, FIGURE, COLUMN)",
    "ignored_outputs": "take the tag away, or list the cell in tools/guards.py",
    "quoted_numbers": "add chapter.quote(value, TEXT) to a code cell; sizes that the package holds go into STATED of "
    "tools/guards.py",
    "repeats": "call the package, or tag the cell `derivation`",
    "derivations": "compare what the cell defines with the package",
}


def explained(guard, faults: list[str]) -> str:
    """Return a line a fault that names the file to change, and how."""
    places = {path.name: f"book/{chapter(ROOT, path)}.ipynb" for path in notebooks(ROOT)}
    full = [re.sub(r"[\w-]+\.ipynb", lambda m: places.get(m[0], m[0]), fault) for fault in faults]
    how = HOW.get(guard.__name__, f"must be: {guard.__doc__}")
    return "\n".join(f"{fault}: {how}" for fault in full)


@pytest.mark.parametrize("guard", [pytest.param(g, id=g.__name__) for g in GUARDS])
def test_guard(guard):
    assert notebooks(ROOT), "the book has no notebook"
    faults = guard(ROOT)
    assert not faults, explained(guard, faults)
