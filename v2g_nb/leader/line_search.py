"""The best of a function of one number that may have many local maxima and a constraint."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from v2g_nb import checks
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible

Point = Callable[[float], tuple[float, float]]  # value and room left at a number


@dataclass(frozen=True, eq=False)
class LineMaximum(Result):
    """The best point found on a line.

    Parameters
    ----------
    at, value : float
        The point and the function there.
    slack : float
        Room left in the constraint there.
    bound : str
        What holds the point: ``"low"``, ``"high"``, ``"constraint"``, or ``""`` for an interior maximum.
    points, values, slacks : numpy.ndarray
        All evaluations, in the order of the points.
    certificates : tuple of Certificate
        That a second grid, between the points of the first, finds nothing better.
    """

    at: float
    value: float
    slack: float
    bound: str
    points: FloatArray
    values: FloatArray
    slacks: FloatArray
    certificates: tuple[Certificate, ...]


def maximise_on_line(function: Point, low: float, high: float, points: int = 25, tol: float = 1e-7) -> LineMaximum:
    """Return the best point of an interval at which the constraint holds.

    ``function(x)`` returns the value and the room left in the constraint (negative: broken). A grid of
    `points` is evaluated (a maximum narrower than it can be missed); where the constraint changes sign
    between neighbours the crossing is found; around every local maximum among feasible points the search
    is refined to the width `tol` (rounding of the values limits a smooth maximum to about 1e-8 of the
    point's size); the best is taken, and a second grid looks for a better one. Raises InvalidInput if
    `function` returns NaN or not two numbers, Infeasible if the constraint holds nowhere on the grid.

    >>> found = maximise_on_line(lambda x: (np.sin(x), 10.0 - x), 0.0, 12.0)
    >>> round(found.value, 6), found.bound, found.certificates[0].holds
    (1.0, '', True)
    """
    seen: dict[float, tuple[float, float]] = {}

    def at(x: float) -> tuple[float, float]:
        if x not in seen:
            seen[x] = _evaluated(function, x)
        return seen[x]

    grid = np.linspace(low, high, points)
    crossings = _crossings(at, grid, tol)
    feasible = np.array(sorted({x for x in (*grid.tolist(), *crossings) if at(x)[1] >= 0.0}))
    if not len(feasible):
        raise Infeasible(f"function = {checks.shown(function)}: its constraint holds at none of {points} points")
    candidates = [*feasible.tolist(), *_peaks(at, feasible, tol), *_beside_ends(function, at, feasible, tol)]
    best = max(candidates, key=lambda x: at(x)[0] if at(x)[1] >= 0.0 else -np.inf)
    bound = "low" if best == low else "high" if best == high else "constraint" if best in crossings else ""
    second = [x for x in 0.5 * (grid[1:] + grid[:-1]) if at(x)[1] >= 0.0]
    missed = max((at(x)[0] for x in second), default=-np.inf) - at(best)[0]
    note = Certificate("better value on a second grid, relative", max(0.0, missed) / (1 + abs(at(best)[0])), 1e-9)
    xs = np.array(sorted(seen))
    ys = np.array([seen[x] for x in xs])
    return LineMaximum(best, *at(best), bound, xs, ys[:, 0], ys[:, 1], (note,))


def _evaluated(function: Point, x: float) -> tuple[float, float]:
    """Return value and room at `x`, or name what `function` returned instead."""
    answer = function(x)
    try:
        value, slack = map(float, answer)
    except (TypeError, ValueError):
        value = slack = math.nan
    if math.isnan(value) or math.isnan(slack):
        right = "two numbers: the value and the room left, neither NaN"
        raise checks.invalid(f"function({float(x)!r})", answer, right)
    return value, slack


def _crossings(at: Point, grid: FloatArray, tol: float) -> list[float]:
    """Return, for every change of the constraint's sign, the last point on the feasible side."""
    found = []
    for a, b in zip(grid[:-1].tolist(), grid[1:].tolist(), strict=True):
        if (at(a)[1] >= 0.0) == (at(b)[1] >= 0.0):
            continue
        inside, outside = (a, b) if at(a)[1] >= 0.0 else (b, a)
        root = float(brentq(lambda x: at(x)[1], a, b, xtol=0.1 * tol))
        step = tol
        while at(root)[1] < 0.0:  # the root may lie a rounding error beyond
            if abs(inside - root) <= step:  # what is feasible is thinner than the step
                root = inside
                break
            root += float(np.sign(inside - outside)) * step
            step *= 2.0
        found.append(root)
    return found


def _refined(at: Point, low: float, high: float, tol: float) -> float:
    """Return a local maximum between two points."""
    inside = minimize_scalar(lambda x: -at(float(x))[0], bounds=(low, high), method="bounded", options={"xatol": tol})
    return float(inside.x)


def _beside_ends(function: Point, at: Point, xs: FloatArray, tol: float) -> list[float]:
    """Return a refined maximum between an end of the sorted points `xs` and its neighbour, if the value rises inwards.

    An end is no peak among the points, though one may lie beside it. A probe that finds none leaves no trace.
    """
    found = []
    for end, inner in ((0, 1), (-1, -2)) if len(xs) > 1 else ():
        probe = float(xs[end] + 10.0 * tol * np.sign(xs[inner] - xs[end]))
        if at(xs[end])[0] >= at(xs[inner])[0] and _evaluated(function, probe)[0] > at(xs[end])[0]:
            low, high = sorted((xs[end], xs[inner]))
            found.append(_refined(at, low, high, tol))
    return found


def _peaks(at: Point, xs: FloatArray, tol: float) -> list[float]:
    """Return refined local maxima between neighbours of the sorted points `xs`."""
    values = [at(x)[0] for x in xs]
    tops = (k for k in range(1, len(xs) - 1) if values[k] >= max(values[k - 1], values[k + 1]))
    return [_refined(at, xs[k - 1], xs[k + 1], tol) for k in tops]
