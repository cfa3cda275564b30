"""The Frank-Wolfe method, and gradient projection on paths with column generation, as a reader would write them.

The compiled twin of gradient projection in ``compiled.py`` does the same with arrays; this one needs no
compiler and serves networks with up to some thousand pairs of nodes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from scipy.optimize import brentq

from v2g_nb.checks import FloatArray
from v2g_nb.networks.roads import AssignmentIterate, Demand, PathFlows, RoadNetwork, bpr
from v2g_nb.networks.shortest_paths import Routes

SWEEPS = 20  # at most so many balancing sweeps between two searches for new paths
ENOUGH = 0.1  # a sweep that leaves less than this part of the gap ends the round
OVERSHOT = 0.9  # a shift after which the cost difference is this large again, reversed, is halved
ROUNDING = 1e-12  # ... unless it is rounding, relative to the path's cost
TIE = 1e-14  # a new path must be cheaper than the known ones by more than rounding


def add_up(numbers: Iterable[float]) -> float:
    """Add from left to right: `sum` does so up to Python 3.11, and rounds otherwise from 3.12 on."""
    return reduce(add, numbers, 0.0)


@dataclass
class Path:
    """A path of one row: its links in order, the same as a set, and its flow."""

    links: list[int]
    members: frozenset[int]
    flow: float


class Links:
    """Flow, cost and slope of cost of every link, kept up to date while flow is shifted."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self.rows = list(
            zip(
                network.free_flow_time.tolist(),
                network.capacity.tolist(),
                network.b.tolist(),
                network.power.tolist(),
                network.fixed_cost.tolist(),
                strict=True,
            )
        )
        self.flow = [0.0] * network.num_links
        self.cost = [0.0] * network.num_links
        self.slope = [0.0] * network.num_links
        self.add(range(network.num_links), 0.0)

    def add(self, links: Iterable[int], volume: float) -> None:
        """Add `volume` to the flow of some links."""
        for link in links:
            time, capacity, b, power, fixed = self.rows[link]
            flow = max(self.flow[link] + volume, 0.0)
            load = flow / capacity
            self.flow[link] = flow
            self.cost[link] = fixed + time * (1.0 + b * load**power)
            steep = 0.0 if power == 0.0 else power * max(load, 1e-9 if power < 1.0 else 0.0) ** (power - 1.0)
            self.slope[link] = time * b * steep / capacity

    def reload(self, rows: Iterable[list[Path]]) -> None:
        """Sum the path flows afresh, so that rounding does not pile up over many shifts."""
        total = [0.0] * len(self.flow)
        for paths in rows:
            for path in paths:
                for link in path.links:
                    total[link] += path.flow
        self.flow = total
        self.add(range(len(total)), 0.0)

    def path_cost(self, links: Iterable[int]) -> float:
        """Return the sum of the links' costs."""
        return add_up(self.cost[link] for link in links)


def balance(links: Links, paths: list[Path]) -> float:
    """Shift one row's drivers from each dearer path to the cheapest; return what they overpaid.

    The shift is a Newton step on the difference of the two costs, cut where a path runs empty.
    """
    costs = [links.path_cost(path.links) for path in paths]
    best = paths[costs.index(min(costs))]
    overpaid = 0.0
    for path in paths:
        if path is best or path.flow == 0.0:
            continue
        here, there = path.members - best.members, best.members - path.members
        gain = links.path_cost(here) - links.path_cost(there)
        overpaid += path.flow * max(gain, 0.0)
        steep = add_up(links.slope[link] for link in here) + add_up(links.slope[link] for link in there)
        shift = gain / steep if steep > 0.0 else np.sign(gain) * np.inf
        shift = min(max(shift, -best.flow), path.flow)
        move = shift
        while move:
            path.flow, best.flow = path.flow - move, best.flow + move
            links.add(here, -move)
            links.add(there, move)
            now = links.path_cost(here) - links.path_cost(there)
            if now * gain >= 0.0 or abs(now) < max(OVERSHOT * abs(gain), ROUNDING * min(costs)):
                break
            shift /= 2.0  # too far: take back half of what has been moved
            move = -shift
    return overpaid


def search(links: Links, routes: Routes, known: dict[int, list[Path]]) -> FloatArray:
    """Add a cheapest path to every row that knows none as cheap; return each row's least cost."""
    found = {}
    for row, least, tree in routes.cheapest(links.cost):
        found[row] = least
        cheapest = min((links.path_cost(path.links) for path in known[row]), default=float("inf"))
        if cheapest > least * (1.0 + TIE):
            path = routes.links(row, tree)
            known[row].append(Path(path, frozenset(path), 0.0))
    return np.array([found[row] for row in sorted(found)])


def flatten(known: dict[int, list[Path]]) -> PathFlows:
    """Return the paths that carry flow as flat arrays, sorted by row."""
    kept = [(row, path) for row in sorted(known) for path in known[row] if path.flow > 0.0]
    lengths = [len(path.links) for _, path in kept]
    return PathFlows(
        np.array([row for row, _ in kept], dtype=np.int64),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([link for _, path in kept for link in path.links], dtype=np.int64),
        np.array([path.flow for _, path in kept]),
    )


