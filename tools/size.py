"""How large the project is: ``python tasks.py size`` counts it and holds it against its budget.

A line of code is a line that a token touches, docstrings, comments and blanks apart. A public name is
what a face names in ``__all__``, or a class of ours that a function there returns.
"""

import ast
import importlib
import inspect
import io
import json
import re
import sys
import tokenize
import types
import typing
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tools.paths import ROOT, chapter, notebooks

TOPICS = ("queueing", "matching", "games", "leader", "complementarity", "networks", "power")
MODELS = ("highway", "campus", "grid", "city", "synthesis")
FACES = (*TOPICS, *MODELS)
REST = ("chapter", "data", "errors", "figures", "sweep")
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip
BOOKKEEPING = re.compile(r"chapter\.(quote|record|certify|figure|frames)\b|^def (alt|say)")
DRAWS = re.compile(r"\b(plt|axes|axis(?!=)|panels|fig|ax)\b")


def code_lines(text: str) -> int:
    """Return the lines of code of a module or cell."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            value = getattr(first, "value", None) if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                docstrings |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    used: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in LAYOUT:
            used |= set(range(token.start[0], token.end[0] + 1))
    return len(used - docstrings)


def lines_of(root: Path, *folders: str) -> int:
    """Return the lines of code below folders, and in files, of the project."""
    files = [f for name in folders for f in ([root / name] if name.endswith(".py") else (root / name).rglob("*.py"))]
    return sum(code_lines(f.read_text(encoding="utf-8")) for f in files)


def returned(thing: Any) -> set[type]:
    """Return the classes of ours that a function's annotation says it returns."""
    if not isinstance(thing, types.FunctionType):
        return set()
    hint = typing.get_type_hints(inspect.unwrap(thing)).get("return")
    found, heap = set(), [hint]
    while heap:
        one = heap.pop()
        heap += typing.get_args(one)
        if isinstance(one, type) and one.__module__.startswith("v2g_nb."):
            found.add(one)
    return found


@cache
def public_names(name: str) -> frozenset[str]:
    """Return what a face names, and the classes that its functions return, wherever they stand."""
    module = importlib.import_module(f"v2g_nb.{name}")
    names = set(module.__all__)
    for thing in (getattr(module, each) for each in module.__all__):
        names |= {cls.__name__ for cls in returned(thing)}
        if isinstance(thing, type) and not issubclass(thing, BaseException):
            methods = [m for n, m in vars(thing).items() if not n.startswith("_") and inspect.isfunction(m)]
            names |= {cls.__name__ for m in methods for cls in returned(m)}
    return frozenset(names)


def code_cells(notebook: Path) -> list[tuple[str, list[str]]]:
    """Return source and tags of a notebook's cells of code."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [("".join(c["source"]), c["metadata"].get("tags", [])) for c in cells if c["cell_type"] == "code"]


def modules_named(source: str) -> Iterable[str]:
    """Yield the modules of the package that a cell's imports name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "v2g_nb")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "v2g_nb":
            if node.module == "v2g_nb":
                yield from (f"v2g_nb.{a.name}" for a in node.names)
            else:
                yield str(node.module)


def kind(statement: ast.stmt, text: str) -> str:
    """Return what a statement of a chapter is for."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return "imports"
    if BOOKKEEPING.search(text):
        return "bookkeeping"
    if isinstance(statement, ast.Assert) or text.startswith("chapter.claim("):
        return "asserts"
    if re.match(r"(print|Table)\(", text):
        return "prints"
    return "plots" if DRAWS.search(text) else "model"


def lines_by_kind(source: str) -> Counter[str]:
    """Return a cell's lines of code by what they are for."""
    lines: Counter[str] = Counter()
    for statement in ast.parse(source).body:
        text = ast.get_source_segment(source, statement) or ""
        lines[kind(statement, text)] += code_lines(text)
    return lines


