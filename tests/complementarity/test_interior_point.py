"""Convex programs: by hand, against the simplex method, Clarabel, and gradient projection."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from v2g_nb.complementarity import interior_point
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.synthesis import Town, solve_market

FREE = np.inf


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_linear_programs_agree_with_the_simplex_method(seed: int):
    rng = np.random.default_rng(seed)
    n, m = 15, 6
    a = rng.normal(size=(m, n)) * (rng.random((m, n)) < 0.5)
    b = a @ rng.uniform(0.5, 1.5, n)
    cost = rng.normal(size=n)
    result = interior_point(lambda x: cost, lambda x: np.zeros(n), a, b, np.zeros(n), np.full(n, 2.0)).require()
    known = linprog(cost, A_eq=a, b_eq=b, bounds=(0, 2))
    assert cost @ result.point == pytest.approx(known.fun, abs=1e-6)


def test_a_quadratic_program_agrees_with_clarabel():
    rng = np.random.default_rng(5)
    n, m = 20, 8
    a, curve, cost = rng.normal(size=(m, n)), rng.uniform(0, 2, n), rng.normal(size=n)
    curve[:5] = 0.0
    b = a @ rng.uniform(0, 1, n)
    result = interior_point(
        lambda x: curve * x + cost, lambda x: curve, sparse.csr_array(a), b, -np.ones(n), np.full(n, 3.0)
    ).require()
    x = cp.Variable(n)
    rows = a @ x == b
    problem = cp.Problem(cp.Minimize(cost @ x + cp.sum(cp.multiply(curve / 2, x**2))), [rows, x >= -1, x <= 3])
    problem.solve(solver="CLARABEL")
    assert (curve / 2) @ result.point**2 + cost @ result.point == pytest.approx(problem.value, abs=1e-7)
    assert result.dual == pytest.approx(-rows.dual_value, abs=1e-5)


def test_duals_are_how_the_objective_rises():
    """min x^2/2 + y^2 with x + y = s: by hand the dual is 2 s / 3."""
    for total in (1.0, 3.0):
        result = interior_point(
            lambda x: np.array([1.0, 2.0]) * x,
            lambda x: np.array([1.0, 2.0]),
            [[1, 1]],
            [total],
            [-FREE] * 2,
            [FREE] * 2,
        ).require()
        assert result.dual == pytest.approx([2 * total / 3])


def test_what_cannot_be_met_is_named():
    with pytest.raises(Infeasible, match="row 1 is furthest"):
        interior_point(lambda x: x, lambda x: np.ones(2), [[1.0, -1.0], [1.0, 1.0]], [0.0, 9.0], [0, 0], [1, 1])
    with pytest.raises(InvalidInput, match=r"below upper; lower\[0\] = 1.0 is not"):
        interior_point(lambda x: x, lambda x: np.ones(1), [[1.0]], [1.0], [1.0], [1.0])
    with pytest.raises(InvalidInput, match=r"curvature = .* returns shape \(3,\)"):
        interior_point(lambda x: x, lambda x: np.ones(3), [[1.0]], [1.0], [0.0], [2.0])


def test_a_concave_objective_is_refused():
    """The conditions hold at the maximiser (1.5, 1.5) of -x'x as well."""
    box = ([[1.0, 1.0]], [3.0], [0, 0], [9, 9])
    with pytest.raises(InvalidInput, match=r"curvature = .* returns -2.0 as element 0"):
        interior_point(lambda x: -2 * x, lambda x: np.full(2, -2.0), *box)
    with pytest.raises(InvalidInput, match=r"curvature = .* returns -0.5 as element 1"):
        interior_point(lambda x: np.array([1, -0.5]) * x, lambda x: np.array([1, -0.5]), *box)


def test_no_minimum_does_not_converge():
    """Minimise -x - y with x = y and no upper bound."""
    linear = (lambda x: np.full(2, -1.0), lambda x: np.zeros(2))
    found = interior_point(*linear, [[1.0, -1.0]], [0.0], [0, 0], [FREE, FREE])
    assert not found.converged
    assert interior_point(*linear, [[1.0, -1.0]], [0.0], [0, 0], [5, 9]).require().point == pytest.approx([5, 5])


def test_slacks_of_very_different_sizes():
    """Two cars share limits of 57 to 190 kWh written as slacks: growing multipliers are not taken for infeasibility."""
    town = Town([1, 1], [10, 12], [3, 2], [0, 1], [2, 2], [0.2, 0.2], [50, 50])
    car, station, hour = town.options
    limits, k = town.limits, len(car)
    rows = limits.right.size
    at = (station * town.hours + hour, np.arange(k))
    draws = sparse.coo_array((np.ones(k), at), shape=(2 * town.hours, k))
    used = sparse.kron(sparse.coo_array(limits.matrix), sparse.eye_array(town.hours)) @ draws
    total = sparse.coo_array((np.ones(k), (car, np.arange(k))), shape=(town.size, k))
    matrix = sparse.block_array([[total, -sparse.eye_array(town.size), None], [used, None, sparse.eye_array(rows)]])
    right = np.concatenate([np.zeros(town.size), limits.right.ravel()])
    linear = np.concatenate([town.time_cost[car, station] + 0.2, -town.first_value, np.zeros(rows)])
    bend = np.concatenate([np.zeros(k), town.first_value / town.room_kwh, np.zeros(rows)])
    high = np.concatenate([np.full(k, np.inf), town.room_kwh, np.full(rows, np.inf)])
    found = interior_point(
        lambda x: linear + bend * x, lambda x: bend, matrix, right, np.zeros(len(linear)), high
    ).require()
    assert found.converged
    np.testing.assert_allclose(found.point[:k].sum(), solve_market(town).energy_kwh.sum(), atol=1e-5)
