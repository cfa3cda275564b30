"""Certificates of a mixed equilibrium, in exact fractions whatever the solver computed with."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.methods.certificates import Certificate

__all__ = ["equilibrium_certificates"]

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
        The two strategies are distributions; neither player gains by another pure strategy.

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
    rows = checks.array("row_payoff", row_payoff, shape=(None, None))
    columns = checks.array("column_payoff", column_payoff, shape=rows.shape)
    checks.real("tolerance", tolerance, low=0.0)
    x = _strategy("row_strategy", row_strategy, rows.shape[0])
    y = _strategy("column_strategy", column_strategy, rows.shape[1])
    names = (
        "row strategy is a distribution",
        "column strategy is a distribution",
        "regret of the row player",
        "regret of the column player",
    )
    if x is None or y is None:
        return tuple(Certificate(name, math.nan, tolerance) for name in names)
    values = (_off_simplex(x), _off_simplex(y), _regret(rows.tolist(), x, y), _regret(columns.T.tolist(), y, x))
    return tuple(Certificate(name, float(value), tolerance) for name, value in zip(names, values, strict=True))


def _strategy(name: str, given: Any, length: int) -> Exact | None:
    """Return exact probabilities, or None if one is no finite number."""
    if isinstance(given, str) or not hasattr(given, "__len__") or np.shape(given) != (length,):
        raise InvalidInput(f"{name} = {checks.shown(given)} has shape {np.shape(given)}: must have shape ({length},)")
    exact = []
    for value in given:
        if not isinstance(value, (int, float, Fraction, np.integer)):
            raise checks.complain(name, value, "numbers")
        if isinstance(value, float) and not math.isfinite(value):
            return None
        exact.append(Fraction(int(value)) if isinstance(value, np.integer) else Fraction(value))
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
