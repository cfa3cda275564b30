"""The two hours: quotas, matching, prices, and that no car is lost in any minute."""

from dataclasses import replace

import numpy as np
import pytest

from v2g_nb.errors import Infeasible, InvalidInput, NotAnEquilibrium
from v2g_nb.highway import (
    Cars,
    Highway,
    check_flow,
    draw_cars,
    intervals,
    literal_followers,
    smallest_range_quotas,
    solve_equal_waits,
    solve_flow,
    solve_schedule,
    tomei,
)
from v2g_nb.leader import capped_nash, price_taking

DAYS = (0, 1, 2, 3, 5, 6, 7, 8, 9, 11)  # on 4 and 10 more cars come within an hour than can be served


def two_hours(seed: int):
    road = tomei()
    cars = draw_cars(road, np.random.default_rng(seed))
    return road, cars, solve_schedule(road, cars)


def test_travel_times_from_the_kilometre_posts():
    road = tomei()
    km = [80.9 - 57.9, 83.7 - 80.9, 88.3 - 83.7, 66.5 - 53.3, 72.0 - 66.5]
    np.testing.assert_allclose(road.travel_min, [k / 80 * 60 for k in km])
    assert road.travel_min[-1] == pytest.approx(4.125)  # less than one interval: cars must be booked


@pytest.mark.parametrize("seed", DAYS)
def test_every_certificate_of_the_two_hours_holds(seed: int):
    road, cars, result = two_hours(seed)
    result.require()
    assert (result.partner >= 0).all()
    soc = road.arrival_soc(cars)[np.arange(len(cars.node)), result.partner]
    assert (soc > 0).all()
    assert (soc + result.energy_kwh / cars.capacity_kwh <= 1 + 1e-12).all()
    counted = np.array([np.bincount(result.partner, minlength=2)])
    assert (result.quota.sum(axis=0) == counted).all()


@pytest.mark.parametrize("seed", range(12))
def test_vehicle_balance_in_every_minute(seed: int):
    """At entrances, on the road, past the end, by car; fluid in stations: all that came so far, equal to 1e-10."""
    road, cars = tomei(), draw_cars(tomei(), np.random.default_rng(seed))
    result = solve_schedule(road, cars, overload="wait")
    flow = solve_flow(road, *result.entered(cars)).require()
    for k in range(road.horizon_min):
        came = cars.minute < k + 1
        at_entrances = (came & (result.entry_min >= k + 1)).sum()
        inside = flow.number[k + 1].sum()
        past = flow.leaving[: k + 1, -1].sum()
        edges = sum(flow.leaving[max(0, k - d + 1) : k + 1, i].sum() for i, d in enumerate(road.travel_steps))
        assert came.sum() == pytest.approx(at_entrances + inside + past + edges, abs=1e-10)


def test_approximation_9_lets_cars_out_too_fast():
    road, cars, result = two_hours(0)
    exact, rough = solve_flow(road, cars, result.partner), solve_flow(road, cars, result.partner, approximate=True)
    assert (rough.number[1:-1] <= exact.number[1:-1] + 1e-12).all()
    assert rough.number[:, 0].max() < 0.6 * exact.number[:, 0].max()


def test_flow_with_a_step_of_exactly_one():
    """Of few cars all leave within the minute; rounding must not leave less than nothing."""
    road, cars, result = two_hours(1)
    flow = solve_flow(replace(road, service_rate=15.0), cars, result.partner).require()
    assert flow.number.min() >= 0.0


def test_quotas_as_intervals_see_history():
    road, cars, result = two_hours(1)
    first = next(intervals(road, cars))
    assert (result.quota[0] == first.quota).all()
    assert first.wait_min.max() < result.wait_min[-1].max()  # an empty history understates the wait


@pytest.mark.parametrize("block", ["entering", "arriving", "leaving", "into", "out", "number"])
@pytest.mark.parametrize("how", [1.0, -1.0, np.nan])
def test_mutations_of_the_flow(block: str, how: float):
    road, cars, result = two_hours(2)
    flow = solve_flow(road, cars, result.partner)
    spoilt = getattr(flow, block).copy()
    spoilt[60, 1] += 100 * flow.certificates[0].tolerance * how
    with pytest.raises(NotAnEquilibrium):
        check_flow(road, replace(flow, **{block: spoilt})).require()


def test_an_empty_interval_is_passed_over():
    road = tomei()
    cars = Cars([0], [100.0], [40.0], [0.5])
    steps = list(intervals(road, cars))
    assert [len(s.cars) for s in steps] == [0] * 6 + [1, 0]
    assert np.isnan(steps[0].price).all()