@dataclass(frozen=True)
class ChapterSize:
    """A chapter's lines of code by kind, those of its derivations, and the modules that it names."""

    lines: Counter[str]
    derivations: int
    modules: frozenset[str]

    @property
    def total(self) -> int:
        """All its lines of code."""
        return sum(self.lines.values())


def measure(notebook: Path) -> ChapterSize:
    """Count a chapter."""
    lines: Counter[str] = Counter()
    derivations, modules = 0, set()
    for source, tags in code_cells(notebook):
        modules |= set(modules_named(source))
        derivations += code_lines(source) if "derivation" in tags else 0
        lines += lines_by_kind(source)
    return ChapterSize(lines, derivations, frozenset(modules))


def argument_checks() -> int:
    """Return how many arguments are checked while the scenario Stress is built and solved."""
    from v2g_nb import city

    city.solve_city(city.scenario("base"))  # what is cached is cached
    counted = 0
    file = str(ROOT / "v2g_nb" / "checks.py")
    kinds = {"real", "integer", "array", "choice", "flag", "text", "function", "generator", "instance"}

    def count(frame: types.FrameType, event: str, _: object) -> None:
        nonlocal counted
        code = frame.f_code
        counted += event == "call" and code.co_name in kinds and code.co_filename == file

    sys.setprofile(count)
    try:
        city.solve_city(city.scenario("stress"))
    finally:
        sys.setprofile(None)
    return counted


@dataclass(frozen=True)
class Row:
    """One line of the budget."""

    what: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within its budget."""
        return self.value <= self.most


def table(root: Path = ROOT) -> list[Row]:
    """Return every figure beside its budget."""
    sizes = [measure(n) for n in notebooks()]
    modules = [len(s.modules) for s in sizes]
    number = len(sizes)
    deep = {m for s in sizes for m in s.modules if m.count(".") > 1}
    faces = [public_names(name) for name in FACES]
    others = [public_names(name) for name in REST]
    total = sum(s.total for s in sizes)
    return [
        Row("code lines of v2g_nb", lines_of(root, "v2g_nb"), 10_200),
        Row("public names of the twelve faces, with the classes they return", sum(map(len, faces)), 200),
        Row("public names of the rest", len(frozenset().union(*others)), 20),
        Row("modules of the package that a chapter's imports name, worst", max(modules), 5),
        Row("the same, mean", round(sum(modules) / number, 2), 3.5),
        Row("deep import paths in chapters", len(deep), 0),
        Row("argument checks, build and solve Stress", argument_checks(), 299),
        Row("code lines of a chapter that derive nothing, mean",
            round(sum(s.total - s.derivations for s in sizes) / number, 1), 275),
        Row("bookkeeping's share of a chapter's code lines [%]",
            round(100 * sum(s.lines["bookkeeping"] for s in sizes) / total, 1), 8),
        Row("code lines of tests", lines_of(root, "tests"), 14_500),
        Row("code lines of tools, extensions and benchmarks",
            lines_of(root, "tools", "_ext", "benchmarks"), 5_200),
    ]  # fmt: skip


def main() -> None:
    """Print the budget and the chapters, and fail where a figure is above its budget."""
    rows = table()
    for row in rows:
        print(f"{row.what:<66} {row.value:>9,g}  of {row.most:>7,g}  {'' if row.holds else 'TOO MUCH'}")
    kinds = ("model", "plots", "bookkeeping", "prints", "asserts", "imports")
    print(f"\n{'code lines of a chapter':<34}" + "".join(f"{k:>12}" for k in (*kinds, "all", "derive", "modules")))
    for notebook in notebooks():
        size = measure(notebook)
        counts = [size.lines[k] for k in kinds]
        print(f"{chapter(notebook):<34}" + "".join(
            f"{n:>12}" for n in (*counts, size.total, size.derivations, len(size.modules))
        ))  # fmt: skip
    if not all(row.holds for row in rows):
        raise SystemExit("above the budget: " + "; ".join(row.what for row in rows if not row.holds))


if __name__ == "__main__":
    main()
