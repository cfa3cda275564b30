"""Exact mixed equilibria: Lemke and Howson's algorithm in integers, with lexicographic pivots.

1. Make all payoffs positive integers; a float is the integer multiple of a power of two that it is.
2. Set up the two systems  B' x + s = 1  and  A y + r = 1  with all variables at least 0. Labels
   0..m-1 belong to x and r, labels m..m+n-1 to s and y.
3. Let the variable of one label enter its system. The variable that leaves has a label; its partner
   in the other system enters next. Stop when the first label leaves.
4. Ties in the ratio test are broken as if the right-hand side were 1 + e, 1 + e^2, ... with a tiny e
   (lexicographic rule): no basis returns, so the path ends even in degenerate games.
5. Pivots keep all entries integers (Edmonds, Bareiss): no rounding anywhere.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import NotConverged
from v2g_nb.games.certificates import equilibrium_certificates

Integers = NDArray[np.object_]


@dataclass(frozen=True)
class ExactEquilibrium:
    """A mixed equilibrium in fractions.

    Parameters
    ----------
    row_strategy, column_strategy : tuple of Fraction
        Probabilities.
    row_value, column_value : Fraction
        Expected payoffs.
    converged, num_iter, residual
        Whether the path ended, after how many pivots, and the larger regret, exactly.
    certificates : tuple of Certificate
        Distribution and regret of both players, tolerance 0.
    """

    row_strategy: tuple[Fraction, ...]
    column_strategy: tuple[Fraction, ...]
    row_value: Fraction
    column_value: Fraction
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    @property
    def row_mix(self) -> NDArray[np.float64]:
        """The row player's probabilities as floats."""
        return np.array([float(p) for p in self.row_strategy])

    @property
    def column_mix(self) -> NDArray[np.float64]:
        """The column player's probabilities as floats."""
        return np.array([float(p) for p in self.column_strategy])


class _System:
    """One player's system of equations, in integers over a common denominator."""

    def __init__(self, coefficients: Integers, decision: range, slack: range) -> None:
        rows, size = coefficients.shape[0], len(decision) + len(slack)
        self.table: Integers = np.zeros((rows, size + 1), dtype=object)
        self.table[:, list(decision)] = coefficients
        self.table[range(rows), list(slack)] = 1
        self.table[:, size] = 1
        self.basis = list(slack)
        self.order = [size, *slack]  # right-hand side first, then the powers of the tiny number
        self.denominator = 1

    def enter(self, label: int) -> int:
        """Bring a label into the basis and return the one that leaves."""
        table = self.table
        column = table[:, label].copy()
        pivot_row = self._leaving_row(column)
        pivot = column[pivot_row]
        line = table[pivot_row].copy()
        table *= pivot
        table -= np.multiply.outer(column, line)
        table //= self.denominator  # exact: every entry is a minor of the first table
        table[pivot_row] = line
        self.denominator = pivot
        left, self.basis[pivot_row] = self.basis[pivot_row], label
        return left

    def _leaving_row(self, column: Integers) -> int:
        rows = [i for i in range(len(column)) if column[i] > 0]
        if not rows:
            raise NotConverged("row_payoff: Lemke-Howson met an unbounded ray; payoffs must be finite")
        for k in self.order:
            best = rows[0]
            tied = [best]
            for i in rows[1:]:
                difference = self.table[i, k] * column[best] - self.table[best, k] * column[i]
                if difference < 0:
                    best, tied = i, [i]
                elif difference == 0:
                    tied.append(i)
            rows = tied
            if len(rows) == 1:
                break
        return rows[0]

    def values(self, decision: range) -> tuple[Fraction, ...]:
        """Return the normalised values of the decision variables."""
        found = {label: self.table[i, -1] for i, label in enumerate(self.basis)}
        raw = [found.get(label, 0) for label in decision]
        return tuple(Fraction(v, sum(raw)) for v in raw)


def _positive_integers(name: str, payoff: Any, shape: tuple[int | None, int | None]) -> tuple[Integers, Any]:
    """Return positive integers that order strategies as the payoffs do, and the checked payoffs."""
    floats = checks.array(name, payoff, shape=shape)
    ratios = [[value.as_integer_ratio() for value in line] for line in floats.tolist()]
    common = lcm(*(below for line in ratios for _, below in line))
    whole = np.array([[above * (common // below) for above, below in line] for line in ratios], dtype=object)
    return whole - whole.min() + 1, floats


def lemke_howson(row_payoff: Any, column_payoff: Any, *, label: int = 0, max_pivots: int = 100_000) -> ExactEquilibrium:
    """Return one equilibrium of a two-player game, exactly.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs. Whole numbers are quickest; any float is taken for exactly what it is.
    label : int
        The pure strategy that the path drops first: 0..m-1 rows, m..m+n-1 columns.
    max_pivots : int
        Pivots before giving up (the path is finite, but may be long).

    Returns
    -------
    ExactEquilibrium

    Raises
    ------
    InvalidInput
        If payoffs are not finite matrices of one shape, or `label` is out of range.
    NotConverged
        If the path is longer than `max_pivots`.

    Examples
    --------
    >>> found = lemke_howson([[3, 0], [2, 2]], [[1, 2], [3, 0]])
    >>> found.row_strategy, found.column_strategy, found.residual
    ((Fraction(3, 4), Fraction(1, 4)), (Fraction(2, 3), Fraction(1, 3)), 0.0)

    References
    ----------
    Lemke and Howson, Equilibrium points of bimatrix games, 1964; von Stengel, Computing equilibria
    for two-person games, 2002, sections 2.3 (the algorithm), 2.5 (complementary pivoting) and 2.6
    (degenerate games).
    """
    rows, row_floats = _positive_integers("row_payoff", row_payoff, (None, None))
    m, n = rows.shape
    columns, column_floats = _positive_integers("column_payoff", column_payoff, (m, n))
    checks.integer("label", label, low=0, high=m + n - 1)
    checks.integer("max_pivots", max_pivots, low=1)
    own, other = range(m), range(m, m + n)
    systems = _System(columns.T, own, other), _System(rows, other, own)
    turn = 0 if label in own else 1
    entering = label
    pivots = 0
    while pivots == 0 or entering != label:
        if pivots == max_pivots:
            raise NotConverged(f"max_pivots = {max_pivots}: the path is longer: must be larger")
        entering = systems[turn].enter(entering)
        turn = 1 - turn
        pivots += 1
    x, y = systems[0].values(own), systems[1].values(other)
    certificates = equilibrium_certificates(row_floats, column_floats, x, y)
    residual = max(certificates[2].value, certificates[3].value)
    row_value, column_value = (_expected(payoff, x, y) for payoff in (row_floats, column_floats))
    return ExactEquilibrium(x, y, row_value, column_value, True, pivots, residual, certificates)


def _expected(payoff: Any, x: tuple[Fraction, ...], y: tuple[Fraction, ...]) -> Fraction:
    used = [(i, j) for i, a in enumerate(x) if a for j, b in enumerate(y) if b]
    return sum((x[i] * y[j] * Fraction(float(payoff[i, j])) for i, j in used), Fraction(0))
