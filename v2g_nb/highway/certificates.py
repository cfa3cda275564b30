"""Independent checks of the highway's results: equal waits, quotas, and that no car is lost."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.stats import poisson

from v2g_nb.certificate import Certificate
from v2g_nb.checks import BoolArray, FloatArray, IntArray
from v2g_nb.highway.instance import Flow, Highway

EPS = float(np.finfo(np.float64).eps)
TOLERANCE = 1e-9
BALANCE = 1e-10
NOTHING = 1e-290  # a wait this short, in the unit of time or of a service, is 0 to working precision
LOOSEST = 1e-3  # a proof that waits are equal to less than this would be none


def waits_by_poisson(chargers: FloatArray, service_rate: FloatArray, arrival_rate: FloatArray) -> FloatArray:
    """Return M/M/c mean waits through Poisson probabilities: B = p(c; a) / P(at most c), then C and W."""
    load = arrival_rate / service_rate
    blocked = np.exp(poisson.logpmf(chargers, load) - poisson.logcdf(chargers, load))
    rest = chargers - load
    return np.asarray(chargers * blocked / (rest + load * blocked) / (service_rate * rest))


def equal_waits(
    chargers: FloatArray, service_rate: FloatArray, demand: float, lower: FloatArray, rate: FloatArray, level: float
) -> tuple[Certificate, ...]:
    """Return the conditions of water-filling: all demand placed, and no station above the level but by its history."""
    placed = abs(float(rate.sum()) - demand) / demand
    below = float(np.max(np.maximum(lower - rate, 0.0))) / demand
    bound = rate <= lower * (1 + 1e-12) + 1e-15 * demand
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        waits = waits_by_poisson(chargers, service_rate, np.maximum(rate, 0.0))
        spread = _spread(waits, waits * service_rate, bound, level)
    known_to = _known_to(chargers * service_rate, demand)
    return (
        Certificate("demand that is not placed", placed, TOLERANCE, "of demand"),
        Certificate("rate below its lower bound", below, TOLERANCE, "of demand"),
        Certificate("distance of waits from the common level", spread, known_to, "of the level"),
    )


def _spread(waits: FloatArray, in_services: FloatArray, bound: BoolArray, level: float) -> float:
    """Return how far waits are from the level; a station on its lower bound may wait longer, never shorter."""
    if 0.0 <= level <= NOTHING:
        nothing = np.minimum(np.abs(waits), np.abs(in_services)) <= NOTHING
        return 0.0 if np.all(bound | nothing) else np.inf
    ratio = waits / level
    return float(np.max(np.where(bound, np.maximum(1.0 - ratio, 0.0), np.abs(ratio - 1.0))))


def _known_to(capacity: FloatArray, demand: float) -> float:
    """Return the tolerance for waits: near capacity the wait is one over the rest, and rates are rounded.

    At equal waits the stations share the rest about evenly; each knows its part to the last digit of
    its own rate.
    """
    rest = float(capacity.sum()) - demand
    rounding = 8.0 * EPS * len(capacity) * float(capacity.max()) / rest if rest > 0.0 else 0.0
    return min(max(10 * TOLERANCE, rounding), LOOSEST)


def _quota_sum(quota: FloatArray, total: int) -> Certificate:
    """Return whether quotas are whole, not negative, and sum to `total`."""
    off = float(np.abs(quota - np.rint(quota)).sum() + np.maximum(-quota, 0.0).sum() + abs(quota.sum() - total))
    return Certificate("cars without a quota, or too many", off, 0.0, "cars")


def smallest_range(table: FloatArray, total: int, quota: IntArray | FloatArray) -> tuple[Certificate, ...]:
    """Return whether some other whole quotas of the same sum have waits closer together.

    For each wait that could be the least, count how many cars the stations can take within a
    range that is smaller by a hair.
    """
    good = _quota_sum(np.asarray(quota, dtype=np.float64), total)
    if not good.holds:
        return good, Certificate("waits that would allow a smaller range", float("nan"), 0.0)
    waits = table[np.arange(len(table)), np.asarray(quota, dtype=np.int64)]
    width = float(waits.max() - waits.min()) * (1 - 1e-9)
    finite = np.unique(table[np.isfinite(table)])
    better = 0
    for least in finite:
        low = (table < least).sum(axis=1)
        high = (table < least + width).sum(axis=1) - 1
        better += bool(np.all(high >= low) and low.sum() <= total <= high.sum())
    return good, Certificate("waits that would allow a smaller range", float(better), 0.0)


def every_set(stations: int) -> BoolArray:
    """Return every set of stations as a row of flags."""
    return ((np.arange(2**stations)[:, None] >> np.arange(stations)) & 1).astype(np.bool_)


def smallest_maximum(table: FloatArray, usable: BoolArray, quota: IntArray | FloatArray) -> tuple[Certificate, ...]:
    """Return whether quotas can be filled by cars that get there, and whether others have a smaller largest wait.

    Quotas can be filled if for every set of stations the cars that can use one of them are enough
    (Hall). With at most u_i cars a station, as many as the least of rank(S) + sum of u outside S
    can be placed: if that is fewer than all, no quotas keep every wait below the largest one.
    """
    q = np.asarray(quota, dtype=np.float64)
    served = int(usable.any(axis=1).sum())
    names = ("places that no car can fill", "quotas whose largest wait is smaller")
    good = _quota_sum(q, served)
    if not good.holds:
        return good, *(Certificate(name, float("nan"), 0.0) for name in names)
    whole = q.astype(np.int64)
    largest = table[np.arange(len(whole)), whole].max()
    allowed = (table < largest).sum(axis=1) - 1
    sets = every_set(len(whole))
    rank = (usable @ sets.T).sum(axis=0)  # cars that can use a station of each set
    unfilled, most = np.max(sets @ whole - rank), np.min(rank + ~sets @ allowed)
    better = served > 0 and (allowed >= 0).all() and most >= served
    return good, Certificate(names[0], float(unfilled), 0.0), Certificate(names[1], float(better), 0.0)


def first_come(places: IntArray, usable: BoolArray, turn: IntArray, taken: BoolArray) -> tuple[Certificate, ...]:
    """Return whether all cars that were let in have a place, and how many were held without a reason.

    A reason is that the cars let in before it, and itself, cannot all be placed; a largest matching
    of cars and places says so.
    """
    station = np.repeat(np.arange(len(places)), places)

    def placed(cars: IntArray) -> int:
        graph = csr_array(usable[cars][:, station].astype(np.int8))
        return int(np.sum(maximum_bipartite_matching(graph, perm_type="column") >= 0)) if graph.nnz else 0

    needs: BoolArray = np.asarray(usable.any(axis=1))
    inside = np.nonzero(taken & needs)[0]
    early = 0
    for car in np.nonzero(~taken)[0]:
        ahead = turn[: int(np.nonzero(turn == car)[0][0])]
        group = np.append(ahead[taken[ahead] & needs[ahead]], car)
        early += placed(group) == len(group) or not needs[car]
    return (
        Certificate("cars let in that have no place", float(len(inside) - placed(inside)), 0.0, "cars"),
        Certificate("cars held though there was a place for them", float(early), 0.0, "cars"),
    )


def flow_balance(highway: Highway, flow: Flow) -> tuple[Certificate, ...]:
    """Return the residuals of equations (1)-(3), the balance of all cars in every minute, and negative flows.

    The balance counts: what has entered so far is on an edge, in a station, or past the last node.
    """
    delay, out, into, number = highway.travel_steps, flow.out, flow.into, flow.number
    minutes, n = flow.entering.shape
    upstream = np.zeros_like(flow.arriving)
    for i in range(1, n):
        upstream[delay[i - 1] :, i] = flow.leaving[: minutes - delay[i - 1], i - 1]
    through = flow.arriving.copy()
    through[:, highway.station_nodes] += out - into
    gone = np.cumsum(flow.leaving, axis=0)
    on_edges = np.zeros(minutes)
    for i in range(n - 1):
        on_edges += gone[:, i]
        on_edges[delay[i] :] -= gone[: minutes - delay[i], i]
    apart = {
        "residual of (1), arrivals at a node": flow.arriving - flow.entering - upstream,
        "residual of (2), departures from a node": flow.leaving - through,
        "residual of (3), cars in a station": np.diff(number, axis=0) - into + out,
        "cars lost or made by some minute": (
            np.cumsum(flow.entering.sum(axis=1)) - on_edges - number[1:].sum(axis=1) - gone[:, -1]
        ),
    }
    blocks = (flow.entering, flow.arriving, flow.leaving, into, out, number)
    # np.maximum keeps NaN, unlike max
    negative = max(float(np.maximum(-block, 0.0).max()) if np.isfinite(block).all() else np.inf for block in blocks)
    return (
        *(Certificate(name, float(np.abs(gap).max()), BALANCE, "cars") for name, gap in apart.items()),
        Certificate("largest negative flow", negative, BALANCE, "cars"),
    )
