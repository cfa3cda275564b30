"""Customers served one by one in the order of their arrival, by c servers of any speed distribution."""

import heapq

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput


def simulate_waits(servers: int, arrival_times: object, service_times: object) -> FloatArray:
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
        How long each customer's service takes [unit of time], at least 0.

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
    c = checks.integer("servers", servers, low=1)
    arrivals = checks.array("arrival_times", arrival_times, shape=(None,), low=0)
    services = checks.array("service_times", service_times, shape=arrivals.shape, low=0)
    steps = np.diff(arrivals)
    if (steps < 0.0).any():
        place = int(np.argmax(steps < 0.0)) + 1
        raise InvalidInput(
            f"arrival_times[{place}] = {float(arrivals[place])!r}: must not be before the one ahead of it"
        )
    free = [0.0] * c  # a heap: its first entry is the smallest
    begins = []
    take = heapq.heapreplace
    for arrival, service in zip(arrivals.tolist(), services.tolist(), strict=True):
        begin = max(arrival, free[0])
        take(free, begin + service)
        begins.append(begin)
    waits: FloatArray = np.array(begins) - arrivals
    return waits
