"""Where things are in the project."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
BUILD = ROOT / "_build"
SITE = BUILD / "html"
VALUES = ROOT / "v2g_nb" / "ledger" / "values"  # one file a part


def chapter(notebook: Path) -> str:
    """Return a notebook's path as its chapter names itself, such as ``tools/waiting-lines``."""
    return notebook.relative_to(BOOK).with_suffix("").as_posix()


def notebooks() -> list[Path]:
    """Return all notebooks of the book, sorted."""
    return sorted(p for p in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def stored_values(folder: Path) -> dict[str, Any]:
    """Return the ledger's values of all parts below a folder, stored or of a run."""
    files = sorted(folder.rglob("*.json"))
    return {item: value for path in files for item, value in json.loads(path.read_text(encoding="utf-8")).items()}


def figure_folder(notebook: Path) -> Path:
    """Return the folder that holds the numbers behind a notebook's figures."""
    return notebook.with_name(notebook.stem + "-data")
