"""The operator moves first: backward induction over three levels by enumeration of switching points.

The smallest instrument that mends the network is a switching point of :mod:`v2g_nb.grid.response`,
or lies where the network's margin crosses zero between two of them.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import Infeasible, NotConverged
from v2g_nb.grid.certificates.levels import (
    backward_induction_certificates,
    limit_certificates,
    smaller_fail_certificate,
)
from v2g_nb.grid.response import OperatorProblem, Outcome, largest_instrument, outcome, switching_points

HALVINGS = 50  # of a segment, to where its margin crosses zero: about as fine as floats are


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
        Left ends of the segments up to the best, in rising order, without those at which no power
        flow was found; the last is `best`, which may lie inside its segment.
    converged, num_iter, residual
        Enumeration always ends; the power flows tried at ends of segments (not those of the search
        inside a segment and of the certificates); the violation left (0).
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


def _reached(problem: OperatorProblem, level: float, ties: int | None = None) -> Outcome | None:
    """Return what follows from an instrument, or None where no power flow carries the loads."""
    try:
        return outcome(problem, level, ties=ties)
    except NotConverged:
        return None


def _keeps(made: Outcome | None) -> TypeGuard[Outcome]:
    """Return whether all limits are kept; a network that cannot carry the loads keeps none."""
    return made is not None and made.margin >= 0.0


def _border(problem: OperatorProblem, good: Outcome, bad: float) -> Outcome:
    """Return the last outcome that keeps all limits between one that does and an instrument that does not.

    Both lie in one segment. By halving, since a network that cannot carry the loads has no margin
    from which to interpolate.
    """
    for _ in range(HALVINGS):
        level = (good.level + bad) / 2.0
        middle = _reached(problem, level, ties=1)  # a type that moves at the segment's left end has moved
        if _keeps(middle):
            good = middle
        else:
            bad = level
    return good


def solve_operator(problem: OperatorProblem) -> OperatorSolution:
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
    OperatorSolution

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
        left = _reached(problem, low, ties=1)
        tried += [left] if left else []
        flows += 1
        if _keeps(left):
            return _solution(problem, tried, flows)
        right = _reached(problem, high, ties=0)  # at its end a segment's types have not changed yet
        ends += [right] if right else []
        flows += 1
        if _keeps(right):
            return _solution(problem, [*tried, _border(problem, right, low)], flows)
    if not tried + ends:
        raise NotConverged(
            f"mw_per_unit = {problem.mw_per_unit:g}: no power flow was found at any end of a segment, "
            "must be so small that the network can carry the loads there"
        )
    nearest = max(tried + ends, key=lambda made: made.margin)
    raise Infeasible(_no_instrument(problem, nearest))


def _no_instrument(problem: OperatorProblem, nearest: Outcome) -> str:
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


def _solution(problem: OperatorProblem, tried: list[Outcome], flows: int) -> OperatorSolution:
    best, level = tried[-1], tried[-1].level
    attained = _keeps(_reached(problem, level))
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
    below = [_reached(problem, float(s)) for s in np.linspace(0.0, level, 61)[:-1]] if level else []
    witnesses = [_witness(made) for made in [*below, *tried[:-1]]]
    certificates = (
        *limit_certificates(best.flow.magnitude_pu.tolist(), best.flow.loading.tolist(), limits),
        *best.flow.certificates,
        *lower,
        smaller_fail_certificate(witnesses, limits),
    )
    return OperatorSolution(best, attained, tuple(tried), True, flows, violation, certificates)


def _witness(made: Outcome | None) -> tuple[list[float], list[float]]:
    """Return voltages and loadings for a certificate; NaN where the network cannot carry the loads."""
    return (made.flow.magnitude_pu.tolist(), made.flow.loading.tolist()) if made else ([math.nan], [math.nan])


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
    >>> from v2g_nb.grid.market import repaired_market
    >>> [[round(end, 2) for end in interval] for interval in feasible_intervals(OperatorProblem(repaired_market()))]
    [[1.5, 4.3]]
    """
    checks.instance("problem", problem, OperatorProblem)
    found: list[tuple[float, float]] = []
    for low, high in _segments(problem):
        left, right = _reached(problem, low, ties=1), _reached(problem, high, ties=0)
        if _keeps(left):
            ends = (low, high if _keeps(right) else _border(problem, left, high).level)
        elif _keeps(right):
            ends = (_border(problem, right, low).level, high)
        else:
            continue
        if found and found[-1][1] == ends[0]:
            ends = (found.pop()[0], ends[1])
        found.append(ends)
    return found
