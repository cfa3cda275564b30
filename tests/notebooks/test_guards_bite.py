"""Each guard is shown to bite: one fault of each kind is planted in a small project and seen caught."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bad_input import test_every_argument as enumeration
from tools import compare_records, guards
from tools.paths import ROOT
from v2g_nb.ledger import Item

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
FIGURE = {"image": {"alt": "A line that rises to two."}, "figure": {"name": "fig-line", "caption": "A line."}}
TEST = 'def test_line():\n    assert column("tools/demo", "fig-line", "x").max() == 2\n'
DERIVED = {"what": "twice a number", "against": "closed form: twice"}
LONG = "\n".join(f"value_{k} = {k} + value_{k - 1}" for k in range(1, 45))


def cell(count: int, source: str, outputs: list[Any] | None = None, **metadata: Any) -> dict[str, Any]:
    body = {"cell_type": "code", "id": f"c{count}", "metadata": metadata, "source": source.splitlines(keepends=True)}
    return body | {"execution_count": count, "outputs": outputs or []}


def prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": [text]}


def said(text: str, name: str = "stdout") -> list[Any]:
    return [{"output_type": "stream", "name": name, "text": [text]}]


def shown() -> list[Any]:
    return [{"output_type": "execute_result", "execution_count": 2, "metadata": {}, "data": {"image/svg+xml": SVG}}]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one clean chapter: a quoted number, a figure with data, a derivation, a print."""
    for folder in ("book/tools/demo-data", "tests", "v2g_nb"):
        (tmp_path / folder).mkdir(parents=True)
    write(
        tmp_path,
        prose("The line rises by 0.50 a step. Equation $x = 0.7$ is left alone."),
        cell(1, 'chapter = Chapter("tools/demo")\nchapter.quote(0.5, "0.50")'),
        cell(2, 'chapter.figure(figure, "fig-line", x=[1, 2])', shown(), mystnb=FIGURE),
        cell(3, "def double(x):\n    return 2 * x", tags=["derivation"], derivation=DERIVED),
        cell(4, "twice = 1 + 1\nassert double(1) == twice\nprint(double(1))", said("2\n")),
    )
    (tmp_path / "_toc.yml").write_text("- file: book/tools/demo\n")
    (tmp_path / "book/tools/demo-data/fig-line.csv").write_text("x\n1\n2\n")
    (tmp_path / "tests/test_demo.py").write_text(TEST)
    (tmp_path / "v2g_nb/one.py").write_text("")
    return tmp_path


