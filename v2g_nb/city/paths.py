"""The paths of an instance, and as matrices: which links, which stops, how much energy."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.city.model import CityModel, CityPath
from v2g_nb.city.path_generation import trip_patterns
from v2g_nb.city.roads import lengths_along, shortest_routes
from v2g_nb.city.trips import CHARGE, DISCHARGE, Trip
from v2g_nb.errors import Infeasible


@dataclass(frozen=True, eq=False)
class PathTable:
    """Paths as arrays: ``links`` (paths, links) and ``charge_stops``, ``discharge_stops`` (paths, stations) count.

    ``charge_kwh`` and ``discharge_kwh``, shape (paths, stations), are Q+ and Q-; ``dwell_min`` the
    time at the pile; ``fixed_cost`` [$] wear and what is missing on arrival; ``driver``, ``pair``
    the class and the pair of each path. Matrices are sparse.
    """

    paths: tuple[CityPath, ...]
    driver: IntArray
    pair: IntArray
    links: Any
    charge_stops: Any
    discharge_stops: Any
    charge_kwh: Any
    discharge_kwh: Any
    dwell_min: FloatArray
    fixed_cost: FloatArray


def trips_on(model: CityModel, route: tuple[int, ...], electric: bool) -> list[Trip]:
    """Return what drivers may do on a route."""
    if electric:
        stations = [station.node for station in model.stations]
        return trip_patterns(model.roads, route, stations, model.battery, model.v2g, model.only_needed)
    return [Trip.trusted(nodes=route, stops=(), length_km=float(sum(lengths_along(model.roads, route))))]


def city_paths(model: CityModel) -> tuple[CityPath, ...]:
    """Return the paths that Algorithm 1 finds, by class, then by pair with trips, then in the order of base routes."""
    used = np.flatnonzero(np.sum([group.volumes for group in model.drivers], axis=0) > 0.0).tolist()
    routes = {k: shortest_routes(model.roads, *model.pairs[k], model.count, model.stretch) for k in used}
    trips = {
        (k, electric): [trip for route in routes[k] for trip in trips_on(model, route, electric)]
        for electric in {group.electric for group in model.drivers}
        for k in used
    }
    found = []
    for m, group in enumerate(model.drivers):
        for k in np.flatnonzero(group.volumes > 0.0).tolist():
            own = trips[k, group.electric]
            if not own and model.unserved_cost is None:
                raise Infeasible(
                    f"pairs[{k}] = {model.pairs[k]}: the battery allows none of {len(routes[k])} routes, "
                    f"so {group.name} cannot go"
                )
            found += [CityPath.trusted(driver=m, pair=k, trip=trip) for trip in own]
    if not found:
        raise Infeasible("model: the battery allows no route of any pair, so nobody can go")
    return tuple(found)


def path_table(model: CityModel, paths: tuple[CityPath, ...]) -> PathTable:
    """Return paths as sparse matrices, or raise where one belongs to no class or pair, or leaves the roads."""
    number = model.roads.numbers
    station = {one.node: k for k, one in enumerate(model.stations)}
    on_links: list[tuple[int, int]] = []
    made: dict[str, list[tuple[int, int, float]]] = {CHARGE: [], DISCHARGE: []}
    for p, path in enumerate(paths):
        if path.driver >= len(model.drivers) or path.pair >= len(model.pairs):
            raise checks.invalid("paths", path, "of a class and pair of the model")
        nodes = path.trip.nodes
        if (nodes[0], nodes[-1]) != model.pairs[path.pair]:
            raise checks.invalid("paths", path, f"from and to the ends of its pair, {model.pairs[path.pair]}")
        for ends in pairwise(nodes):
            if ends not in number:
                raise checks.invalid("paths", path, "on links of the map")
            on_links.append((p, number[ends]))
        for stop in path.trip.stops:
            if stop.node not in station:
                raise checks.invalid("paths", path, "with stops at stations of the model")
            made[stop.kind].append((p, station[stop.node], stop.energy_kwh))

    def of_stops(kind: str, count: bool) -> Any:
        where = np.array([where for *where, _ in made[kind]], dtype=np.int64).reshape(-1, 2).T
        values = [1.0 if count else kwh for *_, kwh in made[kind]]
        return sparse.csr_array((values, where), shape=(len(paths), len(station)))

    charge, discharge = of_stops(CHARGE, False), of_stops(DISCHARGE, False)
    bought, sold = charge.sum(axis=1), discharge.sum(axis=1)
    used = model.battery.use_kwh_per_km * np.array([path.trip.length_km for path in paths])
    electric = np.array([model.drivers[path.driver].electric for path in paths])
    missing = np.where(electric, used - bought + sold, 0.0)
    return PathTable(
        paths,
        np.array([path.driver for path in paths]),
        np.array([path.pair for path in paths]),
        sparse.csr_array((np.ones(len(on_links)), np.array(on_links).T), shape=(len(paths), len(number))),
        of_stops(CHARGE, True),
        of_stops(DISCHARGE, True),
        charge,
        discharge,
        60.0 * (bought + sold) / model.pile_kw,
        model.wear_cost * sold + model.missing_energy_cost * missing,
    )
