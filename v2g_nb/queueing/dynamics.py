"""How a waiting line gets from its state now to its stationary state: uniformisation."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, pdtrik

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput, NotConverged
from v2g_nb.queueing.certificates import transient_certificates
from v2g_nb.queueing.erlang import log_poisson

MAX_JUMPS = 200_000  # beyond this the line has long been stationary, or the question is another one


@dataclass(frozen=True, eq=False)
class TransientResult:
    """An M/M/c queue at several times.

    Parameters
    ----------
    servers : int
        Number of servers c.
    arrival_rate, service_rate : float
        Rates lambda and mu [customers per unit of time].
    times : numpy.ndarray, shape (T,)
        Times [unit of time].
    probabilities : numpy.ndarray, shape (T, N)
        Probability of 0, ..., N - 1 customers at each time.
    error : float
        Bound on the probability, at any of the times, that was cut off.
    converged : bool
        Whether that bound is at most what was asked for.
    num_iter : int
        Number of jumps of the uniformised chain that were followed.
    residual : float
        The bound `error` again, as the solver's own measure.
    certificates : tuple of Certificate
        Independent checks of the solution.
    """

    servers: int
    arrival_rate: float
    service_rate: float
    times: FloatArray
    probabilities: FloatArray
    error: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    @property
    def mean_number(self) -> FloatArray:
        """Mean number of customers at each time, shape (T,)."""
        result: FloatArray = self.probabilities @ np.arange(self.probabilities.shape[1])
        return result

    @property
    def probability_of_waiting(self) -> FloatArray:
        """Probability at each time that all servers are busy, shape (T,)."""
        result: FloatArray = self.probabilities[:, self.servers :].sum(axis=1)
        return result

    @property
    def mean_virtual_wait(self) -> FloatArray:
        """Mean wait of a customer who would arrive at each time [unit of time], shape (T,)."""
        ahead = np.maximum(np.arange(self.probabilities.shape[1]) - self.servers + 1, 0)
        result: FloatArray = self.probabilities @ ahead / (self.servers * self.service_rate)
        return result

    def waiting_longer(self, time: object) -> FloatArray:
        """Return the probability that a customer who would arrive at each time waits longer than `time`.

        Parameters
        ----------
        time : array_like, shape (W,)
            Waits [unit of time], at least 0.

        Returns
        -------
        numpy.ndarray of float, shape (T, W)
            With k customers more than servers minus one ahead, the wait is the sum of k exponential times.

        Raises
        ------
        InvalidInput
            If `time` is no one-dimensional array of finite numbers of at least 0.

        Examples
        --------
        >>> transient(1, 1.0, 2.0, [0.0]).waiting_longer([0.5])  # nobody is there
        array([[0.]])
        """
        t = checks.array("time", time, shape=(None,), low=0)
        ahead = np.arange(1, self.probabilities.shape[1] - self.servers + 1)[:, None]
        late = gammaincc(ahead, self.servers * self.service_rate * t)
        result: FloatArray = self.probabilities[:, self.servers :] @ late
        return result


def transient(
    servers: int,
    arrival_rate: float,
    service_rate: float,
    times: object,
    *,
    initial: object = (1.0,),
    error: float = 1e-12,
) -> TransientResult:
    """Return the distribution of the number of customers in M/M/c at given times.

    1. Let a Poisson clock tick at the rate lambda + c mu, the fastest at which the line ever moves.
    2. At each tick one customer arrives, one leaves, or (where fewer than c are served) nothing happens.
    3. The distribution at time t is that after m ticks, weighted with the Poisson probability of m.
    4. Ticks beyond the last that matters, and more customers than fit, are cut off; what is cut off
       is added up, and if more than half of `error` leaves the room, the room is doubled.

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
    c = checks.integer("servers", servers, low=1)
    arrivals = checks.real("arrival_rate", arrival_rate, low=0.0, open_low=True)
    mu = checks.real("service_rate", service_rate, low=0.0, open_low=True)
    t = checks.array("times", times, shape=(None,), low=0)
    if (np.diff(t) < 0.0).any():
        place = int(np.argmax(np.diff(t) < 0.0)) + 1
        raise InvalidInput(f"times[{place}] = {float(t[place])!r}: must not be before the one ahead of it")
    start = checks.array("initial", initial, shape=(None,), low=0, high=1)
    if abs(start.sum() - 1.0) > 1e-9:
        raise InvalidInput(f"initial = {checks.shown(initial)}: must sum to 1, not {float(start.sum())!r}")
    cut = checks.real("error", error, low=1e-14, high=0.1)
    clock = arrivals + c * mu
    if math.isinf(clock):
        raise InvalidInput(
            f"arrival_rate = {arrivals!r} and service_rate = {mu!r} with servers = {c}: arrival_rate + servers x "
            "service_rate must be finite"
        )
    ticks = clock * float(t[-1])  # on average
    jumps = _last_tick(ticks, 0.5 * cut) if ticks <= MAX_JUMPS else MAX_JUMPS + 1
    if jumps > MAX_JUMPS:
        raise NotConverged(
            f"times[{t.size - 1}] = {float(t[-1])!r} takes about {max(ticks, jumps):.6g} ticks: must be at most "
            f"{MAX_JUMPS}"
        )
    weights = _poisson_weights(clock * t, jumps)
    most = start.size + _last_tick(arrivals * float(t[-1]), 0.25 * cut)  # no more can have arrived
    room = min(start.size + 4 * c + 60, most)
    while True:
        p, lost = _follow(c, arrivals / clock, mu / clock, start, weights, room)
        if lost <= 0.5 * cut or room >= most:
            break
        room = min(2 * room, most)
    bound = lost + float(np.max(1.0 - weights.sum(axis=0), initial=0.0))
    first = np.append(start, np.zeros(p.shape[1] - start.size))
    proofs = transient_certificates(c, arrivals, mu, t, first, p, bound)
    return TransientResult(c, arrivals, mu, t, p, bound, bound <= cut, jumps, bound, proofs)


def _last_tick(mean: float, tail: float) -> int:
    """Return a number that a Poisson variable of this mean exceeds with probability at most `tail`."""
    return int(np.ceil(pdtrik(1.0 - tail, mean))) + 5 if mean > 0.0 else 0


def _poisson_weights(means: FloatArray, last: int) -> FloatArray:
    """Return Poisson probabilities of 0, ..., last for each mean, shape (last + 1, T)."""
    n = np.arange(1, last + 1, dtype=np.float64)[:, None]
    return np.vstack([np.exp(-means), np.exp(log_poisson(n, means / n, (n - means) / n))])


def _follow(
    servers: int, up: float, down: float, start: FloatArray, weights: FloatArray, room: int
) -> tuple[FloatArray, float]:
    """Return the weighted distributions after all ticks, and the probability that ever left the room."""
    state = np.append(start, np.zeros(room + 1 - start.size)) if room + 1 > start.size else start.copy()
    leave = np.minimum(np.arange(state.size), servers) * down
    stay = 1.0 - up - leave
    total = np.outer(weights[0], state)
    lost = 0.0
    reached = np.maximum(1.0 - np.cumsum(weights[:-1, -1]), 0.0)  # probability that each tick comes in time
    for weight, share in zip(weights[1:], reached, strict=True):
        lost += share * up * state[-1]  # an arrival for whom there is no room
        moved = stay * state
        moved[1:] += up * state[:-1]
        moved[:-1] += leave[1:] * state[1:]
        state = moved
        total += np.outer(weight, state)
    return total, float(lost)
