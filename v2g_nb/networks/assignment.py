"""User equilibrium and social optimum in one call."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from tqdm.auto import tqdm

from v2g_nb.checks import Number, Whole
from v2g_nb.networks.certificates import wardrop_certificates
from v2g_nb.networks.plain import gradient_projection
from v2g_nb.networks.roads import AssignmentIterate, AssignmentResult, Demand, RoadNetwork, beckmann, bpr

COMPILED_FROM = 2000  # rows from which compiling pays


def solve_assignment(
    network: RoadNetwork,
    demand: Demand,
    *,
    tol: Annotated[float, Number(low=0.0, open_low=True, high=1.0)] = 1e-10,
    max_iter: Annotated[int, Whole(low=1)] = 1000,
    objective: Literal["user", "system"] = "user",
    engine: Literal["auto", "plain", "compiled"] = "auto",
    progress: bool | None = None,
) -> AssignmentResult:
    """Return the user equilibrium, or the social optimum, of trips on congested roads.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    demand : Demand
        The trips.
    tol : float
        Relative gap to reach: what drivers pay beyond cheapest paths, as a part of what they pay.
    max_iter : int
        At most so many rounds after the first.
    objective : {"user", "system"}
        Whether each driver minimises their own cost, or all together the sum.
    engine : {"auto", "plain", "compiled"}
        Plain Python, or loops compiled by numba (some seconds on the first call ever). "auto"
        compiles from 2 000 rows with trips on. Without numba all are plain.
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
    compared = marginal_cost_network(network) if objective == "system" else network
    compiled = engine == "compiled" or (engine == "auto" and demand.rows.size >= COMPILED_FROM)
    hidden = not (compiled if progress is None else progress)
    run = _iterates(compared, demand, compiled)
    reached, count = next(run), 0
    bar = tqdm(total=max_iter, disable=hidden, unit="round", desc="assignment")
    with bar, contextlib.suppress(KeyboardInterrupt):  # what has been reached is worth having
        while abs(reached.gap) > tol and count < max_iter:
            reached = next(run)
            count += 1
            bar.set_postfix_str(f"relative gap {reached.gap:.1e}")
            bar.update()
    assert reached.paths is not None  # only the Frank-Wolfe method knows none
    result = AssignmentResult(
        flow=reached.flow,
        cost=bpr(compared, reached.flow),
        least_cost=reached.least_cost,
        paths=reached.paths,
        total_cost=float(bpr(network, reached.flow) @ reached.flow),
        beckmann=beckmann(network, reached.flow),
        converged=bool(abs(reached.gap) <= tol),
        num_iter=count,
        residual=float(abs(reached.gap)),
        certificates=(),
    )
    return replace(result, certificates=wardrop_certificates(compared, demand, result, tol))


def marginal_cost_network(network: RoadNetwork) -> RoadNetwork:
    """Return the roads on which every driver pays the delay that they cause to all others.

    For a BPR link the marginal cost ``t + v t'`` is again of BPR form, with ``b (power + 1)`` for
    ``b``; so a user equilibrium on the returned network is a social optimum on the given one.
    """
    return replace(network, b=network.b * (network.power + 1.0))


def _iterates(network: RoadNetwork, demand: Demand, compiled: bool) -> Iterator[AssignmentIterate]:
    """Return the iterates of gradient projection; a chapter on a small network never imports numba."""
    if compiled:
        with contextlib.suppress(ImportError):
            from v2g_nb.networks.compiled import compiled_gradient_projection

            return compiled_gradient_projection(network, demand)
    return gradient_projection(network, demand)
