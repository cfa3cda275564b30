"""Paths that would be cheaper than those in use: shortest paths under the current times and prices.

A stop's energy is linear in the lengths of the segments before and after it, so every pattern is a
concatenation of segments between origin, stations and destination, and of each segment only time
and length matter. As in Algorithm 1, no route passes a node twice.
"""

import heapq
from itertools import pairwise, product
from typing import Any

import numpy as np

from v2g_nb.checks import FloatArray
from v2g_nb.city.model import CityModel, CityPath
from v2g_nb.city.path_generation import stop_energies
from v2g_nb.city.paths import trips_on
from v2g_nb.city.program import MONEY, VEHICLES, CityProgram
from v2g_nb.city.trips import CHARGE, DISCHARGE, PATTERNS, Trip
from v2g_nb.networks.shortest_paths import cheapest_tree, path_links

BETTER = 1e-7  # $ by which a new path must beat what the pair pays
MOST = 2  # new routes for each pair and class in one round, cheapest first
Segment = tuple[float, float, tuple[int, ...]]  # cost of time [$], length [km], nodes


class Prices:
    """Times and prices of a point, as one class of drivers sees them [$]."""

    def __init__(self, program: CityProgram, x: FloatArray, y: FloatArray, driver: int) -> None:
        model = program.model
        group, slope = model.drivers[driver], program.gradient(x)
        self.model, self.electric = model, group.electric
        common = program.value_of_time * VEHICLES / MONEY

        def worth(block: str) -> Any:
            return (group.value_of_time * (slope[program.columns[block]] / common)).tolist()

        nodes = [station.node for station in model.stations]
        self.wait = dict(zip(nodes, worth("visit"), strict=True))
        pile = 60.0 * group.value_of_time / model.pile_kw
        # what a kWh costs with the time that it takes
        charge = (y[program.rows["charged"]] + pile).tolist()
        discharge = (-(y[program.rows["discharged"]] - model.wear_cost - pile)).tolist()
        self.energy = {
            CHARGE: dict(zip(nodes, charge, strict=True)),
            DISCHARGE: dict(zip(nodes, discharge, strict=True)),
        }
        length = model.roads.length_km.tolist()
        offers = zip(worth("link"), length, strict=True)
        self.link: dict[tuple[int, int], tuple[float, float]] = dict(zip(model.roads.numbers, offers, strict=True))
        self.ahead: dict[int, list[tuple[int, float, float]]] = {}
        for (a, b), (c, km) in self.link.items():
            self.ahead.setdefault(a, []).append((b, c, km))
        # the most that a longer way may be worth, per km: energy that need not be charged or is not sold at a loss
        most = max(0.0, *(-price for price in charge), *discharge)
        self.worth_per_km = model.battery.use_kwh_per_km * most if self.electric else 0.0

    def segments(self, start: int, reach: float) -> dict[int, list[Segment]]:
        """Return, for every node, the ways from `start` that no cheaper and shorter way makes pointless."""
        found: dict[int, list[Segment]] = {}
        heap: list[tuple[float, float, tuple[int, ...]]] = [(0.0, 0.0, (start,))]
        while heap:
            length, cost, nodes = heapq.heappop(heap)
            here = nodes[-1]
            known = found.setdefault(here, [])
            if any(c + self.worth_per_km * (length - km) <= cost for c, km, _ in known):
                continue
            known.append((cost, length, nodes))
            for there, c, km in self.ahead.get(here, ()):
                if length + km <= reach and there not in nodes:
                    heapq.heappush(heap, (length + km, cost + c, (*nodes, there)))
        return found

    def cost(self, trip: Trip) -> float:
        """Return what a trip costs [$]."""
        total = sum(self.link[pair][0] for pair in pairwise(trip.nodes))
        for stop in trip.stops:
            total += self.wait[stop.node] + self.energy[stop.kind][stop.node] * stop.energy_kwh
        if self.electric:
            used = self.model.battery.use_kwh_per_km * trip.length_km
            total += self.model.missing_energy_cost * (used - trip.charged_kwh + trip.discharged_kwh)
        return total


