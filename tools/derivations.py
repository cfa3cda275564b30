"""What the text derives in its own cells, and with what each derivation is compared.

``python -m tools.derivations`` prints the list. A cell tagged `derivation` has at most 25 lines of code and calls
numpy, scipy, cvxpy, networkx, Python itself, functions of this chapter for which the same is true, and of the package
what only holds data: models, loaders and named instances. Its metadata say the rest::

    "derivation": {
      "what": "the mean wait by Erlang's formula",
      "against": "queueing.mean_wait",
      "uses": {"queueing.erlang_c": "tools/waiting-lines"}
    }

`uses` names functions of a face that an earlier chapter has derived. `against` names the function of a face with which
the result is compared, or a second route in the chapter by its kind and its name there, such as
``"closed form: by_hand"``. The comparison is an assertion in the same cell or one of the next two: it holds something
derived here, something of the other route, and a tolerance (``rtol=``, ``< 1e-9``, or ``==`` for what is exact). A
tagged cell without these metadata belongs to the next one that has them: several cells are compared once, at the end.
"""

import ast
import importlib
import inspect
import re
import sys
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tools.back_matter.chapters import title
from tools.cells import chapter, code_cells, notebooks
from tools.paths import ROOT
from tools.size import FACES, code_lines

MOST = 25  # lines of code in one cell
NEXT = 2  # cells after the last one in which the comparison may stand
LIBRARIES = frozenset({"numpy", "scipy", "cvxpy", "networkx"}) | sys.stdlib_module_names
FREE = ("v2g_nb.chapter", "v2g_nb.errors", "v2g_nb.data")  # no mathematics there: bookkeeping, tables
ROUTE = re.compile(r"(cvxpy|brute force|simulation|closed form): (\w+)")
TOLERANCES = {"rtol", "atol", "rel_tol", "abs_tol"}


@dataclass
class Cell:
    """A code cell: its number on the page, syntax, and metadata."""

    number: int
    source: str
    tree: ast.Module
    metadata: dict[str, Any]


@dataclass
class Derivation:
    """One derivation: its cells, and what its metadata say."""

    chapter: str
    cells: list[Cell]
    what: str = ""
    against: str = ""
    uses: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Chapter and cell, for a message."""
        return f"book/{self.chapter}.ipynb [{self.cells[-1].number}]"


class Text:
    """The code of one chapter: what its names stand for."""

    def __init__(self, chapter: str, cells: Iterable[dict[str, Any]]) -> None:
        self.chapter = chapter
        sources = [(c["source"], c["metadata"]) for c in cells]
        self.cells = [Cell(n, s, ast.parse(re.sub(r"^[%!].*$", "", s, flags=re.M)), m)
                      for n, (s, m) in enumerate(sources, 1)]  # fmt: skip
        self.imports: dict[str, str] = {}
        self.functions: dict[str, list[ast.AST]] = {}
        for node in (n for c in self.cells for n in ast.walk(c.tree)):
            if isinstance(node, ast.Import):
                for a in node.names:
                    self.imports[a.asname or a.name.split(".")[0]] = a.name if a.asname else a.name.split(".")[0]
            elif isinstance(node, ast.ImportFrom):
                self.imports |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        for statement in (s for c in self.cells for s in c.tree.body):
            if isinstance(statement, ast.FunctionDef):
                self.functions.setdefault(statement.name, []).append(statement)
            elif isinstance(statement, ast.Assign) and isinstance(leftmost(statement.value), (ast.Lambda, ast.Name)):
                for name in (t.id for t in statement.targets if isinstance(t, ast.Name)):
                    self.functions.setdefault(name, []).append(statement.value)

    def derivations(self) -> list[Derivation]:
        """Return the derivations in their order."""
        found, waiting = [], []
        for cell in self.cells:
            if "derivation" in cell.metadata.get("tags", []):
                waiting.append(cell)
                if "derivation" in cell.metadata:
                    found.append(Derivation(self.chapter, waiting, **cell.metadata["derivation"]))
                    waiting = []
        return found + [Derivation(self.chapter, waiting)] * bool(waiting)

    def origin(self, node: ast.AST) -> str:
        """Return the full name of something imported, such as ``v2g_nb.queueing.mean_wait``, or nothing."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, "")
        if isinstance(node, ast.Attribute):
            left = self.origin(node.value)
            return left and f"{left}.{node.attr}"
        return ""

    def used(self, tree: ast.AST, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield what code uses of others: full names, and ``.name`` for methods; through functions of the chapter."""
        own = local(tree)
        for node in ast.walk(tree):
            if getattr(leftmost(node), "id", None) in own | seen:
                continue
            if self.origin(node):
                yield self.origin(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield f".{node.func.attr}"
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                for function in self.functions.get(node.id, ()):
                    yield from self.used(function, seen | {node.id})

    def touched(self, cells: Iterable[Cell], seeds: set[str], call: str) -> set[str]:
        """Return the names that depend on `seeds`, or on what has the full name `call`."""
        found = set(seeds)
        moves = [flow for c in cells for s in c.tree.body for flow in flows(s)]
        for _ in range(2):  # twice: a function may be defined after it is named
            for targets, source in moves:
                if self.touches(source, found, call):
                    found |= targets
        return found

    def touches(self, tree: ast.AST, found: set[str], call: str) -> bool:
        """Return whether code reads one of the names `found`, or what has the full name `call`."""
        return bool(names(tree) & found) or any(self.origin(n) == call for n in ast.walk(tree) if call)


def leftmost(node: ast.AST) -> ast.AST:
    """Return what stands left of all dots: the name ``np`` of ``np.linalg.norm``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def local(tree: ast.AST) -> set[str]:
    """Return the names that belong to a function alone: its parameters, and what it gives a value to."""
    if not isinstance(tree, (ast.FunctionDef, ast.Lambda)):
        return set()
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}


