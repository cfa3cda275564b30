"""Erlang's formulas against exact arithmetic, and the theorems that the chapter states about them."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.queueing.exact_queue import exact_log_c
from v2g_nb.errors import Infeasible
from v2g_nb.queueing import erlang_c

SERVERS = [*range(1, 26), 50, 99, 100, 145, 146, 300, 1000, 3000, 9999, 10_000]
RATIOS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95]
RATIOS += [1 - 10.0**-k for k in (1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6)]

servers = st.integers(1, 10_000)
ratios = st.one_of(st.floats(0.01, 1 - 1e-6), st.floats(-6, -0.31).map(lambda e: 1 - 10.0**e))


def log_error(count: int, load: float) -> float:
    """Return |error of log C| over max(1, |log C|)."""
    exact = exact_log_c(count, load)
    return float(abs(mp.mpf(float(erlang_c(count, load, log=True))) - exact) / max(1, abs(exact)))


@pytest.mark.parametrize("count", SERVERS)
def test_log_erlang_c_on_a_grid(count: int):
    assert max(log_error(count, ratio * count) for ratio in RATIOS) <= 1e-12


@settings(max_examples=150, deadline=None)
@given(servers, ratios)
def test_log_erlang_c_anywhere(count: int, ratio: float):
    assert log_error(count, ratio * count) <= 1e-12


def test_the_naive_logarithm_fails_the_same_grid():
    """The bound bites: a log a - a - gammaln with nothing cancelled on paper does not meet it."""

    def naive(count: int, load: float) -> float:
        log_p = count * math.log(load) - load - math.lgamma(count + 1)
        from scipy.special import gammaincc

        return log_p - math.log((1 - load / count) * gammaincc(count + 1, load) + load / count * math.exp(log_p))

    errors = [abs(naive(10_000, r * 10_000) - float(exact_log_c(10_000, r * 10_000))) for r in RATIOS if r > 0.99]
    assert max(errors) > 1e-12


def test_vectorised_equals_one_by_one():
    counts, loads = np.array([[1], [8], [10_000]]), np.array([[0.2, 0.5, 0.9]])
    together = erlang_c(counts, loads * counts, log=True)
    for i, j in np.ndindex(3, 3):
        assert together[i, j] == erlang_c(int(counts[i, 0]), float((loads * counts)[i, j]), log=True)


def test_no_load_and_vanishing_probabilities():
    assert erlang_c(8, 0.0) == 0.0
    assert erlang_c(8, 0.0, log=True) == -math.inf
    assert erlang_c(10_000, 100.0) == 0.0
    assert erlang_c(10_000, 100.0, log=True) == pytest.approx(float(exact_log_c(10_000, 100.0)), rel=1e-13)


def test_full_load_has_no_stationary_probability():
    with pytest.raises(Infeasible, match="offered_load"):
        erlang_c([8, 8], [7.0, 8.0])


@settings(max_examples=100, deadline=None)
@given(servers, st.floats(1e-3, 0.999999))
def test_waiting_is_rarer_than_a_busy_server(count: int, ratio: float):
    """Lemma of the chapter: C <= r, and 1 - C <= c (1 - r)."""
    c = float(erlang_c(count, ratio * count))
    assert c <= ratio * (1 + 1e-14)
    assert 1 - c <= count * (1 - ratio) + 1e-14


def test_probabilities_nearer_to_1_than_floats_are_rounded():
    assert erlang_c(1, np.nextafter(1.0, 0.0)) == 1.0  # C(1, a) = a, which is not 1
