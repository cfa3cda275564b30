"""Energy-feasible trips: the published routes, an independent drive, and what the rules forbid."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice

import numpy as np
import pytest
from numpy.typing import ArrayLike

from v2g_nb.city import Battery, RoadMap, Stop, Trip, feasible_trips, sioux_falls, trip_certificates
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.networks import Demand, RoadNetwork

CITY = sioux_falls()
STATIONS = [2, 11, 12, 15]
PAIRS = [(o, d) for o in (1, 3, 4, 5) for d in (13, 18, 20, 21, 22)]
WITHOUT = (1, 2, 6, 8, 7, 18, 20)
WITH = (1, 3, 12, 13, 24, 21, 20)


def road_map(nodes: int, tails: ArrayLike, heads: ArrayLike, lengths: ArrayLike) -> RoadMap:
    """Links of the given lengths between nodes, which are counted from 0."""
    ones, places = np.ones(len(tails)), np.zeros(nodes)
    return RoadMap(
        RoadNetwork(nodes, tails, heads, ones, ones, ones, ones), Demand([0], [1], [1.0]), lengths, places, places
    )


def route_map(*lengths: float) -> RoadMap:
    """A road straight on, node to node, with links of the given lengths."""
    links = len(lengths)
    return road_map(links + 1, range(links), range(1, links + 1), lengths)


def energies(trips: list[Trip]) -> dict[tuple, list[tuple]]:
    return {
        (trip.nodes, trip.pattern): [(s.node, s.kind, round(s.energy_kwh, 9)) for s in trip.stops] for trip in trips
    }


def test_od_3_contains_both_published_routes():
    """Without V2G 22 km with 13.2 kWh at station 2; with V2G also 24 km that sells 7.2 kWh at station 12."""
    without = energies(feasible_trips(CITY, CITY.routes(1, 20), STATIONS, Battery(), v2g=False))
    assert without[WITHOUT, "1-1"] == [(2, "+", 13.2)]
    assert not any("-" in kind for stops in without.values() for _, kind, _ in stops)
    found = feasible_trips(CITY, CITY.routes(1, 20), STATIONS, Battery())
    assert energies(found)[WITH, "2"] == [(12, "-", 7.2)]
    assert {trip.length_km for trip in found if trip.nodes in (WITHOUT, WITH)} == {22.0, 24.0}
    assert all(trip.stops for trip in found)  # OD 3 is the pair that cannot do without a stop


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"reserve_after_discharging": 0.2},
        {"floor": 0.1},
        {"capacity_kwh": 45.0},
        {"reserve_before_charging": 0.2},
        {"capacity_kwh": 30.0, "reserve": 0.0},
    ],
)
def test_every_trip_passes_an_independent_drive(rules: dict):
    battery = Battery(**rules)
    patterns = set()
    for origin, destination in PAIRS:
        try:
            trips = feasible_trips(CITY, CITY.routes(origin, destination), STATIONS, battery, only_needed=False)
        except Infeasible:
            continue
        for trip in trips:
            patterns.add(trip.pattern)
            assert all(c.holds for c in trip_certificates(CITY, trip, battery)), trip
    assert len(patterns) >= 3


def test_all_six_patterns_of_table_one_by_hand():
    """60 kWh, 1 kWh a km, floor 24 kWh, 12 kWh at the end; nodes 1..4, stations 2 and 3."""
    battery = Battery(use_kwh_per_km=1.0, reserve_after_discharging=0.2)
    ways = energies(feasible_trips(route_map(10, 10, 10), [[1, 2, 3, 4]], [2, 3], battery, only_needed=False))
    found = {pattern: stops for (_, pattern), stops in ways.items()}
    assert found["0"] == []
    assert found["1-2"] == [(2, "+", 10.0), (3, "+", 10.0)]
    assert found["3"] == [(2, "+", 10.0), (3, "-", 26.0)]  # 50 left at 3, down to the floor of 24
    assert found["4"] == [(2, "-", 26.0), (3, "+", 46.0)]  # 24 at departure, 14 on arrival
    assert set(found) == {"0", "1-1", "1-2", "2", "3", "4"}


def test_the_brute_force_finds_the_same_ways():
    """Every choice of stops, driven by rule, keeps exactly the ways that the generator returns."""
    battery = Battery(use_kwh_per_km=1.0)
    lengths = [18, 14, 11, 16, 9]
    city, stations = route_map(*lengths), [2, 3, 4, 5]
    kept = {
        tuple((s.node, s.kind, s.energy_kwh) for s in trip.stops)
        for trip in feasible_trips(city, [[1, 2, 3, 4, 5, 6]], stations, battery, only_needed=False)
    }
    expected = set()
    choices = [()]
    for first in stations:
        choices += [((first, kind),) for kind in "+-"]
        choices += [((first, a), (second, b)) for second in stations if second > first for a, b in ("++", "+-", "-+")]
    for choice in choices:
        outcome = simulate(lengths, dict(choice), battery)
        if outcome is not None:
            expected.add(outcome)
    assert kept == expected
    assert len(kept) > 5


def simulate(lengths: list[float], stops: dict[int, str], battery: Battery) -> tuple | None:
    """Drive, deciding at each stop from what lies ahead; None if the battery does not allow it."""
    energy, made = battery.capacity_kwh, []
    for node, length in enumerate(lengths, 2):
        energy -= length
        if energy < 0:
            return None
        kind = stops.get(node)
        if kind == "+":
            made.append((node, "+", battery.capacity_kwh - energy))
            energy = battery.capacity_kwh
        elif kind == "-":
            later = [n for n in stops if n > node]
            ahead = sum(lengths[node - 1 : later[0] - 1]) if later else sum(lengths[node - 1 :])
            keep = max(battery.floor_kwh, ahead)
            if energy - keep < battery.least_discharge_kwh:
                return None
            made.append((node, "-", energy - keep))
            energy = keep
    last = made[-1][1] if made else ""
    return tuple(made) if energy >= (0 if last == "-" else battery.reserve * battery.capacity_kwh) else None


def test_charging_where_none_is_needed_is_left_out():
    all_ways = feasible_trips(CITY, [WITH], STATIONS, Battery(use_kwh_per_km=1.0), only_needed=False)
    needed = feasible_trips(CITY, [WITH], STATIONS, Battery(use_kwh_per_km=1.0))
    assert {trip.pattern for trip in all_ways} == {"0", "1-1", "2"}
    assert {trip.pattern for trip in needed} == {"0", "2"}
    assert {trip.pattern for trip in feasible_trips(CITY, [WITH], STATIONS, Battery())} == {"1-1", "2"}


def test_base_routes_are_the_shortest_within_the_stretch():
    """Against all simple routes of OD 3 up to the stretch."""
    expected = [path for _, path in sorted(simple_routes(CITY, 1, 20, 22 * 1.2))]
    assert CITY.routes(1, 20, count=1000, stretch=1.2) == expected
    assert CITY.routes(1, 20, count=3) == expected[:3]


def grid(size: int, length: np.ndarray | float) -> RoadMap:
    """Streets in a square, both ways, of the given lengths; node 1 in one corner, the last in the other."""
    nodes = np.arange(size * size).reshape(size, size)
    one_way = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    tails = np.concatenate([side.ravel() for a, b in one_way for side in (a, b)])
    heads = np.concatenate([side.ravel() for a, b in one_way for side in (b, a)])
    return road_map(size * size, tails, heads, np.broadcast_to(length, len(tails)))


def simple_routes(
    city: RoadMap, start: int, end: int, longest: float = np.inf
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Walk every route that passes no node twice, in the order of the nodes' numbers."""
    streets = sorted(zip(city.network.tails + 1, city.network.heads + 1, city.length_km, strict=True))

    def walk(path: tuple[int, ...], length: float) -> Iterator[tuple[float, tuple[int, ...]]]:
        if path[-1] == end:
            yield length, path
            return
        for a, b, km in streets:
            if a == path[-1] and b not in path and length + km <= longest:
                yield from walk((*path, int(b)), length + km)

    return walk((start,), 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_base_routes_against_all_routes(seed: int):
    """Lengths of 0 to 3 km make many ties, some of them of length 0."""
    rng = np.random.default_rng(seed)
    city = grid(3, rng.integers(0, 4, 24).astype(float))
    start, end = (rng.choice(9, 2, replace=False) + 1).tolist()
    every = sorted(simple_routes(city, start, end))
    assert city.routes(start, end, count=1000, stretch=1e6) == [r for km, r in every if km <= 1e6 * every[0][0]]
    for count, stretch in ((1, 1.0), (4, 1.0), (3, 1.5), (9, 2.0)):
        expected = [route for km, route in every if km <= stretch * every[0][0]][:count]
        assert city.routes(start, end, count=count, stretch=stretch) == expected


def test_thousands_of_ties_are_settled_by_number_without_listing_them():
    """3 432 shortest routes cross eight by eight nodes; without any length all routes tie."""
    shortest = []
    for downs in combinations(range(14), 7):
        steps = [8 if k in downs else 1 for k in range(14)]
        shortest.append(tuple(np.cumsum([1, *steps]).tolist()))
    assert grid(8, 0.05).routes(1, 64, count=20) == sorted(shortest)[:20]
    flat = grid(5, 0.0)
    assert flat.routes(1, 25, count=20) == [route for _, route in islice(simple_routes(flat, 1, 25), 20)]


def test_lengths_tie_whatever_the_order_of_summing():
    """0.1 + 0.2 km and 0.3 km are the same way, though not the same floats."""
    city = road_map(3, [0, 0, 1], [1, 2, 2], [0.1, 0.3, 0.2])
    assert city.routes(1, 3, stretch=1.0) == [(1, 2, 3), (1, 3)]


def test_base_routes_pass_no_zone():
    """Node 1 is a zone of the road 3 - 1 - 2 and the end of others: trips begin and end there, and go round it."""
    city = road_map(4, [2, 0, 2, 3, 0, 1], [0, 1, 3, 1, 2, 0], [1.0, 1.0, 3.0, 3.0, 1.0, 1.0])
    assert city.routes(3, 2, stretch=9.0) == [(3, 1, 2), (3, 4, 2)]
    zones = replace(city, network=replace(city.network, first_through=1))
    assert zones.routes(3, 2, stretch=9.0) == [(3, 4, 2)]
    assert zones.routes(3, 1) == [(3, 1)]
    assert zones.routes(1, 2) == [(1, 2)]
    with pytest.raises(Infeasible, match="no route leads there from origin = 2"):
        zones.routes(2, 3)


@pytest.mark.parametrize("kinds", ["+++", "--", "-++", "+-+", "++-", "-+-"])
def test_a_trip_has_a_pattern_of_table_one(kinds: str):
    stops = tuple(Stop(node, kind, 5.0) for node, kind in enumerate(kinds, 2))
    with pytest.raises(InvalidInput, match=r"stops = '[+-]+' .*must be of a pattern of Table I"):
        Trip((1, 2, 3, 4, 5), stops, 20.0)


def test_what_cannot_be_reached_is_named():
    with pytest.raises(Infeasible, match="routes: the battery allows none of 6, the shortest of 22 km"):
        feasible_trips(CITY, CITY.routes(1, 20), STATIONS, Battery(capacity_kwh=10.0))
    with pytest.raises(Infeasible, match="battery allows none"):  # no station within reach of a small battery
        feasible_trips(route_map(40, 40), [[1, 2, 3]], [2], Battery(capacity_kwh=30.0))
    with pytest.raises(Infeasible, match="no route leads there from origin = 3"):
        route_map(5, 5).routes(3, 1)
    # A station that no route passes is no error: nobody stops there.
    assert feasible_trips(route_map(5, 5), [[1, 2]], [3], Battery())[0].pattern == "0"


def test_expanded_network_counts():
    """Two twins a station: two arcs of no length to them, and copies of all arcs out of the station."""
    arcs = CITY.expanded(STATIONS)
    leaving = sum(int((CITY.network.tails + 1 == node).sum()) for node in STATIONS)
    assert len(arcs) == 76 + 2 * len(STATIONS) + 2 * leaving
    assert {length for _, head, length in arcs if head[-1] in "+-"} == {0.0}


TRIP = Trip(WITH, (Stop(12, "-", 7.2),), 24.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"stops": (Stop(12, "-", 7.2 + 1e-4),)},
        {"stops": (Stop(12, "-", 7.2 - 1e-4),)},
        {"length_km": 24.0 + 1e-4},
        {"nodes": WITHOUT, "stops": (Stop(2, "+", 13.2),)},
        {"stops": (Stop(12, "+", 17.6 - 1e-4),)},
        {"stops": ()},
    ],
)
def test_a_perturbed_trip_fails_a_certificate(changed: dict):
    assert all(c.holds for c in trip_certificates(CITY, TRIP, Battery()))
    assert not all(c.holds for c in trip_certificates(CITY, replace(TRIP, **changed), Battery()))
