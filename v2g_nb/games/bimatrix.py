"""Two-player games in matrices: pure and mixed equilibria, in floats and in exact fractions.

Lemke and Howson's algorithm works in integers, with lexicographic pivots:

1. Make all payoffs positive integers; a float is the integer multiple of a power of two that it is.
2. Set up the two systems  B' x + s = 1  and  A y + r = 1  with all variables at least 0. Labels
   0..m-1 belong to x and r, labels m..m+n-1 to s and y.
3. Let the variable of one label enter its system. The variable that leaves has a label; its partner
   in the other system enters next. Stop when the first label leaves.
4. Ties in the ratio test are broken as if the right-hand side were 1 + e, 1 + e^2, ... with a tiny e
   (lexicographic rule): no basis returns, so the path ends even in degenerate games.
5. Pivots keep all entries integers (Edmonds, Bareiss): no rounding anywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import lcm
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, minimize

from v2g_nb import checks
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, FloatArray, Number, Whole
from v2g_nb.errors import InvalidInput, NotConverged
from v2g_nb.games.certificates import Payoff, certify_mixes

RowStart = Annotated[FloatArray, Array("m", low=0.0)]
ColumnStart = Annotated[FloatArray, Array("n", low=0.0)]
Label = Annotated[int, Whole(low=0)]
Pivots = Annotated[int, Whole(low=1)]
Sized = Annotated[FloatArray, Array("m n", low=-1e100, high=1e100)]  # the program multiplies payoffs
Tolerance = Annotated[float, Number(low=0.0, open_low=True)]
Integers = NDArray[np.object_]
LARGEST = 12  # support enumeration tries every pair of supports: 12 strategies give 2.7 million


@dataclass(frozen=True, eq=False)
class MixedEquilibrium(Result):
    """Two mixed strategies, in floats or in fractions.

    Parameters
    ----------
    row_strategy, column_strategy : numpy.ndarray or tuple of Fraction
        Probabilities.
    row_value, column_value : float or Fraction
        Expected payoffs.
    converged : bool
        Whether the residual is below the tolerance.
    num_iter : int
        Iterations of the solver, or pivots.
    residual : float
        Sum of both players' regrets.
    certificates : tuple of Certificate
        Distribution and regret of both players.
    """

    row_strategy: Any
    column_strategy: Any
    row_value: Any
    column_value: Any
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    @property
    def row_mix(self) -> FloatArray:
        """The row player's probabilities as floats."""
        return np.array(self.row_strategy, dtype=float)

    @property
    def column_mix(self) -> FloatArray:
        """The column player's probabilities as floats."""
        return np.array(self.column_strategy, dtype=float)


def pure_equilibria(row_payoff: Payoff, column_payoff: Payoff) -> list[tuple[int, int]]:
    """Return all cells in which both players play a best reply.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs of the row and the column player.

    Returns
    -------
    list of (row, column)

    Raises
    ------
    InvalidInput
        If payoffs are not finite matrices of one shape.

    Examples
    --------
    >>> pure_equilibria([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    [(1, 1)]
    """
    rows, columns = row_payoff, column_payoff
    both = (rows == rows.max(axis=0)) & (columns == columns.max(axis=1, keepdims=True))
    return [(int(i), int(j)) for i, j in np.argwhere(both)]


