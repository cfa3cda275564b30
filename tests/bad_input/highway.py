"""Bad input for the highway's room."""

import math
from dataclasses import replace

import numpy as np

from tests.bad_input.kinds import (
    Bad,
    Kind,
    array,
    call,
    choice,
    flag,
    function,
    generator,
    instance,
    integer,
    other,
    real,
)
from v2g_nb.highway import (
    Cars,
    Highway,
    Weights,
    additive_followers,
    allocate_as_printed,
    arrival_soc,
    as_entered,
    car_costs,
    charging_market,
    consistent_followers,
    draw_cars,
    intervals,
    literal_followers,
    reachable_quotas,
    repeated_game,
    satisfaction_parameter,
    smallest_range_quotas,
    solve_equal_waits,
    solve_flow,
    solve_schedule,
    station_costs,
    tomei,
    wait_table,
)
from v2g_nb.highway.admission import first_come
from v2g_nb.highway.preferences import longest_wait
from v2g_nb.matching import Market

ROAD = tomei()
CARS = Cars([0, 2], [3.0, 9.0], [40.0, 50.0], [0.3, 0.5])
CROWD = consistent_followers([40.0, 50.0], [0.3, 0.5])


def plus(kind: Kind, *bads: Bad) -> Kind:
    return Kind(kind.good, (*kind.bad, *bads))


def cap(good: float) -> Kind:
    return plus(real(good, low=0.0, infinite=True), Bad("infinity", -math.inf, ("-inf",)))


# minus infinity stands for "entered behind the station", and charges above 1 are none
SOC = plus(array([[0.3, 0.2], [0.1, -0.1]], high=1.0, infinite=True))
QUOTAS = plus(array([1, 1], low=0), Bad("domain", [0.5, 1], ("0.5",)))
CAPACITY = array([40.0, 50.0], low=0.0, open_low=True)
CHARGE = array([0.3, 0.5], low=0.0, high=1.0)
TABLE = plus(array([[0.0, 0.1, 0.2], [0.0, 0.2, 0.3]], low=0.0, infinite=True))
USABLE = other([[True, True], [False, True]], "seven", None, [], [[1, 0], [0, 1]], [[True], [True]], [True, False])
LOOP = {
    "highway": instance(ROAD),
    "cars": plus(instance(CARS), Bad("domain", Cars([6], [0.0], [40.0], [0.5]), ("node 6",))),
    "followers_of": function(consistent_followers),
    "cost": real(0.03, low=0.0),
    "price_cap": cap(50.0),
    "weights": Kind(Weights(), instance(Weights()).bad[:1] + instance(Weights()).bad[2:]),
    "overload": choice("wait"),
}

