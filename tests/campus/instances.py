"""Instances that several tests of the campus use, and the cars' equilibrium by a general solver."""

import cvxpy as cp
import numpy as np

from v2g_nb.campus import Campus, Fleet, FleetGame, FleetRules, Selection, draw_fleet, select_cars
from v2g_nb.games import best_response

RULES = FleetRules()


def selection(seed: int, campus: Campus | None = None) -> Selection:
    """Return who is asked to help on a day drawn with `seed`."""
    rng = np.random.default_rng(seed)
    request = (campus or Campus.calibrated()).request_kw
    return select_cars(draw_fleet(RULES, rng), request, RULES, rng)


def selected_fleet(seed: int, campus: Campus | None = None) -> Fleet:
    return selection(seed, campus).fleet


def scaled_game(cars: int, seed: int = 0, price_base: float = 3e-3, weight: float = 1e-3) -> FleetGame:
    """Return a game of any number of cars: request and other demand grow with it."""
    campus = Campus.calibrated()
    first, stop = selection(1, campus).window
    parked = draw_fleet(FleetRules(cars=40 + 4 * cars), np.random.default_rng(seed))
    fleet = parked.chosen(np.flatnonzero((parked.arrival <= first) & (parked.departure >= stop))[:cars])
    assert fleet.size == cars
    size = cars / 12.0
    return FleetGame(fleet, campus.request_kw * size, campus.baseline_kw * size, price_base, weight)


def calibrated_game(seed: int = 1, price_base: float = 3e-3, **more) -> FleetGame:
    campus = Campus.calibrated()
    return campus.game(selected_fleet(seed, campus), price_base, **more)


def free_cars(
    cars: int, slots: int, request, price_base: float = 2e-3, weight: float = 0.0, need: float = 0.0, base=0.0
):
    """Return cars that are parked all day, far from every bound but the energy they need [kWh]."""
    stay, soc = ([0] * cars, [slots] * cars), ([0.5] * cars, [0.5 + need / 4000.0] * cars)
    fleet = Fleet(slots, *stay, *soc, 4000.0, 900.0, 0.1, 0.9, hours=0.25)
    return FleetGame(fleet, request, np.full(slots, float(base)), price_base, weight)


def regret(game, plan, car):
    """Return what the best response to the others saves a car."""
    moved = plan.copy()
    moved[car] = best_response(game.storage, plan, car)
    return game.car_costs(plan).total_eur[car] - game.car_costs(moved).total_eur[car]


def one_program(game: FleetGame, printed_sets: bool = True) -> np.ndarray:
    """Return the minimum of the potential by a general solver, written from the paper's equations."""
    fleet = game.fleet
    plan = cp.Variable((fleet.size, fleet.slots))
    total = cp.sum(plan, axis=0)
    paid = game.price_base * fleet.hours
    value = paid * ((game.baseline_kw - game.request_kw) @ total + cp.sum_squares(total) / 2 + cp.sum_squares(plan) / 2)
    surplus = game.request_kw > 0
    if game.deviation_weight > 0 and surplus.any():
        value += game.deviation_weight * cp.sum_squares(cp.pos(game.request_kw[surplus] - total[surplus]))
    stored = cp.cumsum(plan, axis=1) * fleet.hours
    size = fleet.capacity_kwh[:, None]
    begun = (fleet.soc_start[:, None] * size) @ np.ones((1, fleet.slots))
    missing = fleet.soc_target - fleet.soc_start - stored[:, -1] / fleet.capacity_kwh
    rules = [begun + stored >= fleet.soc_low * size, begun + stored <= fleet.soc_high * size]
    rules += [cp.abs(plan) <= np.where(fleet.present, fleet.power_kw[:, None], 0.0)]
    if game.hard_target:
        rules += [missing <= 0]
        value += game.soc_weight * cp.sum(missing)
    else:
        value += game.soc_weight * cp.sum(cp.pos(missing))
    cp.Problem(cp.Minimize(value), rules).solve(solver="CLARABEL", tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-11)
    return plan.value
