"""Notebooks and their cells below any root, so that a test can plant a fault in a copy of the project."""

import json
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


def notebooks(root: Path) -> list[Path]:
    """Return all notebooks of the book."""
    return sorted(p for p in (root / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def cells(path: Path) -> list[Cell]:
    """Return a notebook's cells, each with its source as one string."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in found]


def code_cells(path: Path) -> list[Cell]:
    """Return the code cells that hold something."""
    return [c for c in cells(path) if c["cell_type"] == "code" and c["source"].strip()]


def chapter(root: Path, path: Path) -> str:
    """Return a notebook's path as its chapter names itself."""
    return path.relative_to(root / "book").with_suffix("").as_posix()
