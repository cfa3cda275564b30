"""Facts of the chapter on equilibrium problems, each with its hypotheses, and what happens without one of them."""

from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from v2g_nb.complementarity import (
    extragradient,
    interior_point,
    natural_residual,
    newton_steps,
    projection,
    smoothing_newton,
)

FREE = np.inf
SEEDS = st.integers(0, 10**6)


def affine(matrix, constant):
    """Return F(x) = matrix @ x + constant and its derivative."""
    return (lambda x: matrix @ x + constant), (lambda x: matrix)


def strongly_monotone(seed: int, n: int):
    """Return a random matrix with a skew part whose symmetric part is positive definite."""
    rng = np.random.default_rng(seed)
    a, k = rng.normal(size=(n, n)), rng.normal(size=(n, n))
    return a @ a.T / n + 0.2 * np.eye(n) + k - k.T, rng.normal(size=n) * 3


def moduli(matrix):
    """Return the modulus of strong monotonicity and the Lipschitz constant of an affine function."""
    return np.linalg.eigvalsh((matrix + matrix.T) / 2).min(), np.linalg.norm(matrix, 2)


def solves(value, point, low, high):
    """Test the inequality <F, y - x> >= 0 itself, at the vertices of a bounded box."""
    return all(value @ (np.array(y) - point) >= -1e-7 for y in product(*zip(low, high, strict=True)))


