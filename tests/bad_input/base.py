"""Bad input for what stands beside the faces."""

from types import SimpleNamespace

from matplotlib.figure import Figure

from tests.bad_input.kinds import also, call, other
from v2g_nb.certificate import Certificate
from v2g_nb.chapter import Chapter, Table, sweep
from v2g_nb.figures import frames

CHAPTER = Chapter("tools/no-such-chapter")
RESULT = SimpleNamespace(certificates=(Certificate("gap", 0.0, 1e-9),))
SLIDER = other({"load": [1, 2]}, 7, {}, {"load": []}, {"load": "heavy"}, {"load": [float("nan")]}, {"load": range(81)})
FRAMES = {
    "parameters": SLIDER.also({"a": [1], "b": [1], "c": [1]}),
    "compute": also(lambda load: {"x": [0, 1]}, lambda load: {"x": [0, 1, 2], "y": [0, 1]}),
    "draw": lambda columns, load: Figure(),
    "alt": other("a line at {load:g}, up to {x.max:g}", "{z:g}", "{x:g}"),
    "start": other([1], 7, [2], [-1], [0, 0], "0", [0.5]),
}
NAME = other("fig-line", 7, "", "line", "fig-Line", None)
CALLS = [
    call(frames, name=NAME, **FRAMES, link=also("x.csv", None)),
    call(
        Table,
        columns=also(["wait"], "wait", [""], None),
        rows=also([["1 min"]], "rows", [["1", "2"]], ["1"], None),
        caption=also("Waits", None),
    ),
    call(sweep, function=lambda case, rng: case, cases=[1, 2], seed=1, executor=also(None, 7, "pool"), progress=False),
    call(Chapter, path=also("tools/waiting-lines", "waiting-lines", "tools/Waiting", "../x/y")),
    call(
        CHAPTER.figure, fig=Figure(), name=NAME, wait_min=other([1.0, 2.0], None, [], [float("nan")], [[1.0]], [None])
    ),
    call(CHAPTER.frames, name=NAME, **FRAMES),
    call(CHAPTER.certify, result=other(RESULT, 7, None, SimpleNamespace(certificates=()))),
    call(
        CHAPTER.experiment,
        name=also("exp-gap", "gap", "fig-gap", "exp-Gap"),
        instance=also(lambda rng, cars: {"gap": rng.uniform()}, lambda rng, cars: 7, lambda rng, cars: {}),
        seed=1,
        size=10,
        cars=12,
    ),
    call(CHAPTER.claim, holds=True, words="all is well"),
]
