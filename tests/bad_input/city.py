"""Bad input for the city's roads, trips, stations and feeder."""

from pathlib import Path

import numpy as np

from tests.bad_input.kinds import array, call, choice, flag, instance, integer, other, real
from v2g_nb.city import certificates, dispatch, feeder, path_generation, roads, stations, trips
from v2g_nb.data import city as data
from v2g_nb.networks import Demand, RoadNetwork, tntp
from v2g_nb.power import RadialFeeder

FILES = Path(__file__).parents[1] / "networks" / "files"
ROADS = RoadNetwork(2, [0, 1], [1, 0], [4.0, 4.0], [9.0, 9.0], [0.15, 0.15], [4.0, 4.0])
MAP = roads.RoadMap(ROADS, Demand([0], [1], [1.0]), [4.0, 4.0], [0.0, 1.0], [0.0, 0.0])
SIOUX = instance(roads.sioux_falls())
BATTERY = instance(trips.Battery())
NODE = integer(1, low=1, high=24)
STATIONS = other([2, 12], "seven", 7, None, [0], [25], [2.5])
PART = real(0.2, low=0, high=1)
WAY = trips.Trip((1, 3, 12), (), 8.0)
AT_LEAST_0 = real(1.0, low=0)
POSITIVE = real(1.0, low=0, open_low=True)
VISITS = array([50.0, 100.0], low=0, shape=False)
WAITING = {"visits": VISITS, "base": AT_LEAST_0, "slope": AT_LEAST_0, "capacity": AT_LEAST_0}
BUSES = array([0.0, 1.0]).also([1.0])
FEEDER = feeder.ieee123()
ROUTES = {"city": SIOUX, "origin": NODE, "count": integer(3, low=1), "stretch": real(1.6, low=1)}
END = integer(20, low=1, high=24).also(1)

CALLS = [
    call(data.load_table, name=choice("sioux_falls_links")),
    call(tntp.read_tntp_trips, path=other(str(FILES / "three_trips.tntp"), 7, None, "", "missing.tntp")),
    call(
        tntp.read_tntp_network,
        path=other(FILES / "three_net.tntp", 7, None, "", "missing.tntp"),
        toll_factor=AT_LEAST_0,
        distance_factor=AT_LEAST_0,
    ),
    call(
        roads.RoadMap,
        network=instance(ROADS),
        demand=instance(MAP.demand),
        length_km=array([4.0, 4.0], low=0).also([4.0]),
        x=BUSES,
        y=BUSES,
    ),
    call(MAP.link, start=integer(1, low=1, high=2), end=integer(2, low=1, high=2).also(1)),
    call(roads.sioux_falls, capacity_share=POSITIVE),
    call(roads.road_segments, city=SIOUX, gap=AT_LEAST_0),
    call(
        trips.Battery,
        capacity_kwh=POSITIVE,
        use_kwh_per_km=AT_LEAST_0,
        **dict.fromkeys(("floor", "reserve", "reserve_before_charging", "reserve_after_discharging"), PART),
        least_discharge_kwh=AT_LEAST_0,
    ),
    call(trips.Stop, node=integer(12, low=1), kind=choice("-"), energy_kwh=AT_LEAST_0),
    call(
        trips.Trip,
        nodes=other((1, 3, 12), [1, 3, 12], (1,), (1, 0), (1, 2.5), "seven", None),
        stops=other((trips.Stop(3, "+", 1.0),), None, "seven", (7,), (trips.Stop(12, "+", 1.0),)),
        length_km=AT_LEAST_0,
    ),
    call(path_generation.base_routes, destination=END, **ROUTES),
    call(
        path_generation.trip_patterns,
        city=SIOUX,
        route=other([1, 3, 12], "seven", 7, None, [1], [1, 24], [1, 3, 1], [0, 1], [1, 2.5]),
        stations=STATIONS,
        battery=BATTERY,
        v2g=flag(True),
        only_needed=flag(True),
    ),
    call(
        path_generation.feasible_trips,
        destination=END,
        stations=STATIONS,
        battery=BATTERY,
        v2g=flag(True),
        only_needed=flag(True),
        **ROUTES,
    ),
    call(path_generation.expanded_network, city=SIOUX, stations=STATIONS),
    call(certificates.trip_certificates, city=SIOUX, trip=instance(WAY), battery=BATTERY),
    call(stations.waiting_time, **WAITING),
    call(stations.smooth_waiting_time, **WAITING, sharpness=POSITIVE),
    call(stations.waiting_time_integral, **WAITING, sharpness=POSITIVE),
    call(
        feeder.Feeder,
        radial=instance(RadialFeeder(2, [0], [1], [0.01], [0.01], [500.0])),
        load_kw=BUSES,
        load_kvar=BUSES,
        capacitor_kvar=array([0.0, 1.0], low=0).also([1.0]),
        phases=array([3], low=1, high=3).also([1.5], [1, 1]),
        x=BUSES,
        y=BUSES,
    ),
    call(FEEDER.bus, name=choice("61s")),
    call(
        feeder.phase_equivalent,
        resistance_ohm=array([[0.25]]).also([[0.25, 0.1]], np.eye(4)),
        reactance_ohm=array([[0.26]]).also([[0.25, 0.1]], [[1.0, 0.0], [0.0, 1.0]]),
    ),
    call(
        feeder.ieee123,
        ties_closed=flag(False),
        outages=other([("18", "135")], "seven", 7, None, ["18"], [("18", "300")], [(18, 135)]),
    ),
    call(
        dispatch.calibrated_dispatch,
        feeder=instance(FEEDER),
        level=AT_LEAST_0,
        charging_kw=array(np.zeros(130)).also([1.0]),
    ),
]