def write(root: Path, *cells: dict[str, Any], name: str = "demo") -> None:
    (root / f"book/tools/{name}.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))


def edit(place: int, **changes: Any) -> Callable[[Path], None]:
    """Return a planter that changes one cell."""

    def plant(root: Path) -> None:
        path = root / "book/tools/demo.ipynb"
        notebook = json.loads(path.read_text())
        notebook["cells"][place] |= changes
        path.write_text(json.dumps(notebook))

    return plant


def swap(root: Path) -> None:
    path = root / "book/tools/demo.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][3], notebook["cells"][4] = notebook["cells"][4], notebook["cells"][3]
    path.write_text(json.dumps(notebook))


def another_chapter(root: Path) -> None:
    """Plant a second chapter and give both the same twenty lines."""
    lines = "\n".join(f"first = {k} * second" for k in range(20))
    for name in ("one", "two"):
        write(root, cell(1, f'chapter = Chapter("tools/{name}")'), cell(2, lines), name=name)


def same_package_code(root: Path) -> None:
    for name in ("one", "two"):
        (root / f"v2g_nb/{name}.py").write_text("".join(f"first_{k} = {k} * second\n" for k in range(20)))


def untested_column(root: Path) -> None:
    (root / "book/tools/demo-data/fig-line.csv").write_text("x,y\n1,1\n2,2\n")


def unasserting_test(root: Path) -> None:
    (root / "tests/test_demo.py").write_text(TEST.replace("assert ", ""))


PLANTS = {
    "swapped cells": (swap, guards.execution),
    "stripped outputs": (edit(4, outputs=[]), guards.execution),
    "stripped figure": (edit(2, outputs=[]), guards.execution),
    "stripped counts": (edit(4, execution_count=None), guards.execution),
    "stored error": (edit(4, outputs=[{"output_type": "error", "ename": "E"}]), guards.execution),
    "warning on stderr": (edit(4, outputs=said("2", "stderr")), guards.outputs),
    "warning in text": (edit(4, outputs=said("RuntimeWarning: overflow")), guards.outputs),
    "absolute path": (edit(4, outputs=said("read from /" + "home/me/data.csv")), guards.outputs),
    "timing": (edit(4, outputs=said("Wall time: 3 s")), guards.outputs),
    "unrounded number": (edit(4, outputs=said("np.float64(5.407387115148256)")), guards.outputs),
    "long cell": (edit(4, source=LONG), guards.lengths),
    "drawing that is open": (edit(4, source="axes.plot(1)\n" * 6), guards.folded),
    "long line": (edit(4, source=f"print(2)  # {'x' * 67}"), guards.line_lengths),
    "wrong chapter name": (edit(1, source='chapter = Chapter("tools/other")'), guards.names),
    "unregistered figure": (edit(2, source="figure"), guards.figures),
    "missing alt": (edit(2, metadata={"mystnb": FIGURE | {"image": {}}}), guards.figures),
    "missing caption": (edit(2, metadata={"mystnb": FIGURE | {"figure": {"name": "fig-line"}}}), guards.figures),
    "other name": (edit(2, source='chapter.figure(figure, "fig-other", x=[1])'), guards.figures),
    "frames without tag": (edit(4, source='chapter.frames("fig-line")'), guards.figures),
    "untested column": (untested_column, guards.asserted_columns),
    "test without assertion": (unasserting_test, guards.asserted_columns),
    "ignored output": (edit(4, metadata={"tags": ["nbval-ignore-output"]}), guards.ignored_outputs),
    "tag interactive on text": (edit(4, metadata={"tags": ["interactive"]}), guards.ignored_outputs),
    "unchecked number": (edit(0, source=["The line rises by 0.51 a step."]), guards.quoted_numbers),
    "unchecked whole number": (edit(0, source=["It has 4711 steps, see Fig. 12 of (13)."]), guards.quoted_numbers),
    "unchecked percentage": (edit(0, source=["It rises by 51 % a step."]), guards.quoted_numbers),
    "unchecked number between prices": (
        edit(0, source=["It costs \\$ 3, rises by 0.51 for a \\$ and is $x$."]),
        guards.quoted_numbers,
    ),
    "code in two chapters": (another_chapter, guards.repeats),
    "code twice in the package": (same_package_code, guards.repeats),
    "derivation not asserted": (edit(4, source="print(2)"), guards.derivations),
}


@pytest.mark.parametrize("guard", guards.GUARDS)
def test_a_clean_project_has_no_fault(project: Path, guard: Callable[[Path], list[str]]):
    assert guard(project) == []


@pytest.mark.parametrize(("plant", "guard"), PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_fault_is_caught(project: Path, plant: Callable[[Path], None], guard: Callable[[Path], list[str]]):
    plant(project)
    assert guard(project)


def test_every_guard_has_a_plant():
    assert {guard for _, guard in PLANTS.values()} == set(guards.GUARDS)


def test_an_argument_without_cases_is_caught(monkeypatch: pytest.MonkeyPatch):
    """Dropping one argument's cases, or a function's, leaves a gap that the enumeration names."""
    calls = enumeration.table()
    name, entry = next((n, e) for n, e in calls.items() if len(e.arguments) > 1)
    argument = next(iter(entry.arguments))
    fewer = type(entry)(entry.function, {k: v for k, v in entry.arguments.items() if k != argument})
    monkeypatch.setattr(enumeration, "table", lambda: calls | {name: fewer})
    assert enumeration.missing() == [f"{name}({argument})"]
    monkeypatch.setattr(enumeration, "table", lambda: {k: v for k, v in calls.items() if k != name})
    assert enumeration.missing() == [name]


def test_a_wrong_ledger_value_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    item = Item("highway.x", "a number", "tools/x", 193.6, tolerance=0.5)
    monkeypatch.setattr(compare_records, "load_items", lambda: {item.id: item})
    monkeypatch.setattr(compare_records, "VALUES", tmp_path / "values")
    (tmp_path / "ledger/tools").mkdir(parents=True)
    (tmp_path / "values").mkdir()
    (tmp_path / "ledger/tools/x.json").write_text(json.dumps({item.id: 193.6}))
    for stored, faults in ((193.6, 0), (193.7, 1), (True, 1)):
        (tmp_path / "values/tools.json").write_text(json.dumps({item.id: stored}))
        assert len(compare_records.ledger_faults(tmp_path)) == faults
    (tmp_path / "values/tools.json").write_text("{}")
    assert compare_records.ledger_faults(tmp_path)


@pytest.mark.parametrize(("stored", "passes"), [("3", True), ("4", False)])
def test_a_wrong_stored_output_is_caught(tmp_path: Path, stored: str, passes: bool):
    """Nbval, as the tasks call it, compares text to the letter."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": [cell(1, "print(1 + 2)", said(f"{stored}\n"))], "metadata": metadata}
    (tmp_path / "demo.ipynb").write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))
    command = [sys.executable, "-m", "pytest", "-p", "tools.nbval_plugin", "-p", "no:cacheprovider", "--nbval"]
    options = ["--nbval-current-env", f"--rootdir={tmp_path}", str(tmp_path / "demo.ipynb")]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == passes, done.stdout


def test_which_whole_numbers_are_looked_at():
    names = "(12), Table 10, buses 83 and 85, the 123-bus feeder, 17:05, in 1968, lines 18-135 and 13-152, Figs. 10, 11"
    assert guards.whole_numbers(f"{names}. Of 9 cars 2.5 or 30 % come.") == []
    assert guards.whole_numbers("Of 4711 cars 90 000 or 3,721 or 45.") == ["4711", "90 000", "3,721", "45"]
