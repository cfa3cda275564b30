"""A small book in the project's own configuration: one page of text and one notebook."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from tools.paths import ROOT

TOC = "format: jb-book\nroot: book/intro\n"
TINY = "# Tiny games\n\nA page of text.\n"
CELLS = (
    nbformat.v4.new_markdown_cell("# A chapter\n\nThe zugzwang of $x^2$.", id="c0"),
    nbformat.v4.new_code_cell("1 + 1", id="c1", execution_count=1),
)
CODE = """
import sys
from pathlib import Path
from tools.build_html import sphinx
from tools.finish_pages import finish
from tools.repository import parse
source, folder, address = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
sphinx(source, folder / "sphinx", parse(address))
print(finish(folder / "sphinx" / "html", folder / "html", source)[0])
"""


def write(source: Path, intro: str, chapter: str = "", cells: tuple = ()) -> None:
    """Write our configuration and looks, a first page, and a chapter if that has a name."""
    for name in ("_ext", "references", "book/_static"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "_config.yml", source)
    (source / "_toc.yml").write_text(TOC + f"chapters:\n  - file: {chapter}\n" * bool(chapter))
    (source / "book" / "intro.md").write_text(intro)
    if chapter:
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        (source / chapter).parent.mkdir()
        nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata=kernel), source / f"{chapter}.ipynb")


def run(folder: Path, address: str = "") -> subprocess.CompletedProcess:
    """Build `src` through the whole chain, in a process of its own: Sphinx changes much that is global."""
    words = [sys.executable, "-c", CODE, str(folder / "src"), str(folder), address]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def build(folder: Path, address: str = "") -> Path:
    """Build the tiny book, with a repository at `address` if that is one, and return the folder of its pages."""
    write(folder / "src", TINY, "book/tools/tiny", CELLS)
    done = run(folder, address)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"
