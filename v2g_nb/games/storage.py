"""The storage game: players with a store each, who meet in one price that rises with their total.

Player i chooses flows ``x_i(t)`` within power bounds and while its level stays within bounds. With
``X(t)`` the sum over players it pays

    sum_t  x_i(t) (offset(t) + slope X(t))  +  shortfall(t)/2 max(0, wanted(t) - X(t))^2  +  end(level).

A level is counted in flow times slots, so that a flow of 1 raises the level by 1 in each slot.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import Infeasible, InvalidInput

IntArray = NDArray[np.int64]
PER_PLAYER = ("flow_low", "flow_high", "level_start", "level_low", "level_high", "level_target")


@dataclass(frozen=True, eq=False)
class StorageUsers:
    """The players: when each is present, what it can move and what it can hold.

    Parameters
    ----------
    slots : int
        Number of time slots.
    first, stop : array_like of int, shape (players,)
        Each player is present in slots ``first, ..., stop - 1``.
    flow_low, flow_high : array_like, shape (players,)
        Bounds of the flow in every slot of the stay; ``flow_low <= 0 <= flow_high``.
    level_start, level_low, level_high : array_like, shape (players,)
        Level before the stay and its bounds after every slot of it.
    level_target : array_like, shape (players,)
        Level wanted at the end.
    hard : bool
        Whether the target must be reached.
    value_below : float
        What a unit of level is worth below the target, if that need not be reached.
    value_above : float
        What a unit of level is worth beyond the target; at most `value_below` unless `hard`.

    Raises
    ------
    InvalidInput
        If a field has the wrong shape or order.
    Infeasible
        If a player cannot meet its bounds; the message gives its index.

    Examples
    --------
    >>> users = StorageUsers(4, [0, 1], [4, 3], [-1, -1], [1, 1], [0, 0], [0, 0], [2, 2], [1, 2])
    >>> len(users.first)
    2
    """

    slots: int
    first: Any
    stop: Any
    flow_low: Any
    flow_high: Any
    level_start: Any
    level_low: Any
    level_high: Any
    level_target: Any
    hard: bool = True
    value_below: float = 0.0
    value_above: float = 0.0

    def __post_init__(self) -> None:
        """Check and freeze the fields once."""
        checks.integer("slots", self.slots, low=1)
        first = checks.array("first", self.first, shape=(None,), low=0, high=self.slots - 1, whole=True)
        players = len(first)
        stop = checks.array("stop", self.stop, shape=(players,), low=1, high=self.slots, whole=True)
        object.__setattr__(self, "first", first.astype(np.int64))
        object.__setattr__(self, "stop", stop.astype(np.int64))
        for name in PER_PLAYER:
            object.__setattr__(self, name, checks.array(name, getattr(self, name), shape=(players,)))
        checks.flag("hard", self.hard)
        for name in ("value_below", "value_above"):  # kept as floats: the compiled loops know no fractions
            object.__setattr__(self, name, checks.real(name, getattr(self, name)))
        if not self.hard and self.value_above > self.value_below:
            raise checks.invalid("value_above", self.value_above, f"at most value_below = {self.value_below:g}")
        self._ordered()

    def _ordered(self) -> None:
        """Raise for the first player whose bounds contradict each other."""
        length = self.stop - self.first
        least = self.level_start + length * self.flow_low
        most = self.level_start + length * self.flow_high
        wrong: list[tuple[str, NDArray[np.bool_], type[Exception]]] = [
            ("stop must lie after first", length < 1, InvalidInput),
            ("flow_low must not exceed flow_high", self.flow_low > self.flow_high, InvalidInput),
            ("level_low must not exceed level_high", self.level_low > self.level_high, InvalidInput),
            ("level_start lies outside its bounds",
             (self.level_start < self.level_low) | (self.level_start > self.level_high), Infeasible),
            ("flow_low is positive or flow_high negative", (self.flow_low > 0) | (self.flow_high < 0), InvalidInput),
        ]  # fmt: skip
        if self.hard:
            goal = np.minimum(self.level_high, most)
            wrong.append(("level_target lies out of reach", self.level_target > goal + 1e-9, Infeasible))
        wrong.append(("level_low lies out of reach", (most < self.level_low) | (least > self.level_high), Infeasible))
        for words, bad, error in wrong:
            if bad.any():
                i = int(np.argmax(bad))
                shown = ", ".join(f"{n} = {getattr(self, n)[i]:g}" for n in ("first", "stop", *PER_PLAYER))
                raise error(f"player {i}: {words} ({shown})")

    @cached_property
    def stores(self) -> FloatArray:
        """Start, lowest, highest and target level, and the two end values; shape (players, 6)."""
        below = np.inf if self.hard else self.value_below
        ends = np.broadcast_to([below, self.value_above], (len(self.first), 2))
        return np.column_stack([self.level_start, self.level_low, self.level_high, self.level_target, ends])

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether a player is present in a slot; shape (players, slots)."""
        t = np.arange(self.slots)
        result: NDArray[np.bool_] = (t >= self.first[:, None]) & (t < self.stop[:, None])
        return result


