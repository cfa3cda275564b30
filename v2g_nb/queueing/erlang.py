"""Erlang's formulas in closed form: no sum over the servers, no factorial, no overflow.

With c servers and the offered load a, let p(c; a) be the Poisson probability of c events with mean
a, and Q(c + 1, a) the regularised upper incomplete gamma function, which is the probability of at
most c events. Then Erlang B is p / Q, and Erlang C follows from it.
"""

import math

import numpy as np
from scipy.special import gammaincc

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, InvalidInput

MAX_SERVERS = 10**7  # beyond this nothing has been compared with exact arithmetic
TABLE_END = 16  # from here on five terms of Stirling's series are exact in double precision
LOG_TINY = -30.0  # below this, and above capacity, a continued fraction is sharper than the incomplete gamma function

# log(c! / (sqrt(2 pi c) (c/e)^c)) for small c; entry 0 is never read
_STIRLING_ERROR = np.array(
    [0.0]
    + [
        math.log(math.factorial(c) / c**c * math.exp(c) / math.sqrt(2.0 * math.pi * c))  # int / int is rounded once
        for c in range(1, TABLE_END)
    ]
)


def stirling_error(count: FloatArray) -> FloatArray:
    """Return log(c!) minus Stirling's formula for it, for whole c of at least 1."""
    s = 1.0 / (count * count)
    series: FloatArray = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / count
    small = count < TABLE_END
    if not np.any(small):
        return series
    table = _STIRLING_ERROR[np.minimum(count, TABLE_END - 1).astype(np.intp)]
    return np.where(small, table, series)


def log_poisson(count: FloatArray, ratio: FloatArray, rest: FloatArray) -> FloatArray:
    """Return log p(c; rc), the saddle-point form: `ratio` is r = a/c and `rest` is 1 - r.

    The large terms of log(a^c e^-a / c!) cancel on paper instead of in the computer, because the
    exponent c (log r + 1 - r) is small wherever p is not. `rest` is an argument of its own since
    1 - r loses its digits as r nears 1 (Loader 2000).
    """
    with np.errstate(divide="ignore"):
        log_ratio = np.where(np.abs(rest) < 0.5, np.log1p(-np.minimum(rest, 0.5)), np.log(ratio))
    result: FloatArray = count * (log_ratio + rest) - 0.5 * np.log(2.0 * np.pi * count) - stirling_error(count)
    return result


def log_c_of_ratio(servers: FloatArray, ratio: FloatArray, rest: FloatArray) -> FloatArray:
    """Return log C for r = `ratio` and 1 - r = `rest`, with r in [0, 1)."""
    log_p = log_poisson(servers, ratio, rest)
    # C = B / (1 - r + r B) with B = p / Q; Q is above 1/2 as long as a < c
    result: FloatArray = log_p - np.log(rest * gammaincc(servers + 1.0, servers * ratio) + ratio * np.exp(log_p))
    return result


