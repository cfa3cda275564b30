"""The stations' price competition: on a grid of prices, at random, one after the other, and together.

The mixed equilibrium in closed form has no atoms. One group values both stations alike (intercept a); another
values the first at b1 and the second at b2 = b1 - d. The first group buys where it is cheaper; the second stays at
the first station up to a price difference of d.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Annotated, Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar, root

from v2g_nb import checks
from v2g_nb.arguments import Model
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray, Number, Whole
from v2g_nb.errors import Infeasible
from v2g_nb.grid.certificates.prices import MOST, price_proof, price_scan, sequential_certificates, unit_of
from v2g_nb.grid.market import ChargingMarket, Station, station_loads

SOLVED = 1e-9  # jump of a probability, where `shared` is 10, with which the lowest prices count as found
Positive = Annotated[float, Number(low=0.0, open_low=True)]


@dataclass(frozen=True, eq=False)
class PriceGrid(Model):
    """The price game on equally spaced prices, in whole numbers.

    Parameters
    ----------
    market : ChargingMarket
        Types with whole intercepts and weights, and curvature 1.
    steps_per_unit : int
        Prices per unit of money, from 0 on: 5 for a step of 0.2.
    highest : int
        The highest price.
    ties : {0, 1}
        Station that an indifferent type takes.

    Attributes
    ----------
    prices : numpy.ndarray, shape (n,)
        The same prices for both stations.
    row_payoff, column_payoff : numpy.ndarray, shape (n, n)
        Profits of the first and the second station times `scale`.
    scale : int
        What profits were multiplied by to be whole.

    Raises
    ------
    InvalidInput
        If the market is not of that kind, or a number is out of range.

    Examples
    --------
    >>> game = PriceGrid(paper_market(), 5, 12)
    >>> game.row_payoff.shape, game.scale
    ((61, 61), 50)
    """

    market: ChargingMarket
    steps_per_unit: Annotated[int, Whole(low=1)]
    highest: Annotated[int, Whole(low=1)]
    ties: Station = 0

    def _relations(self) -> None:
        whole = np.concatenate([self.market.intercept.ravel(), self.market.weight])
        if np.any(whole != np.floor(whole)) or np.any(self.market.curvature != 1.0):
            raise checks.invalid("market", self.market, "one with whole intercepts and weights, and curvature 1")

    @cached_property
    def prices(self) -> FloatArray:
        """The prices."""
        count = self.highest * self.steps_per_unit + 1
        return np.array([float(Fraction(k, self.steps_per_unit)) for k in range(count)])

    @property
    def row_payoff(self) -> FloatArray:
        """Profits of the first station times `scale`."""
        return self._payoffs[0]

    @property
    def column_payoff(self) -> FloatArray:
        """Profits of the second station times `scale`."""
        return self._payoffs[1]

    @property
    def scale(self) -> int:
        """What profits were multiplied by to be whole."""
        return 2 * self.steps_per_unit**2

    @cached_property
    def _payoffs(self) -> tuple[FloatArray, FloatArray]:
        ticks = np.arange(len(self.prices))
        first, second = np.meshgrid(ticks, ticks, indexing="ij")
        row, column = np.zeros(first.shape), np.zeros(first.shape)
        # In ticks everything is a whole number: profit = price * (intercept - price) / 2.
        for (near, far), mass in zip(self.market.intercept * self.steps_per_unit, self.market.weight, strict=True):
            at_first, at_second = np.maximum(near - first, 0), np.maximum(far - second, 0)
            goes_second = at_second >= at_first if self.ties else at_second > at_first
            row += np.where(goes_second, 0, mass * first * at_first)
            column += np.where(goes_second, mass * second * at_second, 0)
        return row, column

    def edgeworth_cycle(self, start: int) -> Iterator[tuple[int, int]]:
        """Yield pairs of prices as the stations answer each other in turn, until a pair returns.

        The second station moves first. A station indifferent between prices takes the higher.

        Parameters
        ----------
        start : int
            Position of the first station's first price.

        Yields
        ------
        (int, int)
            Positions of both prices after each move; the last pair has been seen before.

        Raises
        ------
        InvalidInput
            If `start` is not on the grid (at the first step).

        Examples
        --------
        >>> path = list(PriceGrid(paper_market(), 2, 12).edgeworth_cycle(11))
        >>> len(path), path.index(path[-1])
        (14, 1)
        """
        last = len(self.prices) - 1
        first = checks.integer("start", start, low=0, high=last)
        seen: set[tuple[int, int, bool]] = set()
        second_moves, second = True, 0
        while True:
            if second_moves:
                second = last - int(np.argmax(self.column_payoff[first, ::-1]))
            else:
                first = last - int(np.argmax(self.row_payoff[::-1, second]))
            second_moves = not second_moves
            yield first, second
            if (first, second, second_moves) in seen:
                return
            seen.add((first, second, second_moves))


@dataclass(frozen=True, eq=False)
class SequentialPricesResult(Result):
    """One station sets its price first, the other answers.

    Parameters
    ----------
    leader : {0, 1}
        Who moves first.
    prices, profit : tuple of float
        Price and profit of the first and of the second station.
    certificates : tuple of Certificate
        Neither gains by another price.
    """

    leader: int
    prices: tuple[float, float]
    profit: tuple[float, float]
    certificates: tuple[Certificate, ...]


def _ordered(leader: int, leading: float, following: float) -> tuple[float, float]:
    return (leading, following) if leader == 0 else (following, leading)


def follower_reply(market: ChargingMarket, leader: int, price: float) -> float:
    """Return the follower's best price, exactly: indifferent vehicles go to the follower.

    Its profit is quadratic between the prices at which a type changes station, so that the best price is one of
    those or the top of one of the parabolas. Of equally good prices it takes the highest, which is best for the
    leader.
    """
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
    return prices * station_loads(market, prices, 1 - leader)


def take_turns(market: ChargingMarket, leader: Station) -> SequentialPricesResult:
    """Return the subgame-perfect prices when one station moves first.

    1. The follower's reply is exact: the best of the prices at which a type changes station and of the tops of
       the parabolas between them.
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
    SequentialPricesResult
        Where the follower is indifferent it does what the leader prefers, as in every subgame-perfect
        equilibrium of the continuous game.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> [round(p, 4) for p in take_turns(paper_market(), 1).prices]
    [4.9172, 1.9172]
    """
    grid = np.linspace(0.0, float(market.intercept.max()), 601)

    def value(price: float) -> float:
        return float(_earned(market, leader, price, follower_reply(market, leader, price))[leader])

    def kept(price: float) -> tuple[bool, ...]:
        """Return which types the follower serves: where this changes, the reply jumps."""
        reply = follower_reply(market, leader, price)
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
    reply = follower_reply(market, leader, best)
    first, second = _earned(market, leader, best, reply).tolist()
    draft = SequentialPricesResult(leader, _ordered(leader, best, reply), (first, second), ())
    return replace(draft, certificates=sequential_certificates(market, draft))


def _jump(kept: Callable[[float], Any], low: float, high: float) -> list[float]:
    """Return the two neighbouring prices between which `kept` changes."""
    left = kept(low)
    where = brentq(lambda p: -1.0 if kept(p) == left else 1.0, low, high, xtol=1e-14, rtol=1e-15)
    step = 1e-13 * max(1.0, where)
    return [float(where) - step, float(where), float(where) + step]


def cooperate(market: ChargingMarket) -> tuple[float, float]:
    """Return the prices that maximise the stations' joint profit, where vehicles still choose freely.

    Sorted by taste, the types split at one place: those with the strongest taste for the first
    station go there. For each split the joint profit is a concave quadratic in the prices; its top is
    taken where it induces that split, and else the best point on a edge of the split.

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
    >>> cooperate(paper_market())
    (6.0, 5.0)
    """
    weight = market.weight / market.curvature
    candidates: list[tuple[float, float]] = []
    for taste in [*market.tastes, np.inf]:
        first = market.tastes >= taste
        mass = np.array([weight[first].sum(), weight[~first].sum()])
        sums = np.array([weight[first] @ market.intercept[first, 0], weight[~first] @ market.intercept[~first, 1]])
        top = market.intercept.max(axis=0) + 1.0  # a station without vehicles asks more than anybody pays
        free = np.where(mass > 0.0, sums / (2.0 * np.maximum(mass, 1e-300)), top)
        candidates.append((float(free[0]), float(free[1])))
        for edge in market.tastes:  # p1 = p2 + edge: one quadratic in p2
            second = (sums.sum() - 2.0 * mass[0] * edge) / (2.0 * mass.sum())
            candidates.append((float(second + edge), float(second)))
    usable = [c for c in candidates if min(c) >= 0.0]
    return max(usable, key=lambda c: max((np.array(c) * station_loads(market, np.array(c), t)).sum() for t in (0, 1)))


@dataclass(frozen=True, eq=False)
class MixedPricesResult(Result):
    """A mixed equilibrium of the price game: two distributions without atoms.

    Parameters
    ----------
    shared : float
        Intercept of the group that values both stations alike (a).
    loyal : tuple of float
        Intercepts of the group that prefers the first station (b1, b2).
    lowest : tuple of float
        Lowest price of each station (L1, L2); the highest is b1 - b2 above.
    profit : tuple of float
        Expected profit of each station (u1, u2).
    num_iter, residual
        How often the two equations for L1 and L2 were evaluated, and the larger jump of a probability left.
    certificates : tuple of Certificate
        Distribution functions that rise from 0 to 1, equal profit on the support, no gain off it:
        proved in fractions for every price, and scanned over 4 001 prices with `cdf`. Their prices
        and profits are in that money in which `shared` is 10.
    """

    shared: float
    loyal: tuple[float, float]
    lowest: tuple[float, float]
    profit: tuple[float, float]
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]

    def cdf(self, station: int, price: Any) -> FloatArray:
        """Return the probability that a station's price is at most `price`.

        Parameters
        ----------
        station : {0, 1}
            Which station.
        price : array_like
            Prices, of any shape.

        Returns
        -------
        numpy.ndarray

        Raises
        ------
        InvalidInput
            If an argument is not of that kind.
        """
        checks.integer("station", station, low=0, high=1)
        p = checks.array("price", price, infinite=True)
        low = self.lowest[station]
        inside = np.clip(p, low, low + self.loyal[0] - self.loyal[1])
        return 1.0 - _survival(self.shared, self.loyal, self.lowest, station, inside)


def _profit(shared: float, loyal: tuple[float, float], lowest: Any) -> tuple[float, float]:
    """Return the profits that the lowest prices imply."""
    (low1, low2), gap = lowest, loyal[0] - loyal[1]
    return float((low2 + gap) * (loyal[1] - low2) / 2.0), float(low1 * (shared - low1) / 2.0)


def _survival(shared: float, loyal: tuple[float, float], lowest: Any, station: int, p: FloatArray) -> FloatArray:
    """Return the probability that the station's price is above p, from the rival's indifference."""
    (b1, b2), (low1, low2) = loyal, lowest
    gap = b1 - b2
    u1, u2 = _profit(shared, loyal, lowest)
    with np.errstate(divide="ignore", invalid="ignore"):
        if station == 0:  # the second station is indifferent: alone at p, or with the loyal group at p - gap
            alone = 2.0 * u2 / (p * (shared - p))
            far = p - gap
            joint = (2.0 * u2 / far - (shared - far)) / (b2 - far)
            return np.where(p <= low2 + gap, alone, joint)
        near = (2.0 * u1 / p - (b1 - p)) / (shared - p)
        kept = 2.0 * u1 / ((p + gap) * (b2 - p))
        return np.where(p >= low1, near, kept)


def mixed_prices(
    shared: Annotated[float, Number(low=1e-100, high=1e100)] = 10.0,
    preferred: Positive = 12.0,
    other: Positive = 9.0,
) -> MixedPricesResult:
    """Return the atomless mixed equilibrium of the price game.

    Parameters
    ----------
    shared : float
        Intercept of the group that values both stations alike, from 1e-100 to 1e100.
    preferred, other : float
        Intercepts of the second group at the first and at the second station.

    Returns
    -------
    MixedPricesResult

    Raises
    ------
    InvalidInput
        If an intercept is not positive, `shared` is out of range, or `preferred` is not above `other`.
    Infeasible
        If no such equilibrium exists for these numbers.

    Examples
    --------
    >>> found = mixed_prices()
    >>> [round(p, 4) for p in found.lowest], [round(u, 4) for u in found.profit]
    ([1.8106, 1.0751], [16.1474, 7.4139])

    Notes
    -----
    With a for `shared`, b1 and b2 for `preferred` and `other`, d = b1 - b2 and b2 <= a <= b1, the
    closed form is an equilibrium exactly if 0 < L2 < L1 < L2 + d <= a/2 and L1 <= (b2 - d)/2. The
    chapter *Prices drawn at random* proves it. For other numbers the certificates decide.

    References
    ----------
    The game of equations (10) and (13) of the paper, whose equilibrium the paper does not compute.
    """
    checks.real("preferred", preferred, low=other, open_low=True)
    unit, loyal = unit_of(shared), (preferred, other)
    (low1, low2), evaluations, residual = _solve((preferred / unit, other / unit))
    lowest = (low1 * unit, low2 * unit)
    draft = MixedPricesResult(shared, loyal, lowest, _profit(shared, loyal, lowest), evaluations, residual, ())
    certificates = (*price_proof(draft), *price_scan(draft))
    failing = [str(c) for c in certificates if not c.holds]
    if residual >= SOLVED or failing:
        raise Infeasible(
            f"shared = {shared}, preferred = {preferred:g}, other = {other:g}: no atomless equilibrium; "
            + ("; ".join(failing) or "the equations for the lowest prices have no solution")
        )
    return replace(draft, certificates=certificates)


def _solve(loyal: tuple[float, float]) -> tuple[tuple[float, float], int, float]:
    """Return the lowest prices where `shared` is 10, how often the equations were evaluated, and the larger jump."""
    # The blind price of the shared group is a/2; undercutting starts well below it.
    start = np.array([0.6, 0.36]) * (loyal[0] - loyal[1])

    jumps = partial(_continuity, loyal)
    with np.errstate(all="ignore"):
        answer = root(jumps, start, tol=1e-13)
        residual = float(np.max(np.abs(jumps(answer.x))))
    return (float(answer.x[0]), float(answer.x[1])), int(answer.nfev), residual


def _continuity(loyal: tuple[float, float], lowest: Any) -> FloatArray:
    """Return the two continuity conditions where `shared` is 10, each formula evaluated exactly where they meet."""
    (b1, b2), (low1, low2) = loyal, lowest
    gap = b1 - b2
    u1, u2 = _profit(MOST, loyal, lowest)
    meet = low2 + gap
    first = 2.0 * u2 / (meet * (MOST - meet)) - (2.0 * u2 / low2 - (MOST - low2)) / (b2 - low2)
    second = 2.0 * u1 / ((low1 + gap) * (b2 - low1)) - (2.0 * u1 / low1 - (b1 - low1)) / (MOST - low1)
    return np.array([first, second])
