"""A certificate never holds by accident."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g_nb.certificate import Certificate, Result, require
from v2g_nb.errors import InvalidInput, NotAnEquilibrium, V2GError

POSITIVE = st.floats(min_value=1e-300, max_value=1e300)


@given(POSITIVE, st.floats(min_value=0, max_value=1))
def test_holds_up_to_its_tolerance(tolerance: float, share: float):
    assert Certificate("gap", share * tolerance, tolerance).holds


@given(POSITIVE, st.floats(min_value=1.001, max_value=1e5))
def test_fails_beyond_its_tolerance(tolerance: float, excess: float):
    assert not Certificate("gap", excess * tolerance, tolerance).holds


@given(st.floats(min_value=0, max_value=1e300))
def test_a_value_that_is_no_number_never_holds(tolerance: float):
    assert not Certificate("gap", math.nan, tolerance).holds
    assert not Certificate("gap", math.inf, tolerance).holds


@pytest.mark.parametrize("kind", [float, np.float16, np.float32, np.float64])
def test_a_nan_of_any_float_type_may_stand_and_fails(kind: type):
    found = Certificate("gap", kind("nan"), 1.0)
    assert not found.holds
    assert str(found) == "gap: nan, above 1, FAILS"


def test_a_tolerance_that_always_holds_is_refused():
    for tolerance in (math.nan, math.inf, -1.0):
        with pytest.raises(InvalidInput, match="tolerance"):
            Certificate("gap", 0.0, tolerance)


def test_require_names_each_failure():
    failing = Certificate("gap", 1.0, 0.5, "EUR"), Certificate("regret", 9.0, 1)
    with pytest.raises(NotAnEquilibrium) as caught:
        require(SimpleNamespace(certificates=(*failing, Certificate("balance", 0.0, 0.5))))
    assert "not certified: gap 1 above 0.5 EUR; regret 9 above 1" in str(caught.value)
    assert "balance" not in str(caught.value)


def test_require_refuses_what_did_not_converge():
    result = SimpleNamespace(converged=False, certificates=(Certificate("gap", 0.0, 1.0),))
    with pytest.raises(NotAnEquilibrium, match="did not converge"):
        require(result)


def test_a_result_requires_itself():
    @dataclass(frozen=True, eq=False)
    class Found(Result):
        flows: np.ndarray
        certificates: tuple[Certificate, ...]

    good = Found(np.zeros((3, 4)), (Certificate("gap", 0.0, 1.0),))
    assert good.require() is good
    assert repr(good) == "Found(flows=<3 x 4>, certificates=(Certificate(...),))"
    with pytest.raises(NotAnEquilibrium, match="Found is not certified: gap 2 above 1"):
        replace(good, certificates=(Certificate("gap", 2.0, 1.0),)).require()


def test_words_do_not_depend_on_noise():
    """What a notebook stores is the same whatever the last bits are."""
    assert str(Certificate("gap", 1e-13, 1e-9)) == str(Certificate("gap", 3e-14, 1e-9))


def test_one_family_of_errors():
    assert issubclass(V2GError, ValueError)
    assert issubclass(NotAnEquilibrium, V2GError)


def test_a_fraction_is_shown_as_a_number():
    assert str(Certificate("gap", Fraction(1, 2), Fraction(1, 4))) == "gap: 0.5, above 0.25, FAILS"
