"""Comparing builds and running alone: what differs is said."""

from pathlib import Path

import nbformat

from tools import alone
from tools.compare_builds import differences


def test_equal_builds_do_not_differ():
    assert differences({"a.html": b"x"}, {"a.html": b"x"}, {}) == []


def test_a_file_too_many_and_a_line_that_differs_are_named():
    one = {"a.html": b"same\nhere /one\n", "b.html": b"x", "c.svg": b"1\n2"}
    two = {"a.html": b"same\nhere /two\n", "c.svg": b"1"}
    assert [line.splitlines()[0] for line in differences(one, two, {})] == [
        "b.html: only in one of the two",
        "a.html:2",
        "c.svg:2",
    ]


def test_only_lines_that_are_allowed_to_differ_may():
    one, two = {"a.html": b"date: 1\nx"}, {"a.html": b"date: 2\ny"}
    assert [line.splitlines()[0] for line in differences(one, two, {"a.html": "^date: "})] == ["a.html:2"]
    assert len(differences(one, two, {"b.html": "^date: "})) == 2


def test_the_order_is_another_one_and_the_same_for_a_seed():
    names = ["a", "b", "c"]
    assert alone.shuffled(names, 1) == alone.shuffled(names, 1) != names
    assert sorted(alone.shuffled(names, 2)) == names
    assert alone.shuffled(["a"], 1) == ["a"]


def demo(folder: Path, code: str) -> Path:
    """Make a project with one notebook and these tools."""
    (folder / "book").mkdir(parents=True)
    for name in ("tools", "v2g_nb"):
        (folder / name).symlink_to(alone.ROOT / name)
    cells = [nbformat.v4.new_code_cell(code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "book" / "demo.ipynb")
    return folder


def test_a_notebook_that_gives_something_else_is_named(tmp_path):
    there = demo(tmp_path / "there", "1 + 1")
    assert alone.run(there, "demo", tmp_path / "ran") == "demo: differs from what is stored"
    made = (tmp_path / "ran" / "demo.ipynb").read_bytes()
    assert b'"2"' in made
    (there / "book" / "demo.ipynb").write_bytes(made)
    assert alone.run(there, "demo", tmp_path / "again") == ""


def test_a_notebook_that_fails_says_how(tmp_path):
    there = demo(tmp_path / "there", "raise ValueError('no')")
    assert alone.run(there, "demo", tmp_path / "ran").startswith("demo: fails\n")
