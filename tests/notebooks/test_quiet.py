"""Storing keeps what is stored wherever a run agrees with it, and nothing else."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import compare_records, quiet
from v2g_nb.figures import frames
from v2g_nb.figures.data import FigureData, differing, read_csv
from v2g_nb.figures.style import picture, use_style
from v2g_nb.ledger import Item

LAST = 1 + 1e-8  # what another processor does to a number
BEYOND = 1 + 3e-7


def drawn(factor: float = 1.0, word: str = "peak 4.5 kW", colour: str = "#457bd4") -> Figure:
    use_style()
    figure = Figure()
    axes = figure.subplots()
    axes.plot(factor * np.array([1.0, 4.5, 2.0, 3.3]), "o-", color=colour)
    axes.set_title(word)
    return figure


def svg(**changed) -> str:
    return picture(drawn(**changed), "<figure fig-a>").svg


def sliders(factor: float = 1.0, alt: str = "a line", label: str = "load"):
    def draw(columns, load):
        return drawn(factor * load, word="load")

    return frames("fig-b", {label: [1, 2]}, lambda load: {"x": [load]}, draw, lambda c, load: f"{alt} {load}").html


def csv(*columns: tuple[str, list]) -> str:
    return FigureData("fig-a", dict(columns)).to_csv()


STORED = csv(("x", [1.0, 2.0, 3.0]), ("y", [0.1, 20.0, -300.0]), ("who", ["a", "b", "c"]))


def test_last_digits_of_a_table_stay_and_nothing_else():
    new = csv(
        ("x", [1.0 * LAST, 2.0, 3.0]), ("y", [0.1 + 1e-8, 20.0 * BEYOND, -300.0 * LAST]), ("who", ["a", "B", "c"])
    )
    kept = quiet.kept_table(new, STORED).splitlines()
    assert kept == ["x,y,who", "1,0.1,a", "2,20.000006,B", "3,-300,c"]
    assert quiet.kept_table(csv(("x", [LAST, 2.0, 3.0])), csv(("x", [1.0, 2.0, 3.0]))) == "x\n1\n2\n3\n"


def test_a_table_of_another_form_keeps_what_stands_in_the_same_rows():
    new = csv(("z", [7.0]), ("x", [1.0 * LAST, 2.0 * LAST, 3.0, 4.0]))
    assert quiet.kept_table(new, STORED) == "z,x\n7,1\n,2\n,3\n,4\n"
    assert quiet.kept_table(csv(("x", [LAST])), STORED).split() == ["x", "1"]
    words = csv(("x", ["one", "two", "three"]))
    assert quiet.kept_table(words, STORED) == words


@pytest.mark.parametrize("seed", range(20))
def test_what_is_kept_always_passes_the_comparison(seed: int):
    """Also where the largest entry, by which small ones are measured, has become much smaller."""
    rng = np.random.default_rng(seed)
    old = rng.normal(size=9) * 10.0 ** rng.integers(-9, 4, 9)
    new = old * rng.choice([1, LAST, BEYOND, 1e-4], 9) + rng.choice([0, 1e-9], 9)
    kept = quiet.kept_table(csv(("x", new)), csv(("x", old)))
    assert differing(read_csv(csv(("x", new))), read_csv(kept)) == []


def test_a_ledger_value_stays_by_the_ledgers_rule(monkeypatch: pytest.MonkeyPatch):
    items = {"highway.r": Item("highway.r", "a residual", "tools/x", 0.0, tolerance=1e-6)}
    monkeypatch.setattr(compare_records, "load_items", lambda: items)
    old = {"highway.a": 2.0, "highway.b": 2.0, "highway.r": 1e-9, "highway.s": 1e-9, "highway.t": True}
    new = {"highway.a": 2.00001, "highway.b": 2.0001, "highway.r": 7e-8, "highway.s": 7e-8, "highway.t": False}
    kept = quiet.kept_values(new | {"highway.new": "x"}, old)
    assert kept == new | {"highway.a": 2.0, "highway.r": 1e-9, "highway.new": "x"}


def test_a_picture_is_the_same_to_a_thousandth_of_a_point():
    assert svg(factor=LAST) != svg()
    assert quiet.same_picture(svg(factor=LAST), svg())
    moved = svg().replace("stroke-width: 1.8", "stroke-width: 1.9")
    for other in (svg(factor=1.001), svg(word="peak 4.6 kW"), svg(colour="#457bd5"), moved):
        assert other != svg()
        assert not quiet.same_picture(other, svg())


def test_frames_are_the_same_when_all_of_them_are():
    assert sliders(factor=LAST) != sliders()
    assert quiet.same_page(sliders(factor=LAST), sliders())
    for other in (sliders(factor=1.001), sliders(alt="a curve"), sliders(label="cars")):
        assert not quiet.same_page(other, sliders())
    assert quiet.same_page("<p>a</p>", "<p>a</p>")
    assert not quiet.same_page("<p>a</p>", "<p>b</p>")


def shown(kind: str, content: str, text: str):
    return [new_output("execute_result", {kind: content, "text/plain": text}, execution_count=1)]


def book(folder: Path, source: str = "plot()", **changed) -> tuple[Path, Path]:
    """Write a chapter of one picture, one interactive figure and a printed line, with their data."""
    factor = changed.get("factor", 1.0)
    data, alt = changed.pop("data", factor), changed.pop("alt", "a line")
    cells = [
        new_markdown_cell("# A chapter"),
        new_code_cell(source, outputs=shown("image/svg+xml", svg(**changed), "<figure fig-a>")),
        new_code_cell(
            "show()", outputs=shown("text/html", sliders(factor, alt), "<interactive figure fig-b: 2 of load>")
        ),
        new_code_cell("print(x)", outputs=[new_output("stream", name="stdout", text=f"{factor:.12f}\n")]),
    ]
    for place, cell in enumerate(cells):
        cell["id"] = f"c{place}"
    (folder / "a-data").mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), folder / "a.ipynb")
    for name in ("fig-a", "fig-b"):
        (folder / "a-data" / f"{name}.csv").write_text(csv(("x", [data, 4.5 * data])))
    return folder / "a.ipynb", folder / "a-data"


def outcome(tmp_path: Path, **changed) -> list[bool]:
    """Return for each of the three outputs whether it stays, and whether the data do, when `changed` is stored."""
    notebook, kept = book(tmp_path / "book")
    ran, tables = book(tmp_path / "run", **changed)
    quiet.settle(ran, tables, notebook)
    old, new = (nbformat.read(path, as_version=4).cells for path in (notebook, ran))
    stays = [a.outputs == b.outputs for a, b in zip(old[1:], new[1:], strict=True)]
    return [*stays, all((tables / f.name).read_bytes() == f.read_bytes() for f in kept.iterdir())]


def test_on_another_processor_only_a_text_that_differs_is_stored(tmp_path: Path):
    assert outcome(tmp_path, factor=LAST) == [True, True, False, True]


def test_nothing_changes_without_a_reason(tmp_path: Path):
    notebook, _ = book(tmp_path / "book")
    ran, tables = book(tmp_path / "run")
    quiet.settle(ran, tables, notebook)
    assert ran.read_bytes() == notebook.read_bytes()


@pytest.mark.parametrize(
    ("changed", "stays"),
    [
        ({"source": "plot() "}, [False, True, False, True]),  # the cell's source is another
        ({"data": 1.01}, [False, False, False, False]),  # the figures' data are others
        ({"alt": "a curve"}, [True, False, False, True]),
        ({"word": "cars"}, [False, True, False, True]),  # something else of the picture has changed, such as its style
    ],
)
def test_a_reason_draws_again(tmp_path: Path, changed: dict, stays: list[bool]):
    """The last digits differ as well, so that what stays is kept and not only equal."""
    assert outcome(tmp_path, factor=LAST, **{"data": LAST} | changed) == stays


def test_a_new_chapter_is_stored_as_it_is(tmp_path: Path):
    ran, tables = book(tmp_path / "run")
    before = ran.read_bytes()
    quiet.settle(ran, tables, tmp_path / "book" / "a.ipynb")
    assert ran.read_bytes() == before
