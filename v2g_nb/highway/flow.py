"""Cars on the road and in the stations, minute by minute, none lost and none made."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput
from v2g_nb.highway import certificates as proofs
from v2g_nb.highway.instance import Cars, Highway, check_entries, check_minutes
from v2g_nb.queueing.mmc import throughput, throughput_approximation

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """Flows of every minute.

    Parameters
    ----------
    entering : numpy.ndarray, shape (minutes, nodes)
        gamma: cars that enter the road at each node in each minute.
    arriving : numpy.ndarray, shape (minutes, nodes)
        alpha: cars that arrive at each node, entering ones included.
    leaving : numpy.ndarray, shape (minutes, nodes)
        y: cars that drive on from each node.
    into : numpy.ndarray, shape (minutes, stations)
        f: cars that turn into each station.
    out : numpy.ndarray, shape (minutes, stations)
        g: cars that come out of each station.
    number : numpy.ndarray, shape (minutes + 1, stations)
        x: cars in each station at the start of each minute, and at the end.
    converged : bool
        Always true: the recursion is direct.
    num_iter : int
        Minutes.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        The equations of the chain, the balance of every minute, and no negative flow.
    """

    entering: FloatArray
    arriving: FloatArray
    leaving: FloatArray
    into: FloatArray
    out: FloatArray
    number: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def solve_flow(highway: Highway, cars: Cars, partner: Any, *, approximate: bool = False) -> Flow:
    """Follow all cars along the chain.

    A car counts in the minute in which it enters; a drive takes whole minutes. In the station its
    stay is not its own any more: per minute the station lets out one interval's share of the
    outflow that belongs to the number of cars in it.

    Parameters
    ----------
    highway : Highway
        The road.
    cars : Cars
        Who enters where and when, within the horizon.
    partner : array_like of int, shape (cars,)
        Station of each car; -1 for one that drives through.
    approximate : bool
        Whether to use the paper's approximation (9) for the outflow instead of the exact inverse.

    Returns
    -------
    Flow

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind, a partner is no station ahead of its car, a car enters
        after the horizon, or a minute is too long a step for the rate of service.

    Examples
    --------
    >>> from v2g_nb.highway.instance import tomei
    >>> flow = solve_flow(tomei(), Cars([0], [0.0], [40.0], [0.5]), [0])
    >>> int(flow.into[:, 0].argmax())  # 17 minutes from Ohi-Matsuda to Ashigara
    17

    References
    ----------
    Yoshihara and Namerikawa, equations (1)-(3).
    """
    check_entries(highway, cars)
    check_minutes(highway, cars)
    checks.flag("approximate", approximate)
    _check_step(highway, approximate)
    stations, minutes, n = highway.station_nodes, highway.horizon_min, len(highway.names)
    to = checks.array("partner", partner, shape=cars.node.shape, low=-1, high=len(stations) - 1, whole=True)
    to_station = to.astype(np.int64)
    going = to_station >= 0
    behind = going & (stations[to_station] < cars.node)
    if behind.any():
        v = int(np.argmax(behind))
        raise InvalidInput(
            f"partner[{v}] = {to_station[v]}: that station lies behind node {cars.node[v]}, where it enters"
        )

    delay = highway.travel_steps
    reached = np.concatenate([[0], np.cumsum(delay)])
    entry = np.floor(cars.minute).astype(np.int64)
    entering, into = np.zeros((minutes, n)), np.zeros((minutes, len(stations)))
    np.add.at(entering, (entry, cars.node), 1.0)
    when = entry + reached[stations[to_station]] - reached[cars.node]
    inside = going & (when < minutes)
    np.add.at(into, (when[inside], to_station[inside]), 1.0)

    outflow = throughput_approximation if approximate else throughput
    arriving, leaving = np.zeros((minutes, n)), np.zeros((minutes, n))
    out, number = np.zeros_like(into), np.zeros((minutes + 1, len(stations)))
    for k in range(minutes):
        out[k] = outflow(highway.chargers, highway.service_rate, number[k]) / highway.interval_min
        number[k + 1] = np.maximum(number[k] + into[k] - out[k], 0.0)  # below 0 by rounding only, see _check_step
        arriving[k] = entering[k]
        for i in range(1, n):
            if k >= delay[i - 1]:
                arriving[k, i] += leaving[k - delay[i - 1], i - 1]
        leaving[k] = arriving[k]
        leaving[k, stations] += out[k] - into[k]
    certificates = proofs.flow_certificates(delay, stations, entering, arriving, leaving, into, out, number)
    residual = max(c.value for c in certificates)
    return Flow(entering, arriving, leaving, into, out, number, True, minutes, residual, certificates)


def _check_step(highway: Highway, approximate: bool) -> None:
    """Refuse a time step that lets out more cars than are there.

    For few cars the exact outflow is mu x and the approximation c mu x: the share that leaves in one
    step must not exceed 1.
    """
    fastest = highway.service_rate * (int(highway.chargers.max()) if approximate else 1)
    if fastest > highway.interval_min:
        raise InvalidInput(
            f"highway has service_rate = {highway.service_rate:g} in interval_min = {highway.interval_min}: in one "
            f"minute {fastest / highway.interval_min:g} times the cars present would leave, must be at most 1"
        )