CALLS = [
    call(
        Highway,
        names=other(["a", "b", "c"], "abc", 7, ["a"], [1, 2, 3], ["a", " ", "c"]),
        travel_min=array([5.0, 9.0], low=0.0, open_low=True),
        station_nodes=plus(array([1, 2], low=0, high=2), Bad("domain", [2, 1], ("[2, 1]",))),
        chargers=plus(array([4, 3], low=1), Bad("domain", [1.5, 3], ("1.5",))),
        service_rate=real(1.1, low=0.0, open_low=True),
        inflow=plus(array([2.0, 1.0, 0.0], low=0.0), Bad("domain", [99.0, 0.0, 0.0], ("99",))),
        consumption_per_min=real(0.005, low=0.0, open_low=True),
        interval_min=plus(integer(15, low=1), Bad("domain", 16, ("16",))),
        horizon_min=plus(integer(120, low=1), Bad("domain", 100, ("100",))),
        window=integer(4, low=1),
    ),
    call(
        Cars,
        node=plus(array([0, 2], low=0), Bad("domain", [0.5, 2], ("0.5",))),
        minute=array([3.0, 9.0], low=0.0),
        capacity_kwh=CAPACITY,
        soc=CHARGE,
    ),
    call(tomei, consumption_per_min=real(0.005, low=0.0, open_low=True), window=integer(4, low=1)),
    call(
        draw_cars,
        highway=instance(ROAD),
        rng=generator(),
        capacities_kwh=array([24.0, 40.0], low=0.0, open_low=True),
        soc_range=plus(array([0.1, 0.6], low=0.0, high=1.0), Bad("domain", [0.6, 0.1], ("[0.6, 0.1]",))),
    ),
    call(arrival_soc, highway=LOOP["highway"], cars=LOOP["cars"]),
    call(
        solve_equal_waits,
        chargers=plus(array([8, 6], low=1), Bad("domain", [1.5, 6], ("1.5",))),
        service_rate=plus(array([1.1, 1.1], low=0.0, open_low=True)),
        demand=plus(real(9.0, low=0.0, open_low=True), Bad("domain", 15.5, ("15.5",))),
        lower=plus(array([1.0, 1.0], low=0.0), Bad("domain", [5.0, 5.0], ("10",)), Bad("domain", [9.0, 0.0], ("9",))),
    ),
    call(
        wait_table,
        chargers=plus(array([8, 6], low=1), Bad("domain", [1.5, 6], ("1.5",))),
        service_rate=real(1.1, low=0.0, open_low=True),
        past=array([3.0, 4.0], low=0.0),
        total=integer(3, low=0),
        window=integer(4, low=1),
    ),
    call(
        smallest_range_quotas,
        table=plus(TABLE, Bad("domain", [[0.2, 0.1, 0.3]] * 2, ("[0.2, 0.1, 0.3]",))),
        total=integer(2, low=0, high=2),
    ),
    call(
        reachable_quotas,
        table=plus(
            TABLE,
            Bad("domain", [[0.2, 0.1, 0.3]] * 2, ("[0.2, 0.1, 0.3]",)),
            Bad("shape", [[0.1, 0.2]] * 2, ("2 columns",)),
        ),
        usable=USABLE,
    ),
    call(
        Weights,
        soc=real(10.0),
        wait=real(1.0),
        other=real(1.0),
        unreachable=real(100.0).also(50.0),
        alone=real(50.0).also(100.0),
        must=real(1.0).also(4.5),
        cannot=real(100.0).also(50.5),
        may=real(10.0).also(5.5),
        only=real(5.0).also(1.5),
        empty=real(50.0).also(10.5),
    ),
    call(car_costs, arrival_soc=SOC, wait_min=array([1.0, 2.0], low=0.0), weights=LOOP["weights"]),
    call(station_costs, arrival_soc=SOC, weights=LOOP["weights"], as_printed=flag(False)),
    call(
        charging_market,
        arrival_soc=SOC,
        wait_min=array([1.0, 2.0], low=0.0),
        quotas=QUOTAS,
        weights=LOOP["weights"],
    ),
    call(longest_wait, weights=LOOP["weights"]),
    call(allocate_as_printed, market=instance(Market([[0]], [[0]], [1]))),
    call(
        satisfaction_parameter,
        capacity_kwh=CAPACITY,
        soc=CHARGE,
        steps=integer(15, low=1),
        in_kwh=flag(True),
    ),
    call(
        literal_followers,
        capacity_kwh=CAPACITY,
        soc=CHARGE,
        weights=plus(array([10.0, 10.0, 0.1], low=0.0), Bad("domain", [0.0, 10.0, 0.1], ("[0.0, 10.0",))),
        steps=integer(15, low=1),
        in_kwh=flag(True),
    ),
    call(additive_followers, capacity_kwh=CAPACITY, soc=CHARGE, steps=integer(15, low=1), in_kwh=flag(True)),
    call(
        consistent_followers,
        capacity_kwh=CAPACITY,
        soc=plus(CHARGE, Bad("domain", [1.0, 0.5], ("1.0",))),
        worth=real(60.0, low=0.0, open_low=True),
    ),
    call(
        repeated_game,
        followers=instance(CROWD),
        curvature=array([2.0, 2.0], low=0.0, open_low=True),
        price=real(1.0, low=0.0).also(7.0),
        price_cap=real(6.0, low=0.0).also(0.5),
        steps=array([0.2, 0.2], low=0.0, open_low=True),
        gradient_answer=flag(False),
    ),
    call(
        first_come,
        room=plus(array([1, 1], low=0), Bad("domain", [0.5, 1], ("0.5",))),
        usable=USABLE,
        order=plus(array([0, 1], low=0), Bad("domain", [0.5, 1], ("0.5",)), Bad("domain", [1, 1], ("[1, 1]",))),
    ),
    call(as_entered, cars=instance(CARS), schedule=instance(solve_schedule(ROAD, CARS))),
    call(intervals, **LOOP),
    call(solve_schedule, **LOOP),
    call(
        solve_flow,
        highway=plus(
            instance(ROAD),
            Bad("domain", replace(ROAD, inflow=ROAD.inflow / 15, interval_min=1), ("1.1",)),
        ),
        cars=plus(LOOP["cars"], Bad("domain", Cars([0], [500.0], [40.0], [0.5]), ("500",))),
        partner=plus(
            array([0, 1], low=-1, high=1),
            Bad("domain", np.array([0, 0]), ("0",)),
            Bad("domain", [0.5, 1], ("0.5",)),
        ),
        approximate=flag(False),
    ),
]
