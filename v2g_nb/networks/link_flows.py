"""The Frank-Wolfe method: the teacher beside gradient projection."""

from collections.abc import Iterator
from dataclasses import dataclass

from scipy.optimize import brentq

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.networks.roads import Demand, RoadNetwork, bpr
from v2g_nb.networks.shortest_paths import all_or_nothing


@dataclass(frozen=True, eq=False)
class LinkIterate:
    """Link flows [veh/h] and how far they are from equilibrium (relative gap)."""

    flow: FloatArray
    gap: float


def frank_wolfe(network: RoadNetwork, demand: Demand) -> Iterator[LinkIterate]:
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
    LinkIterate
        ``flow`` and ``gap``, for as long as the caller asks.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, a trip ends at a node that is none, or trips are so many that a
        road could cost infinitely much (when the first item is asked for).
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
    roads = checks.instance("network", network, RoadNetwork)
    trips = checks.instance("demand", demand, Demand)
    flow, _ = all_or_nothing(roads, trips, roads.fixed_cost + roads.free_flow_time)
    while True:
        cost = bpr(roads, flow)
        target, least = all_or_nothing(roads, trips, cost)
        total = float(cost @ flow)
        yield LinkIterate(flow, (total - least) / total if total > 0 else 0.0)
        move = target - flow
        flow = (flow + _step(roads, flow, move) * move).clip(min=0.0)


def _step(network: RoadNetwork, flow: FloatArray, move: FloatArray) -> float:
    """Return the step at which Beckmann's function has no slope along the move."""

    def slope(step: float) -> float:
        return float(bpr(network, (flow + step * move).clip(min=0.0)) @ move)

    if slope(0.0) >= 0.0:
        return 0.0
    return 1.0 if slope(1.0) <= 0.0 else float(brentq(slope, 0.0, 1.0, xtol=1e-15))
