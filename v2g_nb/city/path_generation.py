"""Where a battery allows to stop, and how much it charges or discharges there (Algorithm 1).

Nodes are numbered as on the map, from 1.
"""

import heapq
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, islice, pairwise, product, takewhile
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.city.roads import RoadMap
from v2g_nb.city.trips import CHARGE, DISCHARGE, PATTERNS, Battery, Stop, Trip
from v2g_nb.errors import Infeasible, InvalidInput

ROUNDING = 1e-9  # kWh by which a battery may be short on paper
PER_KM = 10**9  # lengths are compared in whole numbers of this part of a km
Roads = dict[int, list[tuple[int, int]]]  # for each node its neighbours, and how far they are


def _nodes(city: RoadMap, **named: Any) -> list[int]:
    return [checks.integer(name, value, low=1, high=city.network.num_nodes) for name, value in named.items()]


def base_routes(
    city: RoadMap, origin: int, destination: int, *, count: int = 6, stretch: float = 1.6
) -> list[tuple[int, ...]]:
    """Return the shortest simple routes between two nodes.

    Parameters
    ----------
    city : RoadMap
        The roads.
    origin, destination : int
        Nodes as on the map, different.
    count : int
        At most so many routes.
    stretch : float
        No route longer than the shortest by more than this factor, at least 1.

    Returns
    -------
    list of tuple of int
        Nodes of each route; the shortest first, ties in the order of the nodes' numbers. Lengths of links
        count to a billionth of a km. No route passes through a zone (a node below the network's
        ``first_through``).

    Raises
    ------
    InvalidInput
        If an argument is out of range, or both ends are the same node.
    Infeasible
        If no route leads there.

    Examples
    --------
    >>> from v2g_nb.city.roads import sioux_falls
    >>> base_routes(sioux_falls(), 1, 20, count=2)
    [(1, 2, 6, 8, 7, 18, 20), (1, 3, 12, 13, 24, 21, 20)]

    References
    ----------
    Algorithm 1 of the city paper.
    """
    roads = checks.instance("city", city, RoadMap)
    start, end = _nodes(roads, origin=origin, destination=destination)
    most = checks.integer("count", count, low=1)
    factor = checks.real("stretch", stretch, low=1.0)
    if start == end:
        raise checks.invalid("destination", end, "another node than the origin")
    routes = _by_length(roads, start, end)
    first = next(routes, None)
    if first is None:
        raise Infeasible(f"destination = {end}: no route leads there from origin = {start}")
    longest = Fraction(factor) * first[0] + 1
    others = takewhile(lambda route: route[0] <= longest, routes)
    return [nodes for _, nodes in (first, *islice(others, most - 1))]