def relative_gap(demand: Demand, total: float, least: FloatArray) -> float:
    """Return what drivers pay beyond cheapest paths, as a part of what they pay in total."""
    return (total - float(demand.volumes[demand.rows] @ least)) / total if total > 0 else 0.0


def gradient_projection(network: RoadNetwork, demand: Demand) -> Iterator[AssignmentIterate]:
    """Yield the iterates of path-based gradient projection for the user equilibrium.

    1. Search: one shortest-path tree an origin; a row whose destination the tree reaches cheaper
       than all known paths gets that path. The trees give the relative gap.
    2. Balance: sweep over the rows; in each, shift flow from dearer paths to the cheapest by a
       Newton step on their cost difference, and update the links before going on.
    3. Drop empty paths, and repeat.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    demand : Demand
        The trips.

    Yields
    ------
    AssignmentIterate
        ``flow``, ``gap``, ``least_cost`` and ``paths``, for as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, and when the first item is asked for: if a trip ends at a node
        that is none, or trips are so many that a road could cost infinitely much.
    Infeasible
        If no path leads to a destination (when the first item is asked for).

    Examples
    --------
    >>> roads = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [1, 1], [1, 1])
    >>> iterates = gradient_projection(roads, Demand([0], [1], [6.0]))
    >>> [next(iterates).flow.round(6).tolist() for _ in range(2)]
    [[6.0, 0.0], [4.0, 2.0]]

    References
    ----------
    Equation (3) of the city paper states the equilibrium that is sought.
    """
    routes, links = Routes(network, demand), Links(network)
    known: dict[int, list[Path]] = {row: [] for rows in routes.groups.values() for row in rows}
    search(links, routes, known)
    for row, paths in known.items():
        paths[0].flow = float(demand.volumes[row])
    while True:
        links.reload(known.values())
        least = search(links, routes, known)
        total = float(np.array(links.flow) @ np.array(links.cost))
        gap = relative_gap(demand, total, least)
        yield AssignmentIterate(np.array(links.flow), gap, least, flatten(known))
        for _ in range(SWEEPS):
            overpaid = add_up(balance(links, paths) for paths in known.values() if len(paths) > 1)
            if overpaid <= ENOUGH * gap * total:
                break
        for row, paths in known.items():
            known[row] = [path for path in paths if path.flow > 0.0]


def frank_wolfe(network: RoadNetwork, demand: Demand) -> Iterator[AssignmentIterate]:
    """Yield the iterates of the Frank-Wolfe method for the user equilibrium.

    Each iteration sends everybody to a cheapest path at today's costs and moves towards those
    flows as far as Beckmann's function falls.

    1. Costs at the flows; all-or-nothing flows at those costs; the relative gap.
    2. Step length in [0, 1] where the slope of Beckmann's function along the move is zero.
    3. Move, and repeat.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    demand : Demand
        The trips.

    Yields
    ------
    AssignmentIterate
        ``flow``, ``gap`` and ``least_cost``, for as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, and when the first item is asked for: if a trip ends at a node
        that is none, or trips are so many that a road could cost infinitely much.
    Infeasible
        If no path leads to a destination (when the first item is asked for).

    Examples
    --------
    >>> roads = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [1, 1], [1, 1])
    >>> iterates = frank_wolfe(roads, Demand([0], [1], [6.0]))
    >>> [round(float(next(iterates).flow[0]), 6) for _ in range(3)]
    [6.0, 4.0, 4.0]

    References
    ----------
    Equation (3) of the city paper states the equilibrium that is sought.
    """
    routes = Routes(network, demand)
    flow, _ = all_or_nothing(routes, network.fixed_cost + network.free_flow_time)
    while True:
        cost = bpr(network, flow)
        target, least = all_or_nothing(routes, cost)
        total = float(cost @ flow)
        yield AssignmentIterate(flow, relative_gap(demand, total, least), least)
        move = target - flow
        flow = (flow + _step(network, flow, move) * move).clip(min=0.0)


def all_or_nothing(routes: Routes, cost: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the flows when everybody takes a cheapest path at the given costs, and what that costs each row."""
    flow, found = [0.0] * routes.network.num_links, {}
    for row, least, tree in routes.cheapest(cost.tolist()):
        found[row], volume = least, float(routes.demand.volumes[row])
        for link in routes.links(row, tree):
            flow[link] += volume
    return np.array(flow), np.array([found[row] for row in sorted(found)])


def _step(network: RoadNetwork, flow: FloatArray, move: FloatArray) -> float:
    """Return the step at which Beckmann's function has no slope along the move."""

    def slope(step: float) -> float:
        return float(bpr(network, (flow + step * move).clip(min=0.0)) @ move)

    if slope(0.0) >= 0.0:
        return 0.0
    return 1.0 if slope(1.0) <= 0.0 else float(brentq(slope, 0.0, 1.0, xtol=1e-15))
