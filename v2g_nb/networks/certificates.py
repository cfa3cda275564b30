"""Is it a user equilibrium? Checked from the definitions, with cheapest paths by Bellman and Ford."""

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.networks.roads import AssignmentResult, Demand, PathFlows, RoadNetwork, bpr

BOOKS = 1e-9  # how well flows and costs must add up, relative to the largest


def wardrop_certificates(
    network: RoadNetwork, demand: Demand, result: AssignmentResult, tol: float
) -> tuple[Certificate, ...]:
    """Check flows, costs and paths against Wardrop's conditions: (3) to (5) of the city paper.

    Seven: trips served, links add up, no negative flow, paths connect, costs are those of the flows, least
    costs are least, relative gap. Each may be NaN, and fails then.
    """
    flow, paths, rows = result.flow, result.paths, demand.rows
    volumes = np.where(demand.origins != demand.destinations, demand.volumes, 0.0)
    served = np.bincount(paths.row, weights=paths.flow, minlength=len(volumes)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        cost = bpr(network, flow)
    trees = bellman_ford(network, result.cost, demand.origins[rows])
    least = trees[np.arange(len(rows)), demand.destinations[rows]]
    spent, needed = float(result.cost @ flow), float(least @ demand.volumes[rows])
    # Where nobody pays anything, cheapest paths must be free as well.
    excess = (spent - needed) / spent if spent != 0.0 else abs(needed)
    return (
        Certificate("trips served, relative", _relative(served - volumes, volumes), BOOKS),
        Certificate(
            "path flows add up to link flows, relative", _relative(paths.link_flow(len(flow)) - flow, flow), BOOKS
        ),
        Certificate("negative path flow, relative", _relative(np.minimum(paths.flow, 0.0), volumes), BOOKS),
        Certificate("paths that do not lead from origin to destination", _broken(network, demand, paths), 0.0),
        Certificate("link costs are those of the flows, relative", _relative(cost - result.cost, cost), BOOKS),
        Certificate("least costs are least, relative", _relative(least - result.least_cost, least), BOOKS),
        Certificate("relative gap", abs(excess), max(tol, 1e-13)),
    )


def _relative(difference: FloatArray, scale: FloatArray) -> float:
    """Return the largest difference as a part of the largest value; NaN where one is NaN."""
    largest = float(np.max(np.abs(scale), initial=0.0))
    return float(np.max(np.abs(difference), initial=0.0)) / (largest if largest > 0 else 1.0)


def _broken(roads: RoadNetwork, trips: Demand, paths: PathFlows) -> float:
    """Return how many paths do not run link by link from their origin to their destination."""
    of, first, links, lengths = paths.row, paths.first, paths.links, np.diff(paths.first)
    if (lengths < 1).any():
        return float(np.sum(lengths < 1))
    bad = roads.tails[links[first[:-1]]] != trips.origins[of]
    bad |= roads.heads[links[first[1:] - 1]] != trips.destinations[of]
    # Where a link follows another in the same path, it must begin where that one ends, at a node
    # that may be passed through.
    follows = np.ones(len(links), dtype=bool)
    follows[first[:-1]] = False
    at = np.flatnonzero(follows)
    gap = (roads.heads[links[at - 1]] != roads.tails[links[at]]) | (roads.tails[links[at]] < roads.first_through)
    bad[np.repeat(np.arange(len(of)), lengths)[at[gap]]] = True
    return float(bad.sum())


def bellman_ford(roads: RoadNetwork, cost: FloatArray, origins: IntArray) -> FloatArray:
    """Return the least cost from each given origin to every node, by repeated relaxation of all links."""
    starts, back = np.unique(origins, return_inverse=True)
    least = np.full((len(starts), roads.num_nodes), np.inf)
    least[np.arange(len(starts)), starts] = 0.0
    order = np.argsort(roads.heads, kind="stable")
    tails, costs = roads.tails[order], cost[order]
    heads, begin = np.unique(roads.heads[order], return_index=True)
    closed = (tails < roads.first_through)[None, :] & (tails[None, :] != starts[:, None])
    for _ in range(roads.num_nodes):
        reach = least[:, tails] + costs
        reach[closed] = np.inf
        shorter = np.minimum(least[:, heads], np.minimum.reduceat(reach, begin, axis=1))
        if np.array_equal(shorter, least[:, heads], equal_nan=True):
            break
        least[:, heads] = shorter
    return least[back]