# Games


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_a_solution_is_a_nash_equilibrium_where_costs_are_convex(seed: int):
    """Costs a_i x_i^2/2 + x_i (m_i x_others + c_i): nobody gains on a grid of her own choices."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(3, 3)) / 3
    np.fill_diagonal(matrix, rng.uniform(1, 2, 3))
    constant = rng.normal(size=3) * 2
    function, jacobian = affine(matrix, constant)
    x = smoothing_newton(function, jacobian, [-1] * 3, [1] * 3, np.zeros(3)).require().point
    own = np.linspace(-1, 1, 401)
    for i in range(3):
        slope = matrix[i] @ x - matrix[i, i] * x[i] + constant[i]
        costs = matrix[i, i] * own**2 / 2 + slope * own
        assert matrix[i, i] * x[i] ** 2 / 2 + slope * x[i] <= costs.min() + 1e-7


def test_a_solution_may_be_the_worst_choice_where_costs_are_not_convex():
    """One player with cost -x^2/2 on [-1, 1]: the residual is zero at 0, where the cost is highest."""
    own = np.linspace(-1, 1, 401)
    assert natural_residual([0.0], [-0.0], [-1.0], [1.0]) == pytest.approx([0.0])
    assert (-(own**2) / 2).argmax() == 200


# The natural residual


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_residual_is_zero_exactly_where_the_inequality_holds(seed: int):
    """Random points on all sides of the box, with F drawn so that both verdicts occur."""
    rng = np.random.default_rng(seed)
    low, high = np.zeros(3), np.array([1.0, 2.0, 3.0])
    point = np.clip(rng.uniform(-1.5, 4.5, 3), low, high)
    value = rng.integers(-1, 2, 3).astype(float) * rng.uniform(0.5, 2, 3)
    assert solves(value, point, low, high) == (np.abs(natural_residual(point, value, low, high)).max() < 1e-7)
    right = np.where(point == low, np.abs(value), np.where(point == high, -np.abs(value), 0.0))
    assert solves(right, point, low, high)
    assert natural_residual(point, right, low, high) == pytest.approx(np.zeros(3))


# Error bound


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_error_bound(seed: int):
    matrix, constant = strongly_monotone(seed, 5)
    low, high = np.full(5, -1.0), np.full(5, 1.0)
    function, jacobian = affine(matrix, constant)
    solution = smoothing_newton(function, jacobian, low, high, np.zeros(5)).require().point
    modulus, lipschitz = moduli(matrix)
    rng = np.random.default_rng(seed)
    for point in rng.uniform(-2, 2, (20, 5)):
        residual = np.linalg.norm(natural_residual(point, function(point), low, high))
        assert np.linalg.norm(point - solution) <= (1 + lipschitz) / modulus * residual + 1e-7


def test_error_bound_needs_more_than_strict_monotonicity():
    """F = x^3 is strictly monotone, and at distance h from the solution the residual is h^3."""
    for distance in (1e-1, 1e-2, 1e-3):
        residual = natural_residual([distance], [distance**3], [-1.0], [1.0])[0]
        assert distance / residual == pytest.approx(distance**-2)


# Existence


def test_existence_needs_a_continuous_function_and_a_convex_set():
    # not continuous: F jumps from -1 to 1 at a half
    grid = np.linspace(0, 1, 1001)
    jump = np.where(grid <= 0.5, -1.0, 1.0)
    assert np.abs(natural_residual(grid, jump, np.zeros(1001), np.ones(1001))).min() >= 0.5
    # not convex: on the circle a function that turns has a descent direction everywhere; on the disc 0 solves
    angle = np.linspace(0, 2 * np.pi, 721)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    turning = np.column_stack([circle[:, 1], -circle[:, 0]])
    assert ((turning @ circle.T - np.sum(turning * circle, axis=1)[:, None]).min(axis=1) < -0.9).all()


def test_clearing_prices_need_a_feasible_program_and_not_a_compact_box():
    """One seller with capacity 3 and a free price: a price exists for a demand of 3, none for 4."""
    matrix = np.array([[1.0, -1.0], [1.0, 0.0]])
    for demand, exists in ((2.0, True), (3.0, True), (4.0, False)):
        function, jacobian = affine(matrix, np.array([2.0, -demand]))
        result = smoothing_newton(function, jacobian, [0, -FREE], [3, FREE], [1.0, 1.0], max_iter=60)
        assert result.converged == exists
        feasible = linprog([0.0], A_eq=[[1.0]], b_eq=[demand], bounds=[(0, 3)]).status == 0
        assert feasible == exists


# Uniqueness, and the projection method


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_projection_contracts_where_f_is_strongly_monotone(seed: int):
    matrix, constant = strongly_monotone(seed, 4)
    modulus, lipschitz = moduli(matrix)
    step = modulus / lipschitz**2
    factor = np.sqrt(1 - 2 * step * modulus + step**2 * lipschitz**2)
    assert factor < 1
    function, jacobian = affine(matrix, constant)
    low, high = np.full(4, -1.0), np.full(4, 2.0)
    solution = smoothing_newton(function, jacobian, low, high, np.zeros(4)).require().point
    starts = np.random.default_rng(seed).uniform(-1, 2, (3, 4))
    for start in starts:
        distances = [
            np.linalg.norm(x - solution) for x in islice(projection(function, low, high, start, step=step), 30)
        ]
        before = np.linalg.norm(start - solution)
        for distance in distances:
            assert distance <= factor * before + 1e-8
            before = distance


def test_projection_needs_a_short_step_and_strong_monotonicity():
    """F = x with step 2.5 leaves; F = (p, -x), monotone but not strongly, moves away by sqrt(1 + step^2)."""
    assert abs(list(islice(projection(lambda x: x, [-FREE], [FREE], [1.0], step=2.5), 20))[-1][0]) > 1e3
    start = np.array([1.0, 0.0])
    for step in (0.01, 0.1, 1.0):
        points = islice(projection(lambda x: np.array([x[1], -x[0]]), [-FREE] * 2, [FREE] * 2, start, step=step), 50)
        sizes = [np.linalg.norm(x) for x in points]
        assert sizes == pytest.approx((1 + step**2) ** (np.arange(1, 51) / 2))


def test_strictly_monotone_problems_have_at_most_one_solution_and_monotone_ones_may_have_more():
    """F = x^3 - c: one solution from any start. F = 0 on a flat piece: the whole piece."""
    for start in (-2.0, 0.1, 2.0):
        result = smoothing_newton(lambda x: x**3 - 0.5, lambda x: np.diag(3 * x**2), [-3], [3], [start]).require()
        assert result.point == pytest.approx([0.5 ** (1 / 3)])

    def flat(x):
        return np.sign(x) * np.maximum(np.abs(x) - 1.0, 0.0)

    for place in (-1.0, 0.0, 0.7):
        assert natural_residual([place], flat(np.array([place])), [-3], [3]) == pytest.approx([0.0])


# When an equilibrium is an optimum


def curl(function, point):
    """Return the largest difference of crossed derivatives of F, by central differences."""
    n, h = len(point), 1e-5
    jacobian = np.column_stack([(function(point + h * e) - function(point - h * e)) / (2 * h) for e in np.eye(n)])
    return np.abs(jacobian - jacobian.T).max()


def cournot(price, slope, cost):
    """Return minus the marginal profits of firms with inverse demand `price` and its derivative."""
    return lambda q: cost - price(q.sum()) - slope(q.sum()) * q


def test_a_solution_is_no_optimum_where_the_potential_is_not_convex():
    """The scaled matrix of the canteen is symmetric, and the equilibrium in the middle a saddle of its potential."""
    scaled = np.diag([2.3, 1.7]) @ two_values((0.2, 0.8), (1.0, 1.5))
    assert scaled == pytest.approx(scaled.T)

    def potential(x):
        return x @ scaled @ x / 2 - scaled.sum(axis=1) @ x

    ends = [potential(np.array(x)) for x in ([1, 1], [0, 5.35 / 3.05], [2.9 / 1.2, 0])]
    assert ends[0] > max(ends[1:])
    assert np.linalg.det(scaled) < 0


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_program_and_complementarity_problem_agree(seed: int):
    """min x'Hx/2 + c'x with A x = b in a box: minimiser and multipliers solve the problem with the skew block."""
    rng = np.random.default_rng(seed)
    n, m = 6, 2
    bend, cost, rows = rng.uniform(0.5, 2, n), rng.normal(size=n) * 2, rng.normal(size=(m, n))
    right = rows @ rng.uniform(0.2, 0.8, n)
    best = interior_point(lambda x: bend * x + cost, lambda x: bend, rows, right, np.zeros(n), np.ones(n)).require()
    matrix = np.block([[np.diag(bend), -rows.T], [rows, np.zeros((m, m))]])
    function, jacobian = affine(matrix, np.concatenate([cost, -right]))
    low, high = np.concatenate([np.zeros(n), [-FREE] * m]), np.concatenate([np.ones(n), [FREE] * m])
    both = np.concatenate([best.point, best.dual])
    assert np.abs(natural_residual(both, function(both), low, high)).max() < 1e-6
    found = smoothing_newton(function, jacobian, low, high, np.full(n + m, 0.5)).require()
    assert found.point[:n] == pytest.approx(best.point, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_hashimoto_welfare_has_the_marginal_profits_as_its_derivative(seed: int):
    rng = np.random.default_rng(seed)
    top, slope, cost, q = rng.uniform(5, 20), rng.uniform(0.1, 2), rng.uniform(0, 4, 4), rng.uniform(0, 3, 4)
    function = cournot(lambda s: top - slope * s, lambda s: -slope, cost)

    def welfare(x):
        return top * x.sum() - slope / 2 * x.sum() ** 2 - slope / 2 * (x**2).sum() - cost @ x

    h = 1e-5
    difference = [(welfare(q + h * e) - welfare(q - h * e)) / (2 * h) for e in np.eye(4)]
    assert function(q) == pytest.approx(-np.array(difference), abs=1e-6)
    assert curl(function, q) < 1e-7


def two_values(theta, energy, wait=1.0, price=1.0):
    """Return the derivative of cost_k = theta_k t(sum x) + E_k rho(E x), for slopes t' and rho'."""
    theta, energy = np.array(theta), np.array(energy)
    return wait * np.outer(theta, np.ones(2)) + price * np.outer(energy, energy)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_determinant_with_two_values_of_time(seed: int):
    rng = np.random.default_rng(seed)
    (a, b), (e, f), (wait, price) = rng.uniform(0.1, 2, (3, 2))
    matrix = two_values((a, b), (e, f), wait, price)
    assert np.linalg.det(matrix) == pytest.approx(wait * price * (f - e) * (a * f - b * e), abs=1e-9)
    same = two_values((a, a), (e, f), wait, price)
    assert same == pytest.approx(same.T)
    assert np.linalg.eigvalsh(same).min() >= -1e-12


def test_one_value_of_time_keeps_uniqueness():
    """The chapter's matrix with two values has three equilibria; with equal values there is one."""
    same = two_values((0.5, 0.5), (1.0, 1.5))
    function, jacobian = affine(same, -same @ np.ones(2))
    for start in product((0.0, 1.0, 3.0), repeat=2):
        assert smoothing_newton(function, jacobian, [0, 0], [FREE] * 2, start).require().point == pytest.approx(
            [1, 1], abs=1e-6
        )


