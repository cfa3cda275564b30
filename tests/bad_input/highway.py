"""Bad input for the highway."""

import math
from dataclasses import replace

import numpy as np

from tests.bad_input.kinds import Bad, Kind, also, call, other
from v2g_nb import highway
from v2g_nb.highway import Cars, Flow, Highway, Schedule, Weights
from v2g_nb.matching import Market

ROAD = highway.tomei()
CARS = Cars([0, 2], [3.0, 9.0], [40.0, 50.0], [0.3, 0.5])
NOWHERE = Bad("domain", replace(CARS, node=[6, 0]), ("node 6",))
LATE = Bad("domain", replace(CARS, minute=[120.0, 0.0]), ("minute 120",))
ONE = Cars([0], [3.0], [40.0], [0.3])
FLOW = highway.solve_flow(ROAD, CARS, [0, 1])
SOC = [[0.3, 0.2], [0.1, -0.1]]
RISING, FALLING = [[0.0, 0.1, 0.2], [0.0, 0.2, 0.3]], [[0.2, 0.1, 0.3]] * 2
TABLE = also(RISING, FALLING, Bad("shape", [[0.1, 0.2]] * 2, ("2 columns",)))  # for two cars
USABLE = other([[True, True], [False, True]], "seven", None, [], [[1, 0], [0, 1]], [[True], [True]], [True, False])
BATTERIES = {"capacity_kwh": [40.0, 50.0], "soc": [0.3, 0.5]}
ROUTINE = {
    "highway": ROAD,
    "cars": also(CARS, NOWHERE, LATE),
    "followers_of": highway.consistent_followers,
    "cost": 0.03,
    "price_cap": also(50.0, -math.inf),
    "weights": Weights(),
    "overload": "wait",
}

CALLS = [
    call(
        Highway,
        names=also(["a", "b", "c"], "abc", ["a"], [1, 2, 3], ["a", " ", "c"]),
        travel_min=[5.0, 9.0],
        station_nodes=also([1, 2], [2, 1], [1, 3]),
        chargers=also([4, 3], [1e19, 3], [1e300, 3]),
        service_rate=1.1,
        inflow=also([2.0, 1.0, 0.0], Bad("domain", [99.0, 0.0, 0.0], ("sums to 99",))),
        consumption_per_min=0.005,
        interval_min=also(15, 16),
        horizon_min=also(120, 100),
        window=4,
    ),
    call(Highway.arrival_soc, self=Kind(ROAD, ()), cars=also(CARS, NOWHERE)),
    call(Cars, node=also([0, 2], [1e19, 2], [1e300, 2]), minute=[3.0, 9.0], **BATTERIES),
    call(highway.tomei, consumption_per_min=0.005, window=4),
    call(
        highway.draw_cars,
        highway=ROAD,
        rng=np.random.default_rng(1),
        capacities_kwh=[24.0, 40.0],
        soc_range=also([0.1, 0.6], [0.6, 0.1]),
    ),
    call(
        highway.solve_equal_waits,
        chargers=also([8, 6], [1e300, 6]),
        service_rate=also([1.1, 1.1], [1.1, 1.1, 1.1]),
        demand=also(9.0, 15.5),
        lower=also([1.0, 1.0], [5.0, 5.0], Bad("domain", [9.0, 0.0], ("lower[0] = 9",))),
    ),
    call(highway.wait_table, chargers=also([8, 6], [1e300, 6]), service_rate=1.1, past=[3.0, 4.0], total=3, window=4),
    call(highway.smallest_range_quotas, table=also(RISING, FALLING), total=also(2, 3)),
    call(highway.reachable_quotas, table=TABLE, usable=USABLE),
    call(highway.check_quotas, table=TABLE, usable=USABLE, quota=also([1, 1], [0.5, 1], [3, 0])),
    call(
        Weights,
        soc=10.0,
        wait=1.0,
        other=1.0,
        unreachable=also(100.0, 50.0),
        alone=also(50.0, 100.0),
        must=also(1.0, 4.5),
        cannot=also(100.0, 50.5),
        may=also(10.0, 5.5),
        only=also(5.0, 1.5),
        empty=also(50.0, 10.5),
    ),
    call(Weights.car_costs, self=Kind(Weights(), ()), arrival_soc=SOC, wait_min=[1.0, 2.0]),
    call(Weights.station_costs, self=Kind(Weights(), ()), arrival_soc=SOC, as_printed=False),
    call(highway.charging_market, arrival_soc=SOC, wait_min=[1.0, 2.0], quotas=[1, 1], weights=Weights()),
    call(highway.allocate_as_printed, market=Market([[0]], [[0]], [1])),
    call(highway.satisfaction_parameter, **BATTERIES, steps=15, in_kwh=True),
    call(highway.literal_followers, **BATTERIES, weights=also([10, 10, 0.1], [0.0, 10.0, 0.1]), steps=15, in_kwh=True),
    call(highway.consistent_followers, capacity_kwh=[40.0, 50.0], soc=also([0.3, 0.5], [1.0, 0.5]), worth=60.0),
    call(
        highway.repeated_game,
        followers=highway.consistent_followers([40.0, 50.0], [0.3, 0.5]),
        curvature=[2.0, 2.0],
        price=also(1.0, 7.0),
        price_cap=also(6.0, 0.5),
        steps=[0.2, 0.2],
        gradient_answer=False,
    ),
    call(highway.intervals, **ROUTINE),
    call(highway.solve_schedule, **ROUTINE),
    call(Schedule.entered, self=Kind(highway.solve_schedule(ROAD, CARS), ()), cars=also(CARS, ONE)),
    call(
        highway.solve_flow,
        highway=also(ROAD, Bad("domain", replace(ROAD, inflow=ROAD.inflow / 15, interval_min=1), ("rate = 1.1",))),
        cars=also(CARS, NOWHERE, LATE),
        partner=also([0, 1], [0, 0]),
        approximate=False,
    ),
    call(highway.check_flow, highway=ROAD, flow=also(FLOW, Flow(*[np.zeros((3, 2))] * 6))),
]
