"""What follows from the operator's instrument: blind prices, the vehicles' choices, the network.

The lowest level has a closed form (each type's station and amount), the second as well (blind
prices). Between two switching points, at which a type changes station, both stations' loads are
linear in the instrument.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.grid.buses import ASSUMPTIONS, Assumption, nine_bus, with_stations
from v2g_nb.grid.charging import blind_price, choose, consumption, value_of_energy
from v2g_nb.grid.market import ChargingMarket
from v2g_nb.power.ac_flow import PowerFlowResult, solve_power_flow

FloatArray = NDArray[np.float64]
INSTRUMENTS = ("incentive", "surcharge")


@dataclass(frozen=True)
class OperatorProblem:
    """What the operator knows: the market below it, the network, its limits and its instrument.

    Parameters
    ----------
    market : ChargingMarket
        Vehicles at two stations whose blind prices follow.
    mw_per_unit : float
        Load of one unit of energy [MW].
    minimum_voltage, maximum_voltage : float
        Limits at every bus [pu].
    maximum_loading : float
        Limit on every branch's current over its rating; infinite where currents do not bind.
    instrument : {"incentive", "surcharge"}
        Money per unit paid to the second station, or taken from the first.
    assumption : Assumption
        Set-points and reactive power.
    ties : {0, 1}
        Station that an indifferent type takes. With 1 the smallest instrument is attained; with 0
        it is only approached.
    ratings : dict of (int, int) to float
        Ratings of branches that differ from the case's [MVA], as on a hot day.

    Raises
    ------
    InvalidInput
        If a field is out of range, or the minimum voltage is not below the maximum.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> OperatorProblem(repaired_market()).minimum_voltage
    0.93

    References
    ----------
    Equations (11) and (12) of the paper, with the sign of the incentive corrected.
    """

    market: ChargingMarket
    mw_per_unit: float = 10.0
    minimum_voltage: float = 0.93
    maximum_voltage: float = 1.06
    maximum_loading: float = math.inf
    instrument: str = "incentive"
    assumption: Assumption = field(default_factory=lambda: ASSUMPTIONS[-1])
    ties: int = 1
    ratings: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.instance("market", self.market, ChargingMarket)
        checks.real("mw_per_unit", self.mw_per_unit, low=0.0, open_low=True)
        checks.real("minimum_voltage", self.minimum_voltage, low=0.0)
        checks.real("maximum_voltage", self.maximum_voltage, low=self.minimum_voltage, open_low=True)
        checks.real("maximum_loading", self.maximum_loading, low=0.0, open_low=True, infinite=True)
        checks.choice("instrument", self.instrument, INSTRUMENTS)
        checks.instance("assumption", self.assumption, Assumption)
        checks.integer("ties", self.ties, low=0, high=1)
        nine_bus().with_ratings(self.ratings)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What follows from one value of the operator's instrument.

    Parameters
    ----------
    level : float
        The instrument: money per unit.
    prices : numpy.ndarray, shape (2,)
        Blind prices.
    station : numpy.ndarray of int, shape (types,)
        Where each type charges.
    bought : numpy.ndarray, shape (types,)
        How much each type buys.
    loads_mw : numpy.ndarray, shape (2,)
        Load of the two stations [MW].
    flow : PowerFlowResult
        The network under these loads.
    cost : float
        What the operator pays; negative where a surcharge earns.
    welfare : float
        Value of all energy to its users; payments cancel.
    margin : float
        Distance to the nearest limit, in per unit of voltage or of rating; negative if violated.
    binding : str
        Which limit is nearest, in words.
    certificates : tuple of Certificate
        Those of the power flow.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> outcome(OperatorProblem(repaired_market()), 0.0).binding
    'voltage at bus 5'
    """

    level: float
    prices: FloatArray
    station: NDArray[np.intp]
    bought: FloatArray
    loads_mw: FloatArray
    flow: PowerFlowResult
    cost: float
    welfare: float
    margin: float
    binding: str
    certificates: tuple[Certificate, ...]


