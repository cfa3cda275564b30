"""What is known of a line once it is solved: what solvers return and certificates judge."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

import numpy as np
from scipy.special import gammaincc

from v2g_nb.arguments import checks_arguments
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, FloatArray


@dataclass(frozen=True, eq=False)
class QueueResult(Result):
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
    certificates: tuple[Certificate, ...] = ()

    @property
    def utilisation(self) -> float:
        """Share of time that a server is busy, r = lambda / (c mu)."""
        return self.arrival_rate / (self.servers * self.service_rate)

    @checks_arguments
    def probability(self, count: Annotated[FloatArray, Array(low=0, whole=True)]) -> FloatArray:
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
        >>> from v2g_nb.queueing import solve_queue
        >>> float(solve_queue(1, 1.0, 2.0).probability(3).round(6))  # (1/2) (1/2)^3
        0.0625
        """
        kept = np.minimum(count, self.servers).astype(np.intp)
        return self.probabilities[kept] * self.utilisation ** (count - kept)

    @checks_arguments
    def waiting_longer(self, time: Annotated[FloatArray, Array(low=0)]) -> FloatArray:
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
        >>> from v2g_nb.queueing import solve_queue
        >>> float(solve_queue(1, 1.0, 2.0).waiting_longer(0.0).round(6))
        0.5
        """
        spare = float(self.servers * Fraction(self.service_rate) - Fraction(self.arrival_rate))
        return np.asarray(self.probability_of_waiting * np.exp(-spare * time))


@dataclass(frozen=True, eq=False)
class TransientResult(Result):
    """An M/M/c queue at several times.

    Parameters
    ----------
    servers : int
        Number of servers c.
    arrival_rate, service_rate : float
        Rates lambda and mu [customers per unit of time].
    times : numpy.ndarray, shape (T,)
        Times [unit of time].
    initial : numpy.ndarray, shape (N,)
        Probability of 0, ..., N - 1 customers at time 0.
    probabilities : numpy.ndarray, shape (T, N)
        The same at each of the times.
    error : float
        Bound on the probability, at any of the times, that was cut off.
    converged : bool
        Whether that bound is at most what was asked for.
    num_iter : int
        Number of jumps of the uniformised chain that were followed.
    certificates : tuple of Certificate
        Independent checks of the solution.
    """

    servers: int
    arrival_rate: float
    service_rate: float
    times: FloatArray
    initial: FloatArray
    probabilities: FloatArray
    error: float
    converged: bool
    num_iter: int
    certificates: tuple[Certificate, ...] = ()

    @property
    def mean_number(self) -> FloatArray:
        """Mean number of customers at each time, shape (T,)."""
        return np.asarray(self.probabilities @ np.arange(self.probabilities.shape[1]))

    @property
    def probability_of_waiting(self) -> FloatArray:
        """Probability at each time that all servers are busy, shape (T,)."""
        return np.asarray(self.probabilities[:, self.servers :].sum(axis=1))

    @property
    def mean_virtual_wait(self) -> FloatArray:
        """Mean wait of a customer who would arrive at each time [unit of time], shape (T,)."""
        ahead = np.maximum(np.arange(self.probabilities.shape[1]) - self.servers + 1, 0)
        return np.asarray(self.probabilities @ ahead / (self.servers * self.service_rate))

    @checks_arguments
    def waiting_longer(self, time: Annotated[FloatArray, Array("waits", low=0)]) -> FloatArray:
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
        >>> from v2g_nb.queueing import transient
        >>> transient(1, 1.0, 2.0, [0.0]).waiting_longer([0.5])  # nobody is there
        array([[0.]])
        """
        ahead = np.arange(1, self.probabilities.shape[1] - self.servers + 1)[:, None]
        late = gammaincc(ahead, self.servers * self.service_rate * time)
        return np.asarray(self.probabilities[:, self.servers :] @ late)
