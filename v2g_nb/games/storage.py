"""The storage game: players with a store each, who meet in one price that rises with their total.

Player i chooses flows ``x_i(t)`` within power bounds and while its level stays within bounds. With
``X(t)`` the sum over players it pays

    sum_t  x_i(t) (offset(t) + slope X(t))  +  shortfall(t)/2 max(0, wanted(t) - X(t))^2  +  end(level).

A level is counted in flow times slots, so that a flow of 1 raises the level by 1 in each slot.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from v2g_nb import checks
from v2g_nb.arguments import Model, Optional, checks_arguments
from v2g_nb.checks import Array, BoolArray, FloatArray, IntArray, Number
from v2g_nb.errors import Infeasible, InvalidInput

PER_PLAYER = ("first", "stop", "flow_low", "flow_high", "level_start", "level_low", "level_high", "level_target")
PerPlayer = Annotated[FloatArray, Array("players")]
Flows = Annotated[FloatArray, Array("game.players game.slots")]


@dataclass(frozen=True, eq=False)
class StorageGame(Model):
    """The players, when each is present, what it can move and hold, and what their total does to each of them.

    Parameters
    ----------
    offset : array_like, shape (slots,)
        Price of a unit of flow while nobody moves anything.
    slope : float
        Rise of the price with the total; positive.
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
    shortfall : array_like, shape (slots,), optional
        Weight of the squared shortfall of the total; at least 0, by default 0.
    wanted : array_like, shape (slots,), optional
        Total below which there is a shortfall.

    Raises
    ------
    InvalidInput
        If a field has the wrong shape, range or order.
    Infeasible
        If a player cannot meet its bounds; the message gives its index.

    Examples
    --------
    >>> game = StorageGame([1.0, 2.0], 0.5, [0, 1], [2, 2], [-1, -1], [1, 1], [0, 0], [0, 0], [2, 2], [1, 1])
    >>> game.players, game.slots
    (2, 2)
    """

    offset: Annotated[FloatArray, Array("slots")]
    slope: Annotated[float, Number(low=0.0, open_low=True)]
    first: Annotated[IntArray, Array("players", low=0.0, index=True)]
    stop: Annotated[IntArray, Array("players", low=1.0, index=True)]
    flow_low: PerPlayer
    flow_high: PerPlayer
    level_start: PerPlayer
    level_low: PerPlayer
    level_high: PerPlayer
    level_target: PerPlayer
    hard: bool = True
    value_below: float = 0.0
    value_above: float = 0.0
    shortfall: Annotated[Any, Optional(Array("slots", low=0.0))] = None
    wanted: Annotated[Any, Optional(Array("slots"))] = None

    def _relations(self) -> None:
        for name in ("shortfall", "wanted"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.zeros(self.slots))
        checks.array("stop", self.stop, high=self.slots)
        if not self.hard and self.value_above > self.value_below:
            raise checks.invalid("value_above", self.value_above, f"at most value_below = {self.value_below:g}")
        length = self.stop - self.first
        least = self.level_start + length * self.flow_low
        most = self.level_start + length * self.flow_high
        wrong: list[tuple[str, BoolArray, type[Exception]]] = [
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
                raise error(f"player {i}: {words} ({', '.join(f'{n} = {getattr(self, n)[i]:g}' for n in PER_PLAYER)})")

    @property
    def players(self) -> int:
        """Number of players."""
        return len(self.first)

    @property
    def slots(self) -> int:
        """Number of time slots."""
        return len(self.offset)

    @cached_property
    def present(self) -> BoolArray:
        """Whether a player is present in a slot; shape (players, slots)."""
        t = np.arange(self.slots)
        return np.asarray((t >= self.first[:, None]) & (t < self.stop[:, None]))

    @property
    def price_rule(self) -> tuple[Any, ...]:
        """What the compiled loops take for the price."""
        return self.offset, self.slope, self.shortfall, self.wanted

    @cached_property
    def boxes(self) -> tuple[Any, ...]:
        """What they take for the players: stays, bounds, and start, lowest, highest, target level and end values."""
        below = np.inf if self.hard else self.value_below
        ends = np.broadcast_to([below, self.value_above], (self.players, 2))
        stores = np.column_stack([self.level_start, self.level_low, self.level_high, self.level_target, ends])
        return self.first, self.stop, self.flow_low, self.flow_high, stores

    @checks_arguments
    def player_costs(self, flows: Annotated[FloatArray, Array("self.players self.slots")]) -> FloatArray:
        """Return what each player pays.

        Parameters
        ----------
        flows : array_like, shape (players, slots)
            What each player moves.

        Returns
        -------
        numpy.ndarray, shape (players,)

        Raises
        ------
        InvalidInput
            If `flows` have another shape.

        Examples
        --------
        >>> game = StorageGame([1.0], 0.5, [0, 0], [1, 1], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [0, 0])
        >>> game.player_costs([[2.0], [2.0]])
        array([6., 6.])
        """
        total = flows.sum(axis=0)
        paid = flows @ (self.offset + self.slope * total)
        return np.asarray(paid + self._missed(total) + end_costs(self, flows))

    @checks_arguments
    def potential(self, flows: Annotated[FloatArray, Array("self.players self.slots")]) -> float:
        """Return the exact potential: it changes by what a player's own cost changes when that player moves.

        Parameters
        ----------
        flows : array_like, shape (players, slots)
            What each player moves.

        Returns
        -------
        float

        Raises
        ------
        InvalidInput
            If `flows` have another shape.

        References
        ----------
        Monderer and Shapley, Potential games (1996).

        Examples
        --------
        >>> game = StorageGame([1.0], 0.5, [0, 0], [1, 1], [-9, -9], [9, 9], [0, 0], [-9, -9], [9, 9], [0, 0])
        >>> before, after = [[2.0], [2.0]], [[3.0], [2.0]]
        >>> fall = game.player_costs(before)[0] - game.player_costs(after)[0]
        >>> float(fall) == game.potential(before) - game.potential(after)
        True
        """
        total = flows.sum(axis=0)
        paid = float(self.offset @ total) + 0.5 * self.slope * float((total**2).sum() + (flows**2).sum())
        return paid + self._missed(total) + float(end_costs(self, flows).sum())

    def _missed(self, total: FloatArray) -> float:
        return 0.5 * float(self.shortfall @ np.maximum(0.0, self.wanted - total) ** 2)


def end_costs(game: StorageGame, flows: FloatArray) -> FloatArray:
    """Return what each player pays for missing its target (negative where level beyond it is worth something)."""
    missing = game.level_target - game.level_start - flows.sum(axis=1)
    below = game.value_above if game.hard else game.value_below
    return np.asarray(np.where(missing > 0, below * missing, game.value_above * missing))
