"""How many cars each station gets: equal waits for rates, whole quotas per interval, and who is let in."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from v2g_nb import checks
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, BoolArray, Flags, FloatArray, IntArray, Whole
from v2g_nb.errors import Infeasible, InvalidInput, NotConverged
from v2g_nb.highway import certificates as proofs
from v2g_nb.highway.instance import Count, Positive
from v2g_nb.queueing.mmc import MAX_SERVERS, arrival_rate_for_wait, mean_wait, mean_wait_derivative

LOG_WAIT_END = 690.0  # waits are sought between exp(-690) and exp(690)
MAX_STEPS = 100
STEP = 1e-12
SMALL = 1e-9  # the slope of `_value` is about 1 at most: after a step below STEP it is far smaller than this
EPS = float(np.finfo(np.float64).eps)
MAX_STATIONS = 16  # where every set of stations is looked at

Chargers = Annotated[IntArray, Array("stations", low=1, high=MAX_SERVERS, index=True)]
ServiceRate = Annotated[ArrayLike, Array(low=0, open_low=True)]
Total = Annotated[int, Whole(0)]
PerStation = Annotated[FloatArray, Array("stations", low=0)]
Table = Annotated[FloatArray, Array("stations columns", low=0, infinite=True)]
Usable = Annotated[BoolArray, Flags("cars stations")]


@dataclass(frozen=True, eq=False)
class EqualWaits(Result):
    """Arrival rates at which all stations make their cars wait equally long.

    Parameters
    ----------
    arrival_rate : numpy.ndarray, shape (stations,)
        lambda: cars per unit of time for each station.
    wait : numpy.ndarray, shape (stations,)
        W: mean wait at each station, in the unit of time of the rates.
    level : float
        The common wait; a station held up by its lower bound waits longer.
    num_iter : int
        Newton steps.
    certificates : tuple of Certificate
        Demand placed, bounds kept, waits equal.
    """

    arrival_rate: FloatArray
    wait: FloatArray
    level: float
    num_iter: int
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, eq=False)
class Quotas(Result):
    """Whole quotas and the waits that they give.

    Parameters
    ----------
    quota : numpy.ndarray of int, shape (stations,)
        f*: cars allowed to each station.
    wait : numpy.ndarray, shape (stations,)
        W of each station with its quota, in the unit of the table.
    certificates : tuple of Certificate
        Cars all placed, and no better quotas.
    """

    quota: IntArray
    wait: FloatArray
    certificates: tuple[Certificate, ...]


# ---- rates with equal waits


def solve_equal_waits(
    chargers: Chargers, service_rate: ServiceRate, demand: Positive, *, lower: PerStation | None = None
) -> EqualWaits:
    """Divide a stream of cars so that all stations have the same mean wait.

    Total demand as a function of the common wait w is the sum of max(lower_i, W_i^-1(w)), which
    rises from the sum of the bounds to the whole capacity: it meets `demand` exactly once.

    Parameters
    ----------
    chargers : array_like of int, shape (stations,)
        c: chargers of each station; 1 to 10 million.
    service_rate : float or array_like, shape (stations,)
        mu: cars that one charger serves per unit of time; above 0.
    demand : float
        Cars per unit of time to divide; above 0 and below the capacity, the sum of c mu.
    lower : array_like, shape (stations,), optional
        Rates that are already promised (the history in equation (22)); 0 by default.

    Returns
    -------
    EqualWaits
        From about 1 - 1e-8 of the capacity on, rounding of the rates leaves waits fewer digits, and
        the certificate that they are equal has a wider tolerance: up to 1e-3, at about 1 - 1e-12.
        Closer to the capacity it can fail.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range, or the lower bounds exceed the demand.
    Infeasible
        If demand reaches the capacity, or a lower bound its station's.
    NotConverged
        If Newton's method does not end.

    Examples
    --------
    >>> result = solve_equal_waits([8, 6], 1.1, 9.0)
    >>> result.arrival_rate.round(7), round(result.level, 7)
    (array([5.4065947, 3.5934053]), 0.0457058)

    References
    ----------
    Yoshihara and Namerikawa, equations (20)-(22).
    """
    c = np.asarray(chargers, dtype=np.float64)
    if np.shape(service_rate) not in ((), c.shape):
        raise checks.invalid("service_rate", service_rate, f"one number or of shape {c.shape}")
    mu = np.full(c.shape, service_rate)
    low = np.zeros_like(c) if lower is None else lower
    capacity = c * mu
    if demand >= capacity.sum():
        raise Infeasible(f"demand = {demand:g}: must be below the capacity of all chargers, {capacity.sum():g}")
    if np.any(low >= capacity):
        i = int(np.argmax(low >= capacity))
        raise Infeasible(f"lower[{i}] = {low[i]:g}: must be below that station's capacity, {capacity[i]:g}")
    if low.sum() > demand * (1 + 1e-12):
        raise InvalidInput(f"lower = {checks.shown(low.tolist())} sums to {low.sum():g}: must not exceed {demand:g}")
    rate, level, steps = _fill(c, mu, demand, low)
    certificates = proofs.equal_waits(c, mu, demand, low, rate, level)
    return EqualWaits(rate, mean_wait(c, rate, mu), level, steps, certificates)


def _fill(c: FloatArray, mu: FloatArray, total: float, low: FloatArray) -> tuple[FloatArray, float, int]:
    """Return rates, level and Newton steps.

    The unknown is u = log w, the equation logit(sum of rates / capacity) = logit(demand / capacity):
    rates grow like powers of w under light load and approach the capacity like 1 / w under heavy
    load, so the two sides are close to straight lines and Newton needs few steps. A step that is
    small only because the slope is steep is no solution: the value must be small too.
    """
    full = c * mu
    capacity = float(full.sum())
    spare = math.fsum([total, *-low])  # exact: the rounded sum of the bounds may hide what is left
    if spare <= 4.0 * EPS * total:
        return low, float(np.min(mean_wait(c, low, mu))), 0
    noise = max(1e-15, 4.0 * EPS * capacity / (capacity - total))  # of `value`, because rates are rounded
    # At equal utilisation the longest wait is no less than the level, and bounds only lower the level.
    start = np.maximum(mean_wait(c, full * (total / capacity), mu), 1e-299)
    u, longest = np.clip(np.log([np.median(start), start.max()]), -LOG_WAIT_END, LOG_WAIT_END).tolist()
    left, right = -LOG_WAIT_END, longest + 1.0
    for step in range(1, MAX_STEPS + 1):
        wait = float(np.exp(u))
        free = arrival_rate_for_wait(c, mu, wait)
        rate = np.maximum(low, free)
        growth = np.where(free > low, wait / mean_wait_derivative(c, free, mu), 0.0)
        value, slope, excess = _value(rate, growth, total, capacity)
        left, right = (u, right) if value < 0 else (left, u)
        move = -value / slope if slope > 0 else np.inf
        near = STEP * max(1.0, abs(u))
        rounding = noise * float(free[free > low].sum() / rate.sum())  # bounds are not rounded
        collapsed = right - left <= near
        if collapsed and left == -LOG_WAIT_END:  # every wait is 0 to working precision
            return low + (rate - low) * (spare / (spare + excess)), 0.0, step
        if collapsed or (abs(move) <= near and abs(value) <= SMALL) or abs(value) <= rounding:
            return _place_rest(rate, growth, -excess, low, full), wait, step
        u = u + move if abs(move) > near and left < u + move < right else 0.5 * (left + right)
    raise NotConverged(f"demand = {total:g}: Newton's method must end within {MAX_STEPS} steps")


def _value(rate: FloatArray, growth: FloatArray, total: float, capacity: float) -> tuple[float, float, float]:
    """Return the difference of the two logits, its slope in log w, and the rates' excess over the demand.

    The excess is summed exactly, and the logits' difference taken from it: where bounds take nearly
    all of the demand, it is known to as many digits as the little that is left.
    """
    excess = math.fsum([*rate, -total])
    over, spare = max(excess / total, EPS - 1.0), capacity - total
    filled = min(excess / spare, 1.0 - EPS)
    slope = float(growth.sum()) * capacity / (total * (1.0 + over) * spare * (1.0 - filled))
    return math.log1p(over) - math.log1p(-filled), slope, excess


def _place_rest(rate: FloatArray, growth: FloatArray, rest: float, low: FloatArray, full: FloatArray) -> FloatArray:
    """Return rates with the last rounding placed where rates move most easily, between bound and capacity."""
    moving = float(growth.sum())
    moved = rate + rest * growth / moving if moving > 0.0 else rate
    return np.clip(moved, low, np.nextafter(full, 0.0))


# ---- whole quotas


def wait_table(
    chargers: Chargers, service_rate: Positive, past: PerStation, total: Total, *, window: Count = 4
) -> FloatArray:
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
    rate = (past[:, None] + np.arange(total + 1)) / window
    servers = np.broadcast_to(chargers[:, None], rate.shape)
    stable = rate < servers * service_rate
    table = np.full(rate.shape, np.inf)
    if stable.any():
        table[stable] = mean_wait(servers[stable], rate[stable], service_rate)
    return table


def smallest_range_quotas(table: Table, total: Total) -> Quotas:
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
    _check_rising(table)
    checks.integer("total", total, high=table.shape[1] - 1)
    waits = table[:, : total + 1]
    finite = np.isfinite(waits)
    most = finite.sum(axis=1) - 1
    if most.min() < 0:
        raise Infeasible(f"table[{most.argmin()}]: has no finite wait, so the range of waits is infinite")
    if most.sum() < total:
        raise Infeasible(f"total = {total}: the stations can take {most.sum()} cars at finite waits")
    events = sorted((float(waits[i, k]), int(k), int(i)) for i, k in zip(*np.nonzero(finite), strict=True))
    low, high = np.zeros(len(waits), dtype=np.int64), np.full(len(waits), -1, dtype=np.int64)
    best, chosen, top = np.inf, low, 0
    for least, _, leaving in events:
        while top < len(events) and (high.min() < 0 or high.sum() < total or np.any(high < low)):
            high[events[top][2]] += 1
            top += 1
        if high.min() < 0 or high.sum() < total or np.any(high < low) or low.sum() > total:
            break
        width = events[top - 1][0] - least
        if width < best:  # the first pass always finds quotas
            best, chosen = width, _between(low, high, total)
        low[leaving] += 1  # from here on this station's wait must be above `least`
    return _quotas(waits, chosen, proofs.smallest_range(waits, total, chosen))


def _between(low: IntArray, high: IntArray, total: int) -> IntArray:
    """Return whole numbers between `low` and `high` that sum to `total`."""
    free = high - low
    before = np.concatenate([[0], np.cumsum(free)[:-1]])
    return np.asarray(low + np.clip(total - low.sum() - before, 0, free))


def reachable_quotas(table: Table, usable: Usable) -> Quotas:
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
    _check_columns(table, usable)
    m = len(table)
    sets = proofs.every_set(m)
    rank = (usable @ sets.T).sum(axis=0)  # cars that can use a station of each set
    quota = np.zeros(m, dtype=np.int64)
    used = np.zeros(2**m, dtype=np.int64)
    for placed in range(int(rank[-1])):
        open_to = [i for i in range(m) if np.all(used[sets[:, i]] < rank[sets[:, i]])]
        wait, i = min((float(table[i, quota[i] + 1]), i) for i in open_to)
        if np.isinf(wait):
            raise Infeasible(
                f"usable: {rank[-1]} cars can reach a station, of which the stations can take only {placed} at finite "
                "waits"
            )
        quota[i] += 1
        used[sets[:, i]] += 1
    return _quotas(table, quota, proofs.smallest_maximum(table, usable, quota))


def check_quotas(table: Table, usable: Usable, quota: PerStation) -> Quotas:
    """Return any quotas with the certificates of :func:`reachable_quotas`.

    Parameters
    ----------
    table, usable : array_like
        Waits and stations that cars can use, as there.
    quota : array_like of int, shape (stations,)
        Cars allowed to each station; fewer than the table has columns.

    Returns
    -------
    Quotas
        Its certificates say whether the quotas place all cars, cars can fill them, and no others have a
        smaller largest wait.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind, shape or range.

    Examples
    --------
    Two places at a station that only one car can use:

    >>> table = [[0.0, 0.1, 0.2], [0.0, 0.2, 0.4]]
    >>> [c.holds for c in check_quotas(table, [[True, True], [False, True]], [2, 0]).certificates]
    [True, False, True]
    """
    _check_columns(table, usable)
    given = checks.array("quota", quota, high=table.shape[1] - 1, whole=True).astype(np.int64)
    return _quotas(table, given, proofs.smallest_maximum(table, usable, given))


def _check_rising(table: FloatArray) -> None:
    falls = np.argwhere(table[:, 1:] < table[:, :-1])
    if len(falls):
        raise InvalidInput(f"table[{falls[0][0]}] = {table[falls[0][0]].tolist()}: waits must not fall with more cars")


def _check_columns(table: FloatArray, usable: BoolArray) -> None:
    _check_rising(table)
    if len(table) > MAX_STATIONS:
        raise InvalidInput(f"table has {len(table)} stations: must be at most {MAX_STATIONS}")
    if table.shape[1] <= len(usable):
        raise InvalidInput(f"table has {table.shape[1]} columns: must have more than the {len(usable)} cars")


def _quotas(waits: FloatArray, quota: IntArray, certificates: tuple[Certificate, ...]) -> Quotas:
    return Quotas(quota, waits[np.arange(len(quota)), quota], certificates)


# ---- who is let in


def first_come(places: IntArray, usable: BoolArray, turn: IntArray) -> BoolArray:
    """Return which cars get a place if each is taken, in its turn, as long as all taken so far have one.

    A car is turned away only when no rearrangement of those before it leaves a place that it can
    use: cars can be placed if for every set of stations the cars that can use no other are at most
    as many as the places there (Hall). Such sets of cars are the independent sets of a matroid, so
    going through the cars in turn also takes in as many as possible. A car that can use no station
    needs no place and is taken.
    """
    sets = proofs.every_set(len(places))
    left = sets @ places  # places of each set, less the cars taken that can use no other
    taken: BoolArray = np.asarray(~usable.any(axis=1))
    for car in turn[~taken[turn]]:
        bound = np.all(sets | ~usable[car], axis=1)  # the sets that hold all its stations
        if np.all(left[bound] > 0):
            left[bound] -= 1
            taken[car] = True
    return taken