def end_costs(users: StorageUsers, flows: FloatArray) -> FloatArray:
    """Return what each player pays for missing its target (negative where level beyond it is worth something)."""
    missing = users.level_target - users.level_start - flows.sum(axis=1)
    below = users.value_above if users.hard else users.value_below
    result: FloatArray = np.where(missing > 0, below * missing, users.value_above * missing)
    return result


@dataclass(frozen=True, eq=False)
class SharedCost:
    """What the players' total does to each of them.

    Parameters
    ----------
    offset : array_like, shape (slots,)
        Price of a unit of flow while nobody moves anything.
    slope : float
        Rise of the price with the total; positive.
    shortfall : array_like, shape (slots,), optional
        Weight of the squared shortfall of the total; at least 0, by default 0.
    wanted : array_like, shape (slots,), optional
        Total below which there is a shortfall.

    Raises
    ------
    InvalidInput
        If a field is out of range or of another shape.

    Examples
    --------
    >>> SharedCost([1.0, 2.0], 0.5).price([0.0, 2.0])
    array([1., 3.])
    """

    offset: Any
    slope: float
    shortfall: Any = None
    wanted: Any = None

    def __post_init__(self) -> None:
        """Check and freeze the fields once."""
        offset = checks.array("offset", self.offset, shape=(None,))
        object.__setattr__(self, "slope", checks.real("slope", self.slope, low=0.0, open_low=True))
        object.__setattr__(self, "offset", offset)
        for name in ("shortfall", "wanted"):
            value = getattr(self, name)
            low = 0.0 if name == "shortfall" else -np.inf
            value = np.zeros(len(offset)) if value is None else checks.array(name, value, shape=offset.shape, low=low)
            object.__setattr__(self, name, value)

    def price(self, total: Any) -> FloatArray:
        """Return the price of a unit of flow at the players' total.

        Parameters
        ----------
        total : array_like, shape (slots,)
            The players' total.

        Returns
        -------
        numpy.ndarray, shape (slots,)

        Raises
        ------
        InvalidInput
            If `total` has another shape.
        """
        result: FloatArray = self.offset + self.slope * checks.array("total", total, shape=self.offset.shape)
        return result


def checked(users: Any, shared: Any) -> tuple[StorageUsers, SharedCost]:
    """Return both, or raise if they are of another kind or disagree on the number of slots."""
    users = checks.instance("users", users, StorageUsers)
    shared = checks.instance("shared", shared, SharedCost)
    if len(shared.offset) != users.slots:
        raise InvalidInput(f"shared.offset has {len(shared.offset)} slots: must have users.slots = {users.slots}")
    return users, shared


def player_costs(users: StorageUsers, shared: SharedCost, flows: Any) -> FloatArray:
    """Return what each player pays.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
    flows : array_like, shape (players, slots)
        What each player moves.

    Returns
    -------
    numpy.ndarray, shape (players,)

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    Examples
    --------
    >>> users = StorageUsers(1, [0, 0], [1, 1], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [0, 0])
    >>> player_costs(users, SharedCost([1.0], 0.5), [[2.0], [2.0]])
    array([6., 6.])
    """
    users, shared = checked(users, shared)
    x = checks.array("flows", flows, shape=(len(users.first), users.slots))
    total = x.sum(axis=0)
    missed = 0.5 * float(shared.shortfall @ np.maximum(0.0, shared.wanted - total) ** 2)
    result: FloatArray = x @ shared.price(total) + missed + end_costs(users, x)
    return result


def potential(users: StorageUsers, shared: SharedCost, flows: Any) -> float:
    """Return the exact potential: it changes by what a player's own cost changes when that player moves.

    Parameters
    ----------
    users : StorageUsers
        The players.
    shared : SharedCost
        The price that they share.
    flows : array_like, shape (players, slots)
        What each player moves.

    Returns
    -------
    float

    Raises
    ------
    InvalidInput
        If an argument is of another kind or shape.

    References
    ----------
    Monderer and Shapley, Potential games (1996).

    Examples
    --------
    >>> users = StorageUsers(1, [0, 0], [1, 1], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [0, 0])
    >>> shared, before, after = SharedCost([1.0], 0.5), [[2.0], [2.0]], [[3.0], [2.0]]
    >>> fall = player_costs(users, shared, before)[0] - player_costs(users, shared, after)[0]
    >>> float(fall) == potential(users, shared, before) - potential(users, shared, after)
    True
    """
    users, shared = checked(users, shared)
    x = checks.array("flows", flows, shape=(len(users.first), users.slots))
    total = x.sum(axis=0)
    paid = float(shared.offset @ total) + 0.5 * shared.slope * float((total**2).sum() + (x**2).sum())
    missed = 0.5 * float(shared.shortfall @ np.maximum(0.0, shared.wanted - total) ** 2)
    return paid + missed + float(end_costs(users, x).sum())
