"""The operator moves first: backward induction over three levels by enumeration of switching points.

The smallest instrument that mends the network is a switching point of :mod:`v2g_nb.grid.response`,
or lies where the network's margin crosses zero between two of them.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from v2g_nb import checks
from v2g_nb.errors import Infeasible
from v2g_nb.grid.certificates.levels import (
    backward_induction_certificates,
    limit_certificates,
    smaller_fail_certificate,
)
from v2g_nb.grid.response import OperatorProblem, Outcome, largest_instrument, outcome, switching_points
from v2g_nb.methods.certificates import Certificate

__all__ = ["OperatorSolution", "feasible_intervals", "solve_operator"]


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
    return [(low, high) for low, high in pairwise(ends) if high > low]


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