def test_cars_that_come_after_the_horizon_are_refused():
    """They are in no interval: their entry would read as that of a car that still waits."""
    late = Cars([0, 0], [5.0, 120.0], [40.0, 40.0], [0.4, 0.4])
    with pytest.raises(InvalidInput, match="cars enter until minute 120: must be before 120"):
        solve_schedule(tomei(), late)
    last = solve_schedule(tomei(), replace(late, minute=[5.0, np.nextafter(120.0, 0.0)]))
    assert np.isfinite(last.entry_min).all()


def test_a_road_with_more_than_sixteen_stations_is_refused_by_name():
    roads = [
        Highway(["a", "b"] * 9, [1.0] * 17, range(1, m + 1), [2] * m, 1.1, [1.0] + [0.0] * 17, 0.005) for m in (16, 17)
    ]
    cars = Cars([0], [0.0], [40.0], [0.4])
    assert len(next(intervals(roads[0], cars)).cars) == 1
    with pytest.raises(InvalidInput, match="highway has 17 stations"):
        next(intervals(roads[1], cars))


def test_more_cars_than_can_be_drawn():
    crowd = replace(tomei(), service_rate=1e30, inflow=[1e29, 0.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(InvalidInput, match=r"highway has an inflow of 8e\+29 cars"):
        draw_cars(crowd, np.random.default_rng(0))


def test_roads_cars_and_results_can_be_compared_and_kept_in_sets():
    road, cars, result = two_hours(0)
    flow, first = solve_flow(road, cars, result.partner), next(intervals(road, cars))
    equal, whole = solve_equal_waits([8, 6], 1.1, 9.0), smallest_range_quotas([[0.0]], 0)
    assert tomei() != road  # as objects: arrays have no single answer
    assert len({road, tomei(), cars, result, flow, first, equal, whole}) == 8


def test_a_full_battery_is_refused_by_its_place_among_the_cars_of_the_station():
    """As the docstrings say; followers that take it exist."""
    road, cars = tomei(), Cars([0, 1], [0.0, 3.0], [40.0, 40.0], [0.4, 1.0])
    with pytest.raises(InvalidInput, match=r"soc\[1\] = 1\.0: must be below 1"):
        solve_schedule(road, cars)
    assert solve_schedule(road, cars, followers_of=literal_followers, price_cap=6.0).energy_kwh[1] == 0.0


def test_a_car_that_reaches_no_station_drives_past():
    result = solve_schedule(tomei(), Cars([0, 0], [0.0, 0.0], [40.0, 40.0], [0.4, 0.05]))
    assert result.partner[1] == -1
    assert result.entry_min[1] == 0.0


def test_more_cars_than_capacity_or_none_is_refused():
    with pytest.raises(Infeasible, match="inflow sums to 16"):
        replace(tomei(), inflow=[16.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(Infeasible, match="no car"):
        draw_cars(replace(tomei(), inflow=[0.0] * 6), np.random.default_rng(0))


def test_battery_by_hand():
    """(10) and (11): half full at Ohi-Matsuda, 17.25 min to Ashigara, 12 of 40 kWh, 19.575 min to Numazu."""
    soc = tomei().arrival_soc(Cars([0, 1], [0.0, 0.0], [40.0, 40.0], [0.5, 0.71375]))
    assert soc[0, 0] == pytest.approx(0.5 - 17.25 * 0.005)
    charged = soc[0, 0] + 12.0 / 40.0
    assert charged == pytest.approx(0.71375)
    assert soc[1, 1] == pytest.approx(charged - 0.005 * 19.575)
    assert soc[1, 1] == pytest.approx(soc[0, 1] + 0.3)


def test_profits_near_table_2():
    """With the data chosen for it the leader earns about 193.6; the price-taker is nearest to 21.8."""
    road = tomei()
    total = np.zeros(3)
    for seed in DAYS[:6]:
        cars = draw_cars(road, np.random.default_rng(seed), capacities_kwh=[40.0, 62.0], soc_range=[0.15, 0.45])
        soc = road.arrival_soc(cars)
        for step in intervals(road, cars, followers_of=near_table_2, price_cap=6.0):
            total[0] += step.profit.sum()
            assert not (step.price >= 6.0).any()  # the leader stays below the cap
            for s in (0, 1):
                here = step.cars[step.partner == s]
                if len(here):
                    crowd = near_table_2(cars.capacity_kwh[here], soc[here, s])
                    total[1] += price_taking(crowd, 0.03).profit
                    total[2] += capped_nash(crowd, 0.03, price_cap=6.0).profit
    leader, taker, capped = total / 6
    assert abs(leader - 193.6) < 20.0
    assert abs(taker - 21.8) < 3.0
    assert abs(taker - 21.8) < abs(capped - 21.8)


def near_table_2(capacity: np.ndarray, soc: np.ndarray):
    return literal_followers(capacity, soc, steps=15, in_kwh=True)
