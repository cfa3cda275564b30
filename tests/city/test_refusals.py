"""What the coupled city refuses, because its answer would be wrong or it has none."""

from dataclasses import replace

import numpy as np
import pytest

from tests.city.cases import small
from v2g_nb.certificate import require
from v2g_nb.city import (
    CityModel,
    PowerMarket,
    RoadMap,
    city_program,
    outside_certificate,
    small_city,
    solve_city,
    solve_city_mcp,
)
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.networks import Demand, RoadNetwork


def test_parallel_links_are_refused():
    """A trip names its nodes, so of two links with the same ends nobody knows which one it takes."""
    one, two = np.ones(3), np.zeros(2)
    roads = RoadNetwork(2, [0, 1, 0], [1, 0, 1], one, one, one, one)
    with pytest.raises(InvalidInput, match="2 links lead from node 1 to node 2: must be without parallel links"):
        RoadMap(roads, Demand([0], [1], [1.0]), one, two, two)
    there_and_back = RoadNetwork(2, [0, 1], [1, 0], one[:2], one[:2], one[:2], one[:2])
    assert RoadMap(there_and_back, Demand([0], [1], [1.0]), one[:2], two, two).link(2, 1) == 1


def test_zones_that_close_nodes_are_refused():
    model = small_city()
    zones = replace(model.roads, network=replace(model.roads.network, first_through=2))
    with pytest.raises(InvalidInput, match=r"first_through = 2 \(int\): must be 0 for the coupled city"):
        replace(model, roads=zones)


def test_negative_loads_are_refused():
    market = small_city().market
    with pytest.raises(InvalidInput, match=r"load_kw\[1\] = -5\.0: must be a finite number of at least 0"):
        PowerMarket(replace(market.grid, load_kw=[0.0, -5.0, 400.0]), market.owner, market.shares)


def test_a_city_in_which_nobody_travels_is_refused():
    model = small_city()
    with pytest.raises(InvalidInput, match=r"drivers = .*must be of at least one trip"):
        replace(model, drivers=tuple(replace(group, volumes=[0.0]) for group in model.drivers))
    without_ev = replace(model, drivers=(replace(model.drivers[0], volumes=[0.0]), model.drivers[1]))
    assert all(path.driver == 1 for path in city_program(without_ev).paths)


def with_battery(kwh: float, **changes: float) -> CityModel:
    """The small city at 1 kWh a km, of which a fifth of the battery must be left."""
    model = small_city()
    return replace(model, battery=replace(model.battery, capacity_kwh=kwh), **changes)


def test_where_no_battery_suffices_somebody_must_be_able_to_go():
    with pytest.raises(Infeasible, match=r"pairs\[0\] = \(1, 4\).*EV cannot go"):
        city_program(with_battery(5.0))
    model = with_battery(5.0, unserved_cost=3.0)
    assert {path.driver for path in city_program(model).paths} == {1}
    with pytest.raises(Infeasible, match="no route of any pair"):
        city_program(replace(model, drivers=model.drivers[:1]))


def test_a_shorter_stretch_may_leave_a_pair_without_a_route():
    """16 km without a station and a fifth of 18 kWh do not fit; 20 km with one do."""
    result = require(solve_city(with_battery(18.0)))
    assert outside_certificate(result).holds
    with pytest.raises(Infeasible, match="the battery allows none of 1 routes"):
        outside_certificate(result, stretch=1.0)


@pytest.mark.parametrize("solve", [solve_city, solve_city_mcp])
def test_a_tolerance_that_nothing_meets_changes_no_number(solve):
    default, strict = solve(small_city()), solve(small_city(), tol=1e-300)
    np.testing.assert_array_equal(strict.point, default.point)
    assert default.converged
    assert not strict.converged
    np.testing.assert_allclose(strict.dlmp, small().dlmp, atol=1e-9)
