"""Cheapest paths from one origin, and the traffic that follows them."""

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.networks.roads import Demand, IntArray, RoadNetwork, bpr

Stars = list[list[tuple[int, int]]]  # of each node, the links out of it and where they lead


def forward_stars(network: RoadNetwork) -> Stars:
    """Return, for each node, its outgoing links as (link, head)."""
    stars: Stars = [[] for _ in range(network.num_nodes)]
    for link, (tail, head) in enumerate(zip(network.tails.tolist(), network.heads.tolist(), strict=True)):
        stars[tail].append((link, head))
    return stars


def grow_tree(stars: Stars, first_through: int, cost: Sequence[float], origin: int) -> tuple[list[float], list[int]]:
    """Return each node's least cost from `origin` and the link by which it is reached (-1: none)."""
    least = [float("inf")] * len(stars)
    via = [-1] * len(stars)
    least[origin] = 0.0
    queue = [(0.0, origin)]
    while queue:
        reached, node = heapq.heappop(queue)
        if reached > least[node] or (node < first_through and node != origin):
            continue  # an outdated entry, or a zone that nobody may pass through
        for link, head in stars[node]:
            longer = reached + cost[link]
            if longer < least[head]:
                least[head], via[head] = longer, link
                heapq.heappush(queue, (longer, head))
    return least, via


def cheapest_tree(network: RoadNetwork, cost: Any, origin: int) -> tuple[FloatArray, IntArray]:
    """Return the cheapest paths from one node to all others (Dijkstra's algorithm).

    Parameters
    ----------
    network : RoadNetwork
        The roads; zones below ``first_through`` are not passed through.
    cost : array_like, shape (links,)
        What each link costs [min], at least 0.
    origin : int
        Where the paths begin.

    Returns
    -------
    least : numpy.ndarray, shape (nodes,)
        Cost to each node; infinite where no path leads.
    via : numpy.ndarray of int, shape (nodes,)
        The last link of each cheapest path; -1 at the origin and where no path leads.

    Raises
    ------
    InvalidInput
        If `cost` has another length or a negative element, or `origin` is no node.

    Examples
    --------
    >>> roads = RoadNetwork(3, [0, 1, 0], [1, 2, 2], [1, 1, 5], [9, 9, 9], [0, 0, 0], [1, 1, 1])
    >>> cheapest_tree(roads, [1.0, 1.0, 5.0], 0)[0]
    array([0., 1., 2.])
    """
    roads = checks.instance("network", network, RoadNetwork)
    costs = checks.array("cost", cost, shape=(roads.num_links,), low=0.0)
    start = checks.integer("origin", origin, low=0, high=roads.num_nodes - 1)
    least, via = grow_tree(forward_stars(roads), roads.first_through, costs.tolist(), start)
    return np.array(least), np.array(via, dtype=np.int64)


def trace(tails: Sequence[int], via: Sequence[int], origin: int, destination: int) -> list[int]:
    """Return the links of a tree's path, from the origin on."""
    links = []
    node = destination
    while node != origin:
        links.append(via[node])
        node = tails[via[node]]
    return links[::-1]


def path_links(network: RoadNetwork, via: Any, origin: int, destination: int) -> IntArray:
    """Return the links of the path to `destination` in a tree of :func:`cheapest_tree`.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    via : array_like of int, shape (nodes,)
        The tree's last links.
    origin, destination : int
        The tree's origin, and where the path ends.

    Returns
    -------
    numpy.ndarray of int
        In the order of travel; empty if both ends are the same.

    Raises
    ------
    InvalidInput
        If an argument is out of range, or `via` is no tree from `origin`.
    Infeasible
        If no path leads there.

    Examples
    --------
    >>> roads = RoadNetwork(3, [0, 1, 0], [1, 2, 2], [1, 1, 5], [9, 9, 9], [0, 0, 0], [1, 1, 1])
    >>> path_links(roads, cheapest_tree(roads, [1.0, 1.0, 5.0], 0)[1], 0, 2)
    array([0, 1])
    """
    roads = checks.instance("network", network, RoadNetwork)
    shape = (roads.num_nodes,)
    last = checks.array("via", via, shape=shape, low=-1.0, high=roads.num_links - 1.0, whole=True).astype(int)
    start = checks.integer("origin", origin, low=0, high=roads.num_nodes - 1)
    end = checks.integer("destination", destination, low=0, high=roads.num_nodes - 1)
    links: list[int] = []
    node = end
    while node != start:
        if last[node] < 0:
            raise Infeasible(f"destination = {end}: no path leads there from origin = {start}")
        if len(links) >= roads.num_nodes or roads.heads[last[node]] != node:
            raise InvalidInput(f"via = {checks.shown(via)}: must be the tree that grows from origin = {start}")
        links.append(int(last[node]))
        node = int(roads.tails[links[-1]])
    return np.array(links[::-1], dtype=np.int64)


def by_origin(network: RoadNetwork, demand: Demand) -> dict[int, list[int]]:
    """Return the rows that use roads, by origin; refuse nodes that are none, and costs that overflow."""
    rows = demand.rows
    for name, ends in (("origins", demand.origins), ("destinations", demand.destinations)):
        bad = np.flatnonzero(ends >= network.num_nodes)
        if bad.size:
            right = f"below num_nodes = {network.num_nodes}"
            raise InvalidInput(f"demand.{name}[{bad[0]}] = {ends[bad[0]]}: must be {right}")
    require_finite_costs(network, demand)
    groups: dict[int, list[int]] = {}
    for row in rows[np.argsort(demand.origins[rows], kind="stable")].tolist():
        groups.setdefault(int(demand.origins[row]), []).append(row)
    return groups


def require_finite_costs(network: RoadNetwork, demand: Demand) -> None:
    """Raise if the costs could overflow: even with all trips on every road they must be numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        trips = float(demand.volumes[demand.rows].sum())
        if np.isfinite(trips):
            cost = bpr(network, np.full(network.num_links, trips))
            if np.isfinite(cost.sum() * max(trips, 1.0)):
                return
    words = f"{trips:g} trips give a road that all of them take an infinite cost"
    raise InvalidInput(f"demand.volumes = {checks.shown(demand.volumes)}: must be smaller; {words}")


def unreachable(demand: Demand, row: int) -> Infeasible:
    """Return the error for a row whose destination no path reaches."""
    ends = f"from node {demand.origins[row]} to node {demand.destinations[row]}"
    return Infeasible(f"demand row {row}: {demand.volumes[row]:g} trips {ends}, but no path leads there")


def all_or_nothing(network: RoadNetwork, demand: Demand, cost: FloatArray) -> tuple[FloatArray, float]:
    """Return the flows when everybody takes a cheapest path at the given costs, and their total cost."""
    stars, costs, tails = forward_stars(network), cost.tolist(), network.tails.tolist()
    flow = [0.0] * network.num_links
    total = 0.0
    destinations, volumes = demand.destinations.tolist(), demand.volumes.tolist()
    for origin, rows in by_origin(network, demand).items():
        least, via = grow_tree(stars, network.first_through, costs, origin)
        for row in rows:
            if least[destinations[row]] == float("inf"):
                raise unreachable(demand, row)
            total += volumes[row] * least[destinations[row]]
            for link in trace(tails, via, origin, destinations[row]):
                flow[link] += volumes[row]
    return np.array(flow), total
