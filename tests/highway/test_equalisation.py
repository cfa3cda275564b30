"""Equal waits: the unique point, its optimality, and what fails without each hypothesis."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from v2g_nb.errors import Infeasible
from v2g_nb.highway import check_quotas, reachable_quotas, smallest_range_quotas, solve_equal_waits, wait_table
from v2g_nb.queueing import arrival_rate_for_wait, mean_wait


def test_reference_numbers():
    result = solve_equal_waits([8, 6], 1.1, 9.0)
    np.testing.assert_allclose(result.arrival_rate, [5.4065947, 3.5934053], atol=5e-8)
    assert result.level == pytest.approx(0.0457058, abs=5e-8)


@given(
    chargers=st.lists(st.integers(1, 12), min_size=2, max_size=6),
    share=st.floats(0.02, 0.98),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=80, deadline=None)
def test_no_other_division_has_a_smaller_maximum_or_a_larger_minimum(chargers: list[int], share: float, seed: int):
    """Water-filling minimises the maximum and maximises the minimum together; only it has range 0."""
    rng = np.random.default_rng(seed)
    c = np.array(chargers)
    demand = share * 1.1 * c.sum()
    result = solve_equal_waits(c, 1.1, demand).require()
    for _ in range(10):
        other = result.arrival_rate + rng.normal(size=len(c)) * 0.05 * result.arrival_rate
        other *= demand / other.sum()
        if np.any(other < 0) or np.any(other >= 1.1 * c) or np.allclose(other, result.arrival_rate, rtol=1e-6):
            continue
        waits = mean_wait(c, other, 1.1)
        assert waits.max() > result.level
        assert waits.min() < result.level


def test_lower_bounds_break_equality_but_not_optimality():
    """A station that history holds above the level keeps its bound, all others share the level."""
    result = solve_equal_waits([8, 6, 4], 1.1, 9.0, lower=[0.0, 0.0, 3.0])
    assert result.arrival_rate[2] == pytest.approx(3.0)
    assert result.wait[2] > result.level * 1.5
    np.testing.assert_allclose(result.wait[:2], result.level, rtol=1e-9)
    rng = np.random.default_rng(0)
    for _ in range(200):  # still the smallest largest and the largest smallest wait of all that keep the bound
        other = np.array([0.0, 0.0, rng.uniform(3.0, 4.3)])
        other[0] = rng.uniform(0.5, 9.0 - other[2] - 0.5)
        other[1] = 9.0 - other[0] - other[2]
        if other[1] < 6.6:
            waits = mean_wait([8, 6, 4], other, 1.1)
            assert waits.max() >= result.wait.max() - 1e-12
            assert waits.min() <= result.level + 1e-12
    free = solve_equal_waits([8, 6], 1.1, 6.0)
    np.testing.assert_allclose(result.arrival_rate[:2], free.arrival_rate, rtol=1e-9)


def test_bounds_that_take_all_demand():
    result = solve_equal_waits([8, 6], 1.1, 9.0, lower=[5.0, 4.0])
    np.testing.assert_allclose(result.arrival_rate, [5.0, 4.0])
    with pytest.raises(Infeasible, match="lower"):
        solve_equal_waits([8, 6], 1.1, 9.0, lower=[8.8, 0.0])
    with pytest.raises(Infeasible, match=r"demand = 15\.4"):  # the whole capacity
        solve_equal_waits([8, 6], 1.1, 15.400000000000002)


def by_bisection(c: np.ndarray, mu: np.ndarray, demand: float, low: np.ndarray) -> tuple[np.ndarray, float]:
    """Halve the range of the common wait sixty times, with all sums exact."""
    spare, left, right = math.fsum([demand, *-low]), -690.0, 690.0
    for _ in range(60):
        middle = 0.5 * (left + right)
        rate = np.maximum(low, arrival_rate_for_wait(c, mu, math.exp(middle)))
        left, right = (middle, right) if math.fsum([*rate, *-low]) < spare else (left, middle)
    return rate, math.exp(middle)


@pytest.mark.parametrize(
    ("chargers", "mu", "demand", "low"),
    [
        ([4, 2], 1.1, 3.6, [2.4, 1.2]),  # the bounds' rounded sum is a digit below the demand
        ([6, 12, 5], 1.1, 12.9, [0.0, 9.7, 3.2]),
        ([8, 4], [5.2, 19.4], 55.27363799558891, [21.106, 34.167]),  # nearly flat where Newton starts
        ([9, 12], 1.1, 7.20000000000014, [0.0, 7.2]),  # little is left, and known to few digits
    ],
)
def test_bounds_that_leave_next_to_nothing(chargers: list[int], mu, demand: float, low: list[float]):
    result = solve_equal_waits(chargers, mu, demand, lower=low).require()
    assert (result.arrival_rate >= low).all()
    rate, _ = by_bisection(np.array(chargers), np.broadcast_to(mu, len(low)), demand, np.array(low))
    np.testing.assert_allclose(result.arrival_rate, rate, rtol=0, atol=1e-14 * demand)


@pytest.mark.parametrize("seed", range(300))
def test_bounds_against_bisection(seed: int):
    """Bounds of one to three decimals: some take all the demand, some all but a last digit, some leave much."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    c, mu = rng.integers(1, 15, n), np.round(rng.uniform(0.3, 20, n), 1)
    low = np.round(c * mu * rng.uniform(0, 0.99, n) * (rng.random(n) < 0.7), int(rng.integers(1, 4)))
    low = np.minimum(low, 0.995 * c * mu)
    most = float((c * mu).sum())
    rest = rng.choice([0.0, 10 ** rng.uniform(-17, -3), rng.uniform(0.0, 0.9)]) * (most - float(low.sum()))
    demand = max(float(low[::-1].cumsum()[-1]) + float(rest), 0.01)
    result = solve_equal_waits(c, mu, demand, lower=low).require()
    assert (result.arrival_rate >= low).all()
    rate, level = by_bisection(c, mu, demand, low)
    if level > 1e-299:  # below, all waits are 0 to working precision
        np.testing.assert_allclose(result.arrival_rate, rate, rtol=0, atol=1e-11 * demand)


