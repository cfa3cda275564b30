"""Days on which more cars come than the stations can serve: who is let in, who waits, and that nobody is lost."""

import numpy as np
import pytest

from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.highway import Cars, Weights, charging_market, draw_cars, intervals, solve_schedule, tomei
from v2g_nb.matching import deferred_acceptance
from v2g_nb.queueing import mean_wait

OVERLOADED = {4: 23, 10: 6}  # seed: cars that wait for some interval


@pytest.mark.parametrize("seed", OVERLOADED)
def test_every_certificate_of_an_overloaded_day_holds(seed: int):
    road, cars = tomei(), draw_cars(tomei(), np.random.default_rng(seed))
    with pytest.raises(Infeasible, match="can take only"):
        solve_schedule(road, cars)
    result = solve_schedule(road, cars, overload="wait").require()
    assert "cars held though there was a place for them" in [c.name for c in result.certificates]
    late = result.entry_min > cars.minute
    assert late.sum() == OVERLOADED[seed]
    never = np.isinf(result.entry_min)
    assert (result.partner[never] == -1).all()
    assert (result.partner[~never] >= 0).all()
    assert (result.entry_min[late & ~never] % road.interval_min == 0).all()  # they enter as an interval begins
    # held at the end of an interval: has come by then, and not entered
    ends = np.arange(1, road.intervals + 1) * road.interval_min
    assert result.held.tolist() == [int(np.sum((cars.minute < end) & (result.entry_min >= end))) for end in ends]
    assert (result.wait_min < Weights().longest_wait).all()


def test_turn_is_by_arrival_then_by_charge():
    """Forty cars that can use one station only: the wait says how many; who came first, then the emptier."""
    road = tomei()
    cars = Cars([2] * 40, [1.0] * 20 + [0.5] * 20, [40.0] * 40, np.linspace(0.5, 0.2, 40))
    waits = 15 * mean_wait(6, np.arange(1, 27) / 4, 1.1)
    room = int((waits < 39.0).sum())
    assert 20 < room < 26  # 26 is the last number below 6 chargers x 1.1 x 4 intervals
    steps = intervals(road, cars, overload="wait")
    first = next(steps)
    assert sorted(first.cars) == list(range(40 - room, 40))
    assert first.held.tolist() == list(range(39 - room, -1, -1))
    assert (first.partner == 1).all()
    assert len(next(steps).cars) == 0  # the mean over four intervals leaves no room yet


def test_the_limit_keeps_everybody_who_is_let_in():
    """Just below it even a full car would rather charge, just above it not: it would drive past its place."""
    limit = Weights().longest_wait
    assert limit == 39.0
    assert Weights().car_costs([[1.0]], [limit - 1e-9])[0, 0] < Weights().alone
    assert Weights().car_costs([[1.0]], [limit + 1e-9])[0, 0] > Weights().alone
    market = charging_market([[0.3], [0.3]], [294.5], [2])  # a wait that is finite, and what it leads to
    assert deferred_acceptance(market).partner.tolist() == [-1, -1]
    assert Weights(wait=0.0).longest_wait == np.inf
    assert Weights(wait=0.0, soc=60.0).longest_wait < 0


def test_a_long_wait_that_is_finite_sends_cars_past():
    """Below capacity, quotas that can be filled, and still not all are matched: the wait is above the limit."""
    road, cars = tomei(), draw_cars(tomei(), np.random.default_rng(40))
    plan = solve_schedule(road, cars).require()
    assert (plan.partner < 0).sum() == 1
    assert Weights().longest_wait < plan.wait_min.max() < np.inf
    patient = solve_schedule(road, cars, overload="wait")
    assert patient.wait_min.max() < Weights().longest_wait
    assert (patient.partner >= 0).all()


@pytest.mark.parametrize("seed", [0, 7])
def test_on_other_days_the_rule_changes_nothing(seed: int):
    road, cars = tomei(), draw_cars(tomei(), np.random.default_rng(seed))
    one, two = solve_schedule(road, cars), solve_schedule(road, cars, overload="wait")
    np.testing.assert_array_equal(one.partner, two.partner)
    np.testing.assert_array_equal(one.price, two.price)
    np.testing.assert_array_equal(two.entry_min, cars.minute)
    assert two.held.sum() == 0
    entered, partner = two.entered(cars)
    np.testing.assert_array_equal(entered.minute, cars.minute)
    np.testing.assert_array_equal(partner, two.partner)


def test_a_schedule_of_other_cars_is_refused():
    road = tomei()
    result = solve_schedule(road, draw_cars(road, np.random.default_rng(0)))
    with pytest.raises(InvalidInput, match="cars of the schedule"):
        result.entered(Cars([0], [0.0], [40.0], [0.5]))
