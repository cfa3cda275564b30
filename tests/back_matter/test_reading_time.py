"""Reading times are measured, and no chapter is longer than half an hour."""

import pytest

from tools import reading_time
from tools.reading_time import LIMIT_MINUTES, Measure, chapters, code, measure, prose, symbols


@pytest.mark.parametrize("chapter", chapters())
def test_no_chapter_is_longer_than_half_an_hour(chapter: str):
    found = measure(chapter)
    assert found.seconds <= 60 * LIMIT_MINUTES, (
        f"book/{chapter}.ipynb: {found.seconds / 60:.1f} minutes, split it: {found}"
    )


def test_the_first_page_takes_two_minutes():
    """The text alone: what a reader does with the map, or with the names of chapters on a path, is his own time."""
    from tools.back_matter import ways

    text = measure("intro") + prose(" ".join(f"{path['reader']} {path['why']}" for path in ways.load()["paths"]))
    assert Measure(words=text.words).seconds <= 120


def test_words_symbols_and_tables_by_hand():
    text = "A line has $\\lambda/\\mu$ cars, says {cite:t}`erlang1917`.\n\n$$ L = \\frac{a}{2} $$\n\n"
    text += "| a | b |\n|---|---|\n"
    assert prose(text) == Measure(words=8, symbols=3 + 4, figures=1)


def test_what_is_closed_does_not_count():
    proof = "before\n\n```{prf:proof}\n:label: x\n:class: dropdown\n\nmany words\n```\n\nafter"
    assert prose(proof) == Measure(words=2)
    assert prose(proof.replace(":class: dropdown\n", "")) == Measure(words=4)


def test_what_only_sets_a_formula_is_no_symbol():
    assert symbols("\\begin{aligned} \\left(\\tfrac{a}{b}\\right) \\end{aligned} \\tag{3}") == 2


def test_code_that_draws_is_told_from_code_that_computes():
    cell = {"source": "import numpy as np\n\nx = np.zeros(3)\ny = 2 * x\n", "metadata": {}}
    assert code(cell) == Measure(code=2, drawing=1)
    assert code(cell | {"source": "x = 1\nchapter.figure(fig, 'fig-a', x=[x])"}) == Measure(code=1, drawing=1)
    shown = [{"data": {"image/svg+xml": "<svg/>"}}]
    assert code(cell | {"outputs": shown}).figures == 1
    assert code(cell | {"outputs": shown, "metadata": {"tags": ["interactive"]}}).sliders == 1


def test_a_minute_is_what_the_speeds_say():
    assert Measure(words=238 * 3).minutes == 3
    assert Measure(code=30 * 2, drawing=120).minutes == 3
    assert Measure(symbols=120, figures=3, sliders=2).minutes == 4


def test_solutions_do_not_count(monkeypatch):
    def notebook(between: str):
        start, end = "```{solution-start} ex\n:class: dropdown\n```\n", "```{solution-end}\n```\n after"
        return (
            {"cell_type": "markdown", "source": f"before\n\n{start}{between}", "metadata": {}},
            {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []},
            {"cell_type": "markdown", "source": f"{between}\n\n{end}", "metadata": {}},
        )

    found = []
    for between in ("", "many words of a solution " * 100):
        monkeypatch.setattr(reading_time, "cells", lambda chapter, text=between: notebook(text))
        found.append(reading_time.measure.__wrapped__("x"))
    assert found[0] == found[1] == Measure(words=2)


def test_every_chapter_is_measured():
    short = {c: measure(c).words for c in chapters() if measure(c).words <= 300}
    assert not short, "\n".join(f"book/{c}.ipynb: {n} words, a chapter has more than 300" for c, n in short.items())
