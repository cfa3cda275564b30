"""Two-player games in matrices: pure equilibria, support enumeration, and the program of Mangasarian and Stone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, minimize

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import InvalidInput
from v2g_nb.games.certificates import scaled_certificates

FloatArray = NDArray[np.float64]
LARGEST_PAYOFF = 1e100  # the program multiplies payoffs
LARGEST = 12  # support enumeration tries every pair of supports: 12 strategies give 2.7 million


@dataclass(frozen=True, eq=False)
class MixedEquilibrium:
    """Two mixed strategies in floats.

    Parameters
    ----------
    row_strategy, column_strategy : numpy.ndarray
        Probabilities.
    row_value, column_value : float
        Expected payoffs.
    converged, num_iter, residual
        Whether the residual is below the tolerance, iterations of the solver (0 where there are
        none), and the sum of both players' regrets.
    certificates : tuple of Certificate
        Distribution and regret of both players.
    """

    row_strategy: FloatArray
    column_strategy: FloatArray
    row_value: float
    column_value: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def _game(row_payoff: Any, column_payoff: Any, largest: float = np.inf) -> tuple[FloatArray, FloatArray]:
    rows = checks.array("row_payoff", row_payoff, shape=(None, None), low=-largest, high=largest)
    return rows, checks.array("column_payoff", column_payoff, shape=rows.shape, low=-largest, high=largest)


def pure_equilibria(row_payoff: Any, column_payoff: Any) -> list[tuple[int, int]]:
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
    rows, columns = _game(row_payoff, column_payoff)
    both = (rows == rows.max(axis=0)) & (columns == columns.max(axis=1, keepdims=True))
    return [(int(i), int(j)) for i, j in np.argwhere(both)]


def support_enumeration(row_payoff: Any, column_payoff: Any, *, tolerance: float = 1e-9) -> list[MixedEquilibrium]:
    """Return all equilibria of a small, nondegenerate game.

    1. For every pair of supports of equal size, find the mixture that makes the other player
       indifferent over the other support.
    2. Keep it if it is a distribution and no strategy outside the support earns more.

    A nondegenerate game has no other equilibria, and an odd number of these. A degenerate game may
    have more (whole segments); use :func:`~v2g_nb.games.pivoting.lemke_howson` there.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs; neither player has more than 12 strategies.
    tolerance : float
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
    rows, columns = _game(row_payoff, column_payoff)
    checks.real("tolerance", tolerance, low=0.0, open_low=True)
    if max(rows.shape) > LARGEST:
        raise InvalidInput(f"row_payoff has shape {rows.shape}: support enumeration needs at most {LARGEST} strategies")
    small_rows, small_columns = _near_one(rows), _near_one(columns)
    largest = [float(np.abs(payoff).max()) for payoff in (rows, columns)]
    allowed = 2 * tolerance, 2 * tolerance * largest[0], 2 * tolerance * largest[1]
    found = []
    for own, other in _supports(*rows.shape):
        y = _indifferent(small_rows[np.ix_(own, other)], other, rows.shape[1], tolerance)
        x = _indifferent(small_columns[np.ix_(own, other)].T, own, rows.shape[0], tolerance)
        if x is not None and y is not None:
            equilibrium = _mixed(rows, columns, x, y, 0, allowed, allowed[1] + allowed[2])
            if all(c.holds for c in equilibrium.certificates):
                found.append(equilibrium)
    return found


def _near_one(payoff: FloatArray) -> FloatArray:
    """Return the payoffs over a power of two, which rounds nothing, so that the largest is between 1/2 and 1."""
    scaled: FloatArray = np.ldexp(payoff, -np.frexp(np.abs(payoff).max())[1])
    return scaled


def _supports(m: int, n: int) -> Iterator[tuple[list[int], list[int]]]:
    for size in range(1, min(m, n) + 1):
        for own in combinations(range(m), size):
            for other in combinations(range(n), size):
                yield list(own), list(other)


def _indifferent(payoff: FloatArray, support: list[int], length: int, tolerance: float) -> FloatArray | None:
    """Return the mixture on `support` that makes all rows of `payoff` earn the same, if there is one."""
    size = len(support)
    system = np.block([[payoff, -np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
    try:
        solution = np.linalg.solve(system, np.append(np.zeros(size), 1.0))
    except np.linalg.LinAlgError:  # degenerate: the rows are not independent
        return None
    if np.min(solution[:size]) < tolerance:
        return None
    mix = np.zeros(length)
    mix[support] = solution[:size]
    return mix


def nash_program(
    row_payoff: Any, column_payoff: Any, row_start: Any, column_start: Any, *, tolerance: float = 1e-6
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
    tolerance : float
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
    rows, columns = _game(row_payoff, column_payoff, LARGEST_PAYOFF)
    m, n = rows.shape
    checks.real("tolerance", tolerance, low=0.0, open_low=True)
    starts = []
    for name, start, length in (("row_start", row_start, m), ("column_start", column_start, n)):
        weights = checks.array(name, start, shape=(length,), low=0.0)
        if not weights.sum() > 0.0:
            raise InvalidInput(f"{name} = {checks.shown(start)}: must have a positive sum")
        starts.append(weights / weights.sum())
    x, y = starts
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
    answer = minimize(
        regrets,
        begin,
        jac=slope,
        bounds=Bounds(np.r_[np.zeros(m + n), [-np.inf, -np.inf]], np.r_[np.ones(m + n), [np.inf, np.inf]]),
        constraints=[LinearConstraint(total, 1.0, 1.0), LinearConstraint(limit, 0.0, np.inf)],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    x, y = (np.clip(part, 0.0, None) for part in (answer.x[:m], answer.x[m : m + n]))
    return _mixed(rows, columns, x / x.sum(), y / y.sum(), int(answer.nit), (tolerance,) * 3, tolerance)


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
    certificates = scaled_certificates(rows, columns, x.tolist(), y.tolist(), tolerances)
    return MixedEquilibrium(x, y, *values, residual <= total, steps, residual, certificates)