def test_equal_waits_are_a_wardrop_equilibrium():
    """They minimise the sum of the integrals of the waits, as an equilibrium of travellers does.

    With a bound from history the hypothesis "every driver is free" is gone, and so is the equilibrium.
    """
    result = solve_equal_waits([8, 6], 1.1, 9.0)

    def potential(first: float) -> float:
        parts = ((8, first), (6, 9.0 - first))
        return sum(quad(lambda rate, c=c: float(mean_wait(c, rate, 1.1)), 0, top)[0] for c, top in parts)

    found = minimize_scalar(potential, bounds=(2.5, 8.7), method="bounded", options={"xatol": 1e-7})
    assert found.x == pytest.approx(result.arrival_rate[0], abs=1e-4)
    held = solve_equal_waits([8, 6], 1.1, 9.0, lower=[7.0, 0.0])
    assert held.wait[0] > 2 * held.wait[1]  # drivers of the first station would rather be at the second


@pytest.mark.parametrize("seed", range(20))
def test_range_is_quasi_convex_for_two_stations(seed: int):
    rng = np.random.default_rng(seed)
    c = rng.integers(1, 12, 2)
    demand = rng.uniform(0.2, 0.95) * c.sum()
    first = np.linspace(max(demand - c[1], 0) + 0.02, min(c[0], demand) - 0.02, 400)
    rates = np.stack([first, demand - first], axis=1)
    waits = mean_wait(c[None, :], rates, 1.0)
    spread = waits.max(axis=1) - waits.min(axis=1)
    down = int(spread.argmin())
    rounding = 1e-13 * spread.max()
    assert (np.diff(spread[: down + 1]) <= rounding).all()
    assert (np.diff(spread[down:]) >= -rounding).all()
    assert spread.min() < 0.2 * spread.max()


def test_thousand_stations():
    rng = np.random.default_rng(0)
    c, mu = rng.integers(1, 40, 1000), rng.uniform(0.5, 2, 1000)
    for share in (0.01, 0.5, 0.99, 0.9999):
        solve_equal_waits(c, mu, share * float((c * mu).sum())).require()


@pytest.mark.parametrize(
    ("chargers", "demand"), [([15, 14], 31.899681000000005), ([8, 6], 15.4 * (1 - 1e-7)), ([13, 10, 9], 35.199648)]
)
def test_just_below_capacity(chargers: list[int], demand: float):
    """There the sum of the rates is rounded to more than Newton's last step: it must still end."""
    result = solve_equal_waits(chargers, 1.1, demand).require()
    assert result.level == pytest.approx(len(chargers) / (1.1 * sum(chargers) - demand), rel=1e-3)  # W ~ 1 / rest


