"""Certificates of equilibria; nothing here knows how the strategies or plans were found.

Of a bimatrix game in exact fractions, whatever the solver computed with. Of the storage game, what every
player could still gain, from one linear program each: a player's cost is convex in its own flows, so it
lies above its tangent, and no deviation saves more than the best one against the tangent. The sum of these
savings bounds how far the potential is from its minimum, and the potential's curvature turns the bound
into a distance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import Array, FloatArray, Number
from v2g_nb.errors import InvalidInput
from v2g_nb.games.storage import StorageGame, end_costs

Exact = list[Fraction]
Mix = Sequence[float | Fraction]
Payoff = Annotated[FloatArray, Array("m n")]
Tolerance = Annotated[float, Number(low=0.0)]
CHUNK = 500  # players a linear program: HiGHS slows down beyond


def equilibrium_certificates(
    row_payoff: Payoff, column_payoff: Payoff, row_strategy: Mix, column_strategy: Mix, tol: Tolerance = 0.0
) -> tuple[Certificate, ...]:
    """Check that two mixed strategies are a Nash equilibrium.

    Every float is taken as the fraction that it is, so nothing is rounded on the way.

    Parameters
    ----------
    row_payoff, column_payoff : array_like, shape (m, n)
        Payoffs of the player who chooses a row, and of the one who chooses a column.
    row_strategy, column_strategy : sequence of float or Fraction, length m and n
        Probabilities. NaN is allowed and never certified.
    tol : float
        Largest violation that still counts as holding, in units of payoff or probability.

    Returns
    -------
    tuple of Certificate
        The two strategies are distributions; neither player gains by another pure strategy. A regret
        beyond the largest float is given as infinite.

    Raises
    ------
    InvalidInput
        If shapes do not fit or `tol` is negative.

    Examples
    --------
    >>> from fractions import Fraction
    >>> half = [Fraction(1, 2), Fraction(1, 2)]
    >>> pennies = [[1, -1], [-1, 1]], [[-1, 1], [1, -1]]
    >>> [c.holds for c in equilibrium_certificates(*pennies, half, half)]
    [True, True, True, True]
    """
    return certify_mixes(row_payoff, column_payoff, row_strategy, column_strategy, (tol,) * 3)


def certify_mixes(
    rows: FloatArray, columns: FloatArray, row_strategy: Mix, column_strategy: Mix, tols: tuple[float, float, float]
) -> tuple[Certificate, ...]:
    """Return the same with tolerances of their own for probabilities, the row and the column player's payoffs."""
    x = _strategy("row_strategy", row_strategy, rows.shape[0])
    y = _strategy("column_strategy", column_strategy, rows.shape[1])
    players = ("row", "column")
    names = [f"{p} strategy is a distribution" for p in players] + [f"regret of the {p} player" for p in players]
    values = [math.nan] * 4
    if x is not None and y is not None:
        exact = _off_simplex(x), _off_simplex(y), _regret(rows.tolist(), x, y), _regret(columns.T.tolist(), y, x)
        values = [_as_float(value) for value in exact]
    return tuple(map(Certificate, names, values, (tols[0], *tols)))


def _as_float(value: Fraction) -> float:
    """Return the nearest float, infinite where `value` is beyond the largest."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _strategy(name: str, given: Mix, length: int) -> Exact | None:
    """Return exact probabilities, or None if one is no finite number."""
    if len(given) != length:
        raise InvalidInput(f"{name} = {checks.shown(given)} has shape ({len(given)},): must have shape ({length},)")
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


@dataclass(frozen=True)
class Plans(Array):
    """Plans in which NaN and infinity may stand: what cannot be computed must fail as a certificate, not raise."""

    def check(self, name: str, value: Any, length: checks.Length) -> Any:
        """Return `value` as an array, or raise."""
        try:
            raw = np.asarray(value)
        except ValueError:  # ragged nesting
            raise checks.invalid(name, value, "an array of numbers") from None
        numbers = raw.dtype.kind in "iuf"  # strings of digits and booleans would pass as numbers
        super().check(name, np.nan_to_num(raw) if numbers else value, length)
        return np.array(raw, dtype=float)


def regret_bounds(game: StorageGame, flows: Annotated[FloatArray, Plans("game.players game.slots")]) -> FloatArray:
    """Return an upper bound of what each player saves by any deviation of its own.

    Parameters
    ----------
    game : StorageGame
        Players and price.
    flows : array_like, shape (players, slots)
        What each player moves; NaN is allowed.

    Returns
    -------
    numpy.ndarray, shape (players,)
        Zero at the equilibrium; NaN if a flow is not finite.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> game = StorageGame([1.0, 2.0], 0.5, [0], [2], [-9], [9], [0], [-9], [9], [3])
    >>> regret_bounds(game, [[2.0, 1.0]]), regret_bounds(game, [[3.0, 0.0]])
    (array([0.]), array([18.]))
    """
    total = flows.sum(axis=0)
    missed = np.maximum(0.0, game.wanted - total)
    return tangent_gaps(game, flows, game.offset + game.slope * (total + flows) - game.shortfall * missed)


def tangent_gaps(game: StorageGame, flows: FloatArray, gradient: FloatArray) -> FloatArray:
    """Return the same from the derivative of each player's cost, without that of its end level, by its own flows."""
    if not (np.isfinite(flows).all() and np.isfinite(gradient).all()):
        return np.full(game.players, np.nan)
    paid = (gradient * flows).sum(axis=1) + end_costs(game, flows)
    cheapest = [_cheapest(game, gradient, slice(k, k + CHUNK)) for k in range(0, game.players, CHUNK)]
    return np.asarray(paid - np.concatenate(cheapest))


