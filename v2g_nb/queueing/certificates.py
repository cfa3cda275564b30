"""Certificates of a waiting line, computed from the state probabilities and by quadrature.

Nothing here uses Erlang's formulas in the form in which the solver does: the state probabilities
are judged by the balance of flows that defines them, and the probability of waiting by Fortet's
integral. A NaN in what is judged fails.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import expm_multiply

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.queueing.results import QueueResult, TransientResult

TOLERANCE = 1e-9  # of every relative residual
TINY = 1e-280  # where probabilities lose their digits to underflow
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def erlang_c_by_quadrature(servers: int, offered_load: float) -> float:
    """Return Erlang C from Fortet's integral 1/B = int_0^inf exp(-t) (1 + t/a)^c dt, for 0 < a < c.

    Its relative error is near 1e-11 for up to 10 000 servers.
    """
    c, a = servers, offered_load
    # With y = t + a the integrand is (y/a)^c exp(a - y), which peaks at y = c with a width near
    # sqrt(c): beyond twelve widths (and 60 units, for few servers) nothing is left.
    width = 12.0 * math.sqrt(c)
    edges = np.linspace(max(a, c - width), c + width + 60.0, 13)
    half = 0.5 * np.diff(edges)[:, None]
    y = 0.5 * (edges[:-1] + edges[1:])[:, None] + half * NODES
    beyond_peak = c * np.log1p((y - c) / c) - (y - c)
    scaled = float(np.sum(half * WEIGHTS * np.exp(beyond_peak)))
    log_inverse_b = math.log(scaled) + c * math.log(c / a) - (c - a)
    rest = (c - a) / c
    return 1.0 / (rest * math.exp(log_inverse_b) + a / c) if log_inverse_b < 700.0 else 0.0


def stationary_certificates(queue: QueueResult) -> tuple[Certificate, ...]:
    """Return global balance, normalisation, Erlang C, the mean queue, and Little's law twice; all relative."""
    c, arrivals, mu, p = queue.servers, queue.arrival_rate, queue.service_rate, queue.probabilities
    exact = Fraction(arrivals) / (c * Fraction(mu))
    r, rest = float(exact), float(1 - exact)  # in floats, 1 - r would lose its digits as r nears 1
    full = float(p[c])
    direct = erlang_c_by_quadrature(c, min(arrivals / mu, math.nextafter(c, 0.0)))  # the quotient may round up to c
    total = math.fsum(p[:c]) + full / rest
    summed = full * r / rest**2
    apart = {
        "Erlang C against quadrature": _apart(queue.probability_of_waiting, direct),
        "mean queue against the sum over states": _apart(queue.mean_queue, summed),
        "Little's law, queue": _apart(queue.mean_queue, arrivals * queue.mean_wait),
        "Little's law, whole system": _apart(queue.mean_number, queue.mean_queue + arrivals / mu),
    }
    return (
        Certificate("global balance, relative to each state's flow", _imbalance(p, arrivals, mu), TOLERANCE),
        Certificate("probabilities sum to one", abs(total - 1.0), TOLERANCE),
        *(Certificate(name, value, TOLERANCE) for name, value in apart.items()),
    )


def transient_certificates(queue: TransientResult) -> tuple[Certificate, ...]:
    """Return the probabilities' sum, and each step in time against the action of the matrix exponential."""
    before, p = queue.initial, queue.probabilities
    up = np.append(np.full(before.size - 1, queue.arrival_rate), 0.0)
    down = np.minimum(np.arange(before.size), queue.servers) * queue.service_rate
    bands: Any = (-(up + down), up[:-1], down[1:])
    generator = diags_array(bands, offsets=(0, 1, -1)).T.tocsr()
    worst, clock = 0.0, 0.0
    for now, row in zip(queue.times, p, strict=True):
        if not np.all(np.isfinite(row)):
            worst = math.nan
            break
        moved = expm_multiply(generator * (now - clock), before) if now > clock else before
        worst, clock, before = max(worst, float(np.abs(moved - row).sum())), float(now), row
    tolerance = max(TOLERANCE, 4.0 * queue.error)
    return (
        Certificate("probabilities sum to one", float(np.max(np.abs(1.0 - p.sum(axis=1)))), tolerance),
        Certificate("each step against the matrix exponential", worst, tolerance),
    )


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