def test_no_constant_scaling_makes_both_slopes_symmetric():
    """d_A (theta_A t' + E_A E_B rho') = d_B (theta_B t' + ...) at two pairs of slopes leaves d = 0 only."""
    rows = []
    for wait, price in ((1.0, 1.0), (2.0, 1.0)):
        m = two_values((0.2, 0.8), (1.0, 1.5), wait, price)
        rows.append([m[0, 1], -m[1, 0]])
    assert np.linalg.matrix_rank(np.array(rows)) == 2


# Extragradient


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_extragradient_comes_closer_at_every_step(seed: int):
    """Monotone, and half of the time not strongly: ||x+ - x*||^2 <= ||x - x*||^2 - (1 - g^2 L^2) ||x - y||^2."""
    matrix, constant = strongly_monotone(seed, 4)
    if seed % 2:
        matrix = matrix - matrix.T
    function, jacobian = affine(matrix, constant)
    low, high = np.full(4, -1.0), np.full(4, 1.0)
    solution = smoothing_newton(function, jacobian, low, high, np.zeros(4)).require().point
    lipschitz = np.linalg.norm(matrix, 2)
    step = 0.7 / lipschitz
    x = np.random.default_rng(seed).uniform(-1, 1, 4)
    for after in islice(extragradient(function, low, high, x, step=step), 40):
        ahead = np.clip(x - step * function(x), low, high)
        fall = (1 - (step * lipschitz) ** 2) * np.sum((x - ahead) ** 2)
        assert np.sum((after - solution) ** 2) <= np.sum((x - solution) ** 2) - fall + 1e-7
        x = after


