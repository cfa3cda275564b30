"""The operator moves first: its instrument, what follows from it, and the smallest that keeps all limits.

The lowest level has a closed form (each type's station and amount), the second as well (blind prices). Between
two switching points, at which a type changes station, both stations' loads are linear in the instrument. The
smallest instrument that mends the network is a switching point, or lies where the network's margin crosses zero
between two of them: backward induction over three levels by enumeration.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray, Number
from v2g_nb.errors import Infeasible, NotConverged
from v2g_nb.grid.buses import ASSUMPTIONS, Assumption, Positive, nine_bus, with_stations
from v2g_nb.grid.certificates.levels import (
    backward_induction_certificates,
    limit_certificates,
    smaller_fail_certificate,
)
from v2g_nb.grid.market import ChargingMarket, Station, blind_price, choices
from v2g_nb.power.ac_flow import PowerFlowResult, solve_power_flow

HALVINGS = 50  # of a segment, to where its margin crosses zero: about as fine as floats are
SMALLER = 60  # instruments below the answer that the last certificate tries
AtLeast0 = Annotated[float, Number(low=0.0)]


@dataclass(frozen=True, eq=False)
class OperatorProblem(Model):
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

    Attributes
    ----------
    switching_points : list of float
        The instruments at which a type changes station, in rising order, up to the largest instrument.
    largest_instrument : float
        The largest instrument for which the blind prices' closed form holds.

    Raises
    ------
    InvalidInput
        If a field is out of range, or the minimum voltage is not below the maximum.

    Examples
    --------
    >>> problem = OperatorProblem(paper_market(repaired=True))
    >>> problem.switching_points, problem.largest_instrument
    ([1.5, 3.5], 8.5)

    References
    ----------
    Equations (11) and (12) of the paper, with the sign of the incentive corrected.
    """

    market: ChargingMarket
    mw_per_unit: Positive = 10.0
    minimum_voltage: AtLeast0 = 0.93
    maximum_voltage: AtLeast0 = 1.06
    maximum_loading: Annotated[float, Number(low=0.0, open_low=True, infinite=True)] = math.inf
    instrument: Literal["incentive", "surcharge"] = "incentive"
    assumption: Assumption = ASSUMPTIONS[-1]
    ties: Station = 1
    ratings: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def _relations(self) -> None:
        checks.real("maximum_voltage", self.maximum_voltage, low=self.minimum_voltage, open_low=True)
        nine_bus().with_ratings(self.ratings)

    @property
    def largest_instrument(self) -> float:
        """Beyond it an incentive would push the second price below 0, or a surcharge a type out of the market."""
        if self.instrument == "incentive":
            return 2.0 * blind_price(self.market, 1)
        return 2.0 * (float(self.market.intercept[:, 0].min()) - blind_price(self.market, 0))

    @property
    def switching_points(self) -> list[float]:
        """Both instruments widen the price difference by half of themselves, so type i changes at 2 (d_i - p_1 + p_2).

        d_i is its taste and p the prices without the operator.
        """
        gap = blind_price(self.market, 0) - blind_price(self.market, 1)
        points = 2.0 * (np.unique(self.market.tastes) - gap)
        return [float(p) for p in points if 0.0 < p <= self.largest_instrument]


@dataclass(frozen=True, eq=False)
class GridResponse(Result):
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
    >>> respond(OperatorProblem(paper_market(repaired=True)), 0.0).binding
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


