"""Roads as a map shows them, with names of nodes, lengths and places; the shortest routes; Sioux Falls.

Nodes are numbered as on the map, from 1.
"""

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import islice, pairwise, product, takewhile
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, kind_of
from v2g_nb.checks import Array, FloatArray, Several, Whole
from v2g_nb.city.trips import CHARGE, DISCHARGE, Node, Positive
from v2g_nb.data.city import load_table
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.networks.roads import Demand, RoadNetwork

PER_KM = 10**9  # lengths are compared in whole numbers of this part of a km
Nodes = Annotated[Sequence[int], Several((kind_of(Node),))]
Place = Annotated[FloatArray, Array("network.num_nodes")]
Neighbours = dict[int, list[tuple[int, int]]]  # for each node its neighbours, and how far they are


@dataclass(frozen=True, eq=False)
class RoadMap(Model):
    """A road network with what only a map knows.

    Parameters
    ----------
    network : RoadNetwork
        The roads; node n of the map is node n - 1 of the network. No two links have the same ends.
    demand : Demand
        The trips of the original data [veh/h].
    length_km : array_like, shape (links,)
        Length of each link [km], at least 0.
    x, y : array_like, shape (nodes,)
        Where to draw each node.

    Raises
    ------
    InvalidInput
        If an array has the wrong length, or two links have the same ends.

    Examples
    --------
    >>> sioux_falls().link(1, 2)
    0
    """

    network: RoadNetwork
    demand: Demand
    length_km: Annotated[FloatArray, Array("network.num_links", low=0.0)]
    x: Place
    y: Place

    def _relations(self) -> None:
        if len(self.numbers) < self.network.num_links:
            ends = list(zip(self.network.tails + 1, self.network.heads + 1, strict=True))
            start, end = max(ends, key=ends.count)
            raise InvalidInput(
                f"network: {ends.count((start, end))} links lead from node {start} to node {end}: "
                "must be without parallel links: a map names a link by its two ends"
            )

    @cached_property
    def numbers(self) -> Mapping[tuple[int, int], int]:
        """The number of each link, by the nodes at its ends."""
        ends = zip((self.network.tails + 1).tolist(), (self.network.heads + 1).tolist(), strict=True)
        return {pair: k for k, pair in enumerate(ends)}

    def link(self, start: int, end: int) -> int:
        """Return the number of the link between two nodes of the map, which count from 1.

        Parameters
        ----------
        start, end : int
            Nodes as on the map, from 1.

        Returns
        -------
        int

        Raises
        ------
        InvalidInput
            If no link leads from `start` to `end`.

        Examples
        --------
        >>> sioux_falls().link(2, 1)
        2
        """
        pair = self._node("start", start), self._node("end", end)
        if pair not in self.numbers:
            raise checks.invalid("end", pair[1], f"a node that a link from node {pair[0]} leads to")
        return self.numbers[pair]

    def routes(self, origin: int, destination: int, *, count: int = 6, stretch: float = 1.6) -> list[tuple[int, ...]]:
        """Return the shortest simple routes between two nodes.

        Parameters
        ----------
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
        >>> sioux_falls().routes(1, 20, count=2)
        [(1, 2, 6, 8, 7, 18, 20), (1, 3, 12, 13, 24, 21, 20)]

        References
        ----------
        Algorithm 1 of the city paper.
        """
        start, end = self._node("origin", origin), self._node("destination", destination)
        most, factor = checks.integer("count", count, low=1), checks.real("stretch", stretch, low=1.0)
        if start == end:
            raise checks.invalid("destination", end, "another node than the origin")
        return shortest_routes(self, start, end, most, factor)

    def expanded(self, stations: Sequence[int]) -> list[tuple[str, str, float]]:
        """Return the arcs of the expanded network: each station gets a charging and a discharging twin.

        Parameters
        ----------
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
        >>> arcs = sioux_falls().expanded([12])
        >>> [arc for arc in arcs if arc[0] in ("12", "12-")]
        [('12', '3', 4.0), ('12', '11', 6.0), ('12', '13', 3.0), ('12', '12+', 0.0), ('12', '12-', 0.0), \
('12-', '3', 4.0), ('12-', '11', 6.0), ('12-', '13', 3.0)]

        References
        ----------
        Figure 1 of the city paper.
        """
        twins = list(product(sorted(set(nodes_on(self, "stations", stations))), (CHARGE, DISCHARGE)))
        base = [(a, b, length) for (a, b), length in zip(self.numbers, self.length_km.tolist(), strict=True)]
        arcs = [(str(a), str(b), length) for a, b, length in base]
        arcs += [(str(place), f"{place}{kind}", 0.0) for place, kind in twins]
        for place, kind in twins:
            arcs += [(f"{place}{kind}", str(b), length) for a, b, length in base if a == place]
        return arcs

    def segments(self, *, gap: float = 0.003) -> FloatArray:
        """Return a line for each link, the two directions of a road side by side.

        Parameters
        ----------
        gap : float
            How far each direction is drawn to its right, in the map's units, at least 0.

        Returns
        -------
        numpy.ndarray, shape (links, 2, 2)
            Begin and end of each line, each as x and y.

        Raises
        ------
        InvalidInput
            If `gap` is negative or no number.

        Examples
        --------
        >>> sioux_falls().segments().shape
        (76, 2, 2)
        """
        aside = checks.real("gap", gap, low=0.0)
        places = np.column_stack([self.x, self.y])
        begin, end = places[self.network.tails], places[self.network.heads]
        along = end - begin
        length = np.maximum(np.hypot(*along.T), 1e-12)
        right = np.column_stack([along[:, 1], -along[:, 0]]) / length[:, None] * aside
        return np.stack([begin + right, end + right], axis=1)

    def _node(self, name: str, value: Any) -> int:
        return checks.integer(name, value, low=1, high=self.network.num_nodes)


