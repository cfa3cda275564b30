"""The layers that pyproject.toml declares hold, and they cover every module."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.paths import ROOT, notebooks
from tools.size import FACES, REST, TOPICS, code_cells

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


FACES_ONLY = ("book", "benchmarks", "tests", "tools/back_matter")
# What tests a module behind a face, or asks a certificate alone about numbers that stand in a figure.
BEHIND = (
    "tests/inside/",
    "tests/build/test_speed.py",
    "tests/notebooks/test_four_mechanisms.py",
    "tests/notebooks/test_highway_queues.py",
    "tests/notebooks/test_highway_two_hours_on_the_tomei.py",
    "tests/notebooks/test_highway_who_charges_where.py",
    "tests/notebooks/test_nine_buses.py",
)


def imports_behind_a_face(source: str) -> list[str]:
    """Return the imports of a text that go past a face to a module behind it."""
    named = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            named += [f"{node.module}.{a.name}" for a in node.names] if len(parts) == 2 else [node.module]
        elif isinstance(node, ast.Import):
            named += [a.name for a in node.names]
    return sorted({n for n in named if n.split(".")[0] == "v2g_nb" and goes_behind(n)})


def goes_behind(name: str) -> bool:
    """Return whether a dotted name leads to a module behind a face."""
    parts = name.split(".")
    if len(parts) < 3 or parts[1] not in FACES:
        return False
    inner = ROOT.joinpath(*parts[:3])
    return inner.with_suffix(".py").exists() or (inner / "__init__.py").exists()


def sources() -> Iterator[tuple[str, str]]:
    """Yield path and text of what must see faces only; a notebook cell by cell."""
    for top in FACES_ONLY:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(BEHIND):
                yield name, path.read_text(encoding="utf-8")
    for notebook in notebooks():
        for number, (source, _) in enumerate(code_cells(notebook)):
            yield f"{notebook.relative_to(ROOT).as_posix()}, cell {number}", source


def test_chapters_benchmarks_and_tests_of_behaviour_see_faces_only():
    assert {name: deep for name, text in sources() if (deep := imports_behind_a_face(text))} == {}


def test_a_way_behind_a_face_is_noticed():
    assert imports_behind_a_face("from v2g_nb.campus.fleet import Fleet\n") == ["v2g_nb.campus.fleet"]
    assert imports_behind_a_face("from v2g_nb.campus import fleet\n") == ["v2g_nb.campus.fleet"]
    assert imports_behind_a_face("from v2g_nb.campus import Fleet\nfrom v2g_nb import campus\n") == []


@pytest.mark.parametrize("face", [*FACES, *REST])
def test_importing_a_face_loads_no_heavy_package(face: str):
    """Nor does it need one: what does is imported where it is used."""
    heavy = "numba", "highspy", "clarabel", "cvxpy"
    code = f"import sys, v2g_nb.{face}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
