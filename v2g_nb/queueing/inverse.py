"""Which arrival rate belongs to a given wait, and which outflow to a given number of customers.

Both are found by Newton's method with the exact derivative, inside a bracket. The unknown is the
logit s = log(r / (1 - r)) of the utilisation: in it, log W and log L are nearly straight at both
ends, and neither r nor 1 - r ever loses its digits.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import NotConverged
from v2g_nb.queueing.erlang import MAX_SERVERS, broadcast, finite_capacity, log_c_with_slope

STEP_TOLERANCE = 1e-11  # Newton converges quadratically: after a step this small only rounding is left
MAX_STEPS = 200
LOGIT_END = 700.0  # expit(-700) and expit(700) still tell r and 1 - r from 0
LEAST_WAIT, MOST_WAIT = 1e-300, 1e290  # of a service time; what is beyond is read as this one
MOST_PRESENT = 1e300  # long before so many are present, the outflow is the last number below the capacity
NOBODY_WAITS = 1e-150  # with fewer customers than this, all but nobody waits: the outflow is mu x in double precision

Evaluate = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def _increasing_root(
    evaluate: Evaluate, start: FloatArray, low: FloatArray, high: FloatArray, name: str, given: FloatArray
) -> FloatArray:
    """Return where an increasing function is 0, element by element.

    1. Evaluate value and slope; the sign of the value moves one end of the bracket.
    2. Take Newton's step; where it leaves the bracket, halve the bracket instead.
    3. Stop when every element's last Newton step was negligible.

    Should it not end, the message says for which element of `given`, the argument called `name`.
    """
    s, low, high = start.copy(), low.copy(), high.copy()
    for _ in range(MAX_STEPS):
        value, slope = evaluate(s)
        low, high = np.where(value < 0.0, s, low), np.where(value > 0.0, s, high)
        step = -value / slope
        small = np.abs(step) <= STEP_TOLERANCE * np.maximum(1.0, np.abs(s))
        inside = (s + step >= low) & (s + step <= high)
        s = np.where(small | inside, s + step, 0.5 * (low + high))
        done = small | (value == 0.0)
        if np.all(done):
            return s
    left = float(given[tuple(np.argwhere(~done)[0])])
    raise NotConverged(f"{name} = {left!r}: the bracketed Newton iteration must end within {MAX_STEPS} steps")


def arrival_rate_for_wait(servers: object, service_rate: object, wait: object) -> FloatArray:
    """Return the arrival rate at which the mean wait of M/M/c is `wait`: the inverse of `mean_wait`.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    service_rate : array_like
        Service rate mu of one server [customers per unit of time], above 0.
    wait : array_like
        Mean wait W [the same unit of time], at least 0.

    Returns
    -------
    numpy.ndarray of float
        Arrival rate [customers per unit of time], of the broadcast shape, below the capacity c mu;
        0 where `wait` is 0.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    NotConverged
        If the iteration does not end.

    Examples
    --------
    >>> float(arrival_rate_for_wait(1, 1.0, 1.0).round(12))  # W = lambda / (1 - lambda)
    0.5

    References
    ----------
    Yoshihara and Namerikawa, equation (20), solved for lambda.
    """
    c = checks.array("servers", servers, low=1, high=MAX_SERVERS, whole=True)
    mu = checks.array("service_rate", service_rate, low=0, open_low=True)
    w = checks.array("wait", wait, low=0)
    c, mu, w = broadcast(servers=c, service_rate=mu, wait=w)
    capacity = finite_capacity(c, mu)
    positive = w > 0.0
    with np.errstate(over="ignore"):
        target = np.log(np.where(positive, np.clip(w * mu, LEAST_WAIT, MOST_WAIT), 1.0))

    def evaluate(s: FloatArray) -> tuple[FloatArray, FloatArray]:
        r, rest = expit(s), expit(-s)
        log_c, log_slope = log_c_with_slope(c, r, rest)
        return log_c - np.log(c * rest) - target, c * r * rest * log_slope + r

    # A single server of rate c mu makes everyone wait longer, so its answer is a lower bound.
    low = np.clip(np.log(c) + target, -LOGIT_END, LOGIT_END)
    s = _increasing_root(evaluate, low, low, np.full_like(low, LOGIT_END), "wait", w)
    rate = np.minimum(capacity * expit(s), np.nextafter(capacity, 0.0))
    result: FloatArray = np.where(positive, rate, 0.0)
    return result[()]


def throughput(servers: object, service_rate: object, number: object) -> FloatArray:
    """Return the outflow of M/M/c that holds `number` customers on average: the inverse of `mean_number`.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    service_rate : array_like
        Service rate mu of one server [customers per unit of time], above 0.
    number : array_like
        Mean number of customers x, at least 0.

    Returns
    -------
    numpy.ndarray of float
        Outflow g [customers per unit of time], of the broadcast shape. It lies between
        c mu x / (c + x) and the smaller of mu x and c mu x / (1 + x).

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    NotConverged
        If the iteration does not end.

    Examples
    --------
    >>> float(throughput(1, 1.0, 1.0).round(12))  # x / (1 + x)
    0.5

    References
    ----------
    Yoshihara and Namerikawa, equations (6) and (7), which the paper calls impossible to solve for g.
    """
    c, mu, x = _number_arguments(servers, service_rate, number)
    capacity = finite_capacity(c, mu)
    several = x > NOBODY_WAITS
    n = np.where(several, np.minimum(x, MOST_PRESENT), 1.0)
    target = np.log(n)

    def evaluate(s: FloatArray) -> tuple[FloatArray, FloatArray]:
        r, rest = expit(s), expit(-s)
        log_c, log_slope = log_c_with_slope(c, r, rest)
        queue = np.exp(log_c) * r / rest
        total = c * r + queue
        slope = (c * r * rest + queue * (c * r * rest * log_slope + 1.0)) / total
        return np.log(total) - target, slope

    # Since C <= r, the root of x = c r + r^2 / (1 - r) is a lower bound, sharp at both ends; the
    # upper bound is the smaller of x / c (nobody waits) and x / (1 + x) (one server of rate c mu).
    root = np.hypot(c - n, 2.0 * np.sqrt(n))
    low = np.log(2.0 * n) - np.log(np.where(n > c, 4.0 * n / (root + np.abs(n - c)), root + np.abs(c - n)))
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.where(n < c, np.minimum(target, target - np.log(np.maximum(c - n, 0.0))), target)
    s = _increasing_root(evaluate, low, low - 1e-9, np.maximum(high, low) + 1e-9, "number", x)
    rate = np.minimum(capacity * expit(s), np.nextafter(capacity, 0.0))
    result: FloatArray = np.where(several, rate, mu * np.where(several, 0.0, x))
    return result[()]


def throughput_approximation(servers: object, service_rate: object, number: object) -> FloatArray:
    """Return the paper's approximation of the outflow: exact for one server that is c times as fast.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    service_rate : array_like
        Service rate mu of one server [customers per unit of time], above 0.
    number : array_like
        Mean number of customers x, at least 0.

    Returns
    -------
    numpy.ndarray of float
        c mu x / (1 + x) [customers per unit of time], of the broadcast shape; never below `throughput`.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.

    Examples
    --------
    >>> float(throughput_approximation(8, 1.0, 1.0))
    4.0

    References
    ----------
    Yoshihara and Namerikawa, equation (9); equation (8) for one server.
    """
    c, mu, x = _number_arguments(servers, service_rate, number)
    result: FloatArray = finite_capacity(c, mu) * (x / (1.0 + x))
    return result


def _number_arguments(servers: object, service_rate: object, number: object) -> list[FloatArray]:
    c = checks.array("servers", servers, low=1, high=MAX_SERVERS, whole=True)
    mu = checks.array("service_rate", service_rate, low=0, open_low=True)
    x = checks.array("number", number, low=0)
    return broadcast(servers=c, service_rate=mu, number=x)
