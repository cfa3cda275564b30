"""Roads and trips: what an assignment is made of, and what a link costs at a flow."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput

IntArray = NDArray[np.int64]


LARGEST = 2**53  # up to here a float holds every whole number


def _indices(name: str, value: Any, high: int = LARGEST) -> IntArray:
    """Return `value` as whole numbers from 0 to `high`."""
    return checks.array(name, value, shape=(None,), low=0.0, high=float(high), whole=True).astype(np.int64)


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Directed links between nodes 0 .. num_nodes - 1, each with a BPR travel time.

    Parameters
    ----------
    num_nodes : int
        Number of nodes.
    tails, heads : array_like of int, shape (links,)
        Where each link begins and ends. Parallel links are allowed.
    free_flow_time : array_like, shape (links,)
        Time on the empty link [min]; zero is allowed.
    capacity : array_like, shape (links,)
        Flow at which the time has grown by the factor ``1 + b`` [veh/h], above 0.
    b, power : array_like, shape (links,)
        The two constants of the BPR function, at least 0; ``b = 0`` makes a link uncongestible.
    fixed_cost : array_like, shape (links,), optional
        What a driver pays besides time, in the same unit [min]; zero by default.
    first_through : int
        Nodes below this number are zones that trips begin and end at but may not pass through.

    Raises
    ------
    InvalidInput
        If an array has the wrong length or an element out of range.

    Examples
    --------
    >>> two_roads = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [0.15, 0.15], [4, 4])
    >>> bpr(two_roads, [2, 0])
    array([11.5, 15. ])
    """

    num_nodes: int
    tails: Any
    heads: Any
    free_flow_time: Any
    capacity: Any
    b: Any
    power: Any
    fixed_cost: Any = None
    first_through: int = 0

    def __post_init__(self) -> None:
        """Check and convert the fields once."""
        nodes = checks.integer("num_nodes", self.num_nodes, low=1)
        checks.integer("first_through", self.first_through, low=0, high=nodes)
        tails = _indices("tails", self.tails, nodes - 1)
        links = (len(tails),)
        fixed = np.zeros(links) if self.fixed_cost is None else self.fixed_cost
        fields = {
            "tails": tails,
            "heads": _indices("heads", self.heads, nodes - 1),
            "free_flow_time": checks.array("free_flow_time", self.free_flow_time, shape=links, low=0.0),
            "capacity": checks.array("capacity", self.capacity, shape=links, low=0.0, open_low=True),
            "b": checks.array("b", self.b, shape=links, low=0.0),
            "power": checks.array("power", self.power, shape=links, low=0.0),
            "fixed_cost": checks.array("fixed_cost", fixed, shape=links, low=0.0),
        }
        if fields["heads"].shape != links:
            raise InvalidInput(f"heads has {len(fields['heads'])} links: must have {len(tails)}, as many as tails")
        for name, value in fields.items():
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def num_links(self) -> int:
        """How many links there are."""
        return len(self.tails)


@dataclass(frozen=True, eq=False)
class Demand:
    """Trips between pairs of nodes, one row a pair.

    Rows without trips, and trips that begin and end at the same node (intrazonal), may stand
    in the table; they use no road.

    Parameters
    ----------
    origins, destinations : array_like of int, shape (rows,)
        Node numbers, from 0.
    volumes : array_like, shape (rows,)
        Trips of each pair [veh/h], at least 0.

    Raises
    ------
    InvalidInput
        If the arrays differ in length, or an element is out of range.

    Examples
    --------
    >>> Demand([0, 0, 1], [1, 0, 0], [5.0, 2.0, 0.0]).rows
    array([0])
    """

    origins: Any
    destinations: Any
    volumes: Any

    def __post_init__(self) -> None:
        """Check and convert the fields once."""
        origins = _indices("origins", self.origins)
        fields = {
            "origins": origins,
            "destinations": _indices("destinations", self.destinations),
            "volumes": checks.array("volumes", self.volumes, shape=(len(origins),), low=0.0),
        }
        if len(fields["destinations"]) != len(origins):
            words = f"{len(fields['destinations'])} rows: must have {len(origins)}, as many as origins"
            raise InvalidInput(f"destinations has {words}")
        for name, value in fields.items():
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def rows(self) -> IntArray:
        """The rows that use roads: trips above zero, between different nodes."""
        return np.flatnonzero((self.volumes > 0) & (self.origins != self.destinations))

    @property
    def intrazonal(self) -> float:
        """Trips that begin and end at the same node [veh/h]."""
        return float(self.volumes[self.origins == self.destinations].sum())


def bpr(network: RoadNetwork, flow: Any) -> FloatArray:
    """Return what each link costs at the given flows: BPR travel time plus fixed cost.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    flow : array_like, shape (links,)
        Vehicles on each link [veh/h], at least 0.

    Returns
    -------
    numpy.ndarray, shape (links,)
        ``t0 (1 + b (v/c)^power)`` plus the fixed cost [min].

    Raises
    ------
    InvalidInput
        If `flow` has another length or a negative element.

    Examples
    --------
    >>> bpr(RoadNetwork(2, [0], [1], [10.0], [100.0], [0.15], [4.0]), [100.0])
    array([11.5])

    References
    ----------
    Equation (4a) of the city paper.
    """
    roads = checks.instance("network", network, RoadNetwork)
    v = checks.array("flow", flow, shape=(roads.num_links,), low=0.0)
    cost: FloatArray = roads.fixed_cost + roads.free_flow_time * (1.0 + roads.b * (v / roads.capacity) ** roads.power)
    return cost


def beckmann(network: RoadNetwork, flow: Any) -> float:
    """Return Beckmann's function: the integral of each link's cost from 0 to its flow, summed.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    flow : array_like, shape (links,)
        Vehicles on each link [veh/h], at least 0.

    Returns
    -------
    float
        [veh min/h]

    Raises
    ------
    InvalidInput
        If `flow` has another length or a negative element.

    Examples
    --------
    >>> beckmann(RoadNetwork(2, [0], [1], [10.0], [100.0], [0.15], [4.0]), [100.0])
    1030.0
    """
    roads = checks.instance("network", network, RoadNetwork)
    v = checks.array("flow", flow, shape=(roads.num_links,), low=0.0)
    grown = 1.0 + roads.b / (roads.power + 1.0) * (v / roads.capacity) ** roads.power
    return float(np.sum(v * (roads.fixed_cost + roads.free_flow_time * grown)))


def marginal_cost_network(network: RoadNetwork) -> RoadNetwork:
    """Return the roads on which every driver pays the delay that they cause to all others.

    For a BPR link the marginal cost ``t + v t'`` is again of BPR form, with ``b (power + 1)`` for
    ``b``; so a user equilibrium on the returned network is a social optimum on the given one.

    Parameters
    ----------
    network : RoadNetwork
        The roads.

    Returns
    -------
    RoadNetwork

    Raises
    ------
    InvalidInput
        If `network` is none.

    Examples
    --------
    >>> tolled = marginal_cost_network(RoadNetwork(2, [0], [1], [10.0], [100.0], [0.15], [4.0]))
    >>> bpr(tolled, [100.0])
    array([17.5])
    """
    roads = checks.instance("network", network, RoadNetwork)
    return RoadNetwork(
        roads.num_nodes,
        roads.tails,
        roads.heads,
        roads.free_flow_time,
        roads.capacity,
        roads.b * (roads.power + 1.0),
        roads.power,
        roads.fixed_cost,
        roads.first_through,
    )