def _cheapest(game: StorageGame, gradient: FloatArray, part: slice) -> FloatArray:
    """Return each player's least cost against fixed prices, all in one linear program.

    Unknown are the levels after each slot of the stay, so that flows are differences of neighbours,
    and, where the target may be missed, by how much.
    """
    first, stop = game.first[part], game.stop[part]
    length = stop - first
    ends = np.cumsum(length)
    begins = ends - length
    size = int(ends[-1])
    owner = np.repeat(np.arange(len(first)), length)
    slot = np.arange(size) - begins[owner] + first[owner]
    price = gradient[part][owner, slot]
    start = game.level_start[part]
    inner = np.setdiff1d(np.arange(size), begins)
    before = sp.csr_array((np.ones(len(inner)), (inner, inner - 1)), shape=(size, size))
    differ: Any = sp.eye_array(size, format="csr") - before
    constant = np.zeros(size)
    constant[begins] = start  # the first flow is counted from the level at the start
    cost = differ.T @ price
    last = ends - 1
    cost[last] -= game.value_above
    low, high = game.level_low[part][owner], game.level_high[part][owner]
    rows = [differ, -differ]
    limits = [game.flow_high[part][owner] + constant, -(game.flow_low[part][owner] + constant)]
    target = game.level_target[part]
    missed = 0
    if game.hard:
        low[last] = np.maximum(low[last], target)
    else:
        missed = len(first)
        pick: Any = sp.csr_array((np.ones(missed), (np.arange(missed), last)), shape=(missed, size))
        rows.append(-pick)
        limits.append(-target)
        slack: Any = sp.vstack([sp.csr_array((2 * size, missed)), -sp.eye_array(missed)])
        cost = np.concatenate([cost, np.full(missed, game.value_below - game.value_above)])
        low, high = np.concatenate([low, np.zeros(missed)]), np.concatenate([high, np.full(missed, np.inf)])
    matrix: Any = sp.vstack(rows)
    if missed:
        matrix = sp.hstack([matrix, slack])
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    box = np.column_stack([low, high])
    program: Any = {"A_ub": sp.csr_matrix(matrix), "b_ub": np.concatenate(limits), "bounds": box, "options": tight}
    found = linprog(cost, method="highs", **program)
    if found.x is None:
        return np.full(len(first), np.nan)
    spent: FloatArray = np.bincount(owner, weights=cost[:size] * found.x[:size], minlength=len(first)).astype(float)
    spent -= price[begins] * start - game.value_above * target
    if missed:
        spent += cost[size:] * found.x[size:]
    return spent


def certificates_of_gaps(
    gaps: FloatArray, slope: float, tol: float, unit: str = "", flow_unit: str = ""
) -> tuple[Certificate, ...]:
    """Return what the players' gaps prove: largest regret, potential gap, distance from the equilibrium.

    With gaps of sum ``g`` at plans ``x``, equilibrium ``x*`` and totals ``X``, ``X*``: strong
    monotonicity gives ``slope (|x - x*|^2 + |X - X*|^2) <= g``.

    >>> for line in certificates_of_gaps(np.array([1e-9, 2e-9]), 1e-3, 1e-6, "EUR", "kW"):
    ...     print(line)
    maximum regret: at most 1e-06 EUR, holds
    potential gap: at most 1e-06 EUR, holds
    distance of plans and total from the equilibrium: at most 0.0316228 kW, holds
    """
    whole = float(np.sum(np.maximum(gaps, 0.0)))
    distance, allowed = float(np.sqrt(whole / slope)), float(np.sqrt(tol / slope))
    return (
        Certificate("maximum regret", float(np.max(gaps)), tol, unit),
        Certificate("potential gap", whole, tol, unit),
        Certificate("distance of plans and total from the equilibrium", distance, allowed, flow_unit),
    )


def certify_storage(game: StorageGame, flows: FloatArray, tol: float = 1e-6) -> tuple[Certificate, ...]:
    """Return the certificates that plans are the equilibrium of a storage game."""
    feasible = Certificate("violation of bounds", violation(game, flows), tol)
    return (feasible, *certificates_of_gaps(regret_bounds(game, flows), game.slope, tol))


def violation(game: StorageGame, flows: FloatArray) -> float:
    """Return by how much the worst bound on flow or level is broken; NaN if a flow is."""
    if not np.isfinite(flows).all():
        return float("nan")
    here = game.present
    level = game.level_start[:, None] + np.cumsum(flows, axis=1)
    broken = [
        np.where(here, np.maximum(game.flow_low[:, None] - flows, flows - game.flow_high[:, None]), np.abs(flows)),
        np.maximum(game.level_low[:, None] - level, level - game.level_high[:, None]),
    ]
    if game.hard:
        broken.append((game.level_target - level[:, -1])[:, None])
    return float(max(np.max(b, initial=0.0) for b in broken))