def test_extragradient_needs_a_short_step_and_monotonicity():
    def turning(x):
        return np.array([x[1], -x[0]])

    def last(function, step):
        return np.linalg.norm(list(islice(extragradient(function, [-FREE] * 2, [FREE] * 2, [1, 0], step=step), 60))[-1])

    assert last(turning, 0.9) < 1e-2
    assert last(turning, 1.0) == pytest.approx(1.0)  # the bound on the step is sharp
    assert last(turning, 1.1) > 1e2
    assert last(lambda x: -x, 0.1) > 1e2  # -x is not monotone


# Newton


@settings(max_examples=60, deadline=None)
@given(a=st.floats(-5, 5), b=st.floats(-5, 5))
def test_fischer_burmeister_measures_what_the_minimum_does(a: float, b: float):
    """Between 2 - sqrt 2 and 2 + sqrt 2 times |min(a, b)|: zero exactly at complementary pairs."""
    phi, least = abs(a + b - np.hypot(a, b)), abs(min(a, b))
    assert (2 - np.sqrt(2)) * least - 1e-9 <= phi <= (2 + np.sqrt(2)) * least + 1e-9


@settings(max_examples=60, deadline=None)
@given(a=st.floats(0.01, 50), smoothing=st.floats(0.01, 50))
def test_smoothed_function_is_zero_exactly_where_the_product_is_the_smoothing(a: float, smoothing: float):
    def phi(u, v):
        return u + v - np.sqrt(u * u + v * v + 2 * smoothing)

    b = smoothing / a
    assert phi(a, b) == pytest.approx(0.0, abs=1e-9 * (1 + a + b))
    assert phi(a, 1.1 * b) > 0 > phi(a, 0.9 * b)
    assert phi(-a, -b) < 0  # the same product on the other side of zero does not count


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_smoothed_matrix_is_regular_for_monotone_problems(seed: int):
    """Slopes between 0 and 2, exclusive, H semidefinite, and free prices whose rows are independent, or not."""
    rng = np.random.default_rng(seed)
    rows, bend = rng.normal(size=(2, 4)), rng.normal(size=(4, 1))
    by_a, by_b = rng.uniform(0.01, 2, (2, 4))

    def least(rows):
        upper = [np.diag(by_a) + by_b[:, None] * (bend @ bend.T), -by_b[:, None] * rows.T]
        return np.linalg.svd(np.block([upper, [rows, np.zeros((2, 2))]]), compute_uv=False).min()

    assert least(rows) > 1e-8
    assert least(np.vstack([rows[0], 2 * rows[0]])) < 1e-12


