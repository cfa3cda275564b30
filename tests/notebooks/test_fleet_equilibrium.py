"""The numbers behind the figures of *The fleet finds its equilibrium*, computed in other ways."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.campus.instances import one_program
from tests.notebooks.figures import column
from tools.paths import BOOK
from v2g_nb.campus import Campus, FleetRules, draw_fleet, select_cars, solve_liebmann
from v2g_nb.games import best_response

CHAPTER = "campus/fleet-equilibrium"


@pytest.fixture(scope="module")
def big():
    small = Campus.calibrated()
    campus = replace(small, request_kw=4 * small.request_kw, baseline_kw=4 * small.baseline_kw)
    rng, rules = np.random.default_rng(3), FleetRules(cars=800)
    return campus.game(select_cars(draw_fleet(rules, rng), campus.request_kw, rules, rng).fleet, 0.003)


@pytest.fixture(scope="module")
def target(big):
    return one_program(big)


def sweeps_by_hand(game, orders):
    """Return the plans after each sweep, one car at a time."""
    plan, plans = np.zeros((game.fleet.size, 96)), []
    for order in orders:
        for car in order:
            plan[car] = best_response(game.storage, plan, int(car))
        plans.append(plan.copy())
    return plans


def test_order(big, target):
    """The first sweeps by hand; distances from the general solver's equilibrium, as far as that is exact."""
    cyclic = column("campus/fleet-equilibrium", "fig-campus-order", "cyclic_kw")
    fresh, cost = column("campus/fleet-equilibrium", "fig-campus-order", "random_kw", "cyclic_cost_error")
    assert (column("campus/fleet-equilibrium", "fig-campus-order", "sweep") == np.arange(1, 901)).all()
    rng, line = np.random.default_rng(4), np.arange(45)
    plans = sweeps_by_hand(big, [line] * 8)
    assert cyclic[:8] == pytest.approx([np.linalg.norm(p - target) for p in plans], abs=0.05)
    shuffled = sweeps_by_hand(big, [rng.permutation(45) for _ in range(8)])
    assert fresh[:8] == pytest.approx([np.linalg.norm(p - target) for p in shuffled], abs=0.05)
    paid = [p.sum(axis=0) @ big.price(p.sum(axis=0)) for p in [*plans, target]]
    assert cost[:8] == pytest.approx(np.abs(np.array(paid[:-1]) / paid[-1] - 1), abs=1e-5)
    assert np.argmax(cyclic < 1e-3) > 20 * np.argmax(fresh < 1e-3)


def ring(cars, orders):
    """Return the sweeps until the error of the ring recursion is below 1 W; q = 1/2, its slowest wave at the start."""
    errors = 40 * np.cos(2 * np.pi * np.arange(cars) / cars)
    for number, order in enumerate(orders, 1):
        for car in order:
            errors[car] = -0.5 * (errors.sum() - errors[car])
        if np.linalg.norm(errors) < 1e-3:
            return number
    return None


def test_sweeps_needed():
    cars, cyclic = column("campus/fleet-equilibrium", "fig-campus-sweeps-needed", "cars", "cyclic_sweeps")
    fresh, theory = column("campus/fleet-equilibrium", "fig-campus-sweeps-needed", "fresh_sweeps", "theory_sweeps")
    assert cars.tolist() == [12, 24, 48, 96]
    for k, n in enumerate(cars.astype(int)):
        assert theory[k] == pytest.approx((n / (2 * np.pi)) ** 2 * np.log(40 * np.sqrt(n / 2) / 1e-3), rel=1e-6)
        assert abs(cyclic[k] - ring(n, [np.arange(n)] * 4000)) <= 1
        rng = np.random.default_rng(5)
        assert abs(fresh[k] - ring(n, [rng.permutation(n) for _ in range(60)])) <= 1


def test_sweep_by_sweep(big, target):
    total = target.sum(axis=0)[30:68]
    sweeps, hour = column("campus/fleet-equilibrium", "fig-campus-sweeps", "sweeps", "hour_h", shape=(14, 38))
    best = column("campus/fleet-equilibrium", "fig-campus-sweeps", "equilibrium_total_kw", shape=(14, 38))
    cyclic = column("campus/fleet-equilibrium", "fig-campus-sweeps", "cyclic_total_kw", shape=(14, 38))
    fresh = column("campus/fleet-equilibrium", "fig-campus-sweeps", "fresh_total_kw", shape=(14, 38))
    car_best = column("campus/fleet-equilibrium", "fig-campus-sweeps", "equilibrium_car_kw", shape=(14, 38))
    car_cyclic = column("campus/fleet-equilibrium", "fig-campus-sweeps", "cyclic_car_kw", shape=(14, 38))
    car_fresh = column("campus/fleet-equilibrium", "fig-campus-sweeps", "fresh_car_kw", shape=(14, 38))
    far = column("campus/fleet-equilibrium", "fig-campus-sweeps", "cyclic_distance_kw", every=38)
    near = column("campus/fleet-equilibrium", "fig-campus-sweeps", "fresh_distance_kw", every=38)
    order, shuffled = column("campus/fleet-equilibrium", "fig-campus-order", "cyclic_kw", "random_kw")
    assert hour[0] == pytest.approx(np.arange(7.625, 17, 0.25))
    assert np.abs(best - total).max() < 0.01
    rng = np.random.default_rng(4)
    by_hand = sweeps_by_hand(big, [np.arange(45)] * 3)
    mixed = sweeps_by_hand(big, [rng.permutation(45) for _ in range(3)])
    for k in range(3):
        assert np.abs(cyclic[k] - by_hand[k].sum(axis=0)[30:68]).max() < 1e-6
        assert np.abs(fresh[k] - mixed[k].sum(axis=0)[30:68]).max() < 1e-6
    assert np.abs(cyclic[-1] - total).max() < 0.01
    assert np.abs(fresh[-1] - total).max() < 0.01
    one = int(np.argmin(np.abs(target[:, 30:68] - car_best[0]).max(axis=1)))
    assert np.abs(target[one, 30:68] - car_best).max() < 0.02
    for k in range(3):
        assert np.abs(car_cyclic[k] - by_hand[k][one, 30:68]).max() < 1e-6
        assert np.abs(car_fresh[k] - mixed[k][one, 30:68]).max() < 1e-6
    assert np.abs(car_cyclic[8] - car_best[8]).max() > 5  # 40 sweeps in the fixed order
    assert np.abs(car_fresh[8] - car_best[8]).max() < 0.02
    numbers = sweeps[:, 0].astype(int)
    assert far == pytest.approx(order[numbers - 1])
    assert near[numbers <= 26] == pytest.approx(shuffled[numbers[numbers <= 26] - 1])


@pytest.mark.parametrize("capacity_kwh", [40.0, 60.0, 80.0, 100.0])
@pytest.mark.parametrize("price_base", [0.001, 0.002, 0.003, 0.005, 0.006, 0.008])
def test_the_sweeps_stop_well_within_their_certificate(price_base: float, capacity_kwh: float):
    """The chapter's step is small enough for a reader's other prices and batteries, with room to spare."""
    text = (BOOK / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")
    (step,) = re.findall(r"solve_liebmann\(game, tol=([\d.e-]+)", text)
    campus, rng = Campus.calibrated(), np.random.default_rng(1)
    rules = FleetRules(capacity_kwh=capacity_kwh)
    fleet = select_cars(draw_fleet(rules, rng), campus.request_kw, rules, rng).fleet
    swept = solve_liebmann(campus.game(fleet, price_base), tol=float(step))
    assert swept.converged
    assert all(c.value <= c.tolerance / 3 for c in swept.certificates)
