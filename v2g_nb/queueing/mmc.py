"""M/M/c waiting lines: Erlang's formula, means and their inverses, whole lines now and over time, and simulation.

Erlang C has a closed form: no sum over the servers, no factorial, no overflow. With c servers and the
offered load a, let p(c; a) be the Poisson probability of c events with mean a, and Q(c + 1, a) the
regularised upper incomplete gamma function, which is the probability of at most c events. Then Erlang B
is p / Q, and Erlang C follows from it.

The inverses are found by Newton's method with the exact derivative, inside a bracket. The unknown is the
logit s = log(r / (1 - r)) of the utilisation: in it, log W and log L are nearly straight at both ends,
and neither r nor 1 - r ever loses its digits.
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaincc, pdtrik

from v2g_nb.checks import Array, BoolArray, FloatArray, Number, Whole, shown
from v2g_nb.errors import Infeasible, InvalidInput, NotConverged
from v2g_nb.queueing.certificates import stationary_certificates, transient_certificates
from v2g_nb.queueing.results import QueueResult, TransientResult

MAX_SERVERS = 10**7  # beyond this nothing has been compared with exact arithmetic
TABLE_END = 16  # from here on five terms of Stirling's series are exact in double precision
STEP_TOLERANCE = 1e-11  # Newton converges quadratically: after a step this small only rounding is left
MAX_STEPS = 200
LOGIT_END = 700.0  # expit(-700) and expit(700) still tell r and 1 - r from 0
LEAST_WAIT, MOST_WAIT = 1e-300, 1e290  # of a service time; what is beyond is read as this one
MOST_PRESENT = 1e300  # long before so many are present, the outflow is the last number below the capacity
NOBODY_WAITS = 1e-150  # with fewer customers than this, all but nobody waits: the outflow is mu x in double precision
MAX_JUMPS = 200_000  # beyond this the line has long been stationary, or the question is another one

Servers = Annotated[ArrayLike, Array(low=1, high=MAX_SERVERS, whole=True)]
Amount = Annotated[ArrayLike, Array(low=0)]
ServiceRate = Annotated[ArrayLike, Array(low=0, open_low=True)]
Rate = Annotated[float, Number(low=0, open_low=True)]

# log(c! / (sqrt(2 pi c) (c/e)^c)) for small c; entry 0 is never read
_STIRLING_ERROR = np.array(
    [0.0]
    + [
        math.log(math.factorial(c) / c**c * math.exp(c) / math.sqrt(2.0 * math.pi * c))  # int / int is rounded once
        for c in range(1, TABLE_END)
    ]
)


def _stirling_error(count: FloatArray) -> FloatArray:
    """Return log(c!) minus Stirling's formula for it, for whole c of at least 1."""
    s = 1.0 / (count * count)
    series = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / count
    few = count < TABLE_END
    return np.where(few, _STIRLING_ERROR[np.where(few, count, 0).astype(np.intp)], series) if np.any(few) else series


def _log_poisson(count: FloatArray, ratio: FloatArray, rest: FloatArray) -> FloatArray:
    """Return log p(c; rc), the saddle-point form: `ratio` is r = a/c and `rest` is 1 - r.

    The large terms of log(a^c e^-a / c!) cancel on paper instead of in the computer, because the
    exponent c (log r + 1 - r) is small wherever p is not. `rest` is an argument of its own since
    1 - r loses its digits as r nears 1 (Loader 2000).
    """
    with np.errstate(divide="ignore"):
        log_ratio = np.where(np.abs(rest) < 0.5, np.log1p(-np.minimum(rest, 0.5)), np.log(ratio))
    return count * (log_ratio + rest) - 0.5 * np.log(2.0 * np.pi * count) - _stirling_error(count)


