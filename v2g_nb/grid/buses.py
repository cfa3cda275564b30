"""The nine-bus network with two charging stations, and what the paper leaves open about it."""

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any

from v2g_nb.arguments import Model
from v2g_nb.checks import Array, FloatArray, Number
from v2g_nb.data.power import load_case
from v2g_nb.power.ac_flow import PowerFlowResult, solve_power_flow
from v2g_nb.power.network import PowerNetwork

Positive = Annotated[float, Number(low=0.0, open_low=True)]
SetPoints = tuple[Positive, Positive, Positive]
STATIONS = (5, 6)  # the paper's "buses 4 and 5" in one place: its figure and scenarios have 5 and 6
TEXTBOOK = (1.04, 1.025, 1.025)
FLAT = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Assumption(Model):
    """What the paper does not say: generator voltages, and the reactive power of the vehicles.

    Parameters
    ----------
    name : str
        In words.
    set_points : sequence of float, length 3
        Voltages of the three generators [pu].
    power_factor : float or None
        Of the vehicles' load, lagging, in (0, 1]; None where each bus keeps the power factor of its
        own demand.

    Raises
    ------
    InvalidInput
        If a set-point is not positive or the power factor out of range.

    Examples
    --------
    >>> Assumption("unity", [1, 1, 1], 1.0).set_points
    (1.0, 1.0, 1.0)
    """

    name: str
    set_points: SetPoints
    power_factor: Annotated[float, Number(low=0.0, high=1.0, open_low=True)] | None


ASSUMPTIONS = (
    Assumption("textbook set-points, vehicles draw no reactive power", TEXTBOOK, 1.0),
    Assumption("textbook set-points, power factor of each bus kept", TEXTBOOK, None),
    Assumption("textbook set-points, power factor 0.90", TEXTBOOK, 0.9),
    Assumption("set-points 1.0, vehicles draw no reactive power", FLAT, 1.0),
    Assumption("set-points 1.0, power factor of each bus kept", FLAT, None),
    Assumption("set-points 1.0, power factor 0.95", FLAT, 0.95),
    Assumption("set-points 1.0, power factor 0.90", FLAT, 0.9),
)


@cache  # a network is frozen, arrays included, so that all may share it
def _case9() -> PowerNetwork:
    return PowerNetwork(**load_case("case9"))


def nine_bus(set_points: SetPoints = TEXTBOOK) -> PowerNetwork:
    """Return the nine-bus system of Anderson and Fouad.

    Parameters
    ----------
    set_points : sequence of float, length 3
        Voltages of the generators at buses 1, 2 and 3 [pu].

    Returns
    -------
    PowerNetwork

    Raises
    ------
    InvalidInput
        If there are not three positive set-points.

    Examples
    --------
    >>> nine_bus().demand_mw.tolist()
    [0.0, 0.0, 0.0, 0.0, 125.0, 90.0, 0.0, 100.0, 0.0]
    """
    network = _case9()
    return replace(network, set_point_pu=[*set_points, *network.set_point_pu[3:]])


def with_stations(loads_mw: FloatArray, assumption: Assumption) -> PowerNetwork:
    """Return the nine-bus system with vehicles charging at buses 5 and 6."""
    network, factor = nine_bus(assumption.set_points), assumption.power_factor
    added = {}
    for bus, load in zip(STATIONS, loads_mw, strict=True):
        place = network.place(bus)
        own = float(network.demand_mvar[place] / network.demand_mw[place])
        share = own if factor is None else math.tan(math.acos(factor))
        added[bus] = complex(load, load * share)
    return network.with_demand(added)


def station_flow(
    loads_mw: Annotated[Any, Array("2", low=0.0)], assumption: Assumption = ASSUMPTIONS[-1]
) -> PowerFlowResult:
    """Return the power flow of the nine-bus system with vehicles charging at buses 5 and 6.

    Parameters
    ----------
    loads_mw : sequence of float, length 2
        What they draw at the two stations [MW].
    assumption : Assumption
        Set-points and reactive power.

    Returns
    -------
    PowerFlowResult
        Its `network` is the one with the vehicles' demand.

    Raises
    ------
    InvalidInput
        If loads are negative or `assumption` is no Assumption.
    NotConverged
        If the network cannot carry the loads.

    Examples
    --------
    >>> round(station_flow([55, 0]).voltage(5), 4)
    0.9209
    """
    return solve_power_flow(with_stations(loads_mw, assumption))