def log_c_with_slope(servers: FloatArray, ratio: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log C and its derivative d log C / da = (1 - C)/(c - a) + (c - a)/a, for r above 1e-307 and below 1."""
    log_c, first = log_c_with_first_slope(servers, ratio, rest)
    return log_c, first + rest / ratio


def log_c_with_first_slope(servers: FloatArray, ratio: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log C and (1 - C)/(c - a), the part of its derivative that stays finite as r nears 0, for 0 < r < 1.

    It is written through Erlang B = C (1 - r) / (1 - r C), since 1 - C cancels as C nears 1 while
    1 - B does not.
    """
    log_p = log_poisson(servers, ratio, rest)
    at_most_c = gammaincc(servers + 1.0, servers * ratio)
    p = np.exp(log_p)
    share = rest * at_most_c + ratio * p  # (1 - r + r B) Q
    return log_p - np.log(share), (at_most_c - p) / (servers * share)


def broadcast(**arrays: FloatArray) -> list[FloatArray]:
    """Return the arrays in one common shape, or say which shapes do not fit."""
    try:
        return list(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} has shape {value.shape}" for name, value in arrays.items())
        raise InvalidInput(f"{shapes}: must broadcast to one shape") from None


def finite_capacity(servers: FloatArray, service_rate: FloatArray) -> FloatArray:
    """Return c mu, or say where it is beyond the largest number."""
    with np.errstate(over="ignore"):
        capacity = np.asarray(servers * service_rate)
    if np.isinf(capacity).any():
        where = tuple(np.argwhere(np.isinf(capacity))[0])
        raise InvalidInput(
            f"service_rate = {float(service_rate[where])!r} with servers = {int(servers[where])}: their product "
            "must be finite"
        )
    return capacity


def spare_capacity(servers: FloatArray, service_rate: FloatArray, arrivals: FloatArray) -> FloatArray:
    """Return c mu - lambda, rounded once near saturation, where the rounding of c mu would swamp the difference.

    mu is split into 26 leading bits and the rest: times a c of at most 24 bits, both are exact.
    """
    mantissa, exponent = np.frexp(service_rate)
    leading = np.ldexp(np.floor(mantissa * 2.0**26), exponent - 26)
    result: FloatArray = (servers * leading - arrivals) + servers * (service_rate - leading)
    return result


def stable_load(servers: object, offered_load: object) -> list[FloatArray]:
    """Return checked, broadcast servers and offered load with load below servers."""
    c = checks.array("servers", servers, low=1, high=MAX_SERVERS, whole=True)
    a = checks.array("offered_load", offered_load, low=0)
    if c.shape != a.shape:
        c, a = broadcast(servers=c, offered_load=a)
    unstable = a >= c
    if unstable.any():
        where = tuple(np.argwhere(unstable)[0])
        raise Infeasible(
            f"offered_load = {float(a[where])!r} with servers = {int(c[where])}: must be below the number of "
            "servers, or the line grows for ever and no stationary probability exists"
        )
    return [c[()], a[()]]  # scalars leave the slow path of arrays without dimension


def log_erlang_c(servers: object, offered_load: object) -> FloatArray:
    """Return the natural logarithm of the Erlang C formula.

    Its error is below 1e-12 max(1, abs(log C)) for up to 10 000 servers, at a cost that does not
    grow with their number.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    offered_load : array_like
        Offered load a = arrival rate / service rate of one server (number of servers kept busy on
        average), at least 0 and below `servers`. Both arguments broadcast.

    Returns
    -------
    numpy.ndarray of float
        log C, of the broadcast shape (a scalar for scalars); minus infinity where the load is 0.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range.
    Infeasible
        If the offered load reaches the number of servers.

    Examples
    --------
    >>> float(log_erlang_c(1, 0.5).round(6))
    -0.693147
    >>> float(log_erlang_c(10_000, 5_000).round(3))
    -1936.303

    References
    ----------
    Yoshihara and Namerikawa, equation (19). C. Loader, "Fast and accurate computation of binomial
    probabilities" (2000), for the Poisson term.
    """
    c, a = stable_load(servers, offered_load)
    with np.errstate(divide="ignore"):
        result: FloatArray = log_c_of_ratio(c, a / c, (c - a) / c)
    return result


def erlang_c(servers: object, offered_load: object) -> FloatArray:
    """Return the Erlang C formula: the probability that a customer of M/M/c has to wait.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    offered_load : array_like
        Offered load a = arrival rate / service rate of one server, at least 0 and below `servers`.

    Returns
    -------
    numpy.ndarray of float
        C(c, a) in [0, 1), of the broadcast shape; rounded to 1 where it is nearer than 1e-16. Below
        about 1e-308 it is 0; `log_erlang_c` still tells such values apart.

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

    References
    ----------
    Yoshihara and Namerikawa, equation (19).
    """
    result: FloatArray = np.exp(log_erlang_c(servers, offered_load))
    return result


def erlang_c_derivative(servers: object, offered_load: object) -> FloatArray:
    """Return dC/da, the exact derivative of the Erlang C formula with respect to the offered load.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    offered_load : array_like
        Offered load a, at least 0 and below `servers`.

    Returns
    -------
    numpy.ndarray of float
        C ((1 - C)/(c - a) + (c - a)/a), of the broadcast shape; at a = 0 its limit, which is 1 for
        one server and 0 for more.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range.
    Infeasible
        If the offered load reaches the number of servers.

    Examples
    --------
    >>> float(erlang_c_derivative(1, 0.3).round(6))  # C(1, a) = a
    1.0
    """
    c, a = stable_load(servers, offered_load)
    loaded = a / c > 0.0
    safe = np.where(loaded, a, 0.5)
    ratio, rest = safe / c, (c - safe) / c
    log_c, first = log_c_with_first_slope(c, ratio, rest)
    # C / r in logarithms: C may underflow where it does not, and 1 / r may overflow
    slope = np.exp(log_c) * first + np.exp(log_c - np.log(ratio)) * rest
    result: FloatArray = np.where(loaded, slope, c == 1.0)
    return result[()]


def erlang_b(servers: object, offered_load: object) -> FloatArray:
    """Return the Erlang B formula: the share of customers lost where none can wait.

    Parameters
    ----------
    servers : array_like of int
        Number of servers c, from 1 to ten million.
    offered_load : array_like
        Offered load a, at least 0; it may exceed `servers`.

    Returns
    -------
    numpy.ndarray of float
        B(c, a) in [0, 1), of the broadcast shape; rounded to 1 where it is nearer than 1e-16.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range.

    Examples
    --------
    >>> float(erlang_b(2, 1.0).round(6))  # (1/2) / (1 + 1 + 1/2)
    0.2
    """
    c = checks.array("servers", servers, low=1, high=MAX_SERVERS, whole=True)
    a = checks.array("offered_load", offered_load, low=0)
    c, a = (x[()] for x in broadcast(servers=c, offered_load=a))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        log_p = log_poisson(c, a / c, (c - a) / c)
        result: FloatArray = np.exp(log_p) / gammaincc(c + 1.0, a)
    far = (a > c) & (log_p < LOG_TINY)  # there p and Q both vanish
    if far.any():
        result = np.where(far, _overloaded_b(np.where(far, c, 1.0), np.where(far, a, 1e4)), result)
    return result[()]


def _overloaded_b(servers: FloatArray, load: FloatArray) -> FloatArray:
    """Return Erlang B far above capacity, by Legendre's continued fraction for the incomplete gamma function."""
    s = servers + 1.0
    tail = np.zeros_like(load)
    for n in range(200, 0, -1):  # so far from a = c, 200 terms are more than enough
        tail = n * (s - n) / (load - s + 2.0 * n + 1.0 + tail)
    return (load - s + 1.0 + tail) / load


def erlang_b_recursion(servers: int, offered_load: object) -> FloatArray:
    """Return the Erlang B formula by its recursion over the servers.

    1. Start from B(0, a) = 1.
    2. For n = 1, ..., c: B(n, a) = a B(n-1, a) / (n + a B(n-1, a)).

    It is stable but costs c steps; `erlang_b` gives the same in closed form.

    Parameters
    ----------
    servers : int
        Number of servers c, from 0 to ten million.
    offered_load : array_like
        Offered load a, at least 0.

    Returns
    -------
    numpy.ndarray of float
        B(c, a), of the shape of `offered_load`.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range.

    Examples
    --------
    >>> float(erlang_b_recursion(2, 1.0))
    0.2
    """
    c = checks.integer("servers", servers, low=0, high=MAX_SERVERS)
    a = checks.array("offered_load", offered_load, low=0)
    b = np.ones_like(a)
    for n in range(1, c + 1):
        b = a * b / (n + a * b)
    return b[()]
