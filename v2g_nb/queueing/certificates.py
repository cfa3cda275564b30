"""Certificates of a waiting line, computed from the state probabilities and by quadrature.

Nothing here uses Erlang's formulas in the form in which the solver does: the state probabilities
are judged by the balance of flows that defines them, and the probability of waiting by Fortet's
integral.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import expm_multiply

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, InvalidInput

TOLERANCE = 1e-9  # of every relative residual
TINY = 1e-280  # where probabilities lose their digits to underflow
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def erlang_c_by_quadrature(servers: int, offered_load: float) -> float:
    """Return the Erlang C formula from Fortet's integral 1/B = int_0^inf exp(-t) (1 + t/a)^c dt.

    Parameters
    ----------
    servers : int
        Number of servers c, at least 1.
    offered_load : float
        Offered load a, above 0 and below `servers`.

    Returns
    -------
    float
        C(c, a), with a relative error near 1e-11 for up to 10 000 servers.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range.
    Infeasible
        If the offered load reaches the number of servers.

    Examples
    --------
    >>> round(erlang_c_by_quadrature(8, 7.5), 6)
    0.807253
    """
    c = checks.integer("servers", servers, low=1)
    a = checks.real("offered_load", offered_load, low=0.0, open_low=True)
    if a >= c:
        raise Infeasible(f"offered_load = {a!r} with servers = {c}: must be below the number of servers")
    # With y = t + a the integrand is (y/a)^c exp(a - y), which peaks at y = c with a width near
    # sqrt(c): beyond twelve widths (and 60 units, for few servers) nothing is left.
    width = 12.0 * math.sqrt(c)
    low, high = max(a, c - width), c + width + 60.0
    edges = np.linspace(low, high, 13)
    half = 0.5 * np.diff(edges)[:, None]
    y = 0.5 * (edges[:-1] + edges[1:])[:, None] + half * NODES
    beyond_peak = c * np.log1p((y - c) / c) - (y - c)
    scaled = float(np.sum(half * WEIGHTS * np.exp(beyond_peak)))
    log_inverse_b = math.log(scaled) + c * math.log(c / a) - (c - a)
    rest = (c - a) / c
    return 1.0 / (rest * math.exp(log_inverse_b) + a / c) if log_inverse_b < 700.0 else 0.0


def stationary_certificates(
    servers: int,
    arrival_rate: float,
    service_rate: float,
    probabilities: FloatArray,
    probability_of_waiting: float,
    mean_wait: float,
    mean_queue: float,
    mean_number: float,
) -> tuple[Certificate, ...]:
    """Return the certificates of a stationary M/M/c queue.

    Parameters
    ----------
    servers : int
        Number of servers c, at least 1.
    arrival_rate, service_rate : float
        Rates lambda and mu [customers per unit of time], above 0, with lambda < c mu.
    probabilities : array_like, shape (c + 1,)
        Claimed probabilities of 0, ..., c customers; beyond c each is lambda / (c mu) times the one before.
    probability_of_waiting : float
        Claimed Erlang C.
    mean_wait : float
        Claimed mean wait [unit of time].
    mean_queue, mean_number : float
        Claimed mean numbers of customers waiting, and waiting or in service.

    Returns
    -------
    tuple of Certificate
        Global balance, normalisation, Erlang C against quadrature, the mean queue as a sum over
        states, and Little's law for the queue and for the whole system; all relative.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong type or shape, or `servers` x `service_rate` is not finite. NaN is
        allowed in what is claimed: it fails.
    Infeasible
        If the arrival rate reaches the capacity.

    Examples
    --------
    >>> for certificate in stationary_certificates(1, 1.0, 2.0, [0.5, 0.25], 0.5, 0.5, 0.5, 1.0):
    ...     print(certificate.holds)
    True
    True
    True
    True
    True
    True
    """
    c = checks.integer("servers", servers, low=1)
    arrivals = checks.real("arrival_rate", arrival_rate, low=0.0, open_low=True)
    mu = checks.real("service_rate", service_rate, low=0.0, open_low=True)
    capacity = c * mu
    if math.isinf(capacity):
        raise InvalidInput(f"service_rate = {mu!r} with servers = {c}: their product must be finite")
    if arrivals >= capacity:
        raise Infeasible(f"arrival_rate = {arrivals!r}: must be below servers x service_rate = {capacity!r}")
    p = claimed_array("probabilities", probabilities, (c + 1,))
    waiting = claimed("probability_of_waiting", probability_of_waiting)
    wait, queue = claimed("mean_wait", mean_wait), claimed("mean_queue", mean_queue)
    number = claimed("mean_number", mean_number)
    exact = Fraction(arrivals) / (c * Fraction(mu))
    r, rest = float(exact), float(1 - exact)  # in floats, 1 - r would lose its digits as r nears 1
    full = float(p[c])
    direct = erlang_c_by_quadrature(c, min(arrivals / mu, math.nextafter(c, 0.0)))  # the quotient may round up to c
    total = math.fsum(p[:c]) + full / rest
    return (
        Certificate("global balance, relative to each state's flow", _imbalance(p, arrivals, mu), TOLERANCE),
        Certificate("probabilities sum to one", abs(total - 1.0), TOLERANCE),
        Certificate("Erlang C against quadrature", _apart(waiting, direct), TOLERANCE),
        Certificate("mean queue against the sum over states", _apart(queue, full * r / rest**2), TOLERANCE),
        Certificate("Little's law, queue", _apart(queue, arrivals * wait), TOLERANCE),
        Certificate("Little's law, whole system", _apart(number, queue + arrivals / mu), TOLERANCE),
    )


def transient_certificates(
    servers: int,
    arrival_rate: float,
    service_rate: float,
    times: FloatArray,
    initial: FloatArray,
    probabilities: FloatArray,
    error: float,
) -> tuple[Certificate, ...]:
    """Return the certificates of a transient M/M/c queue.

    Parameters
    ----------
    servers : int
        Number of servers c, at least 1.
    arrival_rate, service_rate : float
        Rates lambda and mu [customers per unit of time], above 0.
    times : array_like, shape (T,)
        Times [unit of time], at least 0 and not decreasing.
    initial : array_like, shape (N,)
        Probabilities of 0, ..., N - 1 customers at time 0.
    probabilities : array_like, shape (T, N)
        Claimed probabilities at each time.
    error : float
        Claimed bound on the probability that was cut off, at least 0.

    Returns
    -------
    tuple of Certificate
        The probabilities' sum, and each step from one time to the next against the action of the
        matrix exponential.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong type or shape. NaN is allowed in what is claimed: it fails.

    Examples
    --------
    >>> still = transient_certificates(1, 1.0, 2.0, [0.0], [1.0, 0.0], [[1.0, 0.0]], 0.0)
    >>> [certificate.holds for certificate in still]
    [True, True]
    """
    c = checks.integer("servers", servers, low=1)
    arrivals = checks.real("arrival_rate", arrival_rate, low=0.0, open_low=True)
    mu = checks.real("service_rate", service_rate, low=0.0, open_low=True)
    t = checks.array("times", times, shape=(None,), low=0)
    before = checks.array("initial", initial, shape=(None,), low=0, high=1)
    p = claimed_array("probabilities", probabilities, (t.size, before.size))
    cut = checks.real("error", error, low=0.0)
    tolerance = max(TOLERANCE, 4.0 * cut)
    missing = float(np.max(np.abs(1.0 - p.sum(axis=1))))
    up = np.append(np.full(before.size - 1, arrivals), 0.0)
    down = np.minimum(np.arange(before.size), c) * mu
    bands: Any = (-(up + down), up[:-1], down[1:])
    generator = diags_array(bands, offsets=(0, 1, -1)).T.tocsr()
    worst, clock = 0.0, 0.0
    for now, state in zip(t, p, strict=True):
        if not np.all(np.isfinite(state)):
            worst = math.nan
            break
        moved = expm_multiply(generator * (now - clock), before) if now > clock else before
        worst, clock, before = max(worst, float(np.abs(moved - state).sum())), float(now), state
    return (
        Certificate("probabilities sum to one", missing, tolerance),
        Certificate("each step against the matrix exponential", worst, tolerance),
    )


def claimed(name: str, value: object) -> float:
    """Return a claimed number, which may be NaN: then its certificates fail."""
    if isinstance(value, float) and math.isnan(value):
        return math.nan
    return checks.real(name, value, infinite=True)


def claimed_array(name: str, value: object, shape: tuple[int, ...]) -> FloatArray:
    """Return a claimed array, which may hold NaN: then its certificates fail."""
    raw = np.asarray(value)
    if raw.dtype.kind not in "iuf":
        raise checks.invalid(name, value, "an array of numbers")
    if raw.shape != shape:
        raise InvalidInput(f"{name} = {checks.shown(value)} has shape {raw.shape}: must have shape {shape}")
    result: FloatArray = raw.astype(np.float64)
    return result


def _imbalance(p: FloatArray, arrivals: float, mu: float) -> float:
    """Return the largest difference of flow out of and into a state 0, ..., c, over the flow out of it."""
    c = p.size - 1
    beyond = np.append(p, p[c] * (arrivals / (c * mu)))
    n = np.arange(c + 1)
    out = (arrivals + n * mu) * p
    into = np.minimum(n + 1, c) * mu * beyond[1:]
    into[1:] += arrivals * p[:-1]
    return float(np.max(np.abs(out - into) / np.maximum(out, TINY)))


def _apart(value: float, other: float) -> float:
    """Return the difference relative to `other`, absolute where that has underflowed."""
    return abs(value - other) / max(abs(other), TINY)
