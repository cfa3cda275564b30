"""How many cars each station should get: equal waits for rates, and whole quotas per interval."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import Infeasible, InvalidInput, NotConverged
from v2g_nb.highway import certificates as proofs
from v2g_nb.queueing.mmc import MAX_SERVERS
from v2g_nb.queueing.mmc import arrival_rate_for_wait
from v2g_nb.queueing.mmc import mean_wait, mean_wait_derivative

FloatArray = NDArray[np.float64]
LOG_WAIT_END = 690.0  # waits are sought between exp(-690) and exp(690)
MAX_STEPS = 100
STEP = 1e-12
SMALL = 1e-9  # the slope of `value` is about 1 at most: after a step below STEP it is far smaller than this
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class EqualWaits:
    """Arrival rates at which all stations make their cars wait equally long.

    Parameters
    ----------
    arrival_rate : numpy.ndarray, shape (stations,)
        lambda: cars per unit of time for each station.
    wait : numpy.ndarray, shape (stations,)
        W: mean wait at each station, in the unit of time of the rates.
    level : float
        The common wait; a station held up by its lower bound waits longer.
    converged : bool
        Always true: otherwise the solver raises.
    num_iter : int
        Newton steps.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        Demand placed, bounds kept, waits equal.
    """

    arrival_rate: FloatArray
    wait: FloatArray
    level: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def solve_equal_waits(chargers: Any, service_rate: Any, demand: float, *, lower: Any = None) -> EqualWaits:
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
    c = checks.array("chargers", chargers, shape=(None,), low=1, high=MAX_SERVERS, whole=True)
    mu = checks.array("service_rate", service_rate, low=0, open_low=True)
    if mu.shape not in ((), c.shape):
        raise InvalidInput(f"service_rate has shape {mu.shape}: must be one number or have shape {c.shape}")
    mu = np.broadcast_to(mu, c.shape).copy()
    total = checks.real("demand", demand, low=0, open_low=True)
    low = np.zeros_like(c) if lower is None else checks.array("lower", lower, shape=c.shape, low=0)
    capacity = c * mu
    if total >= capacity.sum():
        raise Infeasible(f"demand = {total:g}: must be below the capacity of all chargers, {capacity.sum():g}")
    if np.any(low >= capacity):
        i = int(np.argmax(low >= capacity))
        raise Infeasible(f"lower[{i}] = {low[i]:g}: must be below that station's capacity, {capacity[i]:g}")
    if low.sum() > total * (1 + 1e-12):
        raise InvalidInput(f"lower = {checks.shown(low.tolist())} sums to {low.sum():g}: must not exceed {total:g}")
    rate, level, steps = _fill(c, mu, total, low)
    certificates = proofs.equal_waits(c.astype(np.int64), mu, total, low, rate, level)
    return EqualWaits(
        rate, mean_wait(c, rate, mu), level, True, steps, max(p.value for p in certificates), certificates
    )


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
    over, room = max(excess / total, EPS - 1.0), capacity - total
    filled = min(excess / room, 1.0 - EPS)
    slope = float(growth.sum()) * capacity / (total * (1.0 + over) * room * (1.0 - filled))
    return math.log1p(over) - math.log1p(-filled), slope, excess


def _place_rest(rate: FloatArray, growth: FloatArray, rest: float, low: FloatArray, full: FloatArray) -> FloatArray:
    """Return rates with the last rounding placed where rates move most easily, between bound and capacity."""
    moving = float(growth.sum())
    moved = rate + rest * growth / moving if moving > 0.0 else rate
    result: FloatArray = np.clip(moved, low, np.nextafter(full, 0.0))
    return result
