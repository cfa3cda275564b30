"""Roads, trips and flows: what an assignment is made of, what a link costs at a flow, and what is returned."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, Optional, Record
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, FloatArray, IntArray, Whole

LARGEST = 2.0**53  # up to here a float holds every whole number
LinkNodes = Annotated[IntArray, Array("links", low=0.0, high=LARGEST, index=True)]
LinkValues = Annotated[FloatArray, Array("links", low=0.0)]
RowNodes = Annotated[IntArray, Array("rows", low=0.0, high=LARGEST, index=True)]
Flow = Annotated[FloatArray, Array("network.num_links", low=0.0)]


@dataclass(frozen=True, eq=False)
class RoadNetwork(Model):
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

    num_nodes: Annotated[int, Whole(low=1)]
    tails: LinkNodes
    heads: LinkNodes
    free_flow_time: LinkValues
    capacity: Annotated[FloatArray, Array("links", low=0.0, open_low=True)]
    b: LinkValues
    power: LinkValues
    fixed_cost: Annotated[Any, Optional(Array("links", low=0.0))] = None
    first_through: int = 0

    def _relations(self) -> None:
        for name in ("tails", "heads"):
            checks.array(name, getattr(self, name), low=0.0, high=self.num_nodes - 1.0)
        checks.integer("first_through", self.first_through, low=0, high=self.num_nodes)
        if self.fixed_cost is None:
            nothing = np.zeros(self.num_links)
            nothing.setflags(write=False)
            object.__setattr__(self, "fixed_cost", nothing)

    @property
    def num_links(self) -> int:
        """How many links there are."""
        return len(self.tails)


@dataclass(frozen=True, eq=False)
class Demand(Model):
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

    origins: RowNodes
    destinations: RowNodes
    volumes: Annotated[FloatArray, Array("rows", low=0.0)]

    @property
    def rows(self) -> IntArray:
        """The rows that use roads: trips above zero, between different nodes."""
        return np.flatnonzero((self.volumes > 0) & (self.origins != self.destinations))

    @property
    def intrazonal(self) -> float:
        """Trips that begin and end at the same node [veh/h]."""
        return float(self.volumes[self.origins == self.destinations].sum())


@dataclass(frozen=True, eq=False)
class PathFlows(Record):
    """Path k of row ``row[k]`` carries ``flow[k]`` [veh/h] along ``links[first[k]:first[k + 1]]``."""

    row: IntArray
    first: IntArray
    links: IntArray
    flow: FloatArray

    def of_row(self, row: int) -> list[tuple[IntArray, float]]:
        """Return links and flow of each path of one row of the demand."""
        found = np.flatnonzero(self.row == row)
        return [(self.links[self.first[k] : self.first[k + 1]], float(self.flow[k])) for k in found]

    def link_flow(self, num_links: int) -> FloatArray:
        """Return the sum of the path flows on each link [veh/h]."""
        carried = np.repeat(self.flow, np.diff(self.first))
        return np.bincount(self.links, weights=carried, minlength=num_links).astype(np.float64)


@dataclass(frozen=True, eq=False)
class AssignmentIterate(Record):
    """Flows on the way to an equilibrium.

    ``flow`` [veh/h] is of the links, ``gap`` the relative gap at their costs, ``least_cost`` [min] what a
    cheapest path then costs each of the demand's rows that use roads. ``paths`` holds the path flows;
    the Frank-Wolfe method knows none.
    """

    flow: FloatArray
    gap: float
    least_cost: FloatArray
    paths: PathFlows | None = None


@dataclass(frozen=True, eq=False)
class AssignmentResult(Result):
    """Flows in equilibrium, or at the social optimum.

    ``flow`` [veh/h] and ``cost`` [min] are of the links, ``cost`` being what drivers compare: time
    and fixed cost, or at the social optimum the marginal cost. ``least_cost`` [min] is what a cheapest
    path costs each of the demand's rows that use roads; ``paths`` holds path flows. ``total_cost``
    [veh min/h] is what all drivers together spend, ``beckmann`` [veh min/h] the value of Beckmann's
    function. ``residual`` is the relative gap.
    """

    flow: FloatArray
    cost: FloatArray
    least_cost: FloatArray
    paths: PathFlows
    total_cost: float
    beckmann: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def bpr(network: RoadNetwork, flow: Flow) -> FloatArray:
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
    grown = 1.0 + network.b * (flow / network.capacity) ** network.power
    return np.asarray(network.fixed_cost + network.free_flow_time * grown)


def beckmann(network: RoadNetwork, flow: Flow) -> float:
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
    grown = 1.0 + network.b / (network.power + 1.0) * (flow / network.capacity) ** network.power
    return float(np.sum(flow * (network.fixed_cost + network.free_flow_time * grown)))
