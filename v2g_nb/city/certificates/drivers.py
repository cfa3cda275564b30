"""Do drivers take the cheapest paths? Costs anew, trip by trip, from the flows and prices."""

from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Any

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import Number, Whole
from v2g_nb.city.paths import city_paths
from v2g_nb.city.result import CityResult
from v2g_nb.city.stations import waiting_time
from v2g_nb.city.trips import Trip

RELATIVE_GAP = 1e-8
SUMS = 1e-6  # vehicles, kW
DOLLARS = 1e-6


class Costs:
    """What a trip costs at an equilibrium's flows and prices."""

    def __init__(self, result: CityResult) -> None:
        model, road = result.model, result.model.roads.network
        self.model = model
        self.flow = np.zeros(road.num_links)
        self.visits, self.energy = np.zeros((2, len(model.stations), 2))
        self.place = {station.node: k for k, station in enumerate(model.stations)}
        for path, amount in zip(result.paths, result.path_flow, strict=True):
            self.flow[self.links(path.trip)] += amount
            for stop in path.trip.stops:
                where = self.place[stop.node], int(stop.kind == "-")
                self.visits[where] += amount
                self.energy[where] += amount * stop.energy_kwh
        load = self.flow / road.capacity
        self.minutes = road.fixed_cost + road.free_flow_time * (1.0 + road.b * load**road.power)
        visits = np.maximum(self.visits.sum(axis=1), 0.0)
        self.wait = waiting_time(visits, **model.queues, sharpness=model.sharpness)
        self.price = np.column_stack([result.price_charging, result.price_discharging])

    def links(self, trip: Trip) -> list[int]:
        """Return the links of a trip."""
        return [self.model.roads.numbers[pair] for pair in pairwise(trip.nodes)]

    def parts(self, trip: Trip, driver: int) -> tuple[float, float, float, float]:
        """Return minutes on the road, waiting and at the pile, and money."""
        model = self.model
        road = float(self.minutes[self.links(trip)].sum())
        wait = dwell = money = 0.0
        left = model.battery.capacity_kwh - model.battery.use_kwh_per_km * trip.length_km
        for stop in trip.stops:
            n = self.place[stop.node]
            wait += float(self.wait[n])
            dwell += 60.0 * stop.energy_kwh / model.pile_kw
            if stop.kind == "+":
                money += stop.energy_kwh * float(self.price[n, 0])
                left += stop.energy_kwh
            else:
                money -= stop.energy_kwh * (float(self.price[n, 1]) - model.wear_cost)
                left -= stop.energy_kwh
        if model.drivers[driver].electric:
            money += model.missing_energy_cost * (model.battery.capacity_kwh - left)
        return road, wait, dwell, money

    def cost(self, trip: Trip, driver: int) -> float:
        """Return what a trip costs a driver [$]."""
        road, wait, dwell, money = self.parts(trip, driver)
        return self.model.drivers[driver].value_of_time * (road + wait + dwell) + money


def worst(*differences: Any) -> float:
    """Return the largest difference; NaN if any is not finite."""
    flat = np.concatenate([np.ravel(np.asarray(value, dtype=np.float64)) for value in differences])
    return float(np.abs(flat).max(initial=0.0)) if np.isfinite(flat).all() else float("nan")


def driver_certificates(result: CityResult) -> tuple[Certificate, ...]:
    """Check that trips are made, flows and energies add up, costs are right, and nobody could do better, (3) to (8).

    The last, one for each class, are relative gaps: what its drivers pay above the cheapest of their paths, as a part
    of what they pay.
    """
    model, hours = result.model, result.model.period_h
    costs = Costs(result)
    parts = np.array([costs.parts(path.trip, path.driver) for path in result.paths])
    cost = np.array([costs.cost(path.trip, path.driver) for path in result.paths])
    shape = (len(model.drivers), len(model.pairs))
    (made, paid), least = np.zeros((2, *shape)), np.full(shape, np.inf)
    for path, flow, price in zip(result.paths, result.path_flow, cost, strict=True):
        where = path.driver, path.pair
        made[where] += flow
        paid[where] += flow * price
        least[where] = min(least[where], price)
    wanted = np.array([group.volumes for group in model.drivers])
    used = wanted > 0.0
    stays = np.where(used, result.unserved, 0.0)
    if model.unserved_cost is not None:
        least = np.where(used, np.minimum(least, model.unserved_cost), least)
        paid = paid + stays * model.unserved_cost
    sums = worst(
        made + stays - wanted,
        costs.flow - result.link_flow,
        costs.visits - result.visits,
        costs.energy.T / hours - [result.charging_kw, result.discharging_kw],
    )
    added = worst(
        parts.T - [result.path_time_min, result.path_wait_min, result.path_dwell_min, result.path_energy_cost],
        cost - result.path_cost,
        costs.minutes - result.link_time_min,
        costs.wait - result.wait_min,
        (least - result.od_cost)[used],
    )
    negative = worst(np.minimum(result.path_flow, 0.0), np.minimum(stays, 0.0))
    proof = [
        Certificate("trips, flows and energies that do not add up", sums, SUMS, "veh or kW"),
        Certificate("negative flows", negative, SUMS, "veh"),
        Certificate("costs that do not add up", added, DOLLARS, "$ or min"),
    ]
    whole = paid.sum(axis=1)
    gaps = (whole - (wanted * np.where(used, least, 0.0)).sum(axis=1)) / np.maximum(np.abs(whole), 1.0)
    for group, gap in zip(model.drivers, gaps, strict=True):
        proof.append(Certificate(f"relative gap of {group.name}", worst(gap), RELATIVE_GAP))
    return tuple(proof)


def outside_certificate(
    result: CityResult,
    *,
    count: Annotated[int, Whole(low=1)] = 60,
    stretch: Annotated[float, Number(low=1.0)] = 1.6,
) -> Certificate:
    """Check that no path of a larger set is better: more base routes for each pair, all ways to stop on them.

    Parameters
    ----------
    result : CityResult
        What is claimed to be an equilibrium.
    count : int
        At most so many base routes of each pair, at least 1.
    stretch : float
        No base route longer than the shortest by more than this factor, at least 1.

    Returns
    -------
    Certificate
        The most that a driver would save by a path of the larger set [$].

    Raises
    ------
    InvalidInput
        If an argument is not of its kind.
    Infeasible
        If the battery allows none of a pair's routes in the larger set, as with a `stretch` below the model's.

    Examples
    --------
    >>> print(outside_certificate(solve_city(scenario("base")), count=6))
    saved by a path outside the set: at most 1e-06 $, holds
    """
    costs = Costs(result)
    pool = city_paths(replace(result.model, count=count, stretch=stretch))
    saved = [float(result.od_cost[path.driver, path.pair]) - costs.cost(path.trip, path.driver) for path in pool]
    worst = max(0.0, *saved) if np.isfinite(saved).all() else float("nan")
    return Certificate("saved by a path outside the set", worst, DOLLARS, "$")