@pytest.mark.parametrize("seed", range(12))
def test_loads_that_come_ever_closer_to_capacity(seed: int):
    rng = np.random.default_rng(seed)
    for gap in 10.0 ** np.arange(-5.0, -11.5, -0.5):
        c, mu = rng.integers(1, 40, 4), rng.uniform(0.2, 5, 4)
        solve_equal_waits(c, mu, float((c * mu).sum()) * (1 - gap)).require()


@pytest.mark.parametrize("mu", [1e-12, 1.0, 1e12])
def test_waits_below_the_smallest_number_keep_the_bounds(mu: float):
    """The bound is more than the first station's share of so little demand."""
    result = solve_equal_waits([1000, 600], mu, 9.0 * mu, lower=[8.9 * mu, 0.0])
    assert result.level == 0.0
    result.require()
    free = solve_equal_waits([1000, 600], mu, 9.0 * mu)
    assert free.level == 0.0
    assert all(x.holds for x in free.certificates), free.certificates


# ---- whole quotas


def random_table(rng: np.random.Generator, m: int, n: int) -> np.ndarray:
    table = np.sort(rng.random((m, n + 1)), axis=1)
    if rng.random() < 0.3:
        table[:, 0] = 0.0
    return table


@pytest.mark.parametrize("seed", range(150))
def test_whole_quotas_equal_brute_force(seed: int):
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 5)), int(rng.integers(0, 8))
    table = random_table(rng, m, n)
    result = smallest_range_quotas(table, n)
    every = (list(quota) for quota in itertools.product(range(n + 1), repeat=m) if sum(quota) == n)
    best = min(np.ptp(table[np.arange(m), quota]) for quota in every)
    assert np.ptp(result.wait) == pytest.approx(best, abs=1e-15)
    assert result.quota.sum() == n
    result.require()


@pytest.mark.parametrize("seed", range(150))
def test_reachable_quotas_equal_brute_force(seed: int):
    """Every assignment of cars to stations they can use, counted."""
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 4)), int(rng.integers(1, 8))
    table = random_table(rng, m, n)
    usable = rng.random((n, m)) < 0.6
    result = reachable_quotas(table, usable)
    choices = [[i for i in range(m) if row[i]] or [None] for row in usable]
    counts = [[assigned.count(i) for i in range(m)] for assigned in itertools.product(*choices)]
    best = min(max(table[i, k] for i, k in enumerate(quota)) for quota in counts)
    assert result.quota.tolist() in counts
    assert result.wait.max() == pytest.approx(best, abs=1e-15)
    result.require()


def test_quotas_that_forget_where_cars_enter_cannot_be_filled():
    """Equation (23) as printed: two cars enter behind the first station, and it is still given two places."""
    table = wait_table([8, 6], 1.1, [10, 10], 3)
    usable = np.array([[True, True], [False, True], [False, True]])
    printed = smallest_range_quotas(table, 3).quota
    assert printed[0] >= 2
    assert not check_quotas(table, usable, printed).certificates[1].holds
    assert reachable_quotas(table, usable).quota.tolist() == [1, 2]


@pytest.mark.parametrize("seed", range(60))
def test_quotas_that_can_be_filled_are_those_of_the_inequality(seed: int):
    """The theorem's inequality for every set of stations, as the certificate has it, against all assignments."""
    rng = np.random.default_rng(seed)
    n, m = 6, 3
    usable = rng.random((n, m)) < 0.5
    usable[np.arange(n), rng.integers(0, m, n)] = True  # each car reaches a station
    choices = [np.flatnonzero(row).tolist() for row in usable]
    filled = {tuple(assigned.count(i) for i in range(m)) for assigned in itertools.product(*choices)}
    table = np.tile(np.arange(n + 1.0), (m, 1))
    for quota in itertools.product(range(n + 1), repeat=m):
        if sum(quota) == n:
            assert check_quotas(table, usable, quota).certificates[1].holds == (quota in filled)


def test_stations_that_cannot_take_all():
    table = wait_table([1], 1.0, [2], 3, window=4)
    assert np.isinf(table[0, 2])
    with pytest.raises(Infeasible, match="total = 2"):
        smallest_range_quotas(table, 2)
    with pytest.raises(Infeasible, match="can take only 1"):
        reachable_quotas(table, [[True], [True]])


def test_a_station_without_a_finite_wait_has_no_range():
    rising = [0.0, 1.0, 2.0, 3.0]
    for total in (0, 2):
        with pytest.raises(Infeasible, match=r"table\[1\]: has no finite wait"):
            smallest_range_quotas([rising, [np.inf] * 4], total)
    assert smallest_range_quotas([rising, [0.0, *[np.inf] * 3]], 2).quota.tolist() == [2, 0]
