"""M/M/c waiting lines: Poisson arrivals, exponential service, c servers, unlimited patience.

This module is the door to the topic: `solve_queue` gives everything about one stationary line with
its certificates. The other names come from the modules that hold them: `erlang`, `queue_means`,
`queue_inverse`, `queue_transient` and `queue_simulation`.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.queueing.certificates import stationary_certificates
from v2g_nb.queueing.erlang import (
    log_poisson,
    spare_capacity,
)
from v2g_nb.queueing.means import (
    stable_ratio,
    waiting_probability,
)


@dataclass(frozen=True, eq=False)
class QueueResult:
    """A stationary M/M/c queue.

    Parameters
    ----------
    servers : int
        Number of servers c.
    arrival_rate, service_rate : float
        Rates lambda and mu [customers per unit of time].
    probabilities : numpy.ndarray, shape (c + 1,)
        Probabilities of 0, ..., c customers; see :meth:`probability` for more than c.
    probability_of_waiting : float
        Erlang C.
    mean_wait : float
        Mean time before service [unit of time].
    mean_queue, mean_number : float
        Mean numbers of customers waiting, and waiting or in service.
    converged : bool
        Always true: the solution is in closed form.
    num_iter : int
        Always 0.
    residual : float
        Largest relative difference of the flows between two neighbouring states.
    certificates : tuple of Certificate
        Independent checks of the solution.
    """

    servers: int
    arrival_rate: float
    service_rate: float
    probabilities: FloatArray
    probability_of_waiting: float
    mean_wait: float
    mean_queue: float
    mean_number: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    @property
    def utilisation(self) -> float:
        """Share of time that a server is busy, r = lambda / (c mu)."""
        return self.arrival_rate / (self.servers * self.service_rate)

    def probability(self, count: object) -> FloatArray:
        """Return the probability of `count` customers in the system.

        Parameters
        ----------
        count : array_like of int
            Numbers of customers, at least 0.

        Returns
        -------
        numpy.ndarray of float
            Probabilities, of the shape of `count`.

        Raises
        ------
        InvalidInput
            If `count` is no array of whole numbers of at least 0.

        Examples
        --------
        >>> float(solve_queue(1, 1.0, 2.0).probability(3).round(6))  # (1/2) (1/2)^3
        0.0625
        """
        n = checks.array("count", count, low=0, whole=True)
        kept = np.minimum(n, self.servers).astype(np.intp)
        result: FloatArray = self.probabilities[kept] * self.utilisation ** (n - kept)
        return result

    def waiting_longer(self, time: object) -> FloatArray:
        """Return the probability that a customer waits longer than `time`.

        Parameters
        ----------
        time : array_like
            Times [unit of time], at least 0.

        Returns
        -------
        numpy.ndarray of float
            P(W > t) = C exp(-(c mu - lambda) t), of the shape of `time`.

        Raises
        ------
        InvalidInput
            If `time` holds something else than finite numbers of at least 0.

        Examples
        --------
        >>> float(solve_queue(1, 1.0, 2.0).waiting_longer(0.0).round(6))
        0.5
        """
        t = checks.array("time", time, low=0)
        c, mu, arrivals = np.array([self.servers, self.service_rate, self.arrival_rate])[:, None]
        spare = float(spare_capacity(c, mu, arrivals)[0])
        result: FloatArray = self.probability_of_waiting * np.exp(-spare * t)
        return result


def solve_queue(servers: int, arrival_rate: float, service_rate: float) -> QueueResult:
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
    count = checks.integer("servers", servers, low=1)
    arrivals = checks.real("arrival_rate", arrival_rate, low=0.0, open_low=True)
    mu = checks.real("service_rate", service_rate, low=0.0, open_low=True)
    c, _, ratio, rest = stable_ratio(count, arrivals, mu)
    waiting = float(waiting_probability(c, ratio, rest))
    p = _state_probabilities(count, float(ratio), float(rest))
    wait = waiting / float(c * mu * rest)
    queue = waiting * float(ratio / rest)
    number = float(c * ratio) + queue
    flows = np.abs(arrivals * p[:-1] - np.arange(1, count + 1) * mu * p[1:]) / np.maximum(arrivals * p[:-1], 1e-280)
    proofs = stationary_certificates(count, arrivals, mu, p, waiting, wait, queue, number)
    return QueueResult(count, arrivals, mu, p, waiting, wait, queue, number, True, 0, float(np.max(flows)), proofs)


def _state_probabilities(servers: int, ratio: float, rest: float) -> FloatArray:
    """Return P_0, ..., P_c: Poisson probabilities of mean a up to c, a geometric tail after it, scaled to sum to one.

    With p = p(c; a) and Q the probability of at most c events, the sum before scaling is Q - p + p / (1 - r).
    Scaling by P_c = C (1 - r) instead would divide by what underflows under light load.
    """
    a = servers * ratio
    n = np.arange(1, servers + 1, dtype=np.float64)
    log_p = np.append(-a, log_poisson(n, a / n, (n - a) / n))
    full = math.exp(log_p[-1])
    share = rest * float(gammaincc(servers + 1.0, a)) + ratio * full
    result: FloatArray = np.exp(log_p + math.log(rest / share))
    return result
