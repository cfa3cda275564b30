"""Run every notebook alone, in an order drawn at random, in a copy of the project at another path.

``python -m tools.alone [--seed 1]``. Each gets a fresh kernel. What comes out has to be what is
stored: notebooks byte for byte where ``tools.quiet`` keeps nothing, the numbers behind figures and the
ledger's values as well.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.paths import ROOT, chapter, notebooks
from tools.quiet import settle

LEFT_OUT = ("_build", ".venv", ".git", ".hypothesis", ".mypy_cache", ".ruff_cache", "__pycache__")


def copy(target: Path) -> Path:
    """Copy the project, without what was made in it."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return target


def shuffled(names: list[str], seed: int) -> list[str]:
    """Return the names in an order that is not their own."""
    order = sorted(names)
    while len(order) > 1 and order == sorted(names):
        random.Random(seed).shuffle(order)
        seed += 1
    return order


def run(there: Path, name: str, folder: Path) -> str:
    """Run one notebook of the copy; return what is wrong, or nothing."""
    source, target = there / "book" / f"{name}.ipynb", folder / f"{name}.ipynb"
    words = [sys.executable, "-m", "tools.run_notebooks", "--one", str(source), str(target), str(folder / "record")]
    env = os.environ | {"PYTHONPATH": str(there)}
    done = subprocess.run(words, cwd=there, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"{name}: fails\n{done.stdout}{done.stderr}"
    settle(target, folder / "record" / "figures" / name, source)
    return "" if target.read_bytes() == source.read_bytes() else f"{name}: differs from what is stored"


def main() -> None:
    """Run all and say which differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("chapters", nargs="*", help="only these, such as tools/games")
    given = parser.parse_args()
    order = shuffled(given.chapters or [chapter(n) for n in notebooks()], given.seed)
    with tempfile.TemporaryDirectory(prefix="another place ") as scratch:
        there, folder = copy(Path(scratch) / "copy of the book"), Path(scratch) / "ran"
        faults = []
        for name in order:
            fault = run(there, name, folder)
            print(fault or f"{name}: the same bytes", flush=True)
            faults += [fault] * bool(fault)
        if not given.chapters:
            words = [sys.executable, "-m", "tools.compare_records", str(folder / "record")]
            faults += ["records"] * bool(subprocess.run(words, cwd=there, check=False).returncode)
    if faults:
        raise SystemExit(f"{len(faults)} of {len(order)} notebooks do not run alone to what is stored")
    print(f"all {len(order)} notebooks, alone and in the order {', '.join(order)}, give what is stored")


if __name__ == "__main__":
    main()
