"""One station sets its price first, or both set theirs together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.grid.certificates.prices import sequential_certificates
from v2g_nb.grid.charging import profits, unchecked_loads
from v2g_nb.grid.market import ChargingMarket

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SequentialPlay:
    """One station sets its price first, the other answers.

    Parameters
    ----------
    leader : {0, 1}
        Who moves first.
    prices, profit : tuple of float
        Price and profit of the first and of the second station.
    converged, num_iter, residual
        Candidates are enumerated: always true, how many there were, and the larger gain from another
        price that the certificates found.
    certificates : tuple of Certificate
        Neither gains by another price.
    """

    leader: int
    prices: tuple[float, float]
    profit: tuple[float, float]
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


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
    prices = _ordered(leader, best, reply)
    certificates = sequential_certificates(market.intercept, market.weight / (2.0 * market.curvature), leader, prices)
    residual = float(np.max([c.value for c in certificates]))  # NaN stays NaN
    profit = (float(earned[0]), float(earned[1]))
    return SequentialPlay(leader, prices, profit, True, len(candidates), residual, certificates)


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
