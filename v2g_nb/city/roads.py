"""Sioux Falls as the book uses it: the roads, the trips, lengths and places."""

from dataclasses import dataclass

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.data.city import load_table
from v2g_nb.errors import InvalidInput
from v2g_nb.networks.roads import Demand, RoadNetwork


@dataclass(frozen=True, eq=False)
class RoadMap:
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
    length_km: FloatArray
    x: FloatArray
    y: FloatArray

    def __post_init__(self) -> None:
        """Check the fields once."""
        roads = checks.instance("network", self.network, RoadNetwork)
        checks.instance("demand", self.demand, Demand)
        _refuse_parallel(roads)
        length = checks.array("length_km", self.length_km, shape=(roads.num_links,), low=0.0)
        object.__setattr__(self, "length_km", length)
        for name in ("x", "y"):
            object.__setattr__(self, name, checks.array(name, getattr(self, name), shape=(roads.num_nodes,)))

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
        nodes = self.network.num_nodes
        first = checks.integer("start", start, low=1, high=nodes)
        last = checks.integer("end", end, low=1, high=nodes)
        found = np.flatnonzero((self.network.tails == first - 1) & (self.network.heads == last - 1))
        if not found.size:
            raise checks.invalid("end", last, f"a node that a link from node {first} leads to")
        return int(found[0])


def _refuse_parallel(roads: RoadNetwork) -> None:
    ends, copies = np.unique(np.column_stack([roads.tails, roads.heads]) + 1, axis=0, return_counts=True)
    if copies.max() > 1:
        start, end = ends[np.argmax(copies)].tolist()
        raise InvalidInput(
            f"network: {copies.max()} links lead from node {start} to node {end}: "
            "must be without parallel links: a map names a link by its two ends"
        )


def sioux_falls(capacity_share: float = 1.0) -> RoadMap:
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
    share = checks.real("capacity_share", capacity_share, low=0.0, open_low=True)
    links, nodes, trips = (load_table(f"sioux_falls_{name}") for name in ("links", "nodes", "trips"))
    network = RoadNetwork(
        len(nodes["node"]),
        links["from_node"] - 1,
        links["to_node"] - 1,
        links["free_flow_time_min"],
        links["capacity_veh_per_h"] * share,
        links["b"],
        links["power"],
    )
    demand = Demand(trips["origin"] - 1, trips["destination"] - 1, trips["trips_veh_per_h"])
    return RoadMap(network, demand, links["length_km"], nodes["longitude_deg"], nodes["latitude_deg"])


def road_segments(city: RoadMap, *, gap: float = 0.003) -> FloatArray:
    """Return a line for each link, the two directions of a road side by side.

    Parameters
    ----------
    city : RoadMap
        The roads.
    gap : float
        How far each direction is drawn to its right, in the map's units, at least 0.

    Returns
    -------
    numpy.ndarray, shape (links, 2, 2)
        Begin and end of each line, each as x and y.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind.

    Examples
    --------
    >>> road_segments(sioux_falls()).shape
    (76, 2, 2)
    """
    roads = checks.instance("city", city, RoadMap)
    aside = checks.real("gap", gap, low=0.0)
    places = np.column_stack([roads.x, roads.y])
    begin, end = places[roads.network.tails], places[roads.network.heads]
    along = end - begin
    length = np.maximum(np.hypot(*along.T), 1e-12)
    right = np.column_stack([along[:, 1], -along[:, 0]]) / length[:, None] * aside
    return np.stack([begin + right, end + right], axis=1)
