"""The rule for derivations holds what it says: each fault is planted in a chapter of three cells and seen caught."""

import importlib
import inspect
from typing import Any

import pytest

from tools.derivations import ROUTE, Text, faults_of, foreign, texts
from tools.paths import ROOT
from tools.size import FACES

HEAD = "import numpy as np\nfrom v2g_nb import queueing\nfrom v2g_nb.grid import mixed_prices, paper_market"
DERIVED = """def ours(c, a):
    b = 1.0
    for n in range(1, c + 1):
        b = a * b / (n + a * b)
    return b / (1 - a / c * (1 - b))"""
COMPARED = "c, a = 8, 5.9\nassert np.isclose(ours(c, a), queueing.erlang_c(c, a), rtol=1e-12)"
SAID = {"what": "Erlang C", "against": "queueing.erlang_c"}


def faults(
    derived: str = DERIVED,
    *later: str,
    said: dict[str, Any] | None = SAID,
    before: str = "",
    known: dict[str, set[str]] | None = None,
) -> list[str]:
    """Return the faults of a chapter: its imports, what stands before, a derivation, and cells that follow."""
    meta = {"tags": ["derivation"]} | ({"derivation": said} if said else {})
    cells = [(f"{HEAD}\n{before}", {}), (derived, meta), *((source, {}) for source in later or (COMPARED,))]
    text = Text("tools/demo", [{"source": source, "metadata": metadata} for source, metadata in cells])
    return [fault for one in text.derivations() for fault in faults_of(text, one, known or {})]


def calling(function: str) -> str:
    """Return the derivation with one more call in it."""
    return DERIVED.replace("    b = 1.0", f"    b = 1.0 + 0 * {function}")


BY_HAND = "by_hand = 0.3\nassert abs(ours(8, 5.9) - by_hand) < 0.1"


@pytest.mark.parametrize(
    "right",
    [
        faults(),
        faults(f"{DERIVED}\n{COMPARED}", "pass"),
        faults(DERIVED, "x = ours(8, 5.9)", "y = queueing.erlang_c(8, 5.9)\ngap = x - y\nassert abs(gap) < 1e-9"),
        faults(DERIVED, BY_HAND, said=SAID | {"against": "closed form: by_hand"}),
        faults(calling("len(paper_market().limits)")),  # data of the package
        faults(calling("own(a)"), before="def own(x):\n    return np.exp(x)"),
        faults(
            calling("queueing.mean_wait(c, a, 1.0)"),
            said=SAID | {"uses": {"queueing.mean_wait": "tools/first"}},
            known={"tools/first": {"queueing.mean_wait"}},
        ),
    ],
)
def test_what_is_right(right: list[str]):
    assert right == []


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (faults(DERIVED + "\n    # why" * 30 + "\nx = 1" * 25), "a derivation of 30 lines in cell 2, at most 25"),
        (faults(calling("queueing.mean_wait(c, a, 1.0)")), "uses v2g_nb.queueing.mean_wait"),
        (faults(calling("queueing.erlang_c(c, a)")), "uses v2g_nb.queueing.erlang_c"),  # the other route itself
        (faults(calling("sum(map(queueing.mean_wait, [c]))")), "uses v2g_nb.queueing.mean_wait"),  # not called by name
        (faults(calling("own(a)"), before="def own(x):\n    return queueing.mean_wait(8, x, 1)"), "queueing.mean_wait"),
        (faults(calling("own(a)"), before="own = queueing.mean_wait"), "uses v2g_nb.queueing.mean_wait"),
        (faults(calling("mixed_prices().profit[0]")), "uses v2g_nb.grid.mixed_prices"),  # no argument, but a result
        (faults(calling("prices.cdf(0, a)")), "uses .cdf"),  # what a result computes
        (faults(calling("mpmath.exp(a)"), before="import mpmath"), "uses mpmath"),
        (faults(said=None), "without"),
        (faults(said=SAID | {"against": "queueing.nothing"}), "`against` is 'queueing.nothing'"),
        (faults(said=SAID | {"against": "by_hand"}), "`against` is 'by_hand'"),
        (faults(said=SAID | {"against": "queueing.mean_wait"}), "no assertion compares it with queueing.mean_wait"),
        (faults(DERIVED, COMPARED.replace(", rtol=1e-12", "")), "to a stated tolerance"),
        (faults(DERIVED, COMPARED.replace("assert ", "")), "no assertion"),
        (faults(DERIVED, COMPARED.replace("ours(c, a)", "0.3")), "no assertion"),  # not what was derived
        (faults(DERIVED, "pass", "pass", COMPARED), "in the next 2 cells"),
        (
            faults(DERIVED, BY_HAND.replace("- by_hand", "- 0.3"), said=SAID | {"against": "closed form: by_hand"}),
            "no a",
        ),
        (faults(said=SAID | {"uses": {"queueing.mean_wait": "tools/later"}}), "tools/later stands later"),
    ],
)
def test_a_planted_fault_is_named(found: list[str], message: str):
    assert len(found) >= 1
    assert message in " ".join(found)


def test_several_cells_are_compared_once_at_their_end():
    tagged = {"tags": ["derivation"]}
    last = "def double(c, a):\n    return 2 * ours(c, a)"
    end = "assert np.isclose(double(8, 5.9), 2 * queueing.erlang_c(8, 5.9), rtol=1e-12)"
    cells = [(HEAD, {}), (DERIVED, tagged), ("pass", {}), (last, tagged | {"derivation": SAID}), (end, {})]
    text = Text("tools/demo", [{"source": source, "metadata": metadata} for source, metadata in cells])
    (one,) = text.derivations()
    assert [c.number for c in one.cells] == [2, 4]
    assert list(faults_of(text, one, {})) == []


def test_the_books_derivations_call_no_solver():
    """Independent of the metadata: none of the functions that are derived names a function of the package."""
    for text in texts(ROOT).values():
        for one in text.derivations():
            assert foreign(text, one) == []
            assert ROUTE.fullmatch(one.against) or one.against.split(".")[0] in FACES


def test_every_function_of_a_face_with_arguments_is_kept_out():
    """But for those that make an instance without being told anything, and models."""
    for name in FACES:
        module = importlib.import_module(f"v2g_nb.{name}")
        for word in module.__all__:
            thing = getattr(module, word)
            if inspect.isfunction(thing) and any(
                p.default is p.empty for p in inspect.signature(thing).parameters.values()
            ):
                wrong = faults(calling(f"{word}()"), before=f"from v2g_nb.{name} import {word}")
                assert any(f"uses v2g_nb.{name}.{word}" in fault for fault in wrong), word
