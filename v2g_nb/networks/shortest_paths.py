"""Cheapest paths from one origin, and those of all rows of a demand."""

import heapq
from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import Array, FloatArray, IntArray
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.networks.roads import LARGEST, Demand, Flow, RoadNetwork, bpr

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


def cheapest_tree(network: RoadNetwork, cost: Flow, origin: int) -> tuple[FloatArray, IntArray]:
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
    checks.integer("origin", origin, low=0, high=network.num_nodes - 1)
    least, via = grow_tree(forward_stars(network), network.first_through, cost.tolist(), origin)
    return np.array(least), np.array(via, dtype=np.int64)


def path_links(
    network: RoadNetwork,
    via: Annotated[IntArray, Array("network.num_nodes", low=-1.0, high=LARGEST, index=True)],
    origin: int,
    destination: int,
) -> IntArray:
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
    checks.array("via", via, low=-1.0, high=network.num_links - 1.0)
    checks.integer("origin", origin, low=0, high=network.num_nodes - 1)
    checks.integer("destination", destination, low=0, high=network.num_nodes - 1)
    links: list[int] = []
    node = destination
    while node != origin:
        if via[node] < 0:
            raise Infeasible(f"destination = {destination}: no path leads there from origin = {origin}")
        if len(links) >= network.num_nodes or network.heads[via[node]] != node:
            raise InvalidInput(f"via = {checks.shown(via)}: must be the tree that grows from origin = {origin}")
        links.append(int(via[node]))
        node = int(network.tails[links[-1]])
    return np.array(links[::-1], dtype=np.int64)


def by_origin(network: RoadNetwork, demand: Demand) -> dict[int, list[int]]:
    """Return the rows that use roads, by origin; refuse nodes that are none, and costs that overflow."""
    for name, ends in (("origins", demand.origins), ("destinations", demand.destinations)):
        checks.array(f"demand.{name}", ends, low=0.0, high=network.num_nodes - 1.0)
    with np.errstate(over="ignore", invalid="ignore"):  # even with all trips on every road costs must be numbers
        trips = float(demand.volumes[demand.rows].sum())
        cost = bpr(network, np.full(network.num_links, trips)).sum() * max(trips, 1.0)
    if not np.isfinite(cost):
        words = f"{trips:g} trips give a road that all of them take an infinite cost"
        raise InvalidInput(f"demand.volumes = {checks.shown(demand.volumes)}: must be smaller; {words}")
    groups: dict[int, list[int]] = {}
    for row in demand.rows[np.argsort(demand.origins[demand.rows], kind="stable")].tolist():
        groups.setdefault(int(demand.origins[row]), []).append(row)
    return groups


def unreachable(demand: Demand, row: int) -> Infeasible:
    """Return the error for a row whose destination no path reaches."""
    ends = f"from node {demand.origins[row]} to node {demand.destinations[row]}"
    return Infeasible(f"demand row {row}: {demand.volumes[row]:g} trips {ends}, but no path leads there")


class Routes:
    """The rows that use roads, and the cheapest path of each at given costs."""

    def __init__(self, network: RoadNetwork, demand: Demand) -> None:
        self.network, self.demand = network, demand
        self.groups, self.stars = by_origin(network, demand), forward_stars(network)
        self.tails, self.destinations = network.tails.tolist(), demand.destinations.tolist()

    def cheapest(self, cost: Sequence[float]) -> Iterator[tuple[int, float, list[int]]]:
        """Yield each row with the cost of its cheapest path and the tree that holds it, one an origin."""
        for origin, rows in self.groups.items():
            least, via = grow_tree(self.stars, self.network.first_through, cost, origin)
            for row in rows:
                if least[self.destinations[row]] == float("inf"):
                    raise unreachable(self.demand, row)
                yield row, least[self.destinations[row]], via

    def links(self, row: int, via: Sequence[int]) -> list[int]:
        """Return the links of a row's path in a tree, from the origin on."""
        origin, node = int(self.demand.origins[row]), self.destinations[row]
        links: list[int] = []
        while node != origin:
            links.append(via[node])
            node = self.tails[via[node]]
        return links[::-1]