def names(tree: ast.AST) -> set[str]:
    """Return the names of others that code reads."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - local(tree)


def flows(statement: ast.stmt) -> Iterator[tuple[set[str], ast.AST]]:
    """Yield the names that a statement gives a value to, or whose object a call may change, and from what."""
    if isinstance(statement, ast.FunctionDef):
        yield {statement.name}, statement
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield names(node), node
        elif isinstance(node, (ast.For, ast.comprehension)):
            yield {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}, node.iter
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}, node


@cache
def face(name: str) -> Any:
    """Return what a full name of the package stands for, or None where no face has it."""
    module, _, rest = name.removeprefix("v2g_nb.").partition(".")
    found: Any = importlib.import_module(f"v2g_nb.{module}") if module in FACES else None
    for part in rest.split(".") if rest else ():
        found = getattr(found, part, None)
    return found


def is_result(thing: Any) -> bool:
    """Return whether a class is what a solver returns: its objects have certificates."""
    return inspect.isclass(thing) and "certificates" in {*dir(thing), *getattr(thing, "__dataclass_fields__", ())}


@cache
def result_methods() -> frozenset[str]:
    """Return the methods of results, which may compute: ``.cdf``, ``.voltage``."""
    things = [getattr(face(name), word) for name in FACES for word in face(name).__all__]
    return frozenset(f".{m}" for t in things if is_result(t) for m, f in vars(t).items() if inspect.isfunction(f))


@cache
def holds_data(name: str) -> bool:
    """Return whether a name of the package is data: a model, a constant, or an instance that needs no argument."""
    thing = face(name)
    if not inspect.isfunction(thing):
        return thing is not None and not is_result(thing)
    needed = [p for p in inspect.signature(thing).parameters.values() if p.default is p.empty]
    made = typing.get_type_hints(inspect.unwrap(thing)).get("return")
    return not needed and inspect.isclass(made) and not is_result(made)


def may_use(name: str) -> bool:
    """Return whether a derivation may use something of this full name."""
    if name.startswith("."):
        return name not in result_methods()
    if name.startswith("v2g_nb"):
        return name.startswith(FREE) or holds_data(name)
    return name.partition(".")[0] in LIBRARIES


def foreign(text: Text, one: Derivation) -> list[str]:
    """Return what the cells use that a derivation must not."""
    declared = {f"v2g_nb.{name}" for name in one.uses}
    found = set()
    for statement in (s for c in one.cells for s in c.tree.body):
        # the other route may be called where it is compared, but not in a function that is derived
        compared = set() if isinstance(statement, ast.FunctionDef) else {f"v2g_nb.{one.against}"}
        found |= {name for name in set(text.used(statement)) - declared - compared if not may_use(name)}
    return sorted(found)


def stated(test: ast.expr) -> bool:
    """Return whether an assertion has a tolerance: a keyword, a number behind ``<``, or says that it is exact."""
    for node in ast.walk(test):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "array_equal" or {k.arg for k in node.keywords} & TOLERANCES:
                return True
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Eq)):
            bounds = [n for n in ast.walk(node.comparators[-1]) if isinstance(n, ast.Constant)]
            if isinstance(node.ops[0], ast.Eq) or any(isinstance(n.value, (int, float)) for n in bounds):
                return True
    return False


def compared(text: Text, one: Derivation) -> bool:
    """Return whether one of the next cells compares what is derived with the other route."""
    route = ROUTE.fullmatch(one.against)
    seeds, call = ({route[2]}, "") if route else (set(), f"v2g_nb.{one.against}")
    end = one.cells[-1].number + NEXT
    theirs = text.touched(text.cells[:end], seeds, call)
    made = {name for c in one.cells for s in c.tree.body for targets, _ in flows(s) for name in targets}
    ours = text.touched(text.cells[one.cells[0].number - 1 : end], made - text.touched(one.cells, seeds, call), "")
    return any(
        names(node.test) & ours and text.touches(node.test, theirs, call) and stated(node.test)
        for cell in text.cells[one.cells[-1].number - 1 : end]
        for node in ast.walk(cell.tree)
        if isinstance(node, ast.Assert)
    )


def texts(root: Path) -> dict[str, Text]:
    """Return the chapters in the order of the book."""
    found = {chapter(root, path): code_cells(path) for path in notebooks(root)}
    order = re.findall(r"file: book/(\S+)", (root / "_toc.yml").read_text(encoding="utf-8"))
    return {name: Text(name, found[name]) for name in order if name in found}


def derivations(root: Path) -> list[str]:
    """Every derivation is short, stands on its own feet, and is compared."""
    known: dict[str, set[str]] = {}  # functions of a face by the chapter that has derived them
    found = []
    for name, text in texts(root).items():
        for one in text.derivations():
            found += [f"{one.where}: {fault}" for fault in faults_of(text, one, known)]
        known[name] = {one.against for one in text.derivations()}
    return found


def faults_of(text: Text, one: Derivation, known: dict[str, set[str]]) -> Iterator[str]:
    """Yield what is wrong with a derivation; `known` is what earlier chapters derived."""
    for cell in one.cells:
        count = code_lines(cell.source)
        if count > MOST:
            yield f"a derivation of {count} lines in cell {cell.number}, at most {MOST}: split the cell"
    if not one.what:
        yield 'a derivation without "derivation": {"what": ..., "against": ...} in the metadata of its last cell'
        return
    for name in foreign(text, one):
        yield f"a derivation uses {name}: derive it, or name under `uses` the earlier chapter that does"
    for name, where in one.uses.items():
        if name not in known.get(where, ()):
            yield f"{where} stands later, or derives no {name}: mend `uses` in the cell's metadata"
    if not (ROUTE.fullmatch(one.against) or inspect.isroutine(face(f"v2g_nb.{one.against}"))):
        yield f"`against` is {one.against!r}: must be a face's function, or a route and a name, 'closed form: by_hand'"
    elif not compared(text, one):
        yield f"no assertion compares it with {one.against} to a stated tolerance, here or in the next {NEXT} cells"


def page() -> str:
    """Return the list as Markdown."""
    lines = ["| Derived | Where | Compared with |", "|---|---|---|"]
    for one in (d for text in texts(ROOT).values() for d in text.derivations()):
        numbers = [c.number for c in one.cells]
        cells = f"cell {numbers[0]}" if len(numbers) == 1 else f"cells {numbers[0]} to {numbers[-1]}"
        route = ROUTE.fullmatch(one.against)
        other = route[1] if route else f"`{one.against}`"
        place = f"{{chapter}}`{title(one.chapter)}, {cells} <{one.chapter}#cell-{numbers[0]}>`"
        lines.append(f"| {one.what} | {place} | {other} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the list, and what is wrong."""
    for name, text in texts(ROOT).items():
        for one in text.derivations():
            print(f"{name:<32} {','.join(str(c.number) for c in one.cells):<8} {one.what}; against {one.against}")
    wrong = derivations(ROOT)
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
