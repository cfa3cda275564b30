"""Build the book twice, from two clean checkouts at two places, and compare: ``python -m tools.compare_builds``.

Executed notebooks have to be the same byte for byte, and pages too, but for lines that ALLOWED names.
Whatever differs is printed. With ``--stored`` the pages are built from the stored outputs.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

from tools.paths import ROOT

# Lines of text files that may differ, by file name: none does. A line that has to be allowed is named here, with why.
ALLOWED: dict[str, str] = {}
PLACES = ("one", "another place with a longer name")


def checkout(target: Path) -> Path:
    """Clone what is committed, without a remote: its path is not part of the book."""
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(target)], check=True)
    subprocess.run(["git", "-C", str(target), "remote", "remove", "origin"], check=True)
    return target


def build(root: Path, stored: bool) -> None:
    """Run the notebooks of a checkout and build its pages."""
    env = os.environ | {"PYTHONPATH": str(root)}
    steps = [["tools.build_html"]]
    if not stored:
        steps = [["tools.run_notebooks", "--into", "_build/run"], ["tools.build_html", "--from", "_build/run"]]
    for words in steps:
        subprocess.run([sys.executable, "-m", *words], cwd=root, env=env, check=True, stderr=subprocess.DEVNULL)


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, by its place."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def differences(one: dict[str, bytes], two: dict[str, bytes], allowed: dict[str, str]) -> list[str]:
    """Return a line for every file that only one has, and for every line that differs and is not allowed to."""
    found = [f"{name}: only in one of the two" for name in sorted(one.keys() ^ two.keys())]
    for name in sorted(one.keys() & two.keys()):
        if one[name] == two[name]:
            continue
        pattern = next((words for ending, words in allowed.items() if name.endswith(ending)), None)
        pairs = zip_longest(*(data.decode("utf-8", "replace").splitlines() for data in (one[name], two[name])))
        for number, (left, right) in enumerate(pairs, 1):
            free = pattern and all(re.search(pattern, line or "") for line in (left, right))
            if left != right and not free:
                found.append(f"{name}:{number}\n  {str(left)[:300]}\n  {str(right)[:300]}")
    return found


def main() -> None:
    """Build twice and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", action="store_true")
    stored = parser.parse_args().stored
    with tempfile.TemporaryDirectory() as scratch:
        roots = [checkout(Path(scratch) / place) for place in PLACES]
        for root in roots:
            build(root, stored)
        parts = ("html",) if stored else ("run/book", "run/record", "html")
        made = [
            {f"{part}/{name}": data for part in parts for name, data in files(root / "_build" / part).items()}
            for root in roots
        ]
        found = differences(*made, ALLOWED)
    for line in found:
        print(line)
    if found:
        raise SystemExit(f"{len(found)} differences between two builds of the same commit")
    print(f"two builds of the same commit: {len(made[0])} files, the same byte for byte")


if __name__ == "__main__":
    main()
