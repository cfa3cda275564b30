"""Cars on the road and in the stations, minute by minute, none lost and none made."""

from dataclasses import replace
from typing import Annotated

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import Array, IntArray
from v2g_nb.errors import InvalidInput
from v2g_nb.highway.certificates import flow_balance
from v2g_nb.highway.instance import MAX_NODE, Cars, Flow, Highway, check_entries
from v2g_nb.queueing.mmc import throughput, throughput_approximation

Partner = Annotated[IntArray, Array("cars.node.size", low=-1, high=MAX_NODE, index=True)]


def solve_flow(highway: Highway, cars: Cars, partner: Partner, *, approximate: bool = False) -> Flow:
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
    >>> flow = solve_flow(tomei(), Cars([0], [0.0], [40.0], [0.5]), [0])
    >>> int(flow.into[:, 0].argmax())  # 17 minutes from Ohi-Matsuda to Ashigara
    17

    References
    ----------
    Yoshihara and Namerikawa, equations (1)-(3).
    """
    check_entries(highway, cars, highway.horizon_min)
    # For few cars the exact outflow is mu x and the approximation c mu x: no more may leave in a step than are there.
    fastest = highway.service_rate * (int(highway.chargers.max()) if approximate else 1)
    if fastest > highway.interval_min:
        raise InvalidInput(
            f"highway has service_rate = {highway.service_rate:g} in interval_min = {highway.interval_min}: in one "
            f"minute {fastest / highway.interval_min:g} times the cars present would leave, must be at most 1"
        )
    stations, minutes, n = highway.station_nodes, highway.horizon_min, len(highway.names)
    checks.array("partner", partner, high=len(stations) - 1)
    going = partner >= 0
    behind = going & (stations[partner] < cars.node)
    if behind.any():
        v = int(np.argmax(behind))
        raise InvalidInput(
            f"partner[{v}] = {partner[v]}: that station lies behind node {cars.node[v]}, where it enters"
        )

    delay = highway.travel_steps
    reached = np.concatenate([[0], np.cumsum(delay)])
    entry = np.floor(cars.minute).astype(np.int64)
    entering, into = np.zeros((minutes, n)), np.zeros((minutes, len(stations)))
    np.add.at(entering, (entry, cars.node), 1.0)
    when = entry + reached[stations[partner]] - reached[cars.node]
    inside = going & (when < minutes)
    np.add.at(into, (when[inside], partner[inside]), 1.0)

    outflow = throughput_approximation if approximate else throughput
    arriving, leaving = np.zeros((minutes, n)), np.zeros((minutes, n))
    out, number = np.zeros_like(into), np.zeros((minutes + 1, len(stations)))
    for k in range(minutes):
        out[k] = outflow(highway.chargers, highway.service_rate, number[k]) / highway.interval_min
        number[k + 1] = np.maximum(
            number[k] + into[k] - out[k], 0.0
        )  # below 0 by rounding only, as `fastest` is small enough
        arriving[k] = entering[k]
        for i in range(1, n):
            if k >= delay[i - 1]:
                arriving[k, i] += leaving[k - delay[i - 1], i - 1]
        leaving[k] = arriving[k]
        leaving[k, stations] += out[k] - into[k]
    flow = Flow(entering, arriving, leaving, into, out, number)
    return replace(flow, certificates=flow_balance(highway, flow))


def check_flow(highway: Highway, flow: Flow) -> Flow:
    """Return any flow with the certificates of :func:`solve_flow`.

    Parameters
    ----------
    highway : Highway
        The road.
    flow : Flow
        Flows of every minute of its horizon; what certificates they carry does not count.

    Returns
    -------
    Flow
        The same, with the residuals of equations (1)-(3), the balance of all cars in every minute, and
        the largest negative flow.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind, or the flow's arrays are not of the road's shape.

    Examples
    --------
    >>> flow = solve_flow(tomei(), Cars([0], [0.0], [40.0], [0.5]), [0])
    >>> all(c.holds for c in check_flow(tomei(), flow).certificates)
    True
    """
    minutes, n, m = highway.horizon_min, len(highway.names), len(highway.chargers)
    shapes = [(minutes, n)] * 3 + [(minutes, m)] * 2 + [(minutes + 1, m)]
    blocks = (flow.entering, flow.arriving, flow.leaving, flow.into, flow.out, flow.number)
    if [block.shape for block in blocks] != shapes:
        raise checks.invalid("flow", flow, f"of {minutes} minutes, {n} nodes and {m} stations")
    return replace(flow, certificates=flow_balance(highway, flow))