def test_steps_are_those_of_the_solver():
    matrix, constant = strongly_monotone(3, 6)
    function, jacobian = affine(matrix, constant)
    box = np.zeros(6), np.full(6, FREE)
    result = smoothing_newton(function, jacobian, *box, np.ones(6)).require()
    steps = list(islice(newton_steps(function, jacobian, *box, np.ones(6)), result.num_iter + 1))
    assert [s.number for s in steps] == list(range(result.num_iter + 1))
    assert steps[-1].residual == result.residual <= 1e-9 < steps[-2].residual
    assert np.clip(steps[-1].point, *box).tolist() == result.point.tolist()
    for step in steps:
        assert step.value == pytest.approx(function(step.point))
        assert step.residual == pytest.approx(np.abs(natural_residual(step.point, step.value, *box)).max())
    smoothing = [s.smoothing for s in steps]
    assert smoothing[0] == 1.0
    assert (np.diff(smoothing) <= 0).all()
    assert all(0 < s.length <= 1 for s in steps[1:])


def test_p_matrices_have_one_solution():
    """Murty's, on which pivoting by least index visits all bases: the solver finds the only one."""
    rng = np.random.default_rng(2)
    for n in range(1, 7):
        matrix = np.eye(n) + 2 * np.triu(np.ones((n, n)), 1)
        for constant in (*rng.normal(size=(5, n)), -np.ones(n)):
            solutions = []
            for basic in product((False, True), repeat=n):
                on = np.array(basic)
                z = np.zeros(n)
                if on.any():
                    z[on] = np.linalg.solve(matrix[np.ix_(on, on)], -constant[on])
                w = matrix @ z + constant
                if z.min() >= -1e-12 and w[~on].min(initial=0.0) >= -1e-12:
                    solutions.append(z)
            assert len(solutions) == 1
            found = smoothing_newton(*affine(matrix, constant), np.zeros(n), np.full(n, FREE), np.zeros(n)).require()
            assert found.point == pytest.approx(solutions[0], abs=1e-7)


def test_uniqueness_of_every_problem_needs_a_p_matrix():
    """Two values of time: one constant with three solutions. With minus the identity, one without any."""
    matrix = two_values((0.2, 0.8), (1.0, 1.5))
    assert [np.linalg.det(matrix[:k, :k]) > 0 for k in (1, 2)] == [True, False]
    z = np.linspace(0, 10, 101)
    assert (np.abs(natural_residual(z, -z - 1.0, np.zeros(101), np.full(101, FREE))) > 0).all()
