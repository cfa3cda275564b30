"""The cars' costs by hand, their equilibrium by several solvers, and certificates that can fail."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campus.instances import calibrated_game, regret, scaled_game
from v2g_nb.campus import (
    Campus,
    Fleet,
    FleetGame,
    certify_fleet,
    gradient_ascent,
    printed_best_response,
    profit_slope,
    regret_bounds,
    solve_aggregator_price,
    solve_fleet,
    solve_liebmann,
)
from v2g_nb.certificate import require
from v2g_nb.errors import InvalidInput, NotAnEquilibrium
from v2g_nb.games import best_response_sweeps

GAME = calibrated_game()
FOUND = solve_fleet(GAME)


def test_price_by_hand():
    """Equation (1): demand above the request makes energy dear, below it cheap."""
    one = FleetGame(Fleet(1, [0], [1], [0.5], [0.5], hours=0.25), [200.0], [120.0], 1e-3)
    assert one.price([30.0])[0] == pytest.approx(-0.05)
    assert one.paid([30.0]) == pytest.approx(-0.05 * 30.0 * 0.25)
    assert GAME.paid(FOUND.total_kw) == FOUND.energy_eur


def test_costs_by_hand():
    """Equations (2)-(5) term by term, in plain loops."""
    game = replace(GAME, soc_weight=7.0)
    plan = np.random.default_rng(1).normal(0, 10, FOUND.plan_kw.shape) * game.fleet.present
    costs = {printed: game.car_costs(plan, printed) for printed in (False, True)}
    for i in (0, 5):
        energy, missed = 0.0, {False: 0.0, True: 0.0}
        for t in range(96):
            total, request = plan[:, t].sum(), game.request_kw[t]
            energy += plan[i, t] * game.price_base * (game.baseline_kw[t] + total - request) * 0.25
            for printed in (False, True) if request > 0 else ():
                missed[printed] += max(0.0, abs(request) - (abs(total) if printed else total)) ** 2
        for printed in (False, True):
            assert costs[printed].deviation_eur[i] == pytest.approx(1e-3 * missed[printed], rel=1e-12)
        final = game.fleet.soc_start[i] + plan[i].sum() * 0.25 / 80.0
        assert costs[True].energy_eur[i] == pytest.approx(energy, rel=1e-12)
        assert costs[True].soc_eur[i] == pytest.approx(7.0 * (0.8 - final), abs=1e-12)


def test_certificates_hold_and_are_tight():
    require(FOUND)
    assert [c.name for c in FOUND.certificates][1:3] == ["maximum regret", "potential gap"]
    assert FOUND.certificates[1].value < 1e-9


def shift(plan, kw):
    """Move power between two slots in which the first car is free."""
    moved = plan.copy()
    free = np.flatnonzero((np.abs(plan[0]) < 20) & GAME.fleet.present[0])
    moved[0, free[[0, -1]]] += [kw, -kw]
    return moved


MUTATIONS = {
    "whole block": lambda p: p + 0.1,
    "one car": lambda p: np.vstack([p[:1] * 1.01, p[1:]]),
    "two slots": lambda p: shift(p, 0.3),
    "outside the stay": lambda p: np.where(GAME.fleet.present, p, 1e-4),
    "less charged": lambda p: np.where(GAME.fleet.present, p - 1e-4, 0.0),
    "one NaN": lambda p: np.where(np.arange(96) == 40, np.nan, p),
    "NaN in one car": lambda p: np.vstack([p[:-1], np.full((1, 96), np.nan)]),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutated_plan_is_caught(name):
    wrong = replace(FOUND, certificates=certify_fleet(GAME, MUTATIONS[name](FOUND.plan_kw)))
    with pytest.raises(NotAnEquilibrium):
        require(wrong)


def test_regret_bound_is_above_the_regret_and_meets_it_at_the_equilibrium():
    rng = np.random.default_rng(4)
    for size in (0.0, 0.1, 3.0):
        plan = FOUND.plan_kw * (1 - size / 30) + size / 30 * GAME.fleet.plug_and_charge()
        bound = regret_bounds(GAME, plan)
        for car in rng.choice(12, 3, replace=False):
            real = regret(GAME, plan, int(car))
            assert -1e-9 < real <= bound[car] + 1e-9
            assert size == 0 or real > 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.floats(0.0, 5e-3), st.floats(3e-4, 1e-2))
def test_every_game_is_solved_and_certified(seed, hard, weight, price):
    rng = np.random.default_rng(seed)
    cars, slots = int(rng.integers(1, 7)), 24
    arrival = rng.integers(0, 12, cars)
    stay = rng.integers(6, 13, cars)
    soc = rng.uniform(0.2, 0.7, cars), np.full(cars, 0.8)
    fleet = Fleet(slots, arrival, arrival + stay, *soc, 40.0, 22.0, hours=0.25)
    request, demand = rng.normal(0, 60, slots), rng.uniform(0, 60, slots)
    require(solve_fleet(FleetGame(fleet, request, demand, price, weight, 0.0 if hard else 9.0, hard)))


def test_three_ways_agree():
    for order in ("cyclic", "random"):
        swept = require(solve_liebmann(GAME, order, np.random.default_rng(1), tol=1e-7))
        assert np.abs(swept.plan_kw - FOUND.plan_kw).max() < 1e-5


def test_warm_start_changes_nothing():
    warm = solve_fleet(GAME, start_kw=GAME.fleet.plug_and_charge())
    assert np.abs(warm.plan_kw - FOUND.plan_kw).max() < 1e-7


def test_unfinished_sweeps_are_reported():
    stopped = solve_liebmann(scaled_game(40), max_iter=3)
    assert not stopped.converged
    with pytest.raises(NotAnEquilibrium, match="did not converge"):
        require(stopped)


def test_generator_and_solver_are_one():
    step = next(best_response_sweeps(GAME.storage))
    assert np.abs(step.flows - solve_liebmann(GAME, max_iter=1).plan_kw).max() == 0.0


def test_mismatched_profiles():
    with pytest.raises(InvalidInput, match="request_kw"):
        replace(GAME, request_kw=np.zeros(95))


MIXED = replace(GAME, soc_weight=1.0, fleet=replace(GAME.fleet, capacity_kwh=np.linspace(60.0, 90.0, 12)))
NEED_ONE_CAPACITY = {
    "solve_fleet": solve_fleet,
    "solve_liebmann": solve_liebmann,
    "storage": lambda game: game.storage,
    "regret_bounds": lambda game: regret_bounds(game, FOUND.plan_kw),
    "certify_fleet": lambda game: certify_fleet(game, FOUND.plan_kw),
    "profit_slope": lambda game: profit_slope(Campus.calibrated(), game, FOUND),
    "gradient_ascent": lambda game: next(gradient_ascent(Campus.calibrated(), game, 1e-4, 1e-2, 1e-5, 1e-9)),
    "solve_aggregator_price": lambda game: solve_aggregator_price(Campus.calibrated(), game.fleet, soc_weight=1.0),
}


@pytest.mark.parametrize("name", NEED_ONE_CAPACITY)
def test_a_weight_needs_one_capacity(name):
    with pytest.raises(InvalidInput, match=r"soc_weight = 1\.0 .* 0 for cars of different capacity"):
        NEED_ONE_CAPACITY[name](MIXED)


def test_what_needs_no_common_capacity():
    weighed = MIXED.car_costs(FOUND.plan_kw)
    plain = replace(MIXED, soc_weight=0.0).car_costs(FOUND.plan_kw)
    assert np.abs(weighed.total_eur - plain.total_eur - weighed.soc_eur).max() < 1e-12
    printed = require(printed_best_response(MIXED, FOUND.plan_kw, 0, tol=1e-4))
    assert printed.cost_eur <= MIXED.car_costs(FOUND.plan_kw, printed=True).total_eur[0] + 1e-4
    assert Campus.calibrated().settle(MIXED, FOUND.plan_kw).cars_eur == pytest.approx(weighed.energy_eur)


def test_large_fleet():
    game = scaled_game(2000)
    found = solve_fleet(game, certify=False)
    assert found.converged
    for car in np.random.default_rng(1).choice(2000, 50, replace=False)[:5]:
        assert regret(game, found.plan_kw, int(car)) < 1e-6
