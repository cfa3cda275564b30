"""Complementarity problems: by hand, against linear programming, and where the slow and the pure methods fail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from v2g_nb.complementarity import complementarity_certificates, extragradient, natural_residual, smoothing_newton
from v2g_nb.errors import InvalidInput, NotConverged

FREE = np.inf


def test_each_side_of_the_box_by_hand():
    """F = x - c: the solution is c, cut at the box."""
    c = np.array([-1.0, 0.5, 3.0, -7.0])
    low, high = [0.0, 0.0, 0.0, -FREE], [1.0, 1.0, 1.0, FREE]
    result = smoothing_newton(lambda x: x - c, lambda x: np.eye(4), low, high, np.full(4, 0.3)).require()
    assert result.point == pytest.approx([0.0, 0.5, 1.0, -7.0], abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_random_monotone_problems(seed: int):
    """F = (A A' + K) x + x^3 + q with K skew: monotone, and integrable only without K."""
    rng = np.random.default_rng(seed)
    n = 12
    a, k, q = rng.normal(size=(n, n)), rng.normal(size=(n, n)), rng.normal(size=n) * 5
    matrix = a @ a.T / n + k - k.T
    low = np.where(rng.random(n) < 0.5, 0.0, -FREE)
    high = np.where(rng.random(n) < 0.5, 1.0, FREE)
    result = smoothing_newton(
        lambda x: matrix @ x + x**3 + q, lambda x: matrix + np.diag(3 * x**2), low, high, np.zeros(n)
    )
    result.require()
    assert np.abs(natural_residual(result.point, matrix @ result.point + result.point**3 + q, low, high)).max() < 1e-8


def test_a_linear_program_as_a_complementarity_problem():
    """Prices and quantities of a transport problem at once; the cost is that of the simplex method."""
    rng = np.random.default_rng(3)
    cost, supply, need = rng.uniform(1, 5, (3, 4)), [6.0, 7.0, 8.0], [3.0, 4.0, 5.0, 6.0]
    rows = np.vstack([np.kron(-np.eye(3), np.ones(4)), np.kron(np.ones(3), np.eye(4))])
    right = np.concatenate([-np.array(supply), need])
    skew = sparse.csc_array(np.block([[np.zeros((12, 12)), -rows.T], [rows, np.zeros((7, 7))]]))
    constant = np.concatenate([cost.ravel(), -right])
    result = smoothing_newton(
        lambda z: skew @ z + constant, lambda z: skew, np.zeros(19), np.full(19, FREE), np.ones(19)
    ).require()
    known = linprog(cost.ravel(), -rows, -right)
    assert cost.ravel() @ result.point[:12] == pytest.approx(known.fun)


@pytest.mark.parametrize("shape", [(), (2,), (3, 3, 1)])
def test_a_derivative_of_another_shape_is_named(shape: tuple[int, ...]):
    with pytest.raises(InvalidInput, match=r"jacobian = .* returns shape .*: must return \(3, 3\)"):
        smoothing_newton(lambda x: x - 1, lambda x: np.ones(shape), [0] * 3, [9] * 3, [0.5] * 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.coo_array])
def test_values_that_are_not_finite_are_named(bad: float, kind):
    box = ([0.0, 0.0], [9.0, 9.0], [0.5, 0.5])
    with pytest.raises(InvalidInput, match=r"jacobian = .* returns NaN or infinity at \[0.5, 0.5\]"):
        smoothing_newton(lambda x: x - 1, lambda x: kind(np.diag([1.0, bad])), *box)
    with pytest.raises(InvalidInput, match=r"function = .* returns NaN or infinity at \[0.5, 0.5\]"):
        smoothing_newton(lambda x: np.array([x[0], bad]), lambda x: kind(np.eye(2)), *box)


def test_a_function_without_a_value_on_the_way_only_shortens_the_step():
    """F = sqrt(x) - 1/2 from x = 4: the whole step goes to -2, where F has no value."""

    def function(x):
        return np.where(x < 0, np.nan, np.sqrt(np.abs(x))) - 0.5

    result = smoothing_newton(function, lambda x: np.diag(0.5 / np.sqrt(x)), [-FREE], [FREE], [4.0])
    assert result.require().point == pytest.approx([0.25])


def test_steps_that_do_not_exist_are_reported():
    free = ([-FREE] * 2, [FREE] * 2, [0.5, 0.5])
    with pytest.raises(NotConverged, match=r"singular at \[0.5, 0.5\]"):  # minus what is added to the diagonal
        smoothing_newton(lambda x: x - 1, lambda x: -1e-12 * np.eye(2), *free)
    with np.errstate(over="ignore"), pytest.raises(NotConverged, match="grew beyond all numbers"):
        smoothing_newton(lambda x: x - 1, lambda x: np.zeros((2, 2)), *free)


@pytest.mark.parametrize(("name", "low", "high"), [("lower", FREE, FREE), ("upper", -FREE, -FREE)])
def test_a_box_without_a_finite_point_is_refused(name: str, low: float, high: float):
    box = ([0.0, low], [9.0, high])
    with pytest.raises(InvalidInput, match=rf"{name}\[1\] = {low}: must be a number or {-low}"):
        smoothing_newton(lambda x: x - 1, lambda x: np.eye(2), *box, [0.5, 0.5])
    with pytest.raises(InvalidInput, match=rf"{name}\[1\]"):
        next(extragradient(lambda x: x - 1, *box, [0.5, 0.5], step=0.5))


def test_a_function_of_another_shape_is_not_certified():
    with pytest.raises(InvalidInput, match=r"function = .* returns shape \(3, 2\): must return \(2,\)"):
        complementarity_certificates(lambda x: np.zeros((3, 2)), [0, 0], [1, 1], [0, 1], tol=1e-9)


@pytest.mark.parametrize("change", [1e-6, -1e-6, np.nan])
def test_a_perturbed_point_fails_a_certificate(change: float):
    point = np.array([0.0, 0.5, 1.0])
    c = np.array([-1.0, 0.5, 3.0])
    for place in range(3):
        assert all(c_.holds for c_ in complementarity_certificates(lambda x: x - c, [0] * 3, [1] * 3, point, tol=1e-8))
        spoilt = point.copy()
        spoilt[place] += change
        proof = complementarity_certificates(lambda x: x - c, [0] * 3, [1] * 3, spoilt, tol=1e-8)
        assert not all(c_.holds for c_ in proof)


@pytest.mark.parametrize("steep", [1e2, 1e3, 1e4, 1e6])
def test_the_residual_is_that_of_the_point_returned(steep: float):
    """An iterate a little below a bound may solve F; cut at the bound, F is off by as much as F is steep."""
    low, high = [0.0, -FREE], [FREE, FREE]
    matrix = np.array([[0.0, 1.0], [steep, 1.0]])
    result = smoothing_newton(lambda x: matrix @ x - 1.0, lambda x: matrix, low, high, [1.0, 1.0])
    there = np.abs(natural_residual(result.point, matrix @ result.point - 1.0, low, high)).max()
    assert result.residual == there
    assert result.converged
    assert there <= 1e-9