def _by_length(city: RoadMap, start: int, end: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield length and nodes of the simple routes between two nodes, in order.

    A route begun waits under the least length at which it can still arrive without passing a node
    twice. So nothing but beginnings of the next routes is ever continued, however many tie.
    """
    zones = set(range(1, city.network.first_through + 1)) - {end}
    ahead, behind = _neighbours(city)
    least = _least(behind, end, zones - {start})
    heap: list[tuple[int, tuple[int, ...], int]] = [(least[start], (start,), 0)] if start in least else []
    while heap:
        total, nodes, driven = heapq.heappop(heap)
        if nodes[-1] == end:
            yield total, nodes
            continue
        least = _least(behind, end, zones.union(nodes))
        for there, length in ahead.get(nodes[-1], ()):
            if there in least:
                reached = driven + length
                heapq.heappush(heap, (reached + least[there], (*nodes, there), reached))


def _neighbours(city: RoadMap) -> tuple[Roads, Roads]:
    """Return the nodes ahead of and behind each node, with lengths in whole numbers, whose sums are exact."""
    ahead: Roads = {}
    behind: Roads = {}
    ends = zip((city.network.tails + 1).tolist(), (city.network.heads + 1).tolist(), strict=True)
    for (tail, head), km in zip(ends, city.length_km.tolist(), strict=True):
        length = round(Fraction(km) * PER_KM)
        ahead.setdefault(tail, []).append((head, length))
        behind.setdefault(head, []).append((tail, length))
    return ahead, behind


def _least(behind: Roads, end: int, without: Collection[int]) -> dict[int, int]:
    """Return how far it is to `end` from every node that can reach it around the nodes in `without`."""
    least: dict[int, int] = {}
    heap = [(0, end)]
    while heap:
        far, node = heapq.heappop(heap)
        if node in least:
            continue
        least[node] = far
        for before, length in behind.get(node, ()):
            if before not in least and before not in without:
                heapq.heappush(heap, (far + length, before))
    return least


def _segments(city: RoadMap, route: Sequence[int], places: Sequence[int]) -> list[float]:
    """Return the lengths between origin, stops (by position on the route) and destination [km]."""
    lengths = [city.length_km[city.link(a, b)] for a, b in pairwise(route)]
    cuts = [0, *places, len(lengths)]
    return [float(sum(lengths[a:b])) for a, b in pairwise(cuts)]


def _needed_at(battery: Battery, kind: str, before: str) -> float:
    """Return what must be left on arrival [kWh]: at a stop of `kind`, or (`kind` empty) at the destination."""
    if kind == CHARGE:
        return battery.reserve_before_charging * battery.capacity_kwh
    part = battery.reserve_after_discharging if before == DISCHARGE else battery.reserve
    return part * battery.capacity_kwh


def stop_energies(battery: Battery, segments: Sequence[float], kinds: str) -> list[float] | None:
    """Return the energy of each stop [kWh] in one pass along the way, or None if the battery does not allow it.

    Departure from each stop must cover the segment ahead and what must be left at its end,
    condition (2): after a charge the battery is full, after a discharge it holds the floor or just
    what is needed, whichever is more.
    """
    need = [km * battery.use_kwh_per_km for km in segments]
    departure = battery.capacity_kwh
    energies = []
    for place, kind in enumerate(kinds):
        arrival = departure - need[place]
        following = kinds[place + 1 : place + 2]
        ahead = need[place + 1] + _needed_at(battery, following, kind)
        if kind == CHARGE:
            if arrival < _needed_at(battery, CHARGE, "") - ROUNDING:
                return None
            departure = battery.capacity_kwh
            energies.append(departure - arrival)
        else:
            departure = max(battery.floor_kwh, ahead)
            if following == DISCHARGE or arrival < departure + battery.least_discharge_kwh - ROUNDING:
                return None
            energies.append(arrival - departure)
        if arrival < -ROUNDING:
            return None
    final = departure - need[-1]
    return energies if final >= _needed_at(battery, "", kinds[-1:]) - ROUNDING else None


def trip_patterns(
    city: RoadMap,
    route: Sequence[int],
    stations: Sequence[int],
    battery: Battery,
    *,
    v2g: bool = True,
    only_needed: bool = True,
) -> list[Trip]:
    """Return all energy-feasible ways to travel a route: patterns 0, 1-1, 1-2, 2, 3 and 4.

    Parameters
    ----------
    city : RoadMap
        The roads.
    route : sequence of int
        Nodes as on the map, each linked to the next.
    stations : sequence of int
        Nodes with a charging station. Stations at the ends of the route do not count.
    battery : Battery
        The battery and its driver's rules.
    v2g : bool
        Whether discharging is possible at all.
    only_needed : bool
        Whether to leave out a way that would still be feasible with one charging stop fewer.

    Returns
    -------
    list of Trip
        In the order of Table I's patterns: 0, 1-1, 1-2, 2, 3, 4; empty if the battery does not allow the
        route at all.

    Raises
    ------
    InvalidInput
        If the route or a station is not on the map.

    Examples
    --------
    >>> from v2g_nb.city.roads import sioux_falls
    >>> ways = trip_patterns(sioux_falls(), [1, 3, 12, 13, 24, 21, 20], [2, 11, 12, 15], Battery())
    >>> [(way.pattern, way.stops[0].node, round(way.stops[0].energy_kwh, 9)) for way in ways]
    [('1-1', 12, 17.6), ('2', 12, 7.2)]

    References
    ----------
    Equation (2), Table I and Algorithm 1 of the city paper.
    """
    roads = checks.instance("city", city, RoadMap)
    rules = checks.instance("battery", battery, Battery)
    nodes = _node_list("route", route, roads)
    if len(nodes) < 2 or len(set(nodes)) != len(nodes):
        raise checks.invalid("route", route, "at least two nodes, none of them twice")
    here = set(_node_list("stations", stations, roads))
    checks.flag("v2g", v2g)
    checks.flag("only_needed", only_needed)
    for a, b in pairwise(nodes):
        try:
            roads.link(a, b)
        except InvalidInput:
            raise checks.invalid("route", route, f"links of the map: none leads from {a} to {b}") from None
    places = [k for k in range(1, len(nodes) - 1) if nodes[k] in here]
    feasible: dict[tuple[tuple[int, str], ...], Trip] = {}
    for kinds in PATTERNS:
        if DISCHARGE in kinds and not v2g:
            continue
        for at in combinations(places, len(kinds)):
            segments = _segments(roads, nodes, at)
            energies = stop_energies(rules, segments, kinds)
            if energies is not None:
                stops = tuple(Stop(nodes[k], kind, q) for k, kind, q in zip(at, kinds, energies, strict=True))
                feasible[tuple(zip(at, kinds, strict=True))] = Trip(tuple(nodes), stops, sum(segments))
    if only_needed:
        return [trip for key, trip in feasible.items() if not any(less in feasible for less in _fewer(key))]
    return list(feasible.values())


def _fewer(key: tuple[tuple[int, str], ...]) -> Iterator[tuple[tuple[int, str], ...]]:
    """Yield the same stops with one charging stop left out."""
    for k, (_, kind) in enumerate(key):
        if kind == CHARGE:
            yield key[:k] + key[k + 1 :]


def _node_list(name: str, value: Any, city: RoadMap) -> list[int]:
    if isinstance(value, str) or not isinstance(value, (Sequence, np.ndarray)) or len(value) == 0:
        raise checks.invalid(name, value, "a list of at least one node")
    return [checks.integer(name, node, low=1, high=city.network.num_nodes) for node in value]


def feasible_trips(
    city: RoadMap,
    origin: int,
    destination: int,
    stations: Sequence[int],
    battery: Battery,
    *,
    count: int = 6,
    stretch: float = 1.6,
    v2g: bool = True,
    only_needed: bool = True,
) -> list[Trip]:
    """Return all energy-feasible trips between two nodes (Algorithm 1).

    Parameters
    ----------
    city : RoadMap
        The roads.
    origin, destination : int
        Nodes as on the map, different.
    stations : sequence of int
        Nodes with a charging station.
    battery : Battery
        The battery and its driver's rules.
    count : int
        At most so many base routes.
    stretch : float
        No base route longer than the shortest by more than this factor, at least 1.
    v2g : bool
        Whether discharging is possible at all.
    only_needed : bool
        Whether to leave out a way that would still be feasible with one charging stop fewer.

    Returns
    -------
    list of Trip

    Raises
    ------
    InvalidInput
        If an argument is out of range.
    Infeasible
        If no route leads there, or the battery allows none of them.

    Examples
    --------
    >>> from v2g_nb.city.roads import sioux_falls
    >>> trips = feasible_trips(sioux_falls(), 1, 20, [2, 11, 12, 15], Battery(), v2g=False)
    >>> trips[0].nodes, round(trips[0].charged_kwh, 9)
    ((1, 2, 6, 8, 7, 18, 20), 13.2)

    References
    ----------
    Algorithm 1 of the city paper.
    """
    routes = base_routes(city, origin, destination, count=count, stretch=stretch)
    options = {"v2g": v2g, "only_needed": only_needed}
    trips = [trip for route in routes for trip in trip_patterns(city, route, stations, battery, **options)]
    if not trips:
        words = f"{len(routes)} routes from origin = {origin}, the shortest of {_length(city, routes[0]):g} km"
        raise Infeasible(f"destination = {destination}: the battery allows none of {words}")
    return trips


def _length(city: RoadMap, route: Sequence[int]) -> float:
    return sum(_segments(city, route, ()))


def expanded_network(city: RoadMap, stations: Sequence[int]) -> list[tuple[str, str, float]]:
    """Return the arcs of the expanded network: each station gets a charging and a discharging twin.

    Parameters
    ----------
    city : RoadMap
        The roads.
    stations : sequence of int
        Nodes with a charging station.

    Returns
    -------
    list of tuple (str, str, float)
        Tail, head and length [km]; twins are called ``12+`` and ``12-``.

    Raises
    ------
    InvalidInput
        If a station is not on the map.

    Examples
    --------
    >>> from v2g_nb.city.roads import sioux_falls
    >>> arcs = expanded_network(sioux_falls(), [12])
    >>> [arc for arc in arcs if arc[0] in ("12", "12-")]
    [('12', '3', 4.0), ('12', '11', 6.0), ('12', '13', 3.0), ('12', '12+', 0.0), ('12', '12-', 0.0), \
('12-', '3', 4.0), ('12-', '11', 6.0), ('12-', '13', 3.0)]

    References
    ----------
    Figure 1 of the city paper.
    """
    roads = checks.instance("city", city, RoadMap)
    places = _node_list("stations", stations, roads)
    tails, heads = (roads.network.tails + 1).tolist(), (roads.network.heads + 1).tolist()
    base = list(zip(tails, heads, roads.length_km.tolist(), strict=True))
    arcs = [(str(a), str(b), length) for a, b, length in base]
    for place, kind in product(sorted(set(places)), (CHARGE, DISCHARGE)):
        arcs.append((str(place), f"{place}{kind}", 0.0))
    for place, kind in product(sorted(set(places)), (CHARGE, DISCHARGE)):
        arcs += [(f"{place}{kind}", str(b), length) for a, b, length in base if a == place]
    return arcs
