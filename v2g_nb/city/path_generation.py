"""Where a battery allows to stop, and how much it charges or discharges there (Algorithm 1).

Nodes are numbered as on the map, from 1.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Annotated

from v2g_nb import checks
from v2g_nb.arguments import kind_of
from v2g_nb.checks import Several
from v2g_nb.city.roads import Nodes, RoadMap, lengths_along, nodes_on
from v2g_nb.city.trips import CHARGE, DISCHARGE, PATTERNS, Battery, Stop, Trip
from v2g_nb.errors import Infeasible

ROUNDING = 1e-9  # kWh by which a battery may be short on paper
StopsOn = tuple[tuple[int, str], ...]  # places on the route, and kinds


def feasible_trips(
    city: RoadMap,
    routes: Annotated[Sequence[Sequence[int]], Several((kind_of(Nodes),))],
    stations: Nodes,
    battery: Battery,
    *,
    v2g: bool = True,
    only_needed: bool = True,
) -> list[Trip]:
    """Return all energy-feasible ways to travel some routes: patterns 0, 1-1, 1-2, 2, 3 and 4.

    Parameters
    ----------
    city : RoadMap
        The roads.
    routes : sequence of sequence of int
        Nodes as on the map, each linked to the next, none twice; such as ``city.routes(1, 20)`` finds.
    stations : sequence of int
        Nodes with a charging station. Stations at the ends of a route do not count.
    battery : Battery
        The battery and its driver's rules.
    v2g : bool
        Whether discharging is possible at all.
    only_needed : bool
        Whether to leave out a way that would still be feasible with one charging stop fewer.

    Returns
    -------
    list of Trip
        Route by route, in the order of Table I's patterns: 0, 1-1, 1-2, 2, 3, 4.

    Raises
    ------
    InvalidInput
        If a route or a station is not on the map.
    Infeasible
        If the battery allows none of the routes.

    Examples
    --------
    >>> trips = feasible_trips(sioux_falls(), [[1, 3, 12, 13, 24, 21, 20]], [2, 11, 12, 15], Battery())
    >>> [(trip.pattern, trip.stops[0].node, round(trip.stops[0].energy_kwh, 9)) for trip in trips]
    [('1-1', 12, 17.6), ('2', 12, 7.2)]

    References
    ----------
    Equation (2), Table I and Algorithm 1 of the city paper.
    """
    places = nodes_on(city, "stations", stations)
    for route in routes:
        nodes = nodes_on(city, "routes", route)
        if len(nodes) < 2 or len(set(nodes)) != len(nodes):
            raise checks.invalid("routes", route, "of at least two nodes, none of them twice")
        for a, b in pairwise(nodes):
            if (a, b) not in city.numbers:
                raise checks.invalid("routes", route, f"links of the map: none leads from {a} to {b}")
    trips = [t for route in routes for t in trip_patterns(city, tuple(route), places, battery, v2g, only_needed)]
    if not trips:
        shortest = min(sum(lengths_along(city, route)) for route in routes)
        raise Infeasible(f"routes: the battery allows none of {len(routes)}, the shortest of {shortest:g} km")
    return trips


def trip_patterns(
    city: RoadMap, route: tuple[int, ...], stations: Collection[int], battery: Battery, v2g: bool, only_needed: bool
) -> list[Trip]:
    """Return all energy-feasible ways to travel one route."""
    places = [k for k in range(1, len(route) - 1) if route[k] in stations]
    lengths = lengths_along(city, route)
    feasible: dict[StopsOn, Trip] = {}
    for kinds in PATTERNS:
        if DISCHARGE in kinds and not v2g:
            continue
        for at in combinations(places, len(kinds)):
            segments = [sum(lengths[a:b]) for a, b in pairwise((0, *at, len(lengths)))]
            energies = stop_energies(battery, segments, kinds)
            if energies is not None:
                stops = tuple(
                    Stop.trusted(node=route[k], kind=kind, energy_kwh=kwh)
                    for k, kind, kwh in zip(at, kinds, energies, strict=True)
                )
                trip = Trip.trusted(nodes=route, stops=stops, length_km=sum(segments))
                feasible[tuple(zip(at, kinds, strict=True))] = trip
    if only_needed:
        return [trip for key, trip in feasible.items() if not any(less in feasible for less in _fewer(key))]
    return list(feasible.values())


def _fewer(key: StopsOn) -> Iterator[StopsOn]:
    """Yield the same stops with one charging stop left out."""
    for k, (_, kind) in enumerate(key):
        if kind == CHARGE:
            yield key[:k] + key[k + 1 :]


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


def _needed_at(battery: Battery, kind: str, before: str) -> float:
    """Return what must be left on arrival [kWh]: at a stop of `kind`, or (`kind` empty) at the destination."""
    if kind == CHARGE:
        return battery.reserve_before_charging * battery.capacity_kwh
    part = battery.reserve_after_discharging if before == DISCHARGE else battery.reserve
    return part * battery.capacity_kwh
