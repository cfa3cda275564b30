"""Certificates of a mixed equilibrium, in exact fractions whatever the solver computed with."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput

Exact = list[Fraction]


def equilibrium_certificates(
    row_payoff: Any,
    column_payoff: Any,
    row_strategy: Sequence[float | Fraction],
    column_strategy: Sequence[float | Fraction],
    tolerance: float = 0.0,
) -> tuple[Certificate, ...]:
    """Check that two mixed strategies are a Nash equilibrium.

    Every float is taken as the fraction that it is, so nothing is rounded on the way.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs of the player who chooses a row, and of the one who chooses a column.
    row_strategy, column_strategy : sequence of float or Fraction, length m and n
        Probabilities. NaN is allowed and never certified.
    tolerance : float
        Largest violation that still counts as holding, in units of payoff or probability.

    Returns
    -------
    tuple of Certificate
        The two strategies are distributions; neither player gains by another pure strategy. A regret
        beyond the largest float is given as infinite.

    Raises
    ------
    InvalidInput
        If shapes do not fit or `tolerance` is negative.

    Examples
    --------
    >>> half = [Fraction(1, 2), Fraction(1, 2)]
    >>> pennies = [[1, -1], [-1, 1]], [[-1, 1], [1, -1]]
    >>> [c.holds for c in equilibrium_certificates(*pennies, half, half)]
    [True, True, True, True]
    """
    checks.real("tolerance", tolerance, low=0.0)
    return scaled_certificates(row_payoff, column_payoff, row_strategy, column_strategy, (tolerance,) * 3)


def scaled_certificates(
    row_payoff: Any,
    column_payoff: Any,
    row_strategy: Sequence[float | Fraction],
    column_strategy: Sequence[float | Fraction],
    tolerances: tuple[float, float, float],
) -> tuple[Certificate, ...]:
    """Return the same with tolerances of their own for probabilities, the row and the column player's payoffs."""
    rows = checks.array("row_payoff", row_payoff, shape=(None, None))
    columns = checks.array("column_payoff", column_payoff, shape=rows.shape)
    x = _strategy("row_strategy", row_strategy, rows.shape[0])
    y = _strategy("column_strategy", column_strategy, rows.shape[1])
    names = (
        "row strategy is a distribution",
        "column strategy is a distribution",
        "regret of the row player",
        "regret of the column player",
    )
    values = [math.nan] * 4
    if x is not None and y is not None:
        exact = _off_simplex(x), _off_simplex(y), _regret(rows.tolist(), x, y), _regret(columns.T.tolist(), y, x)
        values = [_as_float(value) for value in exact]
    return tuple(map(Certificate, names, values, (tolerances[0], *tolerances)))


def _as_float(value: Fraction) -> float:
    """Return the nearest float, infinite where `value` is beyond the largest."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _strategy(name: str, given: Any, length: int) -> Exact | None:
    """Return exact probabilities, or None if one is no finite number."""
    try:
        shape = np.shape(given)
    except ValueError:  # ragged nesting
        raise checks.invalid(name, given, "numbers, not lists of them") from None
    if isinstance(given, str) or not hasattr(given, "__len__") or shape != (length,):
        raise InvalidInput(f"{name} = {checks.shown(given)} has shape {shape}: must have shape ({length},)")
    exact = []
    for value in given:
        if not isinstance(value, (int, float, Fraction, np.integer, np.floating)):
            raise checks.invalid(name, value, "numbers")
        if isinstance(value, (float, np.floating)) and not math.isfinite(value):
            return None
        number = int(value) if isinstance(value, np.integer) else value
        exact.append(Fraction(*number.as_integer_ratio()))
    return exact


def _off_simplex(strategy: Exact) -> Fraction:
    """Return how far the entries are from being at least 0 and summing to 1."""
    return max([abs(sum(strategy, Fraction(0)) - 1), *(-value for value in strategy)])


def _regret(payoff: list[list[float]], own: Exact, other: Exact) -> Fraction:
    """Return what the best pure strategy earns more than `own` against `other`."""
    used = [j for j, weight in enumerate(other) if weight]
    earned = [sum((Fraction(line[j]) * other[j] for j in used), Fraction(0)) for line in payoff]
    mixed = sum((weight * value for weight, value in zip(own, earned, strict=True)), Fraction(0))
    return max(earned) - mixed
