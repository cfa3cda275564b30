"""The operator moves first: backward induction over three levels by enumeration of switching points.

The lowest level has a closed form (each type's station and amount), the second as well (blind
prices). Between two switching points, at which a type changes station, both stations' loads are
linear in the operator's instrument; so the smallest instrument that mends the network is a switching
point, or lies where the network's margin crosses zero inside a segment.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from v2g_nb import checks
from v2g_nb.errors import Infeasible
from v2g_nb.grid.certificates import (
    backward_induction_certificates,
    limit_certificates,
    smaller_fail_certificate,
)
from v2g_nb.grid.market import ChargingMarket, blind_price, choose, consumption, value_of_energy
from v2g_nb.grid.nine_bus import ASSUMPTIONS, Assumption, station_flow
from v2g_nb.methods.ac_power_flow import PowerFlow
from v2g_nb.methods.certificates import Certificate

__all__ = [
    "OperatorProblem",
    "OperatorSolution",
    "Outcome",
    "feasible_intervals",
    "largest_instrument",
    "outcome",
    "solve_operator",
    "switching_points",
]

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


@dataclass(frozen=True)
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
    flow : PowerFlow
        The network under these loads.
    cost : float
        What the operator pays; negative where a surcharge earns.
    welfare : float
        Value of all energy to its users; payments cancel.
    margin : float
        Distance to the nearest limit, in per unit of voltage or of rating; negative if violated.
    binding : str
        Which limit is nearest, in words.

    Raises
    ------
    InvalidInput
        If `level` or `margin` is no finite number.

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
    flow: PowerFlow
    cost: float
    welfare: float
    margin: float
    binding: str

    def __post_init__(self) -> None:
        """Check the numbers."""
        checks.real("level", self.level)
        checks.real("margin", self.margin)


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
    units = np.bincount(at, weights=bought * market.weight, minlength=2)
    flow = station_flow((units * problem.mw_per_unit).tolist(), problem.assumption)
    margin, binding = _margin(problem, flow)
    cost = s * units[1] if pays else -s * units[0]
    welfare = value_of_energy(market, prices, ties=rule)
    loads = units * problem.mw_per_unit
    return Outcome(s, prices, at, bought, loads, flow, float(cost), welfare, margin, binding)


def _margin(problem: OperatorProblem, flow: PowerFlow) -> tuple[float, str]:
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
        If `problem` is none.

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
        If `problem` is none.

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


@dataclass(frozen=True)
class OperatorSolution:
    """The operator's best instrument and everything below it.

    Parameters
    ----------
    best : Outcome
        What follows from the smallest instrument that meets all limits.
    attained : bool
        Whether the tie rule lets it be played; if not, only instruments just above it are feasible
        and `best` shows the limit.
    tried : tuple of Outcome
        Left ends of all segments up to the best, in rising order.
    converged, num_iter, residual
        Enumeration ends always; how many power flows it took; the violation left (0).
    certificates : tuple of Certificate
        Limits held, power flow, no gain at the lower levels, no smaller instrument that would do.
    """

    best: Outcome
    attained: bool
    tried: tuple[Outcome, ...]
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def _segments(problem: OperatorProblem) -> list[tuple[float, float]]:
    ends = [0.0, *switching_points(problem), largest_instrument(problem)]
    return [(low, high) for low, high in zip(ends, ends[1:], strict=False) if high > low]


def _crossing(problem: OperatorProblem, low: float, high: float) -> float:
    """Return where the margin changes sign between two instruments of one segment."""

    def margin(level: float) -> float:
        inner = 0 if level == high else 1  # at its end a segment's types have not changed yet
        return outcome(problem, level, ties=inner).margin

    return float(brentq(margin, low, high, xtol=1e-12, rtol=1e-14))


def solve_operator(problem: OperatorProblem) -> OperatorSolution:
    """Return the smallest instrument that keeps all limits.

    1. List the switching points, and with 0 and the largest instrument the segments between them.
    2. From the left, solve the lower levels and the power flow at the left end of each segment, all
       indifferent types moved. The first that keeps all limits is the answer.
    3. If the left end fails but the right end does not, the answer is the crossing inside.

    This finds the smallest instrument if on no segment the margin is positive only strictly inside;
    the last certificate tries 60 smaller instruments.

    Parameters
    ----------
    problem : OperatorProblem
        The problem.

    Returns
    -------
    OperatorSolution

    Raises
    ------
    InvalidInput
        If `problem` is none.
    Infeasible
        If no instrument keeps all limits; the message names the limit and the best that can be had.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> found = solve_operator(OperatorProblem(repaired_market()))
    >>> found.best.level, round(found.best.flow.voltage(5), 4)
    (1.5, 0.9331)

    References
    ----------
    Table 1 and Fig. 4 of the paper (backward induction).
    """
    tried: list[Outcome] = []
    ends: list[Outcome] = []
    flows = 0
    for low, high in _segments(problem):
        tried.append(outcome(problem, low, ties=1))
        flows += 1
        if tried[-1].margin >= 0.0:
            return _solution(problem, tried, low, flows)
        ends.append(outcome(problem, high, ties=0))
        flows += 1
        if ends[-1].margin >= 0.0:
            level = _crossing(problem, low, high)
            tried.append(outcome(problem, level, ties=1))
            return _solution(problem, tried, level, flows)
    nearest = max([*tried, *ends], key=lambda made: made.margin)
    raise Infeasible(_no_instrument(problem, nearest))


def _no_instrument(problem: OperatorProblem, nearest: Outcome) -> str:
    reached = f"the {problem.instrument} that comes closest, {nearest.level:.4g}, leaves the {nearest.binding} at "
    if "line" in nearest.binding:
        value = f"{problem.maximum_loading - nearest.margin:.4f} of its rating"
        return f"maximum_loading = {problem.maximum_loading:g}: cannot be kept; {reached}{value}"
    worst = problem.minimum_voltage + nearest.margin
    if worst in nearest.flow.magnitude_pu or abs(worst - nearest.flow.magnitude_pu.min()) < 1e-9:
        return f"minimum_voltage = {problem.minimum_voltage:g}: cannot be kept; {reached}{worst:.4f} pu"
    value = f"{problem.maximum_voltage - nearest.margin:.4f} pu"
    return f"maximum_voltage = {problem.maximum_voltage:g}: cannot be kept; {reached}{value}"


def _solution(problem: OperatorProblem, tried: list[Outcome], level: float, flows: int) -> OperatorSolution:
    best = tried[-1]
    attained = problem.ties == 1 or outcome(problem, level, ties=0).margin >= 0.0
    violation = max(0.0, -best.margin)
    pays = problem.instrument == "incentive"
    lower = backward_induction_certificates(
        problem.market,
        best.prices.tolist(),
        best.station.tolist(),
        best.bought.tolist(),
        level if pays else 0.0,
        0.0 if pays else level,
    )
    limits = (problem.minimum_voltage, problem.maximum_voltage, problem.maximum_loading)
    below = [outcome(problem, float(s)).flow for s in np.linspace(0.0, level, 61)[:-1]] if level else []
    below += [o.flow for o in tried[:-1]]
    witnesses = [(flow.magnitude_pu.tolist(), flow.loading.tolist()) for flow in below]
    certificates = (
        *limit_certificates(best.flow.magnitude_pu.tolist(), best.flow.loading.tolist(), limits),
        *best.flow.certificates,
        *lower,
        smaller_fail_certificate(witnesses, limits),
    )
    return OperatorSolution(best, attained, tuple(tried), True, flows, violation, certificates)


def feasible_intervals(problem: OperatorProblem) -> list[tuple[float, float]]:
    """Return all instruments that keep all limits, as closed intervals.

    Parameters
    ----------
    problem : OperatorProblem
        The problem; on each segment between switching points the margin changes sign at most once.

    Returns
    -------
    list of (low, high)
        Empty where none does. Touching intervals are joined.

    Raises
    ------
    InvalidInput
        If `problem` is none.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> [[round(end, 2) for end in interval] for interval in feasible_intervals(OperatorProblem(repaired_market()))]
    [[1.5, 4.3]]
    """
    checks.instance("problem", problem, OperatorProblem)
    found: list[tuple[float, float]] = []
    for low, high in _segments(problem):
        left, right = outcome(problem, low, ties=1).margin >= 0.0, outcome(problem, high, ties=0).margin >= 0.0
        if not left and not right:
            continue
        ends = (low, high)
        if left != right:
            crossing = _crossing(problem, low, high)
            ends = (low, crossing) if left else (crossing, high)
        if found and found[-1][1] == ends[0]:
            ends = (found.pop()[0], ends[1])
        found.append(ends)
    return found
