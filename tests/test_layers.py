"""The layers that pyproject.toml declares hold, and they cover every module."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.paths import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def contract(name: str) -> dict:
    return next(c for c in CONTRACTS if c["name"].startswith(name))


def test_import_linter_keeps_every_contract():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_rooms_certificates_may_import_no_solver():
    """Every solver module of ``methods`` stands on the list that a room's certificates may not import."""
    layers = contract("certificates know")["layers"]
    above = layers[: layers.index("certificates")]
    solvers = {name.strip() for layer in above for name in layer.split("|")}
    assert {f"v2g_nb.methods.{s}" for s in solvers} <= set(contract("a room's certificates")["forbidden_modules"])


def test_nothing_imports_a_notebook_or_the_tests():
    for path in (ROOT / "v2g_nb").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] in {"book", "tests", "tools", "benchmarks"}], path.name


def test_files_stay_small():
    """Each file has one purpose; past 350 lines it rarely still has."""
    long = {p.relative_to(ROOT).as_posix(): n for p in (ROOT / "v2g_nb").rglob("*.py") if (n := _lines(p)) > 350}
    assert long.keys() <= {"v2g_nb/checks.py"}, long  # its length is docstrings


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
