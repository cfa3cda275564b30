"""The paths of an instance, and as matrices: which links, which stops, how much energy."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.city.model import CityModel, CityPath
from v2g_nb.city.path_generation import base_routes, trip_patterns
from v2g_nb.city.trips import CHARGE, Trip
from v2g_nb.errors import Infeasible


@dataclass(frozen=True, eq=False)
class PathTable:
    """Paths as arrays: ``links`` (paths, links) and ``stops`` (paths, stations) are sparse counts.

    ``charge_kwh`` and ``discharge_kwh``, shape (paths, stations), are Q+ and Q-; ``dwell_min`` the
    time at the pile; ``fixed_cost`` [$] wear and what is missing on arrival; ``driver``, ``pair``
    the class and the pair of each path.
    """

    paths: tuple[CityPath, ...]
    driver: Any
    pair: Any
    links: Any
    charge_stops: Any
    discharge_stops: Any
    charge_kwh: Any
    discharge_kwh: Any
    dwell_min: FloatArray
    fixed_cost: FloatArray


def city_paths(model: CityModel) -> tuple[CityPath, ...]:
    """Return the paths that Algorithm 1 finds for every class and pair with trips.

    Parameters
    ----------
    model : CityModel
        The instance.

    Returns
    -------
    tuple of CityPath
        By class, then by pair, then in the order of the base routes.

    Raises
    ------
    InvalidInput
        If `model` is no CityModel.
    Infeasible
        If no route joins a pair, or (without `unserved_cost`) the battery allows none of its routes; with it,
        if there is no path for anybody.

    Examples
    --------
    >>> from v2g_nb.city.scenarios import scenario
    >>> paths = city_paths(scenario("base", v2g=False))
    >>> sum(path.driver == 1 for path in paths), max(path.trip.length_km for path in paths)
    (93, 28.0)

    References
    ----------
    Algorithm 1 of the city paper.
    """
    city = checks.instance("model", model, CityModel)
    places = [station.node for station in city.stations]
    used = np.sum([group.volumes for group in city.drivers], axis=0) > 0.0
    electric: dict[int, list[Trip]] = {}
    plain: dict[int, list[Trip]] = {}
    for k in np.flatnonzero(used).tolist():
        routes = base_routes(city.roads, *city.pairs[k], count=city.count, stretch=city.stretch)
        options = {"v2g": city.v2g, "only_needed": city.only_needed}
        electric[k] = [
            trip for route in routes for trip in trip_patterns(city.roads, route, places, city.battery, **options)
        ]
        plain[k] = [Trip(route, (), _length(city, route)) for route in routes]
    found = []
    for m, group in enumerate(city.drivers):
        for k in np.flatnonzero(group.volumes > 0.0).tolist():
            trips = electric[k] if group.electric else plain[k]
            if not trips and city.unserved_cost is None:
                ends = f"pairs[{k}] = {city.pairs[k]}"
                raise Infeasible(
                    f"{ends}: the battery allows none of {len(plain[k])} routes, so {group.name} cannot go"
                )
            found += [CityPath(m, k, trip) for trip in trips]
    if not found:
        raise Infeasible("model: the battery allows no route of any pair, so nobody can go")
    return tuple(found)


def _length(city: CityModel, route: tuple[int, ...]) -> float:
    return float(sum(city.roads.length_km[city.roads.link(a, b)] for a, b in pairwise(route)))


def path_table(model: CityModel, paths: tuple[CityPath, ...]) -> PathTable:
    """Return the paths as sparse matrices.

    Parameters
    ----------
    model : CityModel
        The instance.
    paths : tuple of CityPath
        Its paths.

    Returns
    -------
    PathTable

    Raises
    ------
    InvalidInput
        If a path belongs to no class or pair of the model, or leaves its roads.

    Examples
    --------
    >>> from v2g_nb.city.scenarios import scenario
    >>> model = scenario("base", v2g=False)
    >>> table = path_table(model, city_paths(model))
    >>> float(table.charge_kwh.max().round(9)), table.links.shape[1]
    (50.6, 76)
    """
    city = checks.instance("model", model, CityModel)
    if not isinstance(paths, tuple) or not paths or any(not isinstance(path, CityPath) for path in paths):
        raise checks.invalid("paths", paths, "a tuple of at least one CityPath")
    network = city.roads.network
    number = {
        (a + 1, b + 1): k for k, (a, b) in enumerate(zip(network.tails.tolist(), network.heads.tolist(), strict=True))
    }
    station = {one.node: k for k, one in enumerate(city.stations)}
    on_link: tuple[list[int], list[int]] = ([], [])
    energy: dict[str, tuple[list[int], list[int], list[float]]] = {"+": ([], [], []), "-": ([], [], [])}
    for p, path in enumerate(paths):
        if path.driver >= len(city.drivers) or path.pair >= len(city.pairs):
            raise checks.invalid("paths", path, "of a class and pair of the model")
        trip = path.trip
        if (trip.nodes[0], trip.nodes[-1]) != city.pairs[path.pair]:
            raise checks.invalid("paths", path, f"from and to the ends of its pair, {city.pairs[path.pair]}")
        for ends in pairwise(trip.nodes):
            if ends not in number:
                raise checks.invalid("paths", path, "on links of the map")
            on_link[0].append(p)
            on_link[1].append(number[ends])
        for stop in trip.stops:
            if stop.node not in station:
                raise checks.invalid("paths", path, "with stops at stations of the model")
            rows, columns, amounts = energy[stop.kind]
            rows.append(p)
            columns.append(station[stop.node])
            amounts.append(stop.energy_kwh)
    shape = (len(paths), len(city.stations))

    def matrix(kind: str, count: bool) -> Any:
        rows, columns, kwh = energy[kind]
        return sparse.csr_array((np.ones(len(kwh)) if count else np.array(kwh), (rows, columns)), shape=shape)

    charge, discharge = matrix(CHARGE, False), matrix("-", False)
    sold = discharge.sum(axis=1)
    bought = charge.sum(axis=1)
    used = city.battery.use_kwh_per_km * np.array([path.trip.length_km for path in paths])
    electric = np.array([city.drivers[path.driver].electric for path in paths])
    missing = np.where(electric, used - bought + sold, 0.0)
    return PathTable(
        paths,
        np.array([path.driver for path in paths]),
        np.array([path.pair for path in paths]),
        sparse.csr_array((np.ones(len(on_link[0])), on_link), shape=(len(paths), network.num_links)),
        matrix(CHARGE, True),
        matrix("-", True),
        charge,
        discharge,
        60.0 * (bought + sold) / city.pile_kw,
        city.wear_cost * sold + city.missing_energy_cost * missing,
    )
