"""Two stations set prices: on a grid of prices, one after the other, in turn without end, and together."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.grid.market import ChargingMarket, profits, unchecked_loads

__all__ = ["PriceGrid", "SequentialPlay", "cooperate", "edgeworth_cycle", "follower_reply", "price_grid", "take_turns"]

FloatArray = NDArray[np.float64]


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
        If `game` is no PriceGrid or `start` is not on it.

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


@dataclass(frozen=True)
class SequentialPlay:
    """One station sets its price first, the other answers.

    Parameters
    ----------
    leader : {0, 1}
        Who moves first.
    prices, profit : tuple of float
        Price and profit of the first and of the second station.

    Raises
    ------
    InvalidInput
        If `leader` is not 0 or 1.

    Examples
    --------
    >>> SequentialPlay(0, (4.5, 4.5), (17.0, 12.0)).leader
    0
    """

    leader: int
    prices: tuple[float, float]
    profit: tuple[float, float]

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.integer("leader", self.leader, low=0, high=1)
        checks.array("prices", self.prices, shape=(2,))
        checks.array("profit", self.profit, shape=(2,))


def _ordered(leader: int, leading: float, following: float) -> tuple[float, float]:
    return (leading, following) if leader == 0 else (following, leading)


def follower_reply(market: ChargingMarket, leader: int, price: float) -> float:
    """Return the follower's best price, exactly: indifferent vehicles go to the follower.

    Its profit is quadratic between the prices at which a type changes station, so that the best
    price is one of those or the top of one of the parabolas. Of equally good prices it takes the
    highest, which is best for the leader.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    leader : {0, 1}
        Who moves first.
    price : float
        The leader's price, at least 0.

    Returns
    -------
    float

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> from v2g_nb.grid.market import paper_market
    >>> follower_reply(paper_market(), 0, 4.0), follower_reply(paper_market(), 0, 7.0)
    (4.0, 4.0)
    """
    checks.instance("market", market, ChargingMarket)
    checks.integer("leader", leader, low=0, high=1)
    return _reply(market, leader, checks.real("price", price, low=0.0))


def _reply(market: ChargingMarket, leader: int, price: float) -> float:
    follower = 1 - leader
    edges = price + market.intercept[:, follower] - market.intercept[:, leader]
    candidates = [float(edge) for edge in edges if edge >= 0.0]
    weight = market.weight / market.curvature
    for edge in [*edges, -np.inf]:  # the types that stay at a price just below each edge
        stay = edges >= edge
        candidates.append(float(weight[stay] @ market.intercept[stay, follower] / weight[stay].sum() / 2.0))
    earned = {p: _earned(market, leader, price, p)[follower] for p in candidates}
    best = max(earned.values())
    return max(p for p, value in earned.items() if value >= best - 1e-12 * max(1.0, abs(best)))


def _earned(market: ChargingMarket, leader: int, leading: float, following: float) -> FloatArray:
    prices = np.array(_ordered(leader, leading, following))
    earned: FloatArray = prices * unchecked_loads(market, prices, 1 - leader)
    return earned


def take_turns(market: ChargingMarket, leader: int) -> SequentialPlay:
    """Return the subgame-perfect prices when one station moves first.

    1. The follower's reply is exact (:func:`follower_reply`).
    2. The leader's profit is smooth except where the reply jumps; each jump is found by bisection.
    3. The leader's best price is a jump or the top of a smooth piece.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    leader : {0, 1}
        Who moves first.

    Returns
    -------
    SequentialPlay
        Where the follower is indifferent it does what the leader prefers, as in every subgame-perfect
        equilibrium of the continuous game.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> from v2g_nb.grid.market import paper_market
    >>> [round(p, 4) for p in take_turns(paper_market(), 1).prices]
    [4.9172, 1.9172]
    """
    checks.instance("market", market, ChargingMarket)
    checks.integer("leader", leader, low=0, high=1)
    grid = np.linspace(0.0, float(market.intercept.max()), 601)

    def value(price: float) -> float:
        return float(_earned(market, leader, price, _reply(market, leader, price))[leader])

    def kept(price: float) -> tuple[bool, ...]:
        """Return which types the follower serves: where this changes, the reply jumps."""
        reply = _reply(market, leader, price)
        gap = market.intercept[:, 1 - leader] - reply - (market.intercept[:, leader] - price)
        return tuple((gap >= -1e-9).tolist())

    classes = [kept(p) for p in grid]
    edges = [0]
    candidates = [0.0]
    for k in range(len(grid) - 1):
        if classes[k] != classes[k + 1]:
            candidates += _jump(kept, grid[k], grid[k + 1])
            edges.append(k + 1)
    for low, high in zip(edges, [*edges[1:], len(grid)], strict=True):
        if high - low > 2:
            top = minimize_scalar(
                lambda p: -value(p), bounds=(grid[low], grid[high - 1]), method="bounded", options={"xatol": 1e-12}
            )
            candidates.append(float(top.x))
    best = max(candidates, key=value)
    reply = _reply(market, leader, best)
    earned = _earned(market, leader, best, reply)
    return SequentialPlay(leader, _ordered(leader, best, reply), (float(earned[0]), float(earned[1])))


def _jump(kept: Any, low: float, high: float) -> list[float]:
    """Return the two neighbouring prices between which `kept` changes."""
    left = kept(low)
    where = brentq(lambda p: -1.0 if kept(p) == left else 1.0, low, high, xtol=1e-14, rtol=1e-15)
    step = 1e-13 * max(1.0, where)
    return [float(where) - step, float(where), float(where) + step]


def cooperate(market: ChargingMarket) -> tuple[float, float]:
    """Return the prices that maximise the stations' joint profit, where vehicles still choose freely.

    Sorted by taste, the types split at one place: those with the strongest taste for the first
    station go there. For each split the joint profit is a concave quadratic in the prices; its top is
    taken where it induces that split, and else the best point on a border of the split.

    Parameters
    ----------
    market : ChargingMarket
        Types.

    Returns
    -------
    (float, float)
        Ties go the way that earns more.

    Raises
    ------
    InvalidInput
        If `market` is no ChargingMarket.

    Examples
    --------
    >>> from v2g_nb.grid.market import paper_market
    >>> cooperate(paper_market())
    (6.0, 5.0)
    """
    checks.instance("market", market, ChargingMarket)
    weight = market.weight / market.curvature
    candidates: list[tuple[float, float]] = []
    for taste in [*market.tastes, np.inf]:
        first = market.tastes >= taste
        mass = np.array([weight[first].sum(), weight[~first].sum()])
        sums = np.array([weight[first] @ market.intercept[first, 0], weight[~first] @ market.intercept[~first, 1]])
        top = market.intercept.max(axis=0) + 1.0  # a station without vehicles asks more than anybody pays
        free = np.where(mass > 0.0, sums / (2.0 * np.maximum(mass, 1e-300)), top)
        candidates.append((float(free[0]), float(free[1])))
        for border in market.tastes:  # p1 = p2 + border: one quadratic in p2
            second = (sums.sum() - 2.0 * mass[0] * border) / (2.0 * mass.sum())
            candidates.append((float(second + border), float(second)))
    usable = [c for c in candidates if min(c) >= 0.0]
    return max(usable, key=lambda c: max(profits(market, c, ties=t).sum() for t in (0, 1)))