def outcome(problem: OperatorProblem, level: float, *, ties: int | None = None) -> Outcome:
    """Return how stations, vehicles and the network answer an instrument: two levels, then physics.

    Parameters
    ----------
    problem : OperatorProblem
        The problem.
    level : float
        The instrument, at least 0.
    ties : {0, 1}, optional
        Station that an indifferent type takes, instead of the problem's.

    Returns
    -------
    Outcome

    Raises
    ------
    InvalidInput
        If `level` is negative, or a surcharge so large that a type would buy nothing.
    NotConverged
        If the network cannot carry the loads.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> outcome(OperatorProblem(repaired_market()), 1.5).loads_mw.tolist()
    [32.5, 22.5]
    """
    checks.instance("problem", problem, OperatorProblem)
    s = checks.real("level", level, low=0.0)
    rule = problem.ties if ties is None else checks.integer("ties", ties, low=0, high=1)
    market, pays = problem.market, problem.instrument == "incentive"
    prices = np.array(
        [blind_price(market, 0, incentive=0.0 if pays else -s), blind_price(market, 1, incentive=s if pays else 0.0)]
    )
    at = choose(market, prices, ties=rule)
    bought = consumption(market, prices)[np.arange(len(at)), at]
    units = np.array([float((bought * market.weight)[at == j].sum()) for j in (0, 1)])
    loads: FloatArray = units * problem.mw_per_unit
    network = with_stations(loads.tolist(), problem.assumption).with_ratings(problem.ratings)
    flow = solve_power_flow(network)
    margin, binding = _margin(problem, flow)
    cost = s * units[1] if pays else -s * units[0]
    welfare = value_of_energy(market, prices, ties=rule)
    return Outcome(s, prices, at, bought, loads, flow, float(cost), welfare, margin, binding, flow.certificates)


def _margin(problem: OperatorProblem, flow: PowerFlowResult) -> tuple[float, str]:
    low, high = int(np.argmin(flow.magnitude_pu)), int(np.argmax(flow.magnitude_pu))
    network, busy = flow.network, int(np.argmax(flow.loading))
    sides = [
        (float(flow.magnitude_pu[low]) - problem.minimum_voltage, f"voltage at bus {network.bus[low]}"),
        (problem.maximum_voltage - float(flow.magnitude_pu[high]), f"voltage at bus {network.bus[high]}"),
    ]
    if math.isfinite(problem.maximum_loading):
        line = f"current of line {network.from_bus[busy]}-{network.to_bus[busy]}"
        sides.append((problem.maximum_loading - float(flow.loading[busy]), line))
    return min(sides)


def largest_instrument(problem: OperatorProblem) -> float:
    """Return the largest instrument for which the blind prices' closed form holds.

    Beyond it an incentive would push the second price below 0, or a surcharge a type out of the market.

    Parameters
    ----------
    problem : OperatorProblem
        The problem.

    Returns
    -------
    float

    Raises
    ------
    InvalidInput
        If `problem` is no OperatorProblem.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> largest_instrument(OperatorProblem(repaired_market()))
    8.5
    """
    checks.instance("problem", problem, OperatorProblem)
    market = problem.market
    if problem.instrument == "incentive":
        return 2.0 * blind_price(market, 1)
    return 2.0 * (float(market.intercept[:, 0].min()) - blind_price(market, 0))


def switching_points(problem: OperatorProblem) -> list[float]:
    """Return the instruments at which a type changes station, in rising order.

    Both instruments widen the price difference by half of themselves, so type i changes at
    2 (d_i - p_1 + p_2), with d_i its taste and p the prices without the operator.

    Parameters
    ----------
    problem : OperatorProblem
        The problem.

    Returns
    -------
    list of float
        Those within (0, the largest instrument].

    Raises
    ------
    InvalidInput
        If `problem` is no OperatorProblem.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> switching_points(OperatorProblem(repaired_market()))
    [1.5, 3.5]
    """
    checks.instance("problem", problem, OperatorProblem)
    gap = blind_price(problem.market, 0) - blind_price(problem.market, 1)
    points = 2.0 * (np.unique(problem.market.tastes) - gap)
    return [float(p) for p in points if 0.0 < p <= largest_instrument(problem)]
