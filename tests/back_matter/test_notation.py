"""No formula of a chapter holds a symbol that the notation does not explain."""

import re

import pytest

from tools import reading_time
from tools.back_matter import notation
from tools.back_matter.notation import Notation, Symbol, first_uses, symbols

CHAPTERS = reading_time.chapters()
WORDS = notation.load().words


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_symbol_is_declared(chapter: str):
    part, _ = chapter.split("/")
    where = f"book/back/notation/{part}.yml: under `chapters: {chapter}:`"
    found = [f"{where} add [{s}, TEX, MEANING, UNIT], for {f[:60]}" for s, f in notation.undeclared(chapter).items()]
    assert not found, "\n".join(found)


def test_nothing_is_declared_in_vain():
    found = [f"book/back/notation/: take the row out that nothing uses, {fault}" for fault in notation.idle()]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("formula", ["\\zeta = 3", "Z_i", "\\hat Z", "2Zx", "\\frac{Z}{2}", "\\text{cars } Z"])
def test_a_planted_symbol_is_caught(formula: str, monkeypatch: pytest.MonkeyPatch):
    """In whatever dress it comes; nothing but the symbol itself is complained about."""
    chapter = "highway/queues"
    planted = (*notation.cells(chapter), {"cell_type": "markdown", "source": f"Let ${formula}$ be new."})
    monkeypatch.setattr(notation, "cells", lambda name: planted)
    assert set(notation.undeclared(chapter)) == ({"zeta"} if "zeta" in formula else {"Z"})


def test_a_row_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch):
    found = notation.load()
    chapter = "grid/nine-buses"
    fewer = {**found.chapters, chapter: found.chapters[chapter][1:]}
    monkeypatch.setattr(notation, "load", lambda: Notation(found.words, found.everywhere, found.rooms, fewer))
    assert set(notation.undeclared(chapter)) == {found.chapters[chapter][0].name}


def test_what_is_no_symbol():
    assert symbols("\\begin{aligned} \\max_{i} \\text{past}_i \\tag{3} \\end{aligned}", WORDS) == {"i"}
    assert symbols("E^{max} \\\\[6pt] \\mathrm{SoC}", WORDS) == {"E"}
    assert symbols("pE + \\lambda_i", WORDS) == {"p", "E", "lambda", "i"}
    assert first_uses(["A price of 3 \\$ and `$HOME`, then $x$ and $$y$$"], WORDS) == {"y": "y", "x": "x"}


def test_rows_are_whole():
    found = notation.load()
    tables = [found.everywhere, *found.rooms.values(), *found.chapters.values()]
    for table in tables:
        assert len({s.name for s in table}) == len(table), [s.name for s in table]
        for s in table:
            assert isinstance(s, Symbol)
            assert s.meaning
            assert s.unit
            bare = s.name if len(s.name) == 1 else f"\\{s.name}"
            assert bare in s.tex or f"${bare}" in s.meaning or s.tex.startswith("$"), s
    assert set(found.chapters) <= set(CHAPTERS)


def test_the_page_shows_every_row_and_every_clash():
    page = notation.page()
    found = notation.load()
    for table in (found.everywhere, *found.rooms.values(), *found.chapters.values()):
        assert all(f"| {s.meaning} |" in page for s in table)
    clashes = page.split("## One letter, several meanings")[1]
    names = [s.name for table in found.rooms.values() for s in table]
    for name in {n for n in names if names.count(n) > 1}:
        letter = name if len(name) == 1 else f"\\{name}"
        assert len(re.findall(rf"^\| \${re.escape(letter)}\$ \|", clashes, flags=re.M)) == names.count(name)


def test_a_papers_symbol_leads_to_ours():
    """Every name that a paper has for one of our symbols is a row, also where only one chapter uses it."""
    found = notation.load()
    rows = [(c.split("/")[0], s) for c, table in (found.rooms | found.chapters).items() for s in table]
    for room, s in rows:
        paper = "highway" if room == "tools" else room
        for theirs in s.paper.split(", also ") if s.paper not in ("", "not in the paper") else ():
            there = any(line.startswith(f"| ${theirs}$ | ${s.tex}$ |") for line in notation.renamed(paper))
            assert there is (theirs != s.tex), s
    assert sum(line.startswith("| $") for paper in notation.PRINTED for line in notation.renamed(paper)) > 12
