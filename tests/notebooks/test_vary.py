"""Chapters run under other settings: replacements fit, every broken cell is named, what has run is kept."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import vary
from tools.paths import BOOK


def notebook(*sources: str, tagged: int | None = None) -> nbformat.NotebookNode:
    cells = [new_code_cell(source, id=f"c{k}") for k, source in enumerate(sources)]
    if tagged is not None:
        cells[tagged].metadata["tags"] = ["parameters"]
    return new_notebook(cells=[new_markdown_cell("cars = 12", id="m"), *cells])


def sources(made: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in made.cells if cell.cell_type == "code"]


def test_a_line_is_replaced_where_it_stands_and_keeps_its_indentation():
    made = notebook("x = (\n    12,\n)", "cars = 12")
    vary.varied(made, [["12,", "8,"], ["cars = 12", "cars = 8"]])
    assert sources(made) == ["x = (\n    8,\n)", "cars = 8"]


def test_only_the_cell_of_parameters_is_changed_where_there_is_one():
    made = notebook("cars = 12", "cars = 12", tagged=0)
    vary.varied(made, [["cars = 12", "cars = 8"]])
    assert sources(made) == ["cars = 8", "cars = 12"]


@pytest.mark.parametrize("code", [["cars = 12", "cars = 12"], ["cars = 120"], ["x = 1"]])
def test_a_line_that_does_not_stand_once_is_no_setting(code: list[str]):
    with pytest.raises(ValueError, match=r"'cars = 12' stands [02] times, must stand once"):
        vary.varied(notebook(*code), [["cars = 12", "cars = 8"]])


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One chapter of four cells, with a file beside it."""
    made = notebook("cars = 12", "print(open('beside.txt').read())", "assert cars == 12", "assert cars < 20\nu = v / w")
    (tmp_path / "book" / "tools").mkdir(parents=True)
    (tmp_path / "book" / "tools" / "beside.txt").write_text("x")
    nbformat.write(made, tmp_path / "book" / "tools" / "demo.ipynb")
    monkeypatch.setattr(vary, "BOOK", tmp_path / "book")
    monkeypatch.setattr(vary, "BUILD", tmp_path / "build")
    monkeypatch.setattr(vary, "notebooks", lambda: [tmp_path / "book" / "tools" / "demo.ipynb"])
    monkeypatch.setattr(vary, "chapter", lambda path: "tools/demo")
    return tmp_path / "book"


def test_every_broken_cell_is_named_with_its_error(book: Path):
    before = {path: path.read_bytes() for path in book.rglob("*") if path.is_file()}
    assert vary.attempt("tools/demo", [["cars = 12", "cars = 8"]])["broke"] == [
        "cell 3: AssertionError: assert cars == 12",
        "cell 4: NameError: name 'v' is not defined",
    ]
    assert vary.attempt("tools/demo", [["cars = 13", "cars = 8"]])["broke"] == [
        "no such setting any more, change tools/variations: 'cars = 13' stands 0 times, must stand once"
    ]
    assert {path: path.read_bytes() for path in book.rglob("*") if path.is_file()} == before


def main(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["vary", *words])
    vary.main()


def test_what_has_run_is_kept_until_the_chapter_or_the_setting_changes(book: Path, monkeypatch, capsys):
    settings = {"tools/demo": {"size": [["cars = 12", "cars = 8"]], "price": [["u = v / w", "u = 1"]]}}
    broke = {"size": ["cell 2: AssertionError"], "price": []}
    ran = []

    def attempt(name, setting):
        which = next(k for k, s in settings[name].items() if s == setting)
        ran.append(which)
        return {"seconds": 0.0, "broke": broke[which]}

    monkeypatch.setattr(vary, "load", lambda: settings)
    monkeypatch.setattr(vary, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(vary, "attempt", attempt)
    for expected in (["price", "size"], []):
        ran.clear()
        with pytest.raises(SystemExit, match="1"):
            main(monkeypatch, "--workers", "1")
        assert sorted(ran) == expected
        said = capsys.readouterr().out
        assert "tools/demo, size: broke (0 s)\n    cell 2: AssertionError\n" in said
        assert "tools/demo, price: ran (0 s)\n" in said
        assert "without 3 settings in tools/variations: tools/demo" in said
        assert "1 of 2 runs came to their end" in said
    settings["tools/demo"]["price"] = [["u = v / w", "u = 2"]]
    broke["size"] = []
    with pytest.raises(SystemExit):
        main(monkeypatch, "--workers", "1", "--chapter", "tools/demo")
    assert ran == ["price"]
    made = json.loads((book / "tools" / "demo.ipynb").read_text())
    made["cells"][1]["source"] = "cars = 12 "
    (book / "tools" / "demo.ipynb").write_text(json.dumps(made))
    ran.clear()
    main(monkeypatch, "--workers", "1")
    assert sorted(ran) == ["price", "size"]


def test_a_chapter_that_does_not_exist_is_said(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit, match="no such chapter: tools/nowhere"):
        main(monkeypatch, "--chapter", "tools/nowhere")


@pytest.mark.parametrize("name", vary.load())
def test_every_setting_fits_its_chapter(name: str):
    """Three a chapter, and every old line stands there once."""
    settings = vary.load()[name]
    assert len(settings) == vary.NUMBER
    for setting in settings.values():
        vary.varied(nbformat.read(BOOK / f"{name}.ipynb", as_version=4), setting)
