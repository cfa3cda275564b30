"""Whole numbers of cars for each station: the smallest range of waits, or the smallest largest wait."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.highway import certificates as proofs
from v2g_nb.queueing.mmc import MAX_SERVERS
from v2g_nb.queueing.mmc import mean_wait

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MAX_STATIONS = 16  # reachable_quotas looks at every set of stations


@dataclass(frozen=True, eq=False)
class Quotas:
    """Whole quotas and the waits that they give.

    Parameters
    ----------
    quota : numpy.ndarray of int, shape (stations,)
        f*: cars allowed to each station.
    wait : numpy.ndarray, shape (stations,)
        W of each station with its quota, in the unit of the table.
    converged : bool
        Always true: the methods are direct.
    num_iter : int
        Steps taken.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        Cars all placed, and no better quotas.
    """

    quota: IntArray
    wait: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def wait_table(chargers: Any, service_rate: float, past: Any, total: int, *, window: int = 4) -> FloatArray:
    """Return the wait of each station for each number of cars that it may be given in this interval.

    Parameters
    ----------
    chargers : array_like of int, shape (stations,)
        c: chargers of each station; 1 to 10 million.
    service_rate : float
        mu: cars that one charger serves per interval; above 0.
    past : array_like, shape (stations,)
        Cars sent to each station in the last window - 1 intervals.
    total : int
        Largest number of cars to consider; at least 0.
    window : int
        H_p: intervals over which the arrival rate is averaged.

    Returns
    -------
    numpy.ndarray, shape (stations, total + 1)
        W_i at lambda_i = (past_i + k) / window for k = 0, ..., total [intervals]; infinite from
        the capacity on.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> wait_table([8, 6], 1.1, [15, 10], 2).round(4)
    array([[0.0051, 0.0076, 0.0109],
           [0.0077, 0.0123, 0.0189]])

    References
    ----------
    Yoshihara and Namerikawa, equations (20) and (22).
    """
    c = checks.array("chargers", chargers, shape=(None,), low=1, high=MAX_SERVERS, whole=True)
    mu = checks.real("service_rate", service_rate, low=0, open_low=True)
    before = checks.array("past", past, shape=c.shape, low=0)
    n = checks.integer("total", total, low=0)
    length = checks.integer("window", window, low=1)
    rate = (before[:, None] + np.arange(n + 1)) / length
    servers = np.broadcast_to(c[:, None], rate.shape)
    stable = rate < servers * mu
    table = np.full(rate.shape, np.inf)
    if stable.any():
        table[stable] = mean_wait(servers[stable], rate[stable], mu)
    return table


def _table(value: Any) -> FloatArray:
    table = checks.array("table", value, shape=(None, None), low=0, infinite=True)
    with np.errstate(invalid="ignore"):
        falls = np.argwhere(table[:, 1:] < table[:, :-1])
    if len(falls):
        raise InvalidInput(f"table[{falls[0][0]}] = {table[falls[0][0]].tolist()}: waits must not fall with more cars")
    return table


def smallest_range_quotas(table: Any, total: int) -> Quotas:
    """Return whole quotas with the smallest difference between the largest and the smallest wait.

    Every wait of the table is tried as the smallest; the largest that is needed to place all cars
    moves only up with it, so one sweep over the sorted waits finds the best pair.

    Parameters
    ----------
    table : array_like, shape (stations, more than total)
        Wait of each station for 0, 1, ... cars, not falling; may be infinite.
    total : int
        Cars to place; at least 0.

    Returns
    -------
    Quotas

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.
    Infeasible
        If the stations cannot take all cars with finite waits, or one has no finite wait for any number
        up to `total`.

    Examples
    --------
    >>> smallest_range_quotas(wait_table([8, 6], 1.1, [16, 11], 9), 9).quota
    array([6, 3])

    References
    ----------
    Yoshihara and Namerikawa, equation (21), for whole numbers.
    """
    waits = _table(table)
    n = checks.integer("total", total, low=0, high=waits.shape[1] - 1)
    waits = waits[:, : n + 1]
    finite = np.isfinite(waits)
    most = finite.sum(axis=1) - 1
    if most.min() < 0:
        raise Infeasible(f"table[{most.argmin()}]: has no finite wait, so the range of waits is infinite")
    if most.sum() < n:
        raise Infeasible(f"total = {n}: the stations can take {most.sum()} cars at finite waits")
    station, count = np.nonzero(finite)
    order = np.lexsort((count, waits[station, count]))
    events = [(float(waits[station[e], count[e]]), int(station[e])) for e in order]
    m = len(waits)
    low, high = np.zeros(m, dtype=np.int64), np.full(m, -1, dtype=np.int64)
    best, chosen, top = np.inf, None, 0
    for least, leaving in events:
        while top < len(events) and (high.min() < 0 or high.sum() < n or np.any(high < low)):
            high[events[top][1]] += 1
            top += 1
        if high.min() < 0 or high.sum() < n or np.any(high < low) or low.sum() > n:
            break
        width = events[top - 1][0] - least
        if width < best:
            best, chosen = width, _between(low, high, n)
        low[leaving] += 1  # from here on this station's wait must be above `least`
    assert chosen is not None  # the first pass always finds quotas
    certificates = proofs.smallest_range(waits, n, chosen)
    return _quotas(waits, chosen, len(events), certificates)


def _between(low: IntArray, high: IntArray, total: int) -> IntArray:
    """Return whole numbers between `low` and `high` that sum to `total`."""
    room = high - low
    before = np.concatenate([[0], np.cumsum(room)[:-1]])
    added: IntArray = np.clip(total - low.sum() - before, 0, room)
    return low + added


def reachable_quotas(table: Any, usable: Any) -> Quotas:
    """Return the whole quotas with the smallest largest wait among those that the cars can fill.

    A car that enters behind a station, or would run empty before it, cannot use it. Quotas that
    cars can fill are the bases of a polymatroid: for every set of stations, the places there are at
    most as many as the cars that can use one of them. On it the greedy rule is exact: give the
    next place to the station whose wait is then the smallest, if cars can still fill it.

    Parameters
    ----------
    table : array_like, shape (stations, more than cars)
        Wait of each station for 0, 1, ... cars, not falling; may be infinite.
    usable : array_like of bool, shape (cars, stations)
        Which stations each car can use. A car that can use none gets no place.

    Returns
    -------
    Quotas

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or shape, or there are more than 16 stations.
    Infeasible
        If the stations cannot take all cars with finite waits.

    Examples
    --------
    Three cars, two of which can only use the second station:

    >>> table = [[0.0, 0.1, 0.2, 0.3], [0.0, 0.2, 0.4, 0.6]]
    >>> reachable_quotas(table, [[True, True], [False, True], [False, True]]).quota
    array([1, 2])

    References
    ----------
    Yoshihara and Namerikawa, equation (23), which leaves out who can get where.
    """
    waits = _table(table)
    can = np.asarray(usable)
    if can.dtype != bool or can.ndim != 2 or can.shape[1] != len(waits) or not len(can):
        raise checks.invalid("usable", usable, f"True or False for at least one car and {len(waits)} stations")
    if len(waits) > MAX_STATIONS:
        raise InvalidInput(f"table has {len(waits)} stations: must be at most {MAX_STATIONS}")
    if waits.shape[1] <= len(can):
        raise InvalidInput(f"table has {waits.shape[1]} columns: must have more than the {len(can)} cars")
    m = len(waits)
    sets = ((np.arange(2**m)[:, None] >> np.arange(m)) & 1).astype(bool)  # every set of stations
    rank = np.array([int(can[:, chosen].any(axis=1).sum()) for chosen in sets])
    quota = np.zeros(m, dtype=np.int64)
    used = np.zeros(2**m, dtype=np.int64)
    for placed in range(int(rank[-1])):
        open_to = [i for i in range(m) if np.all(used[sets[:, i]] < rank[sets[:, i]])]
        nexts = [(float(waits[i, quota[i] + 1]), i) for i in open_to]
        wait, i = min(nexts)
        if np.isinf(wait):
            raise Infeasible(
                f"usable: {rank[-1]} cars can reach a station, of which the stations can take only {placed} at finite "
                "waits"
            )
        quota[i] += 1
        used[sets[:, i]] += 1
    return _quotas(waits, quota, int(rank[-1]), proofs.smallest_maximum(waits, can, quota))


def _quotas(waits: FloatArray, quota: IntArray, steps: int, certificates: tuple[Certificate, ...]) -> Quotas:
    wait = waits[np.arange(len(quota)), quota]
    return Quotas(quota, wait, True, steps, max(c.value for c in certificates), certificates)
