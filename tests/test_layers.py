"""The layers that pyproject.toml declares hold, and they cover every module."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.paths import ROOT
from tools.size import TOPICS

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def contract(name: str) -> dict:
    return next(c for c in CONTRACTS if c["name"].startswith(name))


def test_import_linter_keeps_every_contract():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_models_certificates_may_import_no_solver_of_a_topic():
    """Every module of a topic that stands above its certificates is one that a model's certificates may not import."""
    solvers = set()
    for topic in TOPICS:
        layers = contract(f"{topic}: certificates know")["layers"]
        above = layers[: next(i for i, layer in enumerate(layers) if "certificates" in layer)]
        solvers |= {f"v2g_nb.{topic}.{name.strip()}" for layer in above for name in layer.split("|")}
    assert solvers == set(contract("a model's certificates")["forbidden_modules"])


def test_nothing_imports_a_notebook_or_the_tests():
    for path in (ROOT / "v2g_nb").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] in {"book", "tests", "tools", "benchmarks"}], path.name
