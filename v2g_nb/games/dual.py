"""The whole storage game at once: its equilibrium minimises a strictly convex potential.

The potential couples the players only through their total. Its dual has one price a slot, however
many players there are, and Newton's method on these prices ends after a few steps: the dual is
concave, once differentiable and piecewise quadratic.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible
from v2g_nb.games import kernels as storage_kernels
from v2g_nb.games.response import respond_in_order
from v2g_nb.games.storage import PER_PLAYER, SharedCost, StorageUsers, checked
from v2g_nb.games.storage_certificates import certify_plans

SAMPLE = 1000  # players that stand for all, where there are more
SWEEPS, SWEEPS_AFTER_SAMPLE = 5, 2


@dataclass(frozen=True, eq=False)
class StorageEquilibrium:
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


class _Dual:
    """The dual function with its gradient and curvature at one vector of prices; writes into `flows`."""

    def __init__(self, users: StorageUsers, shared: SharedCost, price: FloatArray, flows: FloatArray) -> None:
        slots = users.slots
        self.price, self.flows = price, flows
        self.supply, self.turn, self.curve = np.zeros(slots), np.zeros(slots), np.zeros((slots, slots))
        value, stuck = storage_kernels.respond_to_price(
            price, shared.slope, users.first, users.stop, users.flow_low, users.flow_high, users.stores,
            self.flows, self.supply, self.curve, self.turn,
        )  # fmt: skip
        if stuck >= 0:
            raise Infeasible(f"player {stuck}: no plan meets its bounds on flow and level")
        # The total that these prices call for: marginal cost is piecewise linear with one kink.
        above = (price - shared.offset) / shared.slope
        steep = shared.slope + shared.shortfall
        below = (price - shared.offset + shared.shortfall * shared.wanted) / steep
        short = (shared.shortfall > 0) & (above < shared.wanted)
        self.total = np.where(short, below, above)
        self.steepness = np.where(short, steep, shared.slope)
        missed = np.maximum(0.0, shared.wanted - self.total)
        whole = shared.offset * self.total + 0.5 * shared.slope * self.total**2 + 0.5 * shared.shortfall * missed**2
        self.value = value + float((whole - price * self.total).sum())
        self.gradient = self.supply - self.total
        self.residual = float(np.max(np.abs(self.gradient)))
        self.scale = 1.0 + float(np.max(np.abs(self.total)))


def dual_newton(users: StorageUsers, shared: SharedCost, price: Any = None) -> Iterator[_Dual]:
    """Yield the iterates of Newton's method on the dual, without end.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
    price : array_like, shape (slots,), optional
        Prices to start from; by default those at a total of zero.

    Yields
    ------
    object
        With ``price``, ``flows`` (best responses to it), ``total``, ``gradient`` and ``residual``.
        The next iterate overwrites ``flows``: copy what is to be kept.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.
    Infeasible
        If a player has no feasible plan.

    Notes
    -----
    1. Let every player respond to the prices; sum up. 2. Compare with the total that the prices
    call for: the difference is the gradient. 3. Solve with the curvature of the free flows.
    4. Halve the step until the dual rises enough, or the gradient shrinks.

    Examples
    --------
    >>> users = StorageUsers(2, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    >>> steps = dual_newton(users, SharedCost([1.0, 2.0], 0.5))
    >>> [round(next(steps).residual, 6) for _ in range(3)]
    [5.0, 0.0, 0.0]
    """
    users, shared = checked(users, shared)
    if price is None:
        price = shared.offset - shared.shortfall * np.maximum(0.0, shared.wanted)
    price = checks.array("price", price, shape=(users.slots,))
    return _newton(users, shared, price)


def _newton(users: StorageUsers, shared: SharedCost, price: FloatArray) -> Iterator[_Dual]:
    flows = np.zeros((len(users.first), users.slots))
    here = _Dual(users, shared, price, flows)
    while True:
        yield here
        step = np.linalg.solve(here.curve + np.diag(1.0 / here.steepness), here.gradient)
        rise = float(here.gradient @ step)
        length = 1.0
        while True:
            there = _Dual(users, shared, here.price + length * step, flows)
            enough = there.value >= here.value + 1e-4 * length * rise
            if enough or there.residual < 0.9 * here.residual or length < 1e-12:
                break
            length *= 0.5
        here = there


def solve_potential_game(
    users: StorageUsers,
    shared: SharedCost,
    tol: float = 1e-9,
    max_iter: int = 100,
    certify: bool = True,
    start: Any = None,
) -> StorageEquilibrium:
    """Return the one equilibrium of the storage game.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
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
    >>> users = StorageUsers(2, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    >>> found = solve_potential_game(users, SharedCost([1.0, 2.0], 0.5))
    >>> found.total.round(6), found.converged
    (array([3.666667, 2.333333]), True)
    """
    users, shared = checked(users, shared)
    checks.real("tol", tol, low=0.0, open_low=True)
    checks.integer("max_iter", max_iter, low=0)
    checks.flag("certify", certify)
    shape = (len(users.first), users.slots)
    total = _warm(users, shared) if start is None else checks.array("start", start, shape=shape).sum(axis=0)
    for num_iter, step in enumerate(dual_newton(users, shared, _marginal(shared, total))):
        converged = step.residual <= tol * step.scale
        if converged or num_iter == max_iter:
            break
    notes = certify_plans(users, shared, step.flows) if certify else ()
    price = _marginal(shared, step.supply)
    return StorageEquilibrium(step.flows, step.supply, price, converged, num_iter, step.residual, notes)


def _marginal(shared: SharedCost, total: FloatArray) -> FloatArray:
    """Return the marginal cost of the total, which leads every player."""
    result: FloatArray = shared.price(total) - shared.shortfall * np.maximum(0.0, shared.wanted - total)
    return result


def _warm(users: StorageUsers, shared: SharedCost) -> FloatArray:
    """Return a total near the equilibrium, after a few sweeps over all players.

    Newton from afar is slow: against given prices, a player's response turns over within a change of
    price that is small beside what all together cause. A sample's prices alone are therefore of no
    use; its mean plan is, as the plan that each player puts aside when its turn comes.
    """
    rng, players = np.random.default_rng(0), len(users.first)
    flows, many = np.zeros((players, users.slots)), players / SAMPLE
    if many > 1:
        pick = np.sort(rng.choice(players, SAMPLE, replace=False))
        sample = replace(users, **{name: getattr(users, name)[pick] for name in ("first", "stop", *PER_PLAYER)})
        cost = SharedCost(shared.offset, shared.slope * many, shared.shortfall * many, shared.wanted / many)
        guess = solve_potential_game(sample, cost, certify=False).total * many
        np.copyto(flows, guess / np.maximum(1, users.present.sum(axis=0)), where=users.present)
    total: FloatArray = flows.sum(axis=0)
    for _ in range(SWEEPS_AFTER_SAMPLE if many > 1 else SWEEPS):
        respond_in_order(users, shared, rng.permutation(players), False, flows, total)
    return total


def equilibrium_sensitivity(
    users: StorageUsers, shared: SharedCost, found: StorageEquilibrium, offset_rate: Any, slope_rate: float
) -> FloatArray:
    """Return how the equilibrium's total moves while the price rule moves.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
    found : StorageEquilibrium
        Its equilibrium; of it the price and the total are read.
    offset_rate : array_like, shape (slots,)
        Derivative of the offset by the parameter that moves.
    slope_rate : float
        Derivative of the slope by that parameter.

    Returns
    -------
    numpy.ndarray, shape (slots,)
        Derivative of the total, exact while no bound changes between active and free.

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> users = StorageUsers(2, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    >>> shared = SharedCost([1.0, 2.0], 0.5)
    >>> found = solve_potential_game(users, shared)
    >>> equilibrium_sensitivity(users, shared, found, [1.0, 0.0], 0.0).round(6)
    array([-0.666667,  0.666667])
    """
    users, shared = checked(users, shared)
    found = checks.instance("found", found, StorageEquilibrium)
    # The compiled loops check no bounds: a price of fewer slots would be read beyond its end.
    price = checks.array("found.price", found.price, shape=(users.slots,))
    total = checks.array("found.total", found.total, shape=(users.slots,))
    offset_rate = checks.array("offset_rate", offset_rate, shape=(users.slots,))
    rate = checks.real("slope_rate", slope_rate)
    at = _Dual(users, shared, price, np.zeros((len(users.first), users.slots)))
    moved = at.curve @ (offset_rate + rate * total) + rate * at.turn
    result: FloatArray = np.linalg.solve(np.eye(users.slots) + at.curve * at.steepness, -moved)
    return result
