"""The printed cost: mixed-integer best responses against all sign patterns, one convex program each."""

import sys
from itertools import product

import cvxpy as cp
import numpy as np
import pytest

from tests.campus.instances import calibrated_game
from v2g_nb.campus import Fleet, FleetGame, printed_best_response
from v2g_nb.certificate import require
from v2g_nb.games import best_response


def small_game(seed):
    rng = np.random.default_rng(seed)
    fleet = Fleet(7, [0, 1], [6, 7], [0.5, 0.4], [0.55, 0.5], 40.0, 22.0, hours=0.25)
    request = rng.choice([-30.0, 0.0, 20.0, 60.0], 7)
    game = FleetGame(fleet, request, rng.uniform(0, 60, 7), 0.003, 0.002, soc_weight=3.0)
    return game, rng.normal(0, 12, (2, 7)) * fleet.present


def every_pattern(game, plan, car):
    """Return the least printed cost over all signs of the total in surplus slots."""
    fleet, best = game.fleet, np.inf
    others = plan.sum(axis=0) - plan[car]
    surplus = np.flatnonzero((game.request_kw > 0) & fleet.present[car])
    apart = (game.request_kw > 0) & ~fleet.present[car]
    fixed = (np.maximum(0, game.request_kw - np.abs(others))[apart] ** 2).sum()
    for signs in product([1.0, -1.0], repeat=len(surplus)):
        x = cp.Variable(fleet.slots)
        total = others + x
        slope = game.price_base * fleet.hours
        cost = slope * ((game.baseline_kw + others - game.request_kw) @ x + cp.sum_squares(x))
        missing = fleet.soc_target[car] - fleet.soc_start[car] - cp.sum(x) * fleet.hours / fleet.capacity_kwh[car]
        cost += game.soc_weight * missing + game.deviation_weight * fixed
        stored = fleet.soc_start[car] + cp.cumsum(x) * fleet.hours / fleet.capacity_kwh[car]
        rules = [stored >= 0.2, stored <= 1.0, missing <= 0, cp.abs(x) <= np.where(fleet.present[car], 22.0, 0.0)]
        if len(surplus):
            use = cp.multiply(signs, total[surplus])
            rules.append(use >= 0)
            cost += game.deviation_weight * cp.sum_squares(cp.pos(game.request_kw[surplus] - use))
        problem = cp.Problem(cp.Minimize(cost), rules)
        problem.solve(solver="CLARABEL")
        if problem.status == "optimal":
            best = min(best, problem.value)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_against_every_sign_pattern(seed):
    car = seed % 2
    game, plan = small_game(seed)
    found = require(printed_best_response(game, plan, car, tol=1e-6))
    least = every_pattern(game, plan, car)
    assert found.cost_eur == pytest.approx(least, abs=1e-5)
    assert found.bound_eur <= least + 1e-6


@pytest.mark.parametrize("own", [(0.0, 0.0, 0.0), (0.0, 0.0, 30.0), (9.0, -4.0, -11.0)])
def test_the_own_row_does_not_matter(own):
    """Not even what it holds after the stay, where the surplus that the others leave unused costs this car too."""
    fleet = Fleet(3, [0, 0], [2, 3], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    game = FleetGame(fleet, [40.0, 0.0, 30.0], np.zeros(3), 0.002, 0.002)
    plan = np.array([own, (-5.0, 5.0, 0.0)])
    found = require(printed_best_response(game, plan, 0))
    assert found.cost_eur == pytest.approx(every_pattern(game, plan, 0), abs=1e-5)
    assert found.num_iter < 20
    assert best_response(game.storage, plan, 0) == pytest.approx(
        best_response(game.storage, plan * [[0], [1]], 0), abs=1e-9
    )


@pytest.mark.parametrize("present", [True, False])
def test_never_dearer_than_the_convex_plan(present):
    game = calibrated_game()
    plan = np.zeros((game.fleet.size, 96)) if not present else game.fleet.plug_and_charge()
    found = require(printed_best_response(game, plan, 0, tol=1e-5))
    trial = plan.copy()
    trial[0] = best_response(game.storage, plan, 0)
    assert found.bound_eur <= game.car_costs(trial, printed=True).total_eur[0] + 1e-9


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(ImportError, match="highspy is not installed"):
        printed_best_response(*small_game(0), 0)
