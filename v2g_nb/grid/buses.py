"""The nine-bus network with two charging stations, and what the paper leaves open about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from v2g_nb import checks
from v2g_nb.data.power import load_case
from v2g_nb.errors import InvalidInput
from v2g_nb.power.ac_flow import PowerFlowResult, solve_power_flow
from v2g_nb.power.network import PowerNetwork

STATIONS = (5, 6)  # the paper's "buses 4 and 5" in one place: its figure and scenarios have 5 and 6
TEXTBOOK = (1.04, 1.025, 1.025)
FLAT = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Assumption:
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
    >>> Assumption("unity", (1.0, 1.0, 1.0), 1.0).reactive_share(5, nine_bus())
    0.0
    """

    name: str
    set_points: Sequence[float]
    power_factor: float | None

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.text("name", self.name)
        points = checks.array("set_points", self.set_points, shape=(3,), low=0.0, open_low=True)
        object.__setattr__(self, "set_points", tuple(points.tolist()))  # an array could be neither compared nor hashed
        if self.power_factor is not None:
            checks.real("power_factor", self.power_factor, low=0.0, high=1.0, open_low=True)

    def reactive_share(self, bus: int, network: PowerNetwork) -> float:
        """Return the vehicles' reactive power per active power at a bus.

        Parameters
        ----------
        bus : int
            Where they charge.
        network : PowerNetwork
            The network before they do.

        Returns
        -------
        float

        Raises
        ------
        InvalidInput
            If there is no such bus, or it has no demand of its own to take a power factor from.
        """
        checks.instance("network", network, PowerNetwork)
        place = network.place(bus)
        if self.power_factor is not None:
            return math.tan(math.acos(self.power_factor))
        if network.demand_mw[place] == 0.0:
            raise InvalidInput(f"bus = {bus}: has no demand, so no power factor of its own: must have some")
        return float(network.demand_mvar[place] / network.demand_mw[place])


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
def case_network(name: str) -> PowerNetwork:
    """Return a test case of :mod:`v2g_nb.data.power` as a network."""
    return PowerNetwork(**load_case(name))


def nine_bus(set_points: Sequence[float] = TEXTBOOK) -> PowerNetwork:
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
    >>> round(solve_power_flow(nine_bus()).voltage(5), 4)
    0.9956
    """
    points = checks.array("set_points", set_points, shape=(3,), low=0.0, open_low=True)
    return case_network("case9").with_set_points({k + 1: float(v) for k, v in enumerate(points)})


def with_stations(loads_mw: Sequence[float], assumption: Assumption = ASSUMPTIONS[-1]) -> PowerNetwork:
    """Return the nine-bus system with vehicles charging at buses 5 and 6.

    Parameters
    ----------
    loads_mw : sequence of float, length 2
        What they draw at the two stations [MW].
    assumption : Assumption
        Set-points and reactive power.

    Returns
    -------
    PowerNetwork

    Raises
    ------
    InvalidInput
        If loads are negative or `assumption` is no Assumption.

    Examples
    --------
    >>> round(solve_power_flow(with_stations([40, 35])).voltage(5), 4)
    0.9254
    """
    loads = checks.array("loads_mw", loads_mw, shape=(2,), low=0.0)
    checks.instance("assumption", assumption, Assumption)
    network = nine_bus(assumption.set_points)
    added = {
        bus: complex(load, load * assumption.reactive_share(bus, network))
        for bus, load in zip(STATIONS, loads, strict=True)
    }
    return network.with_demand(added)


def station_flow(loads_mw: Sequence[float], assumption: Assumption = ASSUMPTIONS[-1]) -> PowerFlowResult:
    """Return the power flow with vehicles charging at buses 5 and 6; arguments as in :func:`with_stations`.

    Parameters
    ----------
    loads_mw : sequence of float, length 2
        What they draw at the two stations [MW].
    assumption : Assumption
        Set-points and reactive power.

    Returns
    -------
    PowerFlowResult

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
