"""The price game on a grid of prices, in whole numbers, and the stations' answers in turn without end."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.grid.market import ChargingMarket


@dataclass(frozen=True, eq=False)
class PriceGrid:
    """The price game on equally spaced prices, in whole numbers.

    Parameters
    ----------
    prices : array_like, shape (n,)
        The same prices for both stations, from 0.
    row_payoff, column_payoff : array_like of whole numbers, shape (n, n)
        Profits of the first and the second station times `scale`.
    scale : int
        What profits were multiplied by to be whole.

    Raises
    ------
    InvalidInput
        If shapes do not fit, payoffs are not whole, or `scale` is below 1.

    Examples
    --------
    >>> PriceGrid([0.0, 0.5], [[0, 0], [1, 2]], [[0, 1], [0, 2]], 8).scale
    8
    """

    prices: Any
    row_payoff: Any
    column_payoff: Any
    scale: int

    def __post_init__(self) -> None:
        """Check the fields once."""
        prices = checks.array("prices", self.prices, shape=(None,), low=0.0)
        object.__setattr__(self, "prices", prices)
        for name in ("row_payoff", "column_payoff"):
            payoff = checks.array(name, getattr(self, name), shape=(len(prices), len(prices)), whole=True)
            object.__setattr__(self, name, payoff)
        checks.integer("scale", self.scale, low=1)


def price_grid(market: ChargingMarket, steps_per_unit: int, highest: int, *, ties: int = 0) -> PriceGrid:
    """Return the price game on a grid, exactly: the market's numbers must be whole, its curvatures 1.

    Parameters
    ----------
    market : ChargingMarket
        Types with whole intercepts and weights, and curvature 1.
    steps_per_unit : int
        Prices per unit of money: 5 for a step of 0.2.
    highest : int
        The highest price.
    ties : {0, 1}
        Station that an indifferent type takes.

    Returns
    -------
    PriceGrid

    Raises
    ------
    InvalidInput
        If the market is not of that kind, or a number is out of range.

    Examples
    --------
    >>> from v2g_nb.grid.market import paper_market
    >>> game = price_grid(paper_market(), 5, 12)
    >>> game.row_payoff.shape, game.scale
    ((61, 61), 50)
    """
    checks.instance("market", market, ChargingMarket)
    checks.integer("steps_per_unit", steps_per_unit, low=1)
    checks.integer("highest", highest, low=1)
    checks.integer("ties", ties, low=0, high=1)
    whole = np.concatenate([market.intercept.ravel(), market.weight])
    if np.any(whole != np.floor(whole)) or np.any(market.curvature != 1.0):
        raise InvalidInput(f"market = {checks.shown(market)}: must have whole intercepts and weights, and curvature 1")
    ticks = np.arange(highest * steps_per_unit + 1)
    first, second = np.meshgrid(ticks, ticks, indexing="ij")
    row, column = np.zeros(first.shape), np.zeros(first.shape)
    # In ticks everything is a whole number: profit = price * (intercept - price) / 2.
    for (near, far), mass in zip(market.intercept * steps_per_unit, market.weight, strict=True):
        at_first, at_second = np.maximum(near - first, 0), np.maximum(far - second, 0)
        goes_second = at_second >= at_first if ties else at_second > at_first
        row += np.where(goes_second, 0, mass * first * at_first)
        column += np.where(goes_second, mass * second * at_second, 0)
    prices = np.array([float(Fraction(int(k), steps_per_unit)) for k in ticks])
    return PriceGrid(prices, row, column, 2 * steps_per_unit**2)


def edgeworth_cycle(game: PriceGrid, start: int) -> Iterator[tuple[int, int]]:
    """Yield pairs of prices as the stations answer each other in turn, until a pair returns.

    The second station moves first. A station indifferent between prices takes the higher.

    Parameters
    ----------
    game : PriceGrid
        The price game.
    start : int
        Position of the first station's first price.

    Yields
    ------
    (int, int)
        Positions of both prices after each move; the last pair has been seen before.

    Raises
    ------
    InvalidInput
        If `game` is no PriceGrid or `start` is not on it (at the first step).

    Examples
    --------
    >>> from v2g_nb.grid.market import paper_market
    >>> game = price_grid(paper_market(), 2, 12)
    >>> path = list(edgeworth_cycle(game, 11))
    >>> len(path), path.index(path[-1])
    (14, 1)
    """
    checks.instance("game", game, PriceGrid)
    first = checks.integer("start", start, low=0, high=len(game.prices) - 1)
    seen: set[tuple[int, int, bool]] = set()
    second_moves, second = True, 0
    last = len(game.prices) - 1
    while True:
        if second_moves:
            second = last - int(np.argmax(game.column_payoff[first, ::-1]))
        else:
            first = last - int(np.argmax(game.row_payoff[::-1, second]))
        second_moves = not second_moves
        yield first, second
        if (first, second, second_moves) in seen:
            return
        seen.add((first, second, second_moves))
