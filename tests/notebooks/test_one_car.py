"""The numbers behind the figures of *A car that minds its own bill*, by a general solver."""

import cvxpy as cp
import numpy as np
import pytest

from tests.campus.instances import calibrated_game, one_program
from tests.notebooks.figures import column

CAR = 0


@pytest.fixture(scope="module")
def setting():
    """Return the game and what the other cars do in its equilibrium, by the general solver."""
    game = calibrated_game(1)
    plan = one_program(game)
    stay = slice(game.fleet.arrival[CAR], game.fleet.departure[CAR])
    return game, plan.sum(axis=0) - plan[CAR], stay


def cheapest(game, others, stay, start):
    x = cp.Variable(stay.stop - stay.start)
    q, request = others[stay], game.request_kw[stay]
    a = 0.003 * 0.25
    cost = a * ((game.baseline_kw[stay] + q - request) @ x + cp.sum_squares(x))
    cost += 1e-3 * cp.sum_squares(cp.multiply(request > 0, cp.pos(request - q - x)))
    soc = start + cp.cumsum(x) * 0.25 / 80.0
    end = soc[-1] >= max(0.8, start)
    cp.Problem(cp.Minimize(cost), [soc >= 0.2, soc <= 1.0, end, cp.abs(x) <= 22.0]).solve(solver="CLARABEL")
    return x.value, end.dual_value


def test_plan(setting):
    game, others, stay = setting
    hour, first = column("campus/one-car", "fig-one-car-plan", "hour_h", "first_eur_per_kwh")
    multiplier, plan = column("campus/one-car", "fig-one-car-plan", "multiplier_eur_per_kwh", "plan_kw")
    best, worth = cheapest(game, others, stay, game.fleet.soc_start[CAR])
    assert hour == pytest.approx((np.arange(stay.start, stay.stop) + 0.5) / 4)
    assert np.abs(plan - best).max() < 0.01
    price = 0.003 * (game.baseline_kw + others - game.request_kw)
    unused = np.where(game.request_kw > 0, np.maximum(0, game.request_kw - others), 0)
    assert first == pytest.approx((price - 2e-3 * unused / 0.25)[stay], abs=1e-3)
    assert multiplier[-1] == pytest.approx(float(worth) / 80.0, abs=1e-3)  # dual: EUR a unit of charge
    free = np.abs(plan) < 21.9
    marginal = price[stay] + 2 * 0.003 * plan - 2e-3 * np.maximum(0, unused[stay] - plan) * (unused[stay] > 0) / 0.25
    assert marginal[free] == pytest.approx(multiplier[free], abs=2e-3)


def test_charge_on_arrival(setting):
    game, others, stay = setting
    length = stay.stop - stay.start
    start, bill = column("campus/one-car", "fig-one-car-soc", "charge on arrival", "bill_eur", every=length)
    hour, plan, soc = column("campus/one-car", "fig-one-car-soc", "hour_h", "plan_kw", "soc", shape=(11, length))
    assert hour[3] == pytest.approx((np.arange(stay.start, stay.stop) + 0.5) / 4)
    for k in range(11):
        best, _ = cheapest(game, others, stay, start[k])
        assert np.abs(plan[k] - best).max() < 0.02
        assert soc[k] == pytest.approx(start[k] + np.cumsum(plan[k]) / 320.0)
        price = 0.003 * (game.baseline_kw + others - game.request_kw)[stay] + 0.003 * plan[k]
        assert bill[k] == pytest.approx(price @ plan[k] * 0.25, abs=0.01)