def support_enumeration(row_payoff: Payoff, column_payoff: Payoff, *, tol: Tolerance = 1e-9) -> list[MixedEquilibrium]:
    """Return all equilibria of a small, nondegenerate game.

    1. For every pair of supports of equal size, find the mixture that makes the other player
       indifferent over the other support.
    2. Keep it if it is a distribution and no strategy outside the support earns more.

    A nondegenerate game has no other equilibria, and an odd number of these. A degenerate game may
    have more (whole segments); use :func:`~v2g_nb.games.lemke_howson` there.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs; neither player has more than 12 strategies.
    tol : float
        Probabilities below it count as 0; so do a player's regrets below twice it, relative to that
        player's largest payoff.

    Returns
    -------
    list of MixedEquilibrium

    Raises
    ------
    InvalidInput
        If payoffs are not finite matrices of one shape, or the game is too large.

    Examples
    --------
    >>> stag = [[4, 0], [3, 3]]
    >>> [e.row_strategy.round(3).tolist() for e in support_enumeration(stag, np.transpose(stag))]
    [[1.0, 0.0], [0.0, 1.0], [0.75, 0.25]]

    References
    ----------
    von Stengel, Computing equilibria for two-person games, 2002.
    """
    rows, columns = row_payoff, column_payoff
    if max(rows.shape) > LARGEST:
        raise InvalidInput(f"row_payoff has shape {rows.shape}: support enumeration needs at most {LARGEST} strategies")
    small_rows, small_columns = _near_one(rows), _near_one(columns)
    largest = [float(np.abs(payoff).max()) for payoff in (rows, columns)]
    allowed = 2 * tol, 2 * tol * largest[0], 2 * tol * largest[1]
    found = []
    for own, other in _supports(*rows.shape):
        y = _indifferent(small_rows[np.ix_(own, other)], other, rows.shape[1], tol)
        x = _indifferent(small_columns[np.ix_(own, other)].T, own, rows.shape[0], tol)
        if x is not None and y is not None:
            equilibrium = _mixed(rows, columns, x, y, 0, allowed, allowed[1] + allowed[2])
            if all(c.holds for c in equilibrium.certificates):
                found.append(equilibrium)
    return found


def _near_one(payoff: FloatArray) -> FloatArray:
    """Return the payoffs over a power of two, which rounds nothing, so that the largest is between 1/2 and 1."""
    return np.asarray(np.ldexp(payoff, -np.frexp(np.abs(payoff).max())[1]))


def _supports(m: int, n: int) -> Iterator[tuple[list[int], list[int]]]:
    for size in range(1, min(m, n) + 1):
        for own in combinations(range(m), size):
            for other in combinations(range(n), size):
                yield list(own), list(other)


