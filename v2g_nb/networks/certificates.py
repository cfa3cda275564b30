"""Is it a user equilibrium? Checked from the definitions, with cheapest paths by Bellman and Ford."""

from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.networks.roads import Demand, IntArray, RoadNetwork

BOOKS = 1e-9  # how well flows and costs must add up, relative to the largest


def wardrop_certificates(
    network: RoadNetwork,
    demand: Demand,
    *,
    flow: Any,
    cost: Any,
    rows: Any,
    least_cost: Any,
    paths: Any,
    gap: float,
) -> tuple[Certificate, ...]:
    """Check flows, costs and paths against Wardrop's conditions.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    demand : Demand
        The trips.
    flow, cost : array_like, shape (links,)
        Link flows [veh/h] and costs [min].
    rows : array_like of int
        The rows of the demand that use roads.
    least_cost : array_like, shape (rows,)
        What a cheapest path costs each row [min].
    paths : object
        With ``row``, ``first``, ``links`` and ``flow`` as in a result of ``solve_assignment``.
    gap : float
        The relative gap that was asked for.

    Returns
    -------
    tuple of Certificate
        Seven: trips served, links add up, no negative flow, paths connect, costs are those of the
        flows, least costs are least, relative gap.

    Raises
    ------
    InvalidInput
        If an array has the wrong shape, `demand` names a node that is none, or `paths` lacks a field or
        names a row or link that is none.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> roads = RoadNetwork(2, [0, 0], [1, 1], [10, 15], [2, 2], [1, 1], [1, 1])
    >>> ways = SimpleNamespace(row=[0, 0], first=[0, 1, 2], links=[0, 1], flow=[4.0, 2.0])
    >>> proof = wardrop_certificates(roads, Demand([0], [1], [6.0]), flow=[4, 2], cost=[30, 30],
    ...                              rows=[0], least_cost=[30], paths=ways, gap=1e-9)
    >>> all(c.holds for c in proof)
    True

    References
    ----------
    Equations (3) to (5) of the city paper.
    """
    roads = checks.instance("network", network, RoadNetwork)
    trips = checks.instance("demand", demand, Demand)
    for name, ends in (("origins", trips.origins), ("destinations", trips.destinations)):
        checks.array(f"demand.{name}", ends, low=0.0, high=roads.num_nodes - 1.0)
    target = checks.real("gap", gap, low=0.0)
    v, c = _numbers("flow", flow, roads.num_links), _numbers("cost", cost, roads.num_links)
    row = checks.array("rows", rows, shape=(None,), low=0.0, high=len(trips.volumes) - 1.0, whole=True, empty=True)
    used = row.astype(np.int64)
    least = _numbers("least_cost", least_cost, len(used))
    of, first, links, h = _paths(paths, len(trips.volumes), roads.num_links)
    volumes = np.where(trips.origins != trips.destinations, trips.volumes, 0.0)
    served = np.bincount(of, weights=h, minlength=len(volumes)).astype(np.float64) - volumes
    carried = np.repeat(h, np.diff(first))
    on_links = np.bincount(links, weights=carried, minlength=roads.num_links).astype(np.float64)
    with np.errstate(invalid="ignore"):
        true_cost = roads.fixed_cost + roads.free_flow_time * (1 + roads.b * np.power(v / roads.capacity, roads.power))
    cheapest = bellman_ford(roads, c, trips.origins[used])[np.arange(len(used)), trips.destinations[used]]
    spent = float(c @ v)
    needed = float(cheapest @ trips.volumes[used])
    # Where nobody pays anything, cheapest paths must be free as well.
    excess = (spent - needed) / spent if spent != 0.0 else abs(needed)
    return (
        Certificate("trips served, relative", _relative(served, volumes), BOOKS),
        Certificate("path flows add up to link flows, relative", _relative(on_links - v, v), BOOKS),
        Certificate("negative path flow, relative", _relative(np.minimum(h, 0.0), volumes), BOOKS),
        Certificate("paths that do not lead from origin to destination", _broken(roads, trips, of, first, links), 0.0),
        Certificate("link costs are those of the flows, relative", _relative(true_cost - c, true_cost), BOOKS),
        Certificate("least costs are least, relative", _relative(cheapest - least, cheapest), BOOKS),
        Certificate("relative gap", abs(excess), max(target, 1e-13)),
    )


def _numbers(name: str, value: Any, length: int) -> FloatArray:
    """Return an array in which a NaN may stand: what cannot be computed must fail, not raise."""
    numbers = np.asarray(value, dtype=np.float64) if np.asarray(value).dtype.kind in "iuf" else None
    if numbers is None or numbers.shape != (length,):
        raise checks.invalid(name, value, f"an array of {length} numbers")
    return numbers


def _paths(paths: Any, num_rows: int, num_links: int) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Return row, first, links and flow of the paths; a flow may be NaN, the numbers must name what exists."""
    for name in ("row", "first", "links", "flow"):
        if not hasattr(paths, name):
            raise checks.invalid("paths", paths, "an object with row, first, links and flow")

    def numbers(name: str, length: int | None, high: float) -> IntArray:
        value = getattr(paths, name)
        found = checks.array(f"paths.{name}", value, shape=(length,), low=0.0, high=high, whole=True, empty=True)
        return found.astype(np.int64)

    of, links = numbers("row", None, num_rows - 1.0), numbers("links", None, num_links - 1.0)
    first = numbers("first", len(of) + 1, float(len(links)))
    if first[0] != 0 or first[-1] != len(links) or (np.diff(first) < 0).any():
        raise checks.invalid("paths.first", first, f"rising from 0 to {len(links)}, the number of paths.links")
    return of, first, links, _numbers("paths.flow", paths.flow, len(of))


def _relative(difference: FloatArray, scale: FloatArray) -> float:
    """Return the largest difference as a part of the largest value; NaN where one is NaN."""
    largest = float(np.max(np.abs(scale), initial=0.0))
    return float(np.max(np.abs(difference), initial=0.0)) / (largest if largest > 0 else 1.0)


def _broken(roads: RoadNetwork, trips: Demand, of: IntArray, first: IntArray, links: IntArray) -> float:
    """Return how many paths do not run link by link from their origin to their destination."""
    lengths = np.diff(first)
    if (lengths < 1).any():
        return float(np.sum(lengths < 1))
    bad = (roads.tails[links[first[:-1]]] != trips.origins[of]) | (
        roads.heads[links[first[1:] - 1]] != trips.destinations[of]
    )
    # Where a link follows another in the same path, it must begin where that one ends, at a node
    # that may be passed through.
    follows = np.ones(len(links), dtype=bool)
    follows[first[:-1]] = False
    at = np.flatnonzero(follows)
    gap = (roads.heads[links[at - 1]] != roads.tails[links[at]]) | (roads.tails[links[at]] < roads.first_through)
    path_of = np.repeat(np.arange(len(of)), lengths)
    bad[path_of[at[gap]]] = True
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
