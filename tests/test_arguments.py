"""What an annotation declares is checked at the door of a face, and nowhere behind it."""

import math
import pickle
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Literal

import numpy as np
import pytest

from v2g_nb import arguments, checks
from v2g_nb.arguments import Model, checks_arguments
from v2g_nb.checks import Array, BoolArray, Flags, FloatArray, IntArray, Number, Text, Whole
from v2g_nb.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Depot(Model):
    """Some chargers."""

    slots: Annotated[int, Whole(low=1)]
    power_kw: Annotated[FloatArray, Array("chargers", low=0.0)]
    bus: Annotated[IntArray, Array("chargers", low=0, index=True)]
    price: Annotated[FloatArray, Array("slots")] | None = None

    def _relations(self) -> None:
        if self.price is not None and self.price.min() > 1.0:
            raise checks.invalid("price", self.price, "at most 1 somewhere")


@checks_arguments
def bill(
    depot: Depot,
    plan_kw: Annotated[FloatArray, Array("depot.slots *")],
    *,
    mode: Literal["net", "gross"] = "net",
    tax: Annotated[float, Number(low=0.0, open_high=True, high=1.0)] = 0.0,
    pairs: tuple[tuple[int, int], ...] = (),
    name: Annotated[str, Text(pattern="[a-z]+", right="small letters")] = "bill",
) -> float:
    """Return a number that shows what came through."""
    assert isinstance(plan_kw, np.ndarray)
    return float(plan_kw.sum()) * (1.0 + tax) + len(pairs)


DEPOT = Depot(2, [11, 22], [0, 1])


def test_values_are_converted_once():
    assert DEPOT.power_kw.dtype == np.float64
    assert DEPOT.bus.dtype == np.int64
    assert bill(DEPOT, [[1, 2], [3, 4]], tax=Fraction(1, 2), pairs=[[1, 2]]) == 16.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"plan_kw": [[1.0], [2.0], [3.0]]}, r"plan_kw = .* has shape \(3, 1\): must have shape \(2, any\)"),
        ({"plan_kw": [[1.0], [math.nan]]}, r"plan_kw\[1, 0\] = nan"),
        ({"plan_kw": np.ma.masked_greater([[1.0], [2.0]], 1.5)}, "without a mask"),
        ({"plan_kw": [[np.timedelta64(1)], [np.timedelta64(2)]]}, "plan_kw"),
        ({"depot": 7}, r"depot = 7 \(int\): must be a tests.test_arguments.Depot"),
        ({"mode": "nett"}, "mode = 'nett'.*must be one of 'net', 'gross'"),
        ({"tax": 1.0}, r"tax = 1.0 .*\[0, 1\)"),
        ({"tax": np.timedelta64(0)}, "tax"),
        ({"tax": Fraction(1, 10**400)}, "tax"),
        ({"pairs": [[1, 2], [1]]}, r"pairs\[1\] = \[1\] .*2 elements"),
        ({"pairs": [[1, 2.5]]}, r"pairs\[0\]\[1\] = 2.5"),
        ({"name": "Bill"}, "name = 'Bill'.*small letters"),
    ],
)
def test_what_is_wrong_is_named(given: dict, words: str):
    with pytest.raises(InvalidInput, match=words):
        bill(**({"depot": DEPOT, "plan_kw": [[1.0], [2.0]]} | given))


def test_a_call_that_python_refuses_stays_what_it_is():
    for call in (lambda: bill(DEPOT), lambda: bill(DEPOT, [[1.0]] * 2, 3), lambda: bill(DEPOT, [[1.0]] * 2, color=1)):
        with pytest.raises(TypeError, match="bill"):
            call()


def test_axes_of_one_name_are_equally_long():
    with pytest.raises(InvalidInput, match=r"bus = .*must have shape \(2,\)"):
        Depot(2, [11, 22], [0])
    with pytest.raises(InvalidInput, match=r"price = .*must have shape \(2,\)"):
        Depot(2, [11, 22], [0, 1], [0.1])
    with pytest.raises(InvalidInput, match=r"bus.*and whole"):
        Depot(2, [11, 22], [0, 0.5])


@checks_arguments
def reached(
    costs: Annotated[FloatArray, Array("cars")], usable: Annotated[BoolArray, Flags("cars stations")]
) -> BoolArray:
    return usable


def test_flags_are_true_or_false():
    given = np.array([[True, False]])
    found = reached([1.0], given)
    assert found.dtype == np.bool_
    assert found is not given
    masked = np.ma.masked_array([[True]], mask=[[True]])
    for bad in ([[1, 0]], [["yes"]], [[]], [True], [[True], [False]], [[True], [True, False]], masked, None):
        with pytest.raises(InvalidInput, match=r"^usable = .*must be an array of True and False"):
            reached([1.0], bad)


def test_relations_come_after_the_fields():
    with pytest.raises(InvalidInput, match="at most 1 somewhere"):
        replace(DEPOT, price=[2.0, 3.0])


def test_arrays_of_a_model_are_its_own_and_read_only():
    power = np.array([11.0, 22.0])
    depot = Depot(2, power, [0, 1])
    power[0] = 99.0
    assert depot.power_kw[0] == 11.0
    with pytest.raises(ValueError, match="read-only"):
        depot.power_kw[0] = 99.0


def test_text_forms_are_short():
    assert repr(Depot(2, np.ones(500), np.zeros(500))) == "Depot(slots=2, power_kw=<500>, bus=<500>, price=None)"


def test_a_face_opens_its_names_and_leaves_what_stands_behind():
    def behind(count: int) -> int:
        return count

    names = {"__name__": "tests.test_arguments", "__all__": ["behind"], "behind": behind}
    arguments.face(names)
    with pytest.raises(InvalidInput, match="count"):
        names["behind"](1.5)
    assert behind(1.5) == 1.5


def test_what_a_face_offers_can_be_sent_to_another_process():
    from v2g_nb import queueing

    assert pickle.loads(pickle.dumps(queueing.mean_wait)) is queueing.mean_wait


def test_a_missing_package_is_named():
    with pytest.raises(ImportError, match="no_such_package is not installed"):
        arguments.needed("no_such_package")
