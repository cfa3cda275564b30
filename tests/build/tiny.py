"""A tiny book in the project's own configuration: one page of text and one notebook."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from tools.paths import ROOT

TOC = "format: jb-book\nroot: book/intro\nchapters:\n  - file: book/tools/tiny\n"
CODE = """
import sys
from pathlib import Path
from tools.build_html import sphinx
from tools.finish_pages import finish
from tools.repository import parse
source, folder, address = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
sphinx(source, folder / "sphinx", parse(address))
finish(folder / "sphinx" / "html", folder / "html", source)
"""


def write(source: Path) -> None:
    """Write the sources."""
    for name in ("_config.yml", "_ext", "references", "book/_static"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, source / name)
    (source / "_toc.yml").write_text(TOC)
    (source / "book" / "intro.md").write_text("# Tiny games\n\nA page of text.\n")
    cells = [
        nbformat.v4.new_markdown_cell("# A chapter\n\nThe zugzwang of $x^2$.", id="c0"),
        nbformat.v4.new_code_cell("1 + 1", id="c1", execution_count=1),
    ]
    (source / "book" / "tools").mkdir()
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(notebook, source / "book" / "tools" / "tiny.ipynb")


def build(folder: Path, address: str = "") -> Path:
    """Build the tiny book, with a repository at `address` if that is one, and return the folder of its pages."""
    write(folder / "src")
    words = [sys.executable, "-c", CODE, str(folder / "src"), str(folder), address]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"
