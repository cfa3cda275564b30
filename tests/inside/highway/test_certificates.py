"""Certificates notice what is changed, and cars are let in as they come."""

import itertools

import numpy as np
import pytest

from tests.highway.test_equalisation import random_table
from v2g_nb.highway import certificates as proofs
from v2g_nb.highway import reachable_quotas, smallest_range_quotas, solve_equal_waits
from v2g_nb.highway.quotas import first_come


def test_the_tolerance_of_waits_grows_only_near_capacity_and_ends():
    def tolerance(gap: float) -> float:
        return solve_equal_waits([8, 6], 1.1, 15.4 * (1 - gap)).certificates[2].tolerance

    assert tolerance(0.5) == tolerance(1e-6) == 10 * proofs.TOLERANCE
    assert 10 * proofs.TOLERANCE < tolerance(1e-8) < tolerance(1e-10) < 1e-4
    assert tolerance(1e-14) == proofs.LOOSEST


@pytest.mark.parametrize("gap", [1e-8, 1e-10])
def test_mutations_near_capacity(gap: float):
    """A hundred times the wider tolerance is still seen, and so is a division by chargers."""
    c, mu, demand = np.array([8, 6]), np.full(2, 1.1), 15.4 * (1 - gap)
    result = solve_equal_waits(c, 1.1, demand)
    wide = 100 * result.certificates[2].tolerance
    moved = wide * (1.1 * c - result.arrival_rate)[0] * np.array([1.0, -1.0])
    low = np.zeros(2)
    for rate in (result.arrival_rate + moved, result.arrival_rate - moved, 1.1 * c * (1 - gap)):
        assert not proofs.equal_waits(c, mu, demand, low, rate, result.level)[2].holds


@pytest.mark.parametrize("level", [0.0, 1e-300, -0.1, -1e-300])
@pytest.mark.parametrize("rate", [[8.0, 0.0], [4.8, 3.2], [9.0, -1.0], [9.5, -1.5]])
def test_a_level_of_nothing_is_no_excuse_for_waits(rate: list[float], level: float):
    """Also where the first station is above its capacity of 8.8, and the formula gives a negative wait."""
    c, mu, low = np.array([8, 6]), np.full(2, 1.1), np.zeros(2)
    assert not proofs.equal_waits(c, mu, 8.0, low, np.array(rate), level)[2].holds
    held = proofs.equal_waits(c, mu, 8.0, np.array([8.0, 0.0]), np.array([8.0, 0.0]), 0.0)
    assert all(x.holds for x in held)  # by its bound a station may wait longer


@pytest.mark.parametrize("how", [1.0, -1.0, np.nan])
@pytest.mark.parametrize("block", ["arrival_rate", "level"])
def test_mutations_of_equal_waits(block: str, how: float):
    c, mu = np.array([8, 6, 5]), np.full(3, 1.1)
    low = np.array([0.0, 0.0, 3.6])
    result = solve_equal_waits(c, 1.1, 9.0, lower=low)
    rate, level = result.arrival_rate.copy(), result.level
    step = 100 * 10 * proofs.TOLERANCE * how
    if block == "level":
        level *= 1 + step
    else:
        rate[0] *= 1 + step
    assert all(x.holds for x in proofs.equal_waits(c, mu, 9.0, low, result.arrival_rate, result.level))
    assert not all(x.holds for x in proofs.equal_waits(c, mu, 9.0, low, rate, level))


@pytest.mark.parametrize("seed", range(40))
def test_mutations_of_quotas(seed: int):
    rng = np.random.default_rng(seed)
    m, n = 3, 6
    table = random_table(rng, m, n)
    usable = rng.random((n, m)) < 0.7
    whole, reach = smallest_range_quotas(table, n), reachable_quotas(table, usable)
    for spoil in (1, -1, 0.5, np.nan):
        for i in range(m):
            for quota, check in (
                (whole.quota, lambda q: proofs.smallest_range(table, n, q)),
                (reach.quota, lambda q: proofs.smallest_maximum(table, usable, q)),
            ):
                broken = quota.astype(float)
                broken[i] += spoil
                assert not all(c.holds for c in check(broken))
    for i, j in itertools.permutations(range(m), 2):
        moved = whole.quota.copy()
        moved[i] -= 1
        moved[j] += 1
        if moved[i] >= 0 and np.ptp(table[np.arange(m), moved]) > np.ptp(whole.wait) * (1 + 1e-6):
            assert not all(c.holds for c in proofs.smallest_range(table, n, moved))


def placeable(places: np.ndarray, usable: np.ndarray, cars: list[int]) -> bool:
    """Try every way to send these cars to stations."""
    options = [np.nonzero(usable[car])[0].tolist() for car in cars]
    ways = (np.array(way, dtype=int) for way in itertools.product(*options))
    return any(all(np.bincount(way, minlength=len(places)) <= places) for way in ways)


@pytest.mark.parametrize("seed", range(60))
def test_first_come_against_all_assignments(seed: int):
    """A car is taken exactly if it can be placed with those taken before it; and no rule takes more cars."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    places, usable, turn = rng.integers(0, 3, m), rng.random((n, m)) < 0.6, rng.permutation(n)
    taken = first_come(places, usable, turn)
    inside: list[int] = []
    for car in turn:
        fits = not usable[car].any() or placeable(places, usable, [*inside, car])
        assert taken[car] == fits
        if fits and usable[car].any():
            inside.append(int(car))
    needs = np.nonzero(usable.any(axis=1))[0]
    sets = [list(s) for size in range(len(needs) + 1) for s in itertools.combinations(needs, size)]
    assert len(inside) == max(len(cars) for cars in sets if placeable(places, usable, cars))
    assert all(c.holds for c in proofs.first_come(places, usable, turn, taken))


def test_certificates_notice_a_car_too_many_and_one_held_for_nothing():
    usable, turn, places = np.array([[True, False], [True, True], [False, True]]), np.array([0, 1, 2]), np.array([1, 1])
    right = first_come(places, usable, turn)
    assert right.tolist() == [True, True, False]
    for wrong, verdicts in (
        ([True, True, True], [False, True]),
        ([True, False, False], [True, False]),
        ([True, False, True], [True, False]),  # as many cars, but not in turn
        ([False, False, False], [True, False]),
    ):
        found = proofs.first_come(places, usable, turn, np.array(wrong))
        assert [c.holds for c in found] == verdicts