def _indifferent(payoff: FloatArray, support: list[int], length: int, tol: float) -> FloatArray | None:
    """Return the mixture on `support` that makes all rows of `payoff` earn the same, if there is one."""
    size = len(support)
    system = np.block([[payoff, -np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
    try:
        solution = np.linalg.solve(system, np.append(np.zeros(size), 1.0))
    except np.linalg.LinAlgError:  # degenerate: the rows are not independent
        return None
    if np.min(solution[:size]) < tol:
        return None
    mix = np.zeros(length)
    mix[support] = solution[:size]
    return mix


def nash_program(
    row_payoff: Sized, column_payoff: Sized, row_start: RowStart, column_start: ColumnStart, *, tol: Tolerance = 1e-6
) -> MixedEquilibrium:
    """Run a local solver on the program whose optimum 0 is attained exactly at the equilibria.

    Minimise  b1 + b2 - x'(A + B) y  subject to  A y <= b1,  B'x <= b2,  x and y distributions. The
    objective is the sum of both regrets. It is bilinear, hence not convex: a local solver may stop
    at a positive value, which is no equilibrium. `converged` says whether the sum of regrets of the
    answer is below the tolerance; without looking at it the answer means nothing.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs A and B.
    row_start, column_start : array_like, shape (m,) and (n,)
        Where the solver starts, at least 0; they are scaled to sum to 1.
    tol : float
        Largest sum of regrets that counts as an equilibrium.

    Returns
    -------
    MixedEquilibrium
        Certificates fail where the solver stopped elsewhere.

    Raises
    ------
    InvalidInput
        If shapes do not fit, a payoff is beyond 1e100 in size, or a start is negative or all zero.

    Examples
    --------
    >>> found = nash_program([[3, 0], [2, 2]], [[1, 2], [3, 0]], [0.5, 0.5], [0.5, 0.5])
    >>> found.converged, found.row_strategy.round(4).tolist()
    (True, [0.75, 0.25])

    References
    ----------
    Equations (4) and (5) of the tri-level paper; Mangasarian and Stone, Two-person nonzero-sum games
    and quadratic programming, 1964.
    """
    rows, columns = row_payoff, column_payoff
    m, n = rows.shape
    for name, start in (("row_start", row_start), ("column_start", column_start)):
        if not start.sum() > 0.0:
            raise InvalidInput(f"{name} = {checks.shown(start)}: must have a positive sum")
    x, y = row_start / row_start.sum(), column_start / column_start.sum()
    begin = np.concatenate([x, y, [np.max(rows @ y), np.max(columns.T @ x)]])
    both = rows + columns

    def regrets(z: FloatArray) -> float:
        return float(z[-2] + z[-1] - z[:m] @ both @ z[m : m + n])

    def slope(z: FloatArray) -> FloatArray:
        return np.concatenate([-both @ z[m : m + n], -both.T @ z[:m], [1.0, 1.0]])

    total = np.zeros((2, m + n + 2))
    total[0, :m], total[1, m : m + n] = 1.0, 1.0
    limit = np.zeros((m + n, m + n + 2))
    limit[:m, m : m + n], limit[:m, -2] = -rows, 1.0
    limit[m:, :m], limit[m:, -1] = -columns.T, 1.0
    bounds: Any = Bounds(np.r_[np.zeros(m + n), [-np.inf, -np.inf]], np.r_[np.ones(m + n), [np.inf, np.inf]])
    rules = [LinearConstraint(total, 1.0, 1.0), LinearConstraint(limit, 0.0, np.inf)]
    options: Any = {"maxiter": 500, "ftol": 1e-12}
    answer = minimize(regrets, begin, jac=slope, bounds=bounds, constraints=rules, method="SLSQP", options=options)
    x, y = (np.clip(part, 0.0, None) for part in (answer.x[:m], answer.x[m : m + n]))
    return _mixed(rows, columns, x / x.sum(), y / y.sum(), int(answer.nit), (tol,) * 3, tol)


def _mixed(
    rows: FloatArray,
    columns: FloatArray,
    x: FloatArray,
    y: FloatArray,
    steps: int,
    tolerances: tuple[float, float, float],
    total: float,
) -> MixedEquilibrium:
    """Return the pair with certificates; `total` is the largest sum of regrets that counts as converged."""
    values = float(x @ rows @ y), float(x @ columns @ y)
    residual = float(np.max(rows @ y)) - values[0] + float(np.max(columns.T @ x)) - values[1]
    certificates = certify_mixes(rows, columns, x.tolist(), y.tolist(), tolerances)
    return MixedEquilibrium(x, y, *values, residual <= total, steps, residual, certificates)


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


def _positive_integers(payoff: FloatArray) -> Integers:
    """Return positive integers that order strategies as the payoffs do."""
    ratios = [[value.as_integer_ratio() for value in line] for line in payoff.tolist()]
    common = lcm(*(below for line in ratios for _, below in line))
    whole = np.array([[above * (common // below) for above, below in line] for line in ratios], dtype=object)
    return np.asarray(whole - whole.min() + 1)


def lemke_howson(
    row_payoff: Payoff, column_payoff: Payoff, *, label: Label = 0, max_pivots: Pivots = 100_000
) -> MixedEquilibrium:
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
    MixedEquilibrium
        In fractions; its residual is exactly 0.

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
    m, n = row_payoff.shape
    checks.integer("label", label, high=m + n - 1)
    own, other = range(m), range(m, m + n)
    rows, columns = _positive_integers(row_payoff), _positive_integers(column_payoff)
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
    certificates = certify_mixes(row_payoff, column_payoff, x, y, (0.0,) * 3)
    residual = certificates[2].value + certificates[3].value
    row_value, column_value = (_expected(payoff, x, y) for payoff in (row_payoff, column_payoff))
    return MixedEquilibrium(x, y, row_value, column_value, residual == 0.0, pivots, residual, certificates)


def _expected(payoff: FloatArray, x: tuple[Fraction, ...], y: tuple[Fraction, ...]) -> Fraction:
    used = [(i, j) for i, a in enumerate(x) if a for j, b in enumerate(y) if b]
    return sum((x[i] * y[j] * Fraction(float(payoff[i, j])) for i, j in used), Fraction(0))
