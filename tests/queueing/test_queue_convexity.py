"""C, W, L_q and L bend upwards: the theorem, the lemma under it, and what happens without their hypotheses."""

from fractions import Fraction
from itertools import pairwise
from math import comb, factorial

import mpmath as mp
import pytest

from tests.queueing.exact_queue import exact_c


def coefficients(count: int) -> list[int]:
    """Return q with 1/C = sum of q_k / a^(k+1): k! times the coefficients of h(s) = (1+s)^(c-2) (1+cs)."""
    if count == 1:
        return [1]
    h = [comb(count - 2, k) + count * (comb(count - 2, k - 1) if k else 0) for k in range(count)]
    return [factorial(k) * value for k, value in enumerate(h)]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 40])
def test_one_over_c_is_a_polynomial_in_one_over_a(count: int):
    """The integral for 1/C, term by term, against Erlang's formula in fractions."""
    for load in (Fraction(1, 10), Fraction(count, 2), Fraction(99 * count, 100)):
        term = total = Fraction(1)
        for n in range(count, 0, -1):
            term *= n / load
            total += term
        by_erlang = load / count + (1 - load / count) * total
        assert sum(q / load ** (k + 1) for k, q in enumerate(coefficients(count))) == by_erlang


@pytest.mark.parametrize("count", range(1, 41))
def test_c_is_convex_in_whole_numbers(count: int):
    """2 G'^2 - G G'' is a polynomial in 1/a whose whole coefficients are none negative: a second proof for each c."""
    q = coefficients(count)
    bend = [0] * (2 * count - 1)
    for i, first in enumerate(q):
        for j, second in enumerate(q):
            bend[i + j] += first * second * (2 * (i + 1) * (j + 1) - (j + 1) * (j + 2))
    assert min(bend) >= 0
    assert (max(bend) > 0) == (count > 1)  # for one server C = a is a straight line


@pytest.mark.parametrize("count", [2, 8, 64])
@pytest.mark.parametrize("quantity", ["C", "W", "waiting", "present"])
def test_each_further_car_adds_more(count: int, quantity: str):
    """Second differences with forty digits over all loads."""
    factor = {
        "C": lambda a: 1,
        "W": lambda a: 1 / (count - a),
        "waiting": lambda a: a / (count - a),
        "present": lambda a: a / (count - a),
    }[quantity]
    with mp.workdps(140):  # L holds a itself beside the digits of a queue that is nearly never there
        grid = [mp.mpf(k) * count / 100 for k in range(1, 100)]
        values = [exact_c(count, a) * factor(a) + (a if quantity == "present" else 0) for a in grid]
        steps = [b - a for a, b in pairwise(values)]
        assert all(step > 0 for step in steps)
        assert all(b > a for a, b in pairwise(steps))


def gamma_moments(shape: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Return the moments of s^(shape-1) e^-s, whose logarithm is concave exactly if the shape is at least 1."""
    return Fraction(1), shape, shape * (shape + 1)


@pytest.mark.parametrize("shape", [Fraction(1), Fraction(3, 2), Fraction(2), Fraction(10)])
def test_moments_of_log_concave_functions(shape: Fraction):
    m0, m1, m2 = gamma_moments(shape)
    assert m0 * m2 <= 2 * m1**2
    assert (m0 * m2 == 2 * m1**2) == (shape == 1)  # equality for the exponential function only


def test_the_lemma_needs_its_concave_logarithm():
    m0, m1, m2 = gamma_moments(Fraction(1, 2))  # s^(-1/2) e^-s: its logarithm is convex
    assert m0 * m2 > 2 * m1**2
    slow, fast = Fraction(1), Fraction(10)  # a mixture of two exponential functions: log-convex as well
    m0, m1, m2 = (factorial(k) * (slow ** (-k - 1) + fast ** (-k - 1)) for k in range(3))
    assert m0 * m2 > 2 * m1**2
