"""The search for the aggregator's price: what its first-order certificate catches."""

from dataclasses import replace

import numpy as np
import pytest

from tests.campus.instances import selected_fleet
from tests.campus.test_money import CAMPUS, share_paid
from v2g_nb.campus import aggregator, profit_slope, solve_aggregator_price
from v2g_nb.leader.line_search import LineMaximum, maximise_on_line


def test_a_price_at_the_cap_is_caught_where_a_move_inside_earns_more(monkeypatch):
    """A search that stops at the cap before the maximum: the cap holds there, the price is not best."""
    fleet, soft = selected_fleet(1), {"soc_weight": 20.0, "hard_target": False}
    cap = share_paid(fleet, 1.9e-3, **soft)
    best = solve_aggregator_price(CAMPUS, fleet, 1.2e-3, 3e-3, cap, points=9, **soft)
    assert best.converged
    assert best.bound == ""

    def stops_at_the_cap(function, low, high, points):
        line = maximise_on_line(function, low, high, points)
        k = np.flatnonzero(line.slacks < 0).max() + 1
        return replace(line, at=float(line.points[k]), bound="constraint")

    monkeypatch.setattr(aggregator, "maximise_on_line", stops_at_the_cap)
    wrong = solve_aggregator_price(CAMPUS, fleet, 1.2e-3, 3e-3, cap, points=9, **soft)
    assert wrong.converged
    assert wrong.profit_eur < best.profit_eur - 0.02
    failed = {c.name: c.value for c in wrong.certificates if not c.holds}
    slope = profit_slope(CAMPUS, wrong.game, wrong.fleet) * wrong.price_base
    assert failed == {"profit lost by not moving the price, per e-fold": pytest.approx(slope)}


@pytest.mark.parametrize("slope", [-2.0, 3.0])
@pytest.mark.parametrize(
    ("bound", "slacks", "inside"),
    [("low", [1, 1, 1], 1), ("high", [1, 1, 1], -1), ("constraint", [1, 0, -1], -1), ("constraint", [-1, 0, 1], 1)],
)
def test_what_moving_inwards_gains(bound, slacks, inside, slope):
    at = {"low": 0, "high": 2, "constraint": 1}[bound]
    line = LineMaximum(float(at), 0.0, 0.0, bound, np.arange(3.0), np.zeros(3), np.array(slacks), ())
    assert aggregator._gain_of_moving(line, slope) == max(0.0, inside * slope)
    assert aggregator._gain_of_moving(replace(line, bound=""), slope) == abs(slope)
