"""Mean wait and mean number of customers of M/M/c, with their exact derivatives."""

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible
from v2g_nb.queueing.erlang import (
    MAX_SERVERS,
    broadcast,
    finite_capacity,
    log_c_of_ratio,
    log_c_with_first_slope,
    spare_capacity,
)


def stable_ratio(servers: object, arrival_rate: object, service_rate: object) -> list[FloatArray]:
    """Return checked, broadcast c, mu, r = lambda / (c mu) and 1 - r, the last without cancellation."""
    c = checks.array("servers", servers, low=1, high=MAX_SERVERS, whole=True)
    arrivals = checks.array("arrival_rate", arrival_rate, low=0)
    mu = checks.array("service_rate", service_rate, low=0, open_low=True)
    c, arrivals, mu = broadcast(servers=c, arrival_rate=arrivals, service_rate=mu)
    capacity = finite_capacity(c, mu)
    unstable = arrivals >= capacity
    if unstable.any():
        where = tuple(np.argwhere(unstable)[0])
        raise Infeasible(
            f"arrival_rate = {float(arrivals[where])!r} with servers = {int(c[where])} and service_rate = "
            f"{float(mu[where])!r}: must be below servers x service_rate = {float(capacity[where])!r}, or the line "
            "grows for ever"
        )
    return [c[()], mu[()], (arrivals / capacity)[()], (spare_capacity(c, mu, arrivals) / capacity)[()]]


def waiting_probability(servers: FloatArray, ratio: FloatArray, rest: FloatArray) -> FloatArray:
    """Return C for r = `ratio` in [0, 1)."""
    with np.errstate(divide="ignore"):
        result: FloatArray = np.exp(log_c_of_ratio(servers, ratio, rest))
    return result


def mean_wait(servers: object, arrival_rate: object, service_rate: object) -> FloatArray:
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
    c, mu, ratio, rest = stable_ratio(servers, arrival_rate, service_rate)
    result: FloatArray = waiting_probability(c, ratio, rest) / (c * mu * rest)
    return result


def mean_wait_derivative(servers: object, arrival_rate: object, service_rate: object) -> FloatArray:
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
    c, mu, ratio, rest = stable_ratio(servers, arrival_rate, service_rate)
    load = np.where(ratio > 0.0, ratio, 0.5)  # at 0 the limit is taken below
    room = np.where(ratio > 0.0, rest, 0.5)
    log_c, first = log_c_with_first_slope(c, load, room)
    # C / r and the square of mu in logarithms: each may leave the range of doubles where the slope does not
    with np.errstate(over="ignore"):  # beyond the largest number the slope is infinite
        scale = np.exp(log_c - np.log(load) - np.log(c) - 2.0 * np.log(mu))
        slope = scale * (1.0 + load * (first / room + 1.0 / (c * room * room)))
        result: FloatArray = np.where(ratio > 0.0, slope, (c == 1.0) / mu / mu)
    return result[()]


def mean_number(servers: object, arrival_rate: object, service_rate: object) -> FloatArray:
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
    c, _, ratio, rest = stable_ratio(servers, arrival_rate, service_rate)
    result: FloatArray = c * ratio + waiting_probability(c, ratio, rest) * ratio / rest
    return result


def mean_number_derivative(servers: object, arrival_rate: object, service_rate: object) -> FloatArray:
    """Return dL/dlambda, the exact derivative of the mean number with respect to the arrival rate.

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
        Derivative [customers per unit of the arrival rate], of the broadcast shape.

    Raises
    ------
    InvalidInput
        If an argument is no number of that range, or `servers` x `service_rate` is not finite.
    Infeasible
        If the arrival rate reaches the capacity.

    Examples
    --------
    >>> float(mean_number_derivative(1, 0.5, 1.0).round(6))  # L = lambda / (1 - lambda)
    4.0
    """
    c, mu, ratio, rest = stable_ratio(servers, arrival_rate, service_rate)
    load = np.where(ratio > 0.0, ratio, 0.5)
    room = np.where(ratio > 0.0, rest, 0.5)
    log_c, first = log_c_with_first_slope(c, load, room)
    slope = np.exp(log_c) * (1.0 + load * first / room + 1.0 / (c * room * room))
    # at load 0 the derivative of the queue is 0, since the queue is of second order in the load
    result: FloatArray = (1.0 + np.where(ratio > 0.0, slope, 0.0)) / mu
    return result[()]