def _log_c(servers: FloatArray, ratio: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log C for r in [0, 1), and (1 - C)/(c - a), which d log C / da exceeds by (c - a)/a.

    That is written through Erlang B = C (1 - r) / (1 - r C), since 1 - C cancels as C nears 1 while
    1 - B does not.
    """
    log_p = _log_poisson(servers, ratio, rest)
    at_most_c, p = gammaincc(servers + 1.0, servers * ratio), np.exp(log_p)
    share = rest * at_most_c + ratio * p  # (1 - r + r B) Q
    return log_p - np.log(share), (at_most_c - p) / (servers * share)


def _common(**arrays: ArrayLike) -> list[FloatArray]:
    """Return the arrays in one common shape, or say which shapes do not fit."""
    try:
        return list(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in arrays.values())))
    except ValueError:
        shapes = ", ".join(f"{name} has shape {np.shape(value)}" for name, value in arrays.items())
        raise InvalidInput(f"{shapes}: must broadcast to one shape") from None


def _refuse(bad: BoolArray, error: type[Exception], message: str, *arrays: FloatArray) -> None:
    """Raise `error` if anything is bad; its message shows the arrays at the first such place."""
    if bad.any():
        where = tuple(np.argwhere(bad)[0])
        raise error(message.format(*(array[where].item() for array in arrays)))


def _capacity(servers: FloatArray, service_rate: FloatArray) -> FloatArray:
    """Return c mu, or say where it is beyond the largest number."""
    with np.errstate(over="ignore"):
        capacity = np.asarray(servers * service_rate)
    message = "service_rate = {!r} with servers = {:.0f}: their product must be finite"
    _refuse(np.isinf(capacity), InvalidInput, message, service_rate, servers)
    return capacity


def _stable(servers: ArrayLike, arrival_rate: ArrayLike, service_rate: ArrayLike) -> list[FloatArray]:
    """Return c, mu, r = lambda / (c mu) and 1 - r in one shape, the last without cancellation.

    c mu - lambda is rounded once near saturation, where the rounding of c mu would swamp the difference:
    mu is split into 26 leading bits and the rest; times a c of at most 24 bits, both are exact.
    """
    c, arrivals, mu = _common(servers=servers, arrival_rate=arrival_rate, service_rate=service_rate)
    capacity = _capacity(c, mu)
    message = (
        "arrival_rate = {!r} with servers = {:.0f} and service_rate = {!r}: must be below servers x service_rate = "
        "{!r}, or the line grows for ever"
    )
    _refuse(arrivals >= capacity, Infeasible, message, arrivals, c, mu, capacity)
    mantissa, exponent = np.frexp(mu)
    leading = np.ldexp(np.floor(mantissa * 2.0**26), exponent - 26)
    spare = (c * leading - arrivals) + c * (mu - leading)
    return [c[()], mu[()], (arrivals / capacity)[()], (spare / capacity)[()]]  # scalars are faster than 0-d arrays


def _in_order(name: str, times: FloatArray) -> None:
    back = np.diff(times, prepend=0.0) < 0.0
    if back.any():
        place = int(np.argmax(back))
        raise InvalidInput(f"{name}[{place}] = {float(times[place])!r}: must not be before the one ahead of it")


def erlang_c(servers: Servers, offered_load: Amount, *, log: bool = False) -> FloatArray:
    """Return the Erlang C formula: the probability that a customer of M/M/c has to wait.

    The error of its logarithm is below 1e-12 max(1, abs(log C)) for up to 10 000 servers, at a cost that
    does not grow with their number.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    offered_load : array_like
        Offered load a = arrival rate / service rate of one server (number of servers kept busy on
        average), at least 0 and below `servers`. Both arguments broadcast.
    log : bool, optional
        Whether to return the natural logarithm.

    Returns
    -------
    numpy.ndarray of float
        C(c, a) in [0, 1), of the broadcast shape (a scalar for scalars); rounded to 1 where it is nearer
        than 1e-16. Below about 1e-308 it is 0; its logarithm still tells such values apart, and is minus
        infinity where the load is 0.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range.
    Infeasible
        If the offered load reaches the number of servers.

    Examples
    --------
    >>> float(erlang_c(8, 7.5).round(6))
    0.807253
    >>> float(erlang_c(10_000, 5_000, log=True).round(3))
    -1936.303

    References
    ----------
    Yoshihara and Namerikawa, equation (19). C. Loader, "Fast and accurate computation of binomial
    probabilities" (2000), for the Poisson term.
    """
    c, a = _common(servers=servers, offered_load=offered_load)
    message = (
        "offered_load = {!r} with servers = {:.0f}: must be below the number of servers, or the line grows for ever "
        "and no stationary probability exists"
    )
    _refuse(a >= c, Infeasible, message, a, c)
    c, a = c[()], a[()]
    log_c, _ = _log_c(c, a / c, (c - a) / c)
    return log_c if log else np.exp(log_c)


def mean_wait(servers: Servers, arrival_rate: Amount, service_rate: ServiceRate) -> FloatArray:
    """Return the mean time that a customer of M/M/c waits before service begins.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    arrival_rate : array_like
        Arrival rate lambda [customers per unit of time], at least 0 and below `servers` x `service_rate`.
    service_rate : array_like
        Service rate mu of one server [customers per unit of time], above 0.

    Returns
    -------
    numpy.ndarray of float
        W = C / (c mu - lambda) [the unit of time in which the rates are given], of the broadcast shape.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    Infeasible
        If the arrival rate reaches the capacity `servers` x `service_rate`.

    Examples
    --------
    Eight chargers that each serve 1.1 cars in 15 minutes, 6.5 cars arriving in 15 minutes:

    >>> float((15 * mean_wait(8, 6.5, 1.1)).round(2))  # minutes
    2.19

    References
    ----------
    Yoshihara and Namerikawa, equation (20).
    """
    c, mu, ratio, rest = _stable(servers, arrival_rate, service_rate)
    return np.exp(_log_c(c, ratio, rest)[0]) / (c * mu * rest)


def mean_wait_derivative(servers: Servers, arrival_rate: Amount, service_rate: ServiceRate) -> FloatArray:
    """Return dW/dlambda, the exact derivative of the mean wait with respect to the arrival rate.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    arrival_rate : array_like
        Arrival rate lambda [customers per unit of time], at least 0 and below `servers` x `service_rate`.
    service_rate : array_like
        Service rate mu of one server [customers per unit of time], above 0.

    Returns
    -------
    numpy.ndarray of float
        Derivative [time squared per customer], of the broadcast shape.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    Infeasible
        If the arrival rate reaches the capacity.

    Examples
    --------
    >>> float(mean_wait_derivative(1, 0.5, 1.0).round(6))  # W = lambda / (1 - lambda)
    4.0
    """
    c, mu, ratio, rest = _stable(servers, arrival_rate, service_rate)
    load = np.where(ratio > 0.0, ratio, 0.5)  # at 0 the limit is taken below
    free = np.where(ratio > 0.0, rest, 0.5)
    log_c, first = _log_c(c, load, free)
    # C / r and the square of mu in logarithms: each may leave the range of doubles where the slope does not
    with np.errstate(over="ignore"):  # beyond the largest number the slope is infinite
        scale = np.exp(log_c - np.log(load) - np.log(c) - 2.0 * np.log(mu))
        slope = scale * (1.0 + load * (first / free + 1.0 / (c * free * free)))
        return np.where(ratio > 0.0, slope, (c == 1.0) / mu / mu)[()]


def mean_number(servers: Servers, arrival_rate: Amount, service_rate: ServiceRate) -> FloatArray:
    """Return the mean number of customers in M/M/c, waiting or in service.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    arrival_rate : array_like
        Arrival rate lambda [customers per unit of time], at least 0 and below `servers` x `service_rate`.
    service_rate : array_like
        Service rate mu of one server [customers per unit of time], above 0.

    Returns
    -------
    numpy.ndarray of float
        L = a + C r / (1 - r) [customers] with a = lambda / mu and r = a / c, of the broadcast shape.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    Infeasible
        If the arrival rate reaches the capacity.

    Examples
    --------
    >>> float(mean_number(1, 0.5, 1.0).round(6))
    1.0

    References
    ----------
    Yoshihara and Namerikawa, equation (4).
    """
    c, _, ratio, rest = _stable(servers, arrival_rate, service_rate)
    return c * ratio + np.exp(_log_c(c, ratio, rest)[0]) * ratio / rest


Evaluate = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


def _utilisation(
    c: FloatArray,
    evaluate: Evaluate,
    start: FloatArray,
    low: FloatArray,
    high: FloatArray,
    name: str,
    given: FloatArray,
) -> FloatArray:
    """Return the utilisation at which an increasing function of its logit is 0, element by element.

    1. Evaluate value and slope; the sign of the value moves one end of the bracket.
    2. Take Newton's step; where it leaves the bracket, halve the bracket instead.
    3. Stop when every element's last Newton step was negligible.

    The function gets r, 1 - r, log C and d log C / da. Should it not end, the message says for which
    element of `given`, the argument called `name`.
    """
    s = start
    for _ in range(MAX_STEPS):
        r, rest = expit(s), expit(-s)
        log_c, first = _log_c(c, r, rest)
        value, slope = evaluate(r, rest, log_c, first + rest / r)
        low, high = np.where(value < 0.0, s, low), np.where(value > 0.0, s, high)
        step = -value / slope
        final = np.abs(step) <= STEP_TOLERANCE * np.maximum(1.0, np.abs(s))
        inside = (s + step >= low) & (s + step <= high)
        s = np.where(final | inside, s + step, 0.5 * (low + high))
        done = final | (value == 0.0)
        if np.all(done):
            return np.asarray(expit(s))
    left = float(given[tuple(np.argwhere(~done)[0])])
    raise NotConverged(f"{name} = {left!r}: the bracketed Newton iteration must end within {MAX_STEPS} steps")


def arrival_rate_for_wait(servers: Servers, service_rate: ServiceRate, wait: Amount) -> FloatArray:
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
    c, mu, w = _common(servers=servers, service_rate=service_rate, wait=wait)
    capacity, positive = _capacity(c, mu), w > 0.0
    with np.errstate(over="ignore"):
        target = np.log(np.where(positive, np.clip(w * mu, LEAST_WAIT, MOST_WAIT), 1.0))

    def evaluate(
        r: FloatArray, rest: FloatArray, log_c: FloatArray, log_slope: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        return log_c - np.log(c * rest) - target, c * r * rest * log_slope + r

    # A single server of rate c mu makes everyone wait longer, so its answer is a lower bound.
    low = np.clip(np.log(c) + target, -LOGIT_END, LOGIT_END)
    r = _utilisation(c, evaluate, low, low, np.full_like(low, LOGIT_END), "wait", w)
    return np.where(positive, np.minimum(capacity * r, np.nextafter(capacity, 0.0)), 0.0)[()]


def throughput(servers: Servers, service_rate: ServiceRate, number: Amount) -> FloatArray:
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
    c, mu, x = _common(servers=servers, service_rate=service_rate, number=number)
    capacity, several = _capacity(c, mu), x > NOBODY_WAITS
    n = np.where(several, np.minimum(x, MOST_PRESENT), 1.0)
    target = np.log(n)

    def evaluate(
        r: FloatArray, rest: FloatArray, log_c: FloatArray, log_slope: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        queue = np.exp(log_c) * r / rest
        total = c * r + queue
        return np.log(total) - target, (c * r * rest + queue * (c * r * rest * log_slope + 1.0)) / total

    # Since C <= r, the root of x = c r + r^2 / (1 - r) is a lower bound, sharp at both ends; the
    # upper bound is the smaller of x / c (nobody waits) and x / (1 + x) (one server of rate c mu).
    root = np.hypot(c - n, 2.0 * np.sqrt(n))
    low = np.log(2.0 * n) - np.log(np.where(n > c, 4.0 * n / (root + np.abs(n - c)), root + np.abs(c - n)))
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.where(n < c, np.minimum(target, target - np.log(np.maximum(c - n, 0.0))), target)
    r = _utilisation(c, evaluate, low, low - 1e-9, np.maximum(high, low) + 1e-9, "number", x)
    rate = np.minimum(capacity * r, np.nextafter(capacity, 0.0))
    return np.where(several, rate, mu * np.where(several, 0.0, x))[()]


def throughput_approximation(servers: Servers, service_rate: ServiceRate, number: Amount) -> FloatArray:
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
    c, mu, x = _common(servers=servers, service_rate=service_rate, number=number)
    return (_capacity(c, mu) * (x / (1.0 + x)))[()]


def solve_queue(servers: Annotated[int, Whole(1, MAX_SERVERS)], arrival_rate: Rate, service_rate: Rate) -> QueueResult:
    """Return the stationary solution of one M/M/c queue, with certificates.

    Parameters
    ----------
    servers : int
        Number of servers c, from 1 to ten million.
    arrival_rate : float
        Arrival rate lambda [customers per unit of time], above 0 and below `servers` x `service_rate`.
    service_rate : float
        Service rate mu of one server [customers per unit of time], above 0.

    Returns
    -------
    QueueResult

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    Infeasible
        If the arrival rate reaches the capacity.

    Examples
    --------
    >>> station = solve_queue(8, 6.5, 1.1)  # rates per 15 minutes
    >>> round(station.probability_of_waiting, 4), round(15 * station.mean_wait, 2)
    (0.3361, 2.19)

    References
    ----------
    Yoshihara and Namerikawa, equations (4), (5) and (17) to (20).
    """
    c, mu, ratio, rest = _stable(servers, arrival_rate, service_rate)
    waiting = float(np.exp(_log_c(c, ratio, rest)[0]))
    queue = waiting * float(ratio / rest)
    result = QueueResult(
        servers=servers,
        arrival_rate=arrival_rate,
        service_rate=service_rate,
        probabilities=_state_probabilities(servers, float(ratio), float(rest)),
        probability_of_waiting=waiting,
        mean_wait=waiting / float(c * mu * rest),
        mean_queue=queue,
        mean_number=float(c * ratio) + queue,
    )
    return replace(result, certificates=stationary_certificates(result))


def _state_probabilities(servers: int, ratio: float, rest: float) -> FloatArray:
    """Return P_0, ..., P_c: Poisson probabilities of mean a up to c, a geometric tail after it, scaled to sum to one.

    With p = p(c; a) and Q the probability of at most c events, the sum before scaling is Q - p + p / (1 - r).
    Scaling by P_c = C (1 - r) instead would divide by what underflows under light load.
    """
    a = servers * ratio
    n = np.arange(1, servers + 1, dtype=np.float64)
    log_p = np.append(-a, _log_poisson(n, a / n, (n - a) / n))
    share = rest * float(gammaincc(servers + 1.0, a)) + ratio * math.exp(log_p[-1])
    return np.asarray(np.exp(log_p + math.log(rest / share)))


def transient(
    servers: Annotated[int, Whole(1)],
    arrival_rate: Rate,
    service_rate: Rate,
    times: Annotated[FloatArray, Array("times", low=0)],
    *,
    initial: Annotated[ArrayLike, Array("*", low=0, high=1)] = (1.0,),
    error: Annotated[float, Number(1e-14, 0.1)] = 1e-12,
) -> TransientResult:
    """Return the distribution of the number of customers in M/M/c at given times.

    1. Let a Poisson clock tick at the rate lambda + c mu, the fastest at which the line ever moves.
    2. At each tick one customer arrives, one leaves, or (where fewer than c are served) nothing happens.
    3. The distribution at time t is that after m ticks, weighted with the Poisson probability of m.
    4. Ticks beyond the last that matters, and more customers than are followed, are cut off; what is cut
       off is added up, and if it is more than half of `error`, twice as many customers are followed.

    Parameters
    ----------
    servers : int
        Number of servers c, at least 1.
    arrival_rate, service_rate : float
        Rates lambda and mu [customers per unit of time], above 0; lambda may exceed c mu here.
    times : array_like, shape (T,)
        Times [unit of time], at least 0 and not decreasing.
    initial : array_like, shape (K,), optional
        Probability of 0, ..., K - 1 customers at time 0; an empty line by default.
    error : float, optional
        Largest probability that may be cut off, from 1e-14 to 0.1.

    Returns
    -------
    TransientResult

    Raises
    ------
    InvalidInput
        If an argument is of the wrong type, shape or range, or the rate of the clock is not finite.
    NotConverged
        If the last time would take more than 200 000 ticks.

    Examples
    --------
    >>> opening = transient(8, 6.5, 1.1, [0.0, 1.0])  # rates per 15 minutes, from an empty station
    >>> (15 * opening.mean_virtual_wait).round(2)  # minutes
    array([0.  , 0.14])

    References
    ----------
    A. Jensen, "Markoff chains as an aid in the study of Markoff processes" (1953).
    """
    _in_order("times", times)
    start, last = np.asarray(initial), float(times[-1])
    if abs(start.sum() - 1.0) > 1e-9:
        raise InvalidInput(f"initial = {shown(start)}: must sum to 1, not {float(start.sum())!r}")
    clock = arrival_rate + servers * service_rate
    if math.isinf(clock):
        raise InvalidInput(
            f"arrival_rate = {arrival_rate!r} and service_rate = {service_rate!r} with servers = {servers}: "
            "arrival_rate + servers x service_rate must be finite"
        )
    ticks = clock * last  # on average
    jumps = _last_tick(ticks, 0.5 * error) if ticks <= MAX_JUMPS else MAX_JUMPS + 1
    if jumps > MAX_JUMPS:
        takes = f"takes about {max(ticks, jumps):.6g} ticks: must be at most {MAX_JUMPS}"
        raise NotConverged(f"times[{times.size - 1}] = {last!r} {takes}")
    weights = _poisson_weights(clock * times, jumps)
    most = start.size + _last_tick(arrival_rate * last, 0.25 * error)  # no more can have arrived
    followed = min(start.size + 4 * servers + 60, most)
    while True:
        first = np.append(start, np.zeros(max(followed + 1 - start.size, 0)))
        p, lost = _follow(servers, arrival_rate / clock, service_rate / clock, first, weights)
        if lost <= 0.5 * error or followed >= most:
            break
        followed = min(2 * followed, most)
    bound = lost + float(np.max(1.0 - weights.sum(axis=0), initial=0.0))
    result = TransientResult(
        servers, arrival_rate, service_rate, times, first, p, error=bound, converged=bound <= error, num_iter=jumps
    )
    return replace(result, certificates=transient_certificates(result))


def _last_tick(mean: float, tail: float) -> int:
    """Return a number that a Poisson variable of this mean exceeds with probability at most `tail`."""
    return int(np.ceil(pdtrik(1.0 - tail, mean))) + 5 if mean > 0.0 else 0


def _poisson_weights(means: FloatArray, last: int) -> FloatArray:
    """Return Poisson probabilities of 0, ..., last for each mean, shape (last + 1, T)."""
    n = np.arange(1, last + 1, dtype=np.float64)[:, None]
    return np.vstack([np.exp(-means), np.exp(_log_poisson(n, means / n, (n - means) / n))])


def _follow(servers: int, up: float, down: float, state: FloatArray, weights: FloatArray) -> tuple[FloatArray, float]:
    """Return the weighted distributions after all ticks, and the probability that more came than are followed."""
    leave = np.minimum(np.arange(state.size), servers) * down
    stay = 1.0 - up - leave
    total = np.outer(weights[0], state)
    lost = 0.0
    reached = np.maximum(1.0 - np.cumsum(weights[:-1, -1]), 0.0)  # probability that each tick comes in time
    for weight, share in zip(weights[1:], reached, strict=True):
        lost += share * up * state[-1]  # an arrival for whom there is no place
        moved = stay * state
        moved[1:] += up * state[:-1]
        moved[:-1] += leave[1:] * state[1:]
        state = moved
        total += np.outer(weight, state)
    return total, float(lost)


def simulate_waits(
    servers: Annotated[int, Whole(1)],
    arrival_times: Annotated[FloatArray, Array("customers", low=0)],
    service_times: Annotated[FloatArray, Array("customers", low=0)],
) -> FloatArray:
    """Return how long each customer waits when the first to come is the first to be served.

    1. Keep the times at which the c servers become free, the earliest first.
    2. Each customer takes the earliest: service begins then or on arrival, whichever is later.
    3. That server becomes free when the service ends.

    Parameters
    ----------
    servers : int
        Number of servers c, at least 1.
    arrival_times : array_like, shape (N,)
        Arrival times [unit of time], at least 0 and not decreasing.
    service_times : array_like, shape (N,)
        How long each customer's service takes [unit of time], at least 0; of any distribution.

    Returns
    -------
    numpy.ndarray of float, shape (N,)
        Waits before service [unit of time].

    Raises
    ------
    InvalidInput
        If an argument is of the wrong type or shape, or the arrivals are not in order.

    Examples
    --------
    >>> simulate_waits(1, [0.0, 1.0, 5.0], [3.0, 1.0, 1.0])
    array([0., 2., 0.])

    References
    ----------
    J. Kiefer and J. Wolfowitz, "On the theory of queues with many servers" (1955).
    """
    _in_order("arrival_times", arrival_times)
    free = [0.0] * servers  # a heap: its first entry is the smallest
    begins = []
    for arrival, service in zip(arrival_times.tolist(), service_times.tolist(), strict=True):
        begin = max(arrival, free[0])
        heapq.heapreplace(free, begin + service)
        begins.append(begin)
    return np.array(begins) - arrival_times
