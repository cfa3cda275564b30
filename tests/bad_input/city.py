"""Bad input for the coupled city: its roads, trips, feeder, models, solvers and certificates; and for its tables."""

from dataclasses import replace

import numpy as np

from tests.bad_input.kinds import also, call, choice, other
from v2g_nb import city
from v2g_nb.data import load_table
from v2g_nb.networks import Demand, RoadNetwork
from v2g_nb.power import RadialFeeder

ROADS = RoadNetwork(2, [0, 1], [1, 0], [4.0, 4.0], [9.0, 9.0], [0.15, 0.15], [4.0, 4.0])
MAP = city.RoadMap(ROADS, Demand([0], [1], [1.0]), [4.0, 4.0], [0.0, 1.0], [0.0, 0.0])
SIOUX, FEEDER, SMALL = city.sioux_falls(), city.ieee123(), city.small_city()
WAY = city.Trip((1, 3, 12), (), 8.0)
STATIONS = also([2, 12], [0], [25], [2.5])
NODE = also(1, 0, 25)
PLACES = also([0.0, 1.0], [1.0])
RESULT = city.solve_city(SMALL)
BASE = city.solve_city(city.scenario("base"))
SIX = {(name, v2g): BASE for name in city.SCENARIOS for v2g in (False, True)}
FIVE = {key: value for key, value in SIX.items() if key != ("base", True)}
PATH = RESULT.paths[0]
PATHS = also(RESULT.paths, ("seven",), (replace(PATH, trip=city.Trip((1, 4), (), 1.0)),), (replace(PATH, pair=7),))
VALUE = other(0.5, "seven", None, 0.0, -1.0, float("nan"), [0.5, 0.0], [[0.5]], [])

CALLS = [
    call(load_table, name=choice("sioux_falls_links")),
    call(
        city.RoadMap,
        network=ROADS,
        demand=MAP.demand,
        length_km=also([4.0, 4.0], [4.0]),
        x=PLACES,
        y=PLACES,
    ),
    call(MAP.link, start=also(1, 0, 3), end=also(2, 0, 3, 1)),
    call(SIOUX.routes, origin=NODE, destination=also(20, 0, 25, 1), count=also(3, 0), stretch=also(1.6, 0.9)),
    call(SIOUX.expanded, stations=STATIONS),
    call(SIOUX.segments, gap=also(0.003, -0.001)),
    call(city.sioux_falls, capacity_share=0.3),
    call(
        city.Battery,
        capacity_kwh=60.0,
        use_kwh_per_km=1.0,
        **dict.fromkeys(("floor", "reserve", "reserve_before_charging", "reserve_after_discharging"), 0.2),
        least_discharge_kwh=1.0,
    ),
    call(city.Stop, node=12, kind="-", energy_kwh=1.0),
    call(
        city.Trip,
        nodes=also((1, 3, 12), (1,), (1, 0), (1, 2.5)),
        stops=also((city.Stop(3, "+", 1.0),), (7,), (city.Stop(12, "+", 1.0),)),
        length_km=1.0,
    ),
    call(type(PATH), driver=0, pair=0, trip=WAY),
    call(
        city.feasible_trips,
        city=SIOUX,
        routes=also([[1, 3, 12]], ["seven"], [7], [[1]], [[1, 24]], [[1, 3, 1]], [[0, 1]], [[1, 2.5]], [[]]),
        stations=STATIONS,
        battery=city.Battery(),
        v2g=True,
        only_needed=True,
    ),
    call(city.trip_certificates, city=SIOUX, trip=also(WAY, city.Trip((1, 24), (), 1.0)), battery=city.Battery()),
    call(city.waiting_time, visits=[50.0, 100.0], base=3.0, slope=0.5, capacity=90.0, sharpness=0.5),
    call(
        city.Feeder,
        radial=RadialFeeder(2, [0], [1], [0.01], [0.01], [500.0]),
        load_kw=PLACES,
        load_kvar=PLACES,
        capacitor_kvar=PLACES,
        phases=also([3], [1, 1]),
        x=PLACES,
        y=PLACES,
    ),
    call(FEEDER.bus, name=choice("61s")),
    call(
        city.phase_equivalent,
        resistance_ohm=also([[0.25]], [[0.25, 0.1]], np.eye(4)),
        reactance_ohm=also([[0.26]], [[0.25, 0.1]], [[1.0, 0.0], [0.0, 1.0]]),
    ),
    call(
        city.ieee123,
        ties_closed=False,
        outages=also([("18", "135")], ["18"], [("18", "300")], [(18, 135)], [("18", ["135"])], [("18", "135", "1")]),
    ),
    call(
        city.Station,
        node=2,
        bus="2",
        **dict.fromkeys(("base_wait_min", "wait_slope", "capacity"), 1.0),
        lowest_kw=also(-5.0, 3000.0),
        highest_kw=5.0,
    ),
    call(city.DriverClass, name="EV", value_of_time=0.5, volumes=[1.0, 2.0], electric=True),
    call(
        city.PowerMarket,
        grid=SMALL.market.grid,
        owner=also([0, 1], [0, 2], [0]),
        shares=also([0.5, 0.5], [0.9, 0.9]),
        retail_price=1.0,
        elasticity=0.5,
        obligation=0.5,
    ),
    call(
        city.CityModel,
        roads=SMALL.roads,
        battery=SMALL.battery,
        stations=also(
            SMALL.stations,
            (7,),
            (city.Station(9, "2"),),
            (city.Station(2, "no such bus"),),
            (*SMALL.stations, *SMALL.stations),
        ),
        pairs=also(SMALL.pairs, (7,), ((1, 1),), ((1, 9),), ((0, 2),), ((1.5, 2),), ((1, 2, 3),)),
        drivers=also(SMALL.drivers, (7,), (city.DriverClass("EV", 0.5, [1.0, 2.0]),)),
        market=SMALL.market,
        **dict.fromkeys(("period_h", "pile_kw", "sharpness"), 0.5),
        **dict.fromkeys(("wear_cost", "missing_energy_cost"), 1.0),
        v2g=True,
        count=6,
        stretch=1.6,
        only_needed=True,
        unserved_cost=None,
    ),
    call(
        city.scenario,
        name="base",
        v2g=True,
        level=None,
        reserve_after_discharging=0.5,
        missing_energy_cost=1.0,
        wear_cost=1.0,
        ev_value_of_time=VALUE,
        fv_value_of_time=0.5,
        elasticity=0.5,
        obligation=0.5,
        count=6,
        stretch=1.6,
        only_needed=True,
        facets=also(8, 5),
        tight_line_kva=0.5,
        reactive=True,
        period_h=0.5,
        unserved_cost=None,
    ),
    call(city.small_city, v2g=True, ev_value_of_time=VALUE, fv_value_of_time=0.5, period_h=0.5),
    call(city.city_program, model=SMALL, paths=PATHS),
    call(city.solve_city, model=SMALL, columns="generated", tol=1e-9),
    call(city.solve_city_mcp, model=SMALL, smoothing=1.0, tol=1e-9, max_iter=100),
    call(RESULT.dominant, pair=also(1, 0, 2), driver=also(0, -1, 2)),
    call(city.player_certificates, result=RESULT),
    call(city.outside_certificate, result=RESULT, count=6, stretch=1.6),
    call(city.equilibrium_span, result=RESULT, goal=also(np.ones(len(RESULT.point)).tolist(), [1.0])),
    call(city.paper_statements, cases=also(SIX, {}, FIVE, SIX | {("base", True): 7}, SIX | {("island", True): RESULT})),
]
