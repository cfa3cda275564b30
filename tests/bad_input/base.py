"""Bad input for what every other module stands on."""

from types import SimpleNamespace

from matplotlib.figure import Figure

from tests.bad_input.kinds import call, flag, function, instance, integer, other, real, text
from v2g_nb.certificate import Certificate, require
from v2g_nb.chapter import Chapter
from v2g_nb.figures.data import FigureData, read_csv
from v2g_nb.figures.frames import frames
from v2g_nb.figures.style import picture
from v2g_nb.figures.table import Table
from v2g_nb.ledger import Item, status
from v2g_nb.sweep import sweep

CHAPTER = Chapter("tools/no-such-chapter")
CHAPTER._values["highway.eq-9"] = 1.0  # recorded, so that the ledger's table has a good case
RESULT = SimpleNamespace(certificates=(Certificate("gap", 0.0, 1e-9),))
SLIDER = other({"load": [1, 2]}, 7, {}, {"load": []}, {"load": "heavy"}, {"load": [float("nan")]}, {"load": range(81)})
FRAMES = {
    "parameters": SLIDER.also({"a": [1], "b": [1], "c": [1]}),
    "compute": function(lambda load: {"x": [0, 1]}).also(lambda load: {"x": [0, 1, 2], "y": [0, 1]}),
    "draw": function(lambda columns, load: Figure()),
    "alt": function(lambda columns, load: "a line"),
    "start": other([1], 7, [2], [-1], [0, 0], "0", [0.5]),
}
NAME = other("fig-line", 7, "", "line", "fig-Line", None)
CALLS = [
    call(
        Certificate,
        name=text("gap"),
        value=other(1.0, "seven", None, True, [1.0]),
        tolerance=real(1e-9, low=0.0),
        unit=other("kW", 7, None),
    ),
    call(require, result=other(RESULT, 7, None, SimpleNamespace(certificates=()), SimpleNamespace(certificates=(1,)))),
    call(
        Item,
        id=text("highway.eq-9").also("eq-9", "sea.eq-9"),
        what=text("an equation"),
        chapter=other("tools/waiting-lines", 7, "", "  "),
        reported=other(1.0, float("nan"), float("inf"), [1.0]),
        unit=other("min", 7, None),
        tolerance=real(0.1, low=0.0),
        test=other("tests/test_x.py::test_y", 7, "", "  "),
        note=other("a note", 7, None),
        own_data=flag(False),
        calibrated=flag(False),
        identifiable=flag(True),
        refutation=other("an argument", 7, None),
    ),
    call(
        status,
        item=instance(Item("highway.eq-9", "an equation", "tools/waiting-lines", 1.0)),
        value=other(1.0, float("nan"), float("inf"), [1.0]),
    ),
    call(FigureData, name=NAME, columns=other({"x": [0, 1]}, 7, {}, {"x": []}, {"x": [float("nan")]}, {"x": [[0, 1]]})),
    call(read_csv, text=text("x\n1\n")),
    call(picture, figure=instance(Figure()), text=text("a figure")),
    call(frames, name=NAME, **FRAMES, link=other("x.csv", 7, None)),
    call(
        Table,
        columns=other(["wait"], 7, [], "wait", [""], None),
        rows=other([["1 min"]], 7, [], "rows", [["1", "2"]], ["1"], None),
        caption=other("Waits", 7, None),
    ),
    call(
        sweep,
        function=function(lambda case, rng: case),
        cases=other([1, 2], 7, [], "cases", None),
        seed=integer(1, low=0),
        executor=other(None, 7, "pool"),
        progress=flag(False),
    ),
    call(Chapter, path=text("tools/waiting-lines").also("waiting-lines", "tools/Waiting", "../x/y")),
    call(
        CHAPTER.figure,
        drawn=instance(Figure()),
        name=NAME,
        wait_min=other([1.0, 2.0], None, [], [float("nan")], [[1.0]], [None]),
    ),
    call(CHAPTER.frames, name=NAME, **FRAMES),
    call(CHAPTER.certify, result=other(RESULT, 7, None, SimpleNamespace(certificates=()))),
    call(
        Chapter("tools/one-more-car").record,
        item=text("highway.eq-9").also("highway.no-such-item", "campus.eq-1"),
        value=other(1.0, float("nan"), float("inf"), None, [1.0]),
    ),
    call(CHAPTER.quote, value=real(0.457), text=text("0.457").also("0.458", "no number", "1e", "0.457 and more")),
]
