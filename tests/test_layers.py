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
    """Each file has one purpose; past 350 lines beside its docstrings it rarely still has."""
    long = {p.relative_to(ROOT).as_posix(): n for p in (ROOT / "v2g_nb").rglob("*.py") if (n := code_lines(p)) > 350}
    assert not long


def code_lines(path: Path) -> int:
    """Return a file's lines without those of docstrings."""
    text = path.read_text(encoding="utf-8")
    strings = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
    return len(text.splitlines()) - sum((n.end_lineno or 0) - n.lineno + 1 for n in strings)
