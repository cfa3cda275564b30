"""The whole book's exercises: at least sixty, each solved by code that asserts something; three open problems."""

import ast
import re
from collections.abc import Iterator

import pytest

from tools.back_matter.chapters import cells
from tools.reading_time import chapters

LEAST, LEAST_OPEN = 60, 3
START = re.compile(r"^`{3,}\{solution-start\} *(\S+)", re.M)
END = re.compile(r"^`{3,}\{solution-end\}", re.M)
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\} *(.*?)\n:label: *(\S+)", re.M)


def exercises(found: tuple[dict, ...]) -> dict[str, str]:
    """Return the titles of a chapter's exercises by label."""
    prose = "\n".join(c["source"] for c in found if c["cell_type"] == "markdown")
    return {label: title for title, label in EXERCISE.findall(prose)}


def solutions(found: tuple[dict, ...]) -> Iterator[tuple[str, str]]:
    """Yield the label and the code of each solution of a chapter."""
    label, code = None, []
    for cell in found:
        if cell["cell_type"] == "code":
            code += [cell["source"]] if label else []
            continue
        marks = [(m.start(), m[1]) for m in START.finditer(cell["source"])]
        marks += [(m.start(), None) for m in END.finditer(cell["source"])]
        for _, opened in sorted(marks):
            if label:
                yield label, "\n".join(code)
            label, code = opened, []


def asserts(code: str) -> bool:
    """Return whether a code asserts something that may fail, of every instance or, by chapter.claim, of this one."""
    nodes = list(ast.walk(ast.parse(code)))
    tests = [n.test for n in nodes if isinstance(n, ast.Assert)]
    tests += [n.args[0] for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "chapter.claim"]
    return any(not isinstance(test, ast.Constant) for test in tests)


ALL = {label: (chapter, title) for chapter in chapters() for label, title in exercises(cells(chapter)).items()}
SOLVED = {label: code for chapter in chapters() for label, code in solutions(cells(chapter))}
OPEN = {label for label, (_, title) in ALL.items() if "open problem" in title.lower()}


def test_there_are_enough():
    assert len(ALL) >= LEAST, f"{len(ALL)} exercises"


def test_some_are_open_problems():
    assert len(OPEN) >= LEAST_OPEN, f"open problems: {sorted(OPEN)}"


@pytest.mark.parametrize("label", ALL)
def test_every_exercise_has_a_solution_that_asserts(label: str):
    """For an open problem the solution is what is known, with an assertion that holds."""
    chapter, title = ALL[label]
    assert label in SOLVED, f"book/{chapter}.ipynb: {title} has no {{solution-start}} {label}"
    assert asserts(SOLVED[label]), f"book/{chapter}.ipynb: the solution of {title} asserts nothing: add an assert"


def test_every_chapter_has_exercises():
    without = [c for c in chapters() if c not in {chapter for chapter, _ in ALL.values()}]
    assert not without, "\n".join(
        f"book/{c}.ipynb: add an {{exercise}} with a label, and its solution" for c in without
    )


def markdown(text: str) -> dict:
    return {"cell_type": "markdown", "source": text}


def test_a_solution_without_an_assertion_is_caught():
    start, end = "```{solution-start} ex-a\n```", "```{solution-end}\n```"
    told = (markdown(f"```{{exercise}} A\n:label: ex-a\n```\n\n{start}"), {"cell_type": "code", "source": "x = 1"})
    assert exercises(told) == {"ex-a": "A"}
    assert dict(solutions((*told, markdown(end), {"cell_type": "code", "source": "assert x"}))) == {"ex-a": "x = 1"}
    assert not asserts("x = 1")
    assert asserts('chapter.claim(x == 1, "so")')
    assert not asserts("assert True")
    assert asserts("assert x == 1")
