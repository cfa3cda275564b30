"""User equilibrium and social optimum in one call."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.networks.certificates import wardrop_certificates
from v2g_nb.networks.path_flows import gradient_projection
from v2g_nb.networks.paths import PathFlows, PathIterate
from v2g_nb.networks.roads import Demand, IntArray, RoadNetwork, beckmann, bpr, marginal_cost_network

COMPILED_FROM = 2000  # rows from which compiling pays


@dataclass(frozen=True, eq=False)
class AssignmentResult:
    """Flows in equilibrium, or at the social optimum.

    ``flow`` [veh/h] and ``cost`` [min] are of the links, ``cost`` being what drivers compare: time
    and fixed cost, or at the social optimum the marginal cost. ``rows`` are the rows of the demand
    that use roads, ``least_cost`` [min] what a cheapest path costs each; ``paths`` holds path flows.
    ``total_cost`` [veh min/h] is what all drivers together spend, ``beckmann`` [veh min/h] the
    value of Beckmann's function, ``intrazonal`` [veh/h] the trips that use no road.
    ``residual`` is the relative gap.
    """

    flow: FloatArray
    cost: FloatArray
    rows: IntArray
    least_cost: FloatArray
    paths: PathFlows
    total_cost: float
    beckmann: float
    intrazonal: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def compiles(demand: Demand, engine: str) -> bool:
    """Return whether the loops run compiled."""
    return engine == "compiled" or (engine == "auto" and demand.rows.size >= COMPILED_FROM)


def iterates(network: RoadNetwork, demand: Demand, engine: str) -> Iterator[PathIterate]:
    """Return the iterates of the plain or the compiled gradient projection."""
    if compiles(demand, engine):
        # Only here is numba needed; a chapter on a small network never imports it.
        from v2g_nb.networks.compiled import compiled_gradient_projection

        return compiled_gradient_projection(network, demand)
    return gradient_projection(network, demand)


def solve_assignment(
    network: RoadNetwork,
    demand: Demand,
    *,
    gap: float = 1e-10,
    max_iter: int = 1000,
    objective: str = "user",
    engine: str = "auto",
    progress: bool | None = None,
) -> AssignmentResult:
    """Return the user equilibrium, or the social optimum, of trips on congested roads.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    demand : Demand
        The trips.
    gap : float
        Relative gap to reach: what drivers pay beyond cheapest paths, as a part of what they pay.
    max_iter : int
        At most so many rounds after the first.
    objective : {"user", "system"}
        Whether each driver minimises their own cost, or all together the sum.
    engine : {"auto", "plain", "compiled"}
        Plain Python, or loops compiled by numba (some seconds on the first call ever). "auto"
        compiles from 2 000 rows with trips on.
    progress : bool, optional
        Whether to show a progress bar on standard error; by default where the loops are compiled.

    Returns
    -------
    AssignmentResult
        After a keyboard interrupt: what had been reached, with ``converged`` false.

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, a trip ends at a node that is none, or trips are so many that a
        road could cost infinitely much.
    Infeasible
        If no path leads to a destination; the message names the row.

    Examples
    --------
    >>> roads = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [1, 1], [1, 1])
    >>> result = solve_assignment(roads, Demand([0], [1], [6.0]))
    >>> result.flow.round(6).tolist(), round(float(result.least_cost[0]), 6)
    ([4.0, 2.0], 30.0)

    References
    ----------
    Equations (3) to (5) of the city paper.
    """
    roads = checks.instance("network", network, RoadNetwork)
    trips = checks.instance("demand", demand, Demand)
    target = checks.real("gap", gap, low=0.0, open_low=True, high=1.0)
    rounds = checks.integer("max_iter", max_iter, low=1)
    checks.choice("objective", objective, ("user", "system"))
    checks.choice("engine", engine, ("auto", "plain", "compiled"))
    if progress is not None:
        checks.flag("progress", progress)
    compared = marginal_cost_network(roads) if objective == "system" else roads
    shown = compiles(trips, engine) if progress is None else progress
    count, reached = _run(compared, trips, target, rounds, engine, shown)
    return _result(roads, compared, trips, reached, count, target)


def _run(
    compared: RoadNetwork, trips: Demand, target: float, rounds: int, engine: str, progress: bool
) -> tuple[int, PathIterate]:
    """Iterate until the gap is reached, the rounds are used up, or somebody interrupts."""
    run = iterates(compared, trips, engine)
    reached = next(run)
    count = 0
    with tqdm(total=rounds, disable=not progress, unit="round", desc="assignment") as bar:
        try:
            while abs(reached.gap) > target and count < rounds:
                reached = next(run)
                count += 1
                bar.set_postfix_str(f"relative gap {reached.gap:.1e}")
                bar.update()
        except KeyboardInterrupt:
            pass  # what has been reached is worth having
    return count, reached


def _result(
    roads: RoadNetwork, compared: RoadNetwork, trips: Demand, reached: PathIterate, count: int, target: float
) -> AssignmentResult:
    cost = bpr(compared, reached.flow)
    fields: dict[str, Any] = {
        "flow": reached.flow,
        "cost": cost,
        "rows": trips.rows,
        "least_cost": reached.least,
        "paths": reached.paths,
    }
    return AssignmentResult(
        **fields,
        total_cost=float(bpr(roads, reached.flow) @ reached.flow),
        beckmann=beckmann(roads, reached.flow),
        intrazonal=trips.intrazonal,
        converged=bool(abs(reached.gap) <= target),
        num_iter=count,
        residual=float(np.abs(reached.gap)),
        certificates=wardrop_certificates(compared, trips, **fields, gap=target),
    )