def nodes_on(city: RoadMap, name: str, value: Any) -> tuple[int, ...]:
    """Return nodes of a map, or raise."""
    kind = Several((Whole(low=1, high=city.network.num_nodes),))
    return kind.check(name, value, lambda _: None)


def lengths_along(city: RoadMap, route: Sequence[int]) -> list[float]:
    """Return the length of each link of a route [km]."""
    return [float(city.length_km[city.numbers[pair]]) for pair in pairwise(route)]


def shortest_routes(city: RoadMap, start: int, end: int, count: int, stretch: float) -> list[tuple[int, ...]]:
    """Return the shortest simple routes between two nodes, as :meth:`RoadMap.routes` describes them."""
    routes = _by_length(city, start, end)
    first = next(routes, None)
    if first is None:
        raise Infeasible(f"destination = {end}: no route leads there from origin = {start}")
    longest = Fraction(stretch) * first[0] + 1
    others = takewhile(lambda route: route[0] <= longest, routes)
    return [nodes for _, nodes in (first, *islice(others, count - 1))]


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


def _neighbours(city: RoadMap) -> tuple[Neighbours, Neighbours]:
    """Return the nodes ahead of and behind each node, with lengths in whole numbers, whose sums are exact."""
    ahead: Neighbours = {}
    behind: Neighbours = {}
    for (tail, head), km in zip(city.numbers, city.length_km.tolist(), strict=True):
        length = round(Fraction(km) * PER_KM)
        ahead.setdefault(tail, []).append((head, length))
        behind.setdefault(head, []).append((tail, length))
    return ahead, behind


def _least(behind: Neighbours, end: int, without: Collection[int]) -> dict[int, int]:
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


def sioux_falls(capacity_share: Positive = 1.0) -> RoadMap:
    """Return the Sioux Falls network: 24 nodes, 76 links, 528 pairs of nodes with trips.

    Parameters
    ----------
    capacity_share : float
        Part of the original capacities, above 0; the coupled model takes 0.3.

    Returns
    -------
    RoadMap
        Free-flow times in minutes; lengths in kilometres are the same numbers, as in the original
        tables.

    Raises
    ------
    InvalidInput
        If `capacity_share` is not above 0.

    Examples
    --------
    >>> city = sioux_falls()
    >>> city.network.num_nodes, city.network.num_links, len(city.demand.rows)
    (24, 76, 528)

    References
    ----------
    Figure 4 of the city paper.
    """
    return _sioux_falls(capacity_share)


@lru_cache(maxsize=8)
def _sioux_falls(capacity_share: float) -> RoadMap:
    links, nodes, trips = (load_table(f"sioux_falls_{name}") for name in ("links", "nodes", "trips"))
    network = RoadNetwork(
        len(nodes["node"]),
        links["from_node"] - 1,
        links["to_node"] - 1,
        links["free_flow_time_min"],
        links["capacity_veh_per_h"] * capacity_share,
        links["b"],
        links["power"],
    )
    demand = Demand(trips["origin"] - 1, trips["destination"] - 1, trips["trips_veh_per_h"])
    return RoadMap(network, demand, links["length_km"], nodes["longitude_deg"], nodes["latitude_deg"])
