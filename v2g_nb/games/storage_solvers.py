"""The storage game solved: best responses, one player at a time, and the whole at once.

Going from player to player is what numerical analysts call the Liebmann or Gauss-Seidel method;
letting all respond to the same total is Jacobi's. The whole minimises a strictly convex potential,
which couples the players only through their total. Its dual has one price a slot, however many
players there are, and Newton's method on these prices ends after a few steps: the dual is concave,
once differentiable and piecewise quadratic.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Annotated, Any, Literal

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Record
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray, IntArray, Number, Whole
from v2g_nb.errors import Infeasible
from v2g_nb.games.certificates import certify_storage
from v2g_nb.games.storage import PER_PLAYER, Flows, StorageGame

Order = Literal["cyclic", "random", "simultaneous"]
Index = Annotated[int, Whole(low=0)]
Tolerance = Annotated[float, Number(low=0.0, open_low=True)]
SAMPLE = 1000  # players that stand for all, where there are more
SWEEPS, SWEEPS_AFTER_SAMPLE = 5, 2


@dataclass(frozen=True, eq=False)
class Sweep(Record):
    """One iterate: `number` of sweeps so far, `flows`, their `total`, and `change` (Frobenius norm) by this sweep."""

    number: int
    flows: FloatArray
    total: FloatArray
    change: float


@dataclass(frozen=True, eq=False)
class StorageEquilibrium(Result):
    """The equilibrium of a storage game.

    Parameters
    ----------
    flows : numpy.ndarray, shape (players, slots)
        What each player moves.
    total : numpy.ndarray, shape (slots,)
        Their sum.
    price : numpy.ndarray, shape (slots,)
        Marginal cost of the total, by which every player is led.
    converged : bool
        Whether `residual` met the tolerance.
    num_iter : int
        Newton steps.
    residual : float
        Largest difference between the flows' sum and the total that the prices call for.
    certificates : tuple of Certificate
        Feasibility, regret, potential gap and distance; empty if they were not asked for.
    """

    flows: FloatArray
    total: FloatArray
    price: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...] = ()


def best_response(game: StorageGame, flows: Flows, player: Index) -> FloatArray:
    """Return the one plan of least cost of a player while the others keep theirs.

    Parameters
    ----------
    game : StorageGame
        Players and price.
    flows : array_like, shape (players, slots)
        What each player moves; the player's own row does not matter.
    player : int
        Who responds.

    Returns
    -------
    numpy.ndarray, shape (slots,)

    Raises
    ------
    InvalidInput
        If an argument is of another kind, shape or range.

    Notes
    -----
    Exact up to rounding: the level that a player reaches is a piecewise linear function of one
    multiplier, cut off where the store is full or empty.

    Examples
    --------
    >>> game = StorageGame([1.0, 2.0], 0.5, [0], [2], [-9], [9], [0], [-9], [9], [3])
    >>> best_response(game, [[0.0, 0.0]], 0)
    array([2., 1.])
    """
    checks.integer("player", player, high=game.players - 1)
    flows = flows.copy()
    flows[player] = np.where(game.present[player], flows[player], 0.0)  # the response changes the stay only
    respond_in_order(game, np.array([player]), False, flows, flows.sum(axis=0))
    return np.asarray(flows[player])


def best_response_sweeps(
    game: StorageGame, start: Flows | None = None, order: Order = "cyclic", rng: np.random.Generator | None = None
) -> Iterator[Sweep]:
    """Yield the plans after each sweep of best responses, without end.

    Parameters
    ----------
    game : StorageGame
        Players and price.
    start : array_like, shape (players, slots), optional
        Plans to start from, 0 outside the stays; by default nobody moves anything.
    order : str
        ``"cyclic"``: in the players' fixed order; ``"random"``: in an order drawn afresh for each
        sweep; ``"simultaneous"``: all to the same total, which need not converge.
    rng : numpy.random.Generator, optional
        Where the random order is drawn from; needed for it only.

    Yields
    ------
    Sweep
        ``number``, ``flows``, ``total`` and ``change``.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape, or there is no `rng` for the random order.
    Infeasible
        If a player has no feasible plan.

    Examples
    --------
    >>> game = StorageGame([1.0, 2.0], 0.5, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    >>> next(best_response_sweeps(game)).number
    1
    """
    if order == "random":
        checks.generator("rng", rng)

    def sweeps(x: FloatArray) -> Iterator[Sweep]:
        line = np.arange(game.players)
        for number in count(1):
            turn = rng.permutation(game.players) if order == "random" and rng is not None else line
            before, x = x, x.copy()
            total = x.sum(axis=0)  # afresh each time: running sums would collect rounding
            respond_in_order(game, turn, order == "simultaneous", x, total)
            yield Sweep(number, x, x.sum(axis=0), float(np.linalg.norm(x - before)))

    return sweeps(np.zeros((game.players, game.slots)) if start is None else start)


def respond_in_order(game: StorageGame, order: IntArray, together: bool, flows: FloatArray, total: FloatArray) -> None:
    """Change `flows` and `total` in place."""
    from v2g_nb.games import kernels  # only here is numba needed

    _refuse_stuck(kernels.sweep(order, together, game.price_rule, game.boxes, flows, total))


def _refuse_stuck(player: int) -> None:
    if player >= 0:
        raise Infeasible(f"player {player}: no plan meets its bounds on flow and level")


class Dual:
    """The dual function with its gradient and curvature at one vector of prices; writes into `flows`."""

    def __init__(self, game: StorageGame, price: FloatArray, flows: FloatArray) -> None:
        from v2g_nb.games import kernels

        slots = game.slots
        self.price, self.flows = price, flows
        self.supply, self.turn, self.curve = np.zeros(slots), np.zeros(slots), np.zeros((slots, slots))
        value, stuck = kernels.respond_to_price(
            price, game.slope, game.boxes, self.flows, self.supply, self.curve, self.turn
        )
        _refuse_stuck(stuck)
        # The total that these prices call for: marginal cost is piecewise linear with one kink.
        above = (price - game.offset) / game.slope
        steep = game.slope + game.shortfall
        below = (price - game.offset + game.shortfall * game.wanted) / steep
        short = (game.shortfall > 0) & (above < game.wanted)
        self.total = np.where(short, below, above)
        self.steepness = np.where(short, steep, game.slope)
        missed = np.maximum(0.0, game.wanted - self.total)
        whole = game.offset * self.total + 0.5 * game.slope * self.total**2 + 0.5 * game.shortfall * missed**2
        self.value = value + float((whole - price * self.total).sum())
        self.gradient = self.supply - self.total
        self.residual = float(np.max(np.abs(self.gradient)))
        self.scale = 1.0 + float(np.max(np.abs(self.total)))


def dual_newton(game: StorageGame, price: FloatArray) -> Iterator[Dual]:
    """Yield the iterates of Newton's method on the dual, without end; each next one overwrites ``flows``.

    1. Let every player respond to the prices; sum up. 2. Compare with the total that the prices
    call for: the difference is the gradient. 3. Solve with the curvature of the free flows.
    4. Halve the step until the dual rises enough, or the gradient shrinks.
    """
    flows = np.zeros((game.players, game.slots))
    here = Dual(game, price, flows)
    while True:
        yield here
        step = np.linalg.solve(here.curve + np.diag(1.0 / here.steepness), here.gradient)
        rise = float(here.gradient @ step)
        length = 1.0
        while True:
            there = Dual(game, here.price + length * step, flows)
            enough = there.value >= here.value + 1e-4 * length * rise
            if enough or there.residual < 0.9 * here.residual or length < 1e-12:
                break
            length *= 0.5
        here = there


def solve_storage_game(
    game: StorageGame, tol: Tolerance = 1e-9, max_iter: Index = 100, certify: bool = True, start: Flows | None = None
) -> StorageEquilibrium:
    """Return the one equilibrium of the storage game.

    Parameters
    ----------
    game : StorageGame
        Players and price.
    tol : float
        Residual, relative to 1 plus the largest total, at which to stop.
    max_iter : int
        Largest number of Newton steps.
    certify : bool
        Whether to compute certificates (one linear program a player).
    start : array_like, shape (players, slots), optional
        Plans near which the equilibrium is expected; by default those after a few sweeps of best
        responses in random order (whose seed is fixed: the answer does not depend on it).

    Returns
    -------
    StorageEquilibrium

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.
    Infeasible
        If a player has no feasible plan.

    Examples
    --------
    >>> game = StorageGame([1.0, 2.0], 0.5, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    >>> found = solve_storage_game(game)
    >>> found.total.round(6), found.converged
    (array([3.666667, 2.333333]), True)
    """
    total = total_near(game) if start is None else start.sum(axis=0)
    for num_iter, step in enumerate(dual_newton(game, marginal_cost(game, total))):
        converged = step.residual <= tol * step.scale
        if converged or num_iter == max_iter:
            break
    notes = certify_storage(game, step.flows) if certify else ()
    price = marginal_cost(game, step.supply)
    return StorageEquilibrium(step.flows, step.supply, price, converged, num_iter, step.residual, notes)


def marginal_cost(game: StorageGame, total: FloatArray) -> FloatArray:
    """Return the marginal cost of the total, which leads every player."""
    return np.asarray(game.offset + game.slope * total - game.shortfall * np.maximum(0.0, game.wanted - total))


def total_near(game: StorageGame) -> FloatArray:
    """Return a total near the equilibrium, after a few sweeps over all players.

    Newton from afar is slow: against given prices, a player's response turns over within a change of
    price that is small beside what all together cause. A sample's prices alone are therefore of no
    use; its mean plan is, as the plan that each player puts aside when its turn comes.
    """
    rng = np.random.default_rng(0)
    flows, many = np.zeros((game.players, game.slots)), game.players / SAMPLE
    if many > 1:
        pick = np.sort(rng.choice(game.players, SAMPLE, replace=False))
        cost: dict[str, Any] = {"slope": game.slope * many, "shortfall": game.shortfall * many}
        sample = replace(game, **cost, wanted=game.wanted / many, **{n: getattr(game, n)[pick] for n in PER_PLAYER})
        guess = solve_storage_game(sample, certify=False).total * many
        np.copyto(flows, guess / np.maximum(1, game.present.sum(axis=0)), where=game.present)
    total: FloatArray = flows.sum(axis=0)
    for _ in range(SWEEPS_AFTER_SAMPLE if many > 1 else SWEEPS):
        respond_in_order(game, rng.permutation(game.players), False, flows, total)
    return total


def equilibrium_sensitivity(
    game: StorageGame, price: FloatArray, total: FloatArray, offset_rate: FloatArray, slope_rate: float
) -> FloatArray:
    """Return how the total of an equilibrium (its price, its total) moves while offset and slope move at these rates.

    Exact while no bound changes between active and free.
    """
    at = Dual(game, price, np.zeros((game.players, game.slots)))
    moved = at.curve @ (offset_rate + slope_rate * total) + slope_rate * at.turn
    return np.asarray(np.linalg.solve(np.eye(game.slots) + at.curve * at.steepness, -moved), dtype=float)
