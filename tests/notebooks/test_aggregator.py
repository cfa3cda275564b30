"""The numbers behind the figures of *The aggregator sets the price*, computed in other ways."""

from dataclasses import replace

import numpy as np
import pytest

from tests.campus.instances import RULES, one_program, selected_fleet
from tests.notebooks.figures import column
from v2g_nb.campus import Campus, FleetRules, draw_fleet, profit_slope, select_cars, solve_fleet

CAMPUS = Campus.calibrated()


def test_flows():
    """No arrow joins the building at (0, 0) and the cars at (2, 0), or the grid at (0.5, 1) and the cars."""
    arrows = column("campus/aggregator", "fig-campus-flows", "from_x", "from_y", "to_x", "to_y")
    ends = set(zip(*arrows, strict=True))
    assert {(0, 0, 1, 0), (2, 0, 1, 0)} <= ends
    assert not {(0, 0, 2, 0), (2, 0, 0, 0), (0.5, 1, 2, 0), (2, 0, 0.5, 1)} & ends


def test_day_with_more_cars():
    cars, off = column("campus/aggregator", "fig-campus-day", "cars", "off_kw", every=38)
    hour = column("campus/aggregator", "fig-campus-day", "hour_h", shape=(10, 38))
    request, total = column("campus/aggregator", "fig-campus-day", "request_kw", "total_kw", shape=(10, 38))
    rules, rng = FleetRules(willing=1.0), np.random.default_rng(2)
    whole = select_cars(draw_fleet(rules, rng), 4 * CAMPUS.request_kw, rules, rng).fleet
    for k in (0, 5, 7):
        few = whole.chosen(np.arange(int(cars[k])))
        best = one_program(CAMPUS.game(few, 0.003)).sum(axis=0)[30:68]
        assert np.abs(total[k] - best).max() < 0.05
    assert hour[0] == pytest.approx(np.arange(7.625, 17, 0.25))
    assert request[4] == pytest.approx(CAMPUS.request_kw[30:68], abs=1e-6)
    assert off == pytest.approx(np.abs(total - request).mean(axis=1), abs=1e-6)


def test_ascent():
    """At each rate the profit rises by rate times slope squared until the clamp, where the cap binds."""
    number = column("campus/aggregator", "fig-campus-ascent", "iteration")
    curves = column("campus/aggregator", "fig-campus-ascent", "fast_eur", "middle_eur", "slow_eur")
    fleet = selected_fleet(1)
    first = CAMPUS.game(fleet, 5e-4)
    found = solve_fleet(first)
    slope, base = profit_slope(CAMPUS, first, found), CAMPUS.settle(first, found.plan_kw).aggregator_eur
    ends = set()
    for rate, profits in zip((4e-8, 2e-8, 8e-9), curves, strict=True):
        assert profits[0] == pytest.approx(base, abs=1e-6)
        assert profits[1] - profits[0] == pytest.approx(rate * slope**2, rel=5e-3)
        ends.add(round(float(profits[-1]), 6))
    assert len(ends) == 1
    assert number.tolist() == list(range(30))
    paid = 0.72 * CAMPUS.settle_before(fleet).cars_eur.sum()
    top = replace(first, price_base=5e-4 + (ends.pop() - base) / slope)
    assert solve_fleet(top).energy_eur == pytest.approx(paid, rel=5e-3)


def test_peaks():
    price = column("campus/aggregator", "fig-campus-peaks", "price")
    profit, caught, best = column("campus/aggregator", "fig-campus-peaks", "profit_eur", "caught_eur", "best_eur")
    rng = np.random.default_rng(1000)
    fleet = select_cars(draw_fleet(RULES, rng), CAMPUS.request_kw, RULES, rng).fleet
    for k in (0, len(price) // 2, len(price) - 1):
        game = CAMPUS.game(fleet, float(price[k]), soc_weight=20.0, hard_target=False)
        assert profit[k] == pytest.approx(CAMPUS.settle(game, one_program(game)).aggregator_eur, abs=0.05)
    assert best[0] == pytest.approx(profit.max())
    peaks = (profit[1:-1] > profit[:-2]) & (profit[1:-1] >= profit[2:])
    assert peaks.sum() >= 2
    assert np.abs(profit[1:-1][peaks] - caught[0]).min() < 0.1