def better_paths(program: CityProgram, x: FloatArray, y: FloatArray) -> tuple[CityPath, ...]:
    """Return paths that cost less than what their pair pays, for every class."""
    model = program.model
    paid = y[program.rows["demand"]] * MONEY / VEHICLES
    known = {(path.driver, path.pair, path.trip.nodes, path.trip.stops) for path in program.table.paths}
    found: list[CityPath] = []
    for m, group in enumerate(model.drivers):
        prices = Prices(program, x, y, m)
        pays = {k: float(u) for (driver, k), u in zip(program.demands, paid, strict=True) if driver == m}
        for k, route in _electric_routes(prices, pays) if group.electric else _plain_routes(prices, pays):
            for trip in trips_on(model, route, group.electric):
                key = (m, k, trip.nodes, trip.stops)
                if key not in known and prices.cost(trip) < pays[k] - BETTER:
                    known.add(key)
                    found.append(CityPath.trusted(driver=m, pair=k, trip=trip))
    return tuple(found)


def _plain_routes(prices: Prices, pays: dict[int, float]) -> list[tuple[int, tuple[int, ...]]]:
    network, pairs = prices.model.roads.network, prices.model.pairs
    cost = np.array([cost for cost, _ in prices.link.values()])
    trees = {origin: cheapest_tree(network, cost, origin - 1)[1] for origin in {pairs[k][0] for k in pays}}
    found = []
    for k in pays:
        origin, destination = pairs[k]
        links = path_links(network, trees[origin], origin - 1, destination - 1)
        found.append((k, (origin, *(network.heads[links] + 1).tolist())))
    return found


def _electric_routes(prices: Prices, pays: dict[int, float]) -> list[tuple[int, tuple[int, ...]]]:
    """Return the routes of each pair's cheapest concatenations, whatever their stops."""
    model, battery = prices.model, prices.model.battery
    reach = battery.capacity_kwh / max(battery.use_kwh_per_km, 1e-12)
    stations = [station.node for station in model.stations]
    sources = {model.pairs[k][0] for k in pays} | set(stations)
    segments = {node: prices.segments(node, reach) for node in sources}
    kinds = [kind for kind in PATTERNS if model.v2g or DISCHARGE not in kind]
    chosen = []
    for k, pay in pays.items():
        origin, destination = model.pairs[k]
        middle = [node for node in stations if node not in (origin, destination)]
        offers: dict[tuple[int, ...], float] = {}
        for pattern in kinds:
            for stops in product(middle, repeat=len(pattern)):
                if len(set(stops)) < len(stops):
                    continue
                legs = [segments[a].get(b, []) for a, b in pairwise((origin, *stops, destination))]
                energy = [prices.energy[kind][node] for kind, node in zip(pattern, stops, strict=True)]
                waits = [prices.wait[node] for node in stops]
                # what no concatenation of these legs can fall below
                least = sum(min(segment[0] for segment in leg) for leg in legs if leg)
                least += sum(
                    wait + min(0.0, price) * battery.capacity_kwh for wait, price in zip(waits, energy, strict=True)
                )
                if all(legs) and least < pay - BETTER:
                    _offer(offers, model, legs, pattern, waits, energy, pay)
        best = sorted(offers, key=lambda route: (offers[route], route))
        chosen += [(k, route) for route in best[:MOST]]
    return chosen


def _offer(
    offers: dict[tuple[int, ...], float],
    model: CityModel,
    legs: list[list[Segment]],
    pattern: str,
    waits: list[float],
    energy: list[float],
    pay: float,
) -> None:
    """Note the routes of all concatenations that would be cheaper than `pay` with these stops."""
    for parts in product(*legs):
        energies = stop_energies(model.battery, [part[1] for part in parts], pattern)
        if energies is None:
            continue
        cost = sum(part[0] for part in parts)
        for wait, price, kwh in zip(waits, energy, energies, strict=True):
            cost += wait + price * kwh
        if model.missing_energy_cost:
            used = model.battery.use_kwh_per_km * sum(part[1] for part in parts)
            signed = sum(kwh if kind == DISCHARGE else -kwh for kind, kwh in zip(pattern, energies, strict=True))
            cost += model.missing_energy_cost * (used + signed)
        route = parts[0][2] + tuple(node for part in parts[1:] for node in part[2][1:])
        if cost < pay - BETTER and len(set(route)) == len(route):
            offers[route] = min(cost, offers.get(route, np.inf))