def respond(problem: OperatorProblem, level: AtLeast0, *, ties: Station | None = None) -> GridResponse:
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
    GridResponse

    Raises
    ------
    InvalidInput
        If `level` is negative, or a surcharge so large that a type would buy nothing.
    NotConverged
        If the network cannot carry the loads.

    Examples
    --------
    >>> respond(OperatorProblem(paper_market(repaired=True)), 1.5).loads_mw.tolist()
    [32.5, 22.5]
    """
    market, pays = problem.market, problem.instrument == "incentive"
    first, second = (0.0, level) if pays else (-level, 0.0)
    prices = np.array([blind_price(market, 0, incentive=first), blind_price(market, 1, incentive=second)])
    made = choices(market, prices, ties=problem.ties if ties is None else ties)
    units = np.array([float((made.bought * market.weight)[made.station == j].sum()) for j in (0, 1)])
    loads = np.asarray(units * problem.mw_per_unit)
    flow = solve_power_flow(with_stations(loads, problem.assumption).with_ratings(problem.ratings))
    cost = float(level * units[1] if pays else -level * units[0])
    near = _margin(problem, flow)
    return GridResponse(
        level, prices, made.station, made.bought, loads, flow, cost, made.value, *near, flow.certificates
    )


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


@dataclass(frozen=True, eq=False)
class OperatorResult(Result):
    """The operator's best instrument and everything below it.

    Parameters
    ----------
    best : GridResponse
        What follows from the smallest instrument that meets all limits.
    attained : bool
        Whether the tie rule lets it be played; if not, only instruments just above it are feasible
        and `best` shows the limit.
    tried : tuple of GridResponse
        Left ends of the segments up to the best, in rising order, without those at which no power
        flow was found; the last is `best`, which may lie inside its segment.
    num_flows : int
        The power flows tried at ends of segments (not those of the search inside a segment and of the
        certificates).
    certificates : tuple of Certificate
        Limits held, power flow, no gain at the lower levels, no smaller instrument that would do.
    """

    best: GridResponse
    attained: bool
    tried: tuple[GridResponse, ...]
    num_flows: int
    certificates: tuple[Certificate, ...]


def _segments(problem: OperatorProblem) -> list[tuple[float, float]]:
    ends = [0.0, *problem.switching_points, problem.largest_instrument]
    return [(low, high) for low, high in pairwise(ends) if high > low]


def _reached(problem: OperatorProblem, level: float, ties: int | None = None) -> GridResponse | None:
    """Return what follows from an instrument, or None where no power flow carries the loads."""
    try:
        return respond(problem, level, ties=ties)
    except NotConverged:
        return None


def _keeps(made: GridResponse | None) -> TypeGuard[GridResponse]:
    """Return whether all limits are kept; a network that cannot carry the loads keeps none."""
    return made is not None and made.margin >= 0.0


def _crossing(problem: OperatorProblem, good: GridResponse, bad: float) -> GridResponse:
    """Return the last response that keeps all limits between one that does and an instrument that does not.

    Both lie in one segment. By halving, since a network that cannot carry the loads has no margin
    from which to interpolate.
    """
    for _ in range(HALVINGS):
        level = (good.level + bad) / 2.0
        middle = _reached(problem, level, ties=1)  # a type that moves at the segment's left end has moved
        good, bad = (middle, bad) if _keeps(middle) else (good, level)
    return good


def solve_operator(problem: OperatorProblem) -> OperatorResult:
    """Return the smallest instrument that keeps all limits.

    1. List the switching points, and with 0 and the largest instrument the segments between them.
    2. From the left, solve the lower levels and the power flow at the left end of each segment, all
       indifferent types moved. The first that keeps all limits is the answer.
    3. If the left end fails but the right end does not, the answer is the crossing inside.

    An instrument at which no power flow is found keeps no limit. This finds the smallest instrument
    if on no segment the margin is positive only strictly inside; the last certificate tries 60
    smaller instruments.

    Parameters
    ----------
    problem : OperatorProblem
        The problem.

    Returns
    -------
    OperatorResult

    Raises
    ------
    InvalidInput
        If `problem` is no OperatorProblem.
    Infeasible
        If no instrument keeps all limits; the message names the limit and the best that can be had.
    NotConverged
        If no power flow is found at any end of a segment.

    Examples
    --------
    >>> found = solve_operator(OperatorProblem(paper_market(repaired=True)))
    >>> found.best.level, round(found.best.flow.voltage(5), 4)
    (1.5, 0.9331)

    References
    ----------
    Table 1 and Fig. 4 of the paper (backward induction).
    """
    tried: list[GridResponse] = []
    ends: list[GridResponse] = []
    flows = 0
    for low, high in _segments(problem):
        left = _reached(problem, low, ties=1)
        tried += [left] if left else []
        flows += 1
        if _keeps(left):
            return _result(problem, tried, flows)
        right = _reached(problem, high, ties=0)  # at its end a segment's types have not changed yet
        ends += [right] if right else []
        flows += 1
        if _keeps(right):
            return _result(problem, [*tried, _crossing(problem, right, low)], flows)
    if not tried + ends:
        raise NotConverged(
            f"mw_per_unit = {problem.mw_per_unit:g}: no power flow was found at any end of a segment, "
            "must be so small that the network can carry the loads there"
        )
    nearest = max(tried + ends, key=lambda made: made.margin)
    raise Infeasible(_no_instrument(problem, nearest))


def _no_instrument(problem: OperatorProblem, nearest: GridResponse) -> str:
    reached = f"the {problem.instrument} that comes closest, {nearest.level:.4g}, leaves the {nearest.binding} at "
    low, high = float(nearest.flow.magnitude_pu.min()), float(nearest.flow.magnitude_pu.max())
    if "line" in nearest.binding:
        name, value, unit = "maximum_loading", float(nearest.flow.loading.max()), "of its rating"
    elif low - problem.minimum_voltage <= problem.maximum_voltage - high:
        name, value, unit = "minimum_voltage", low, "pu"
    else:
        name, value, unit = "maximum_voltage", high, "pu"
    limit = float(getattr(problem, name))
    return f"{name} = {limit!r}: cannot be kept; {reached}{_apart(value, limit)} {unit}"


def _apart(value: float, limit: float) -> str:
    """Return a value with four decimals, or with as many as it takes to see on which side of the limit it is."""
    for places in range(4, 17):
        words = f"{value:.{places}f}"
        if (float(words) > limit) == (value > limit) and float(words) != limit:
            break
    return words


def _result(problem: OperatorProblem, tried: list[GridResponse], flows: int) -> OperatorResult:
    best, level = tried[-1], tried[-1].level
    incentive, surcharge = (level, 0.0) if problem.instrument == "incentive" else (0.0, level)
    below = np.linspace(0.0, level, SMALLER + 1)[:-1].tolist() if level else []
    smaller = [*(_reached(problem, s) for s in below), *tried[:-1]]
    certificates = (
        *limit_certificates(problem, best.flow),
        *best.flow.certificates,
        *backward_induction_certificates(problem.market, best, incentive=incentive, surcharge=surcharge),
        smaller_fail_certificate(problem, [made.flow if made else None for made in smaller]),
    )
    return OperatorResult(best, _keeps(_reached(problem, level)), tuple(tried), flows, certificates)


def feasible_intervals(problem: OperatorProblem) -> list[tuple[float, float]]:
    """Return all instruments that keep all limits, as closed intervals.

    Parameters
    ----------
    problem : OperatorProblem
        The problem; on each segment between switching points the margin changes sign at most once.

    Returns
    -------
    list of (low, high)
        Empty where none does, as where no power flow is found. Touching intervals are joined.

    Raises
    ------
    InvalidInput
        If `problem` is no OperatorProblem.

    Examples
    --------
    >>> problem = OperatorProblem(paper_market(repaired=True))
    >>> [[round(end, 2) for end in interval] for interval in feasible_intervals(problem)]
    [[1.5, 4.3]]
    """
    found: list[tuple[float, float]] = []
    for low, high in _segments(problem):
        left, right = _reached(problem, low, ties=1), _reached(problem, high, ties=0)
        if _keeps(left):
            ends = (low, high if _keeps(right) else _crossing(problem, left, high).level)
        elif _keeps(right):
            ends = (_crossing(problem, right, low).level, high)
        else:
            continue
        if found and found[-1][1] == ends[0]:
            ends = (found.pop()[0], ends[1])
        found.append(ends)
    return found
