"""Best responses in the storage game, one player at a time: exact, and iterated in several orders.

Going from player to player is what numerical analysts call the Liebmann or Gauss-Seidel method;
letting all respond to the same total is Jacobi's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible
from v2g_nb.games import kernels as storage_kernels
from v2g_nb.games.storage import SharedCost, StorageUsers, checked

ORDERS = ("cyclic", "random", "simultaneous")


@dataclass(frozen=True, eq=False)
class Sweep:
    """One iterate: `number` of sweeps so far, `flows`, their `total`, and `change` (Frobenius norm) by this sweep."""

    number: int
    flows: FloatArray
    total: FloatArray
    change: float


def best_response(users: StorageUsers, shared: SharedCost, flows: Any, player: int) -> FloatArray:
    """Return the one plan of least cost of a player while the others keep theirs.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
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
        If an argument is of another kind or shape.

    Notes
    -----
    Exact up to rounding: the level that a player reaches is a piecewise linear function of one
    multiplier, cut off where the store is full or empty.

    Examples
    --------
    >>> users = StorageUsers(2, [0], [2], [-9], [9], [0], [-9], [9], [3])
    >>> best_response(users, SharedCost([1.0, 2.0], 0.5), [[0.0, 0.0]], 0)
    array([2., 1.])
    """
    users, shared = checked(users, shared)
    x = checks.array("flows", flows, shape=(len(users.first), users.slots))
    checks.integer("player", player, low=0, high=len(x) - 1)
    respond_in_order(users, shared, np.array([player]), False, x, x.sum(axis=0))
    result: FloatArray = x[player]
    return result


def best_response_sweeps(
    users: StorageUsers,
    shared: SharedCost,
    start: Any,
    order: str = "cyclic",
    rng: np.random.Generator | None = None,
) -> Iterator[Sweep]:
    """Yield the plans after each sweep of best responses, without end.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
    start : array_like, shape (players, slots)
        Plans to start from.
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
        If an argument is of another kind or shape.
    Infeasible
        If a player has no feasible plan.

    Examples
    --------
    >>> users = StorageUsers(2, [0, 0], [2, 2], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [3, 3])
    >>> sweeps = best_response_sweeps(users, SharedCost([1.0, 2.0], 0.5), np.zeros((2, 2)))
    >>> next(sweeps).number
    1
    """
    users, shared = checked(users, shared)
    x = checks.array("start", start, shape=(len(users.first), users.slots))
    checks.choice("order", order, ORDERS)
    if order == "random" or rng is not None:
        rng = checks.generator("rng", rng)
    return _sweeps(users, shared, x, order, rng)


def _sweeps(
    users: StorageUsers, shared: SharedCost, x: FloatArray, order: str, rng: np.random.Generator | None
) -> Iterator[Sweep]:
    line = np.arange(len(x))
    number = 0
    while True:
        number += 1
        turn = rng.permutation(len(x)) if order == "random" and rng is not None else line
        before, x = x, x.copy()
        total = x.sum(axis=0)  # afresh each time: running sums would collect rounding
        respond_in_order(users, shared, turn, order == "simultaneous", x, total)
        yield Sweep(number, x, x.sum(axis=0), float(np.linalg.norm(x - before)))


def respond_in_order(
    users: StorageUsers, shared: SharedCost, order: Any, together: bool, flows: FloatArray, total: FloatArray
) -> None:
    """Change `flows` and `total` in place."""
    stuck = storage_kernels.sweep(
        order, together, shared.offset, shared.slope, shared.shortfall, shared.wanted,
        users.first, users.stop, users.flow_low, users.flow_high, users.stores, flows, total,
    )  # fmt: skip
    if stuck >= 0:
        raise Infeasible(f"player {stuck}: no plan meets its bounds on flow and level")
