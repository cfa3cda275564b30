"""The checks at the border: what they let through, and in which type."""

import decimal
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g_nb import checks
from v2g_nb.errors import InvalidInput


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_real_keeps_the_number(number: float):
    assert checks.real("x", number) == number
    assert checks.real("x", np.float64(number)) == number


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_integer_keeps_the_number(number: int):
    for form in (number, np.int64(number)):
        kept = checks.integer("n", form)
        assert kept == number
        assert type(kept) is int


@pytest.mark.parametrize("bad", [True, "1", None, 1 + 2j, [1.0], decimal.Decimal("1.5"), np.array([1.0])])
def test_real_refuses_what_is_no_real_number(bad: object):
    with pytest.raises(InvalidInput, match="x = "):
        checks.real("x", bad)


def test_bounds():
    assert checks.real("x", 0, low=0) == 0
    for bad, bounds in ((0, {"low": 0, "open_low": True}), (1, {"high": 1, "open_high": True}), (2, {"high": 1})):
        with pytest.raises(InvalidInput, match="x = "):
            checks.real("x", bad, **bounds)
    assert checks.real("x", math.inf, infinite=True) == math.inf


def test_what_no_float_can_hold_is_refused():
    with pytest.raises(InvalidInput, match="x = 1000"):
        checks.real("x", 10**400)


def test_an_infinite_value_is_offered_only_where_it_is_allowed():
    with pytest.raises(InvalidInput, match="must be a number above 0 or infinite"):
        checks.array("x", [0.0], low=0, open_low=True, infinite=True)
    with pytest.raises(InvalidInput, match="must be a finite number above 0"):
        checks.array("x", [0.0], low=0, open_low=True)


def test_array_copies():
    given_array = np.array([1.0, 2.0])
    kept = checks.array("x", given_array)
    given_array[0] = 9.0
    assert kept[0] == 1.0
    assert checks.array("x", [], empty=True).size == 0


@pytest.mark.parametrize("bad", [[1, [2]], "12", [None], [True], [1j], [["a"]]])
def test_array_refuses_what_is_not_numeric(bad: object):
    with pytest.raises(InvalidInput, match="x = "):
        checks.array("x", bad)
