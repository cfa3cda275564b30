"""Certificates of the price game: every price that a station could ask is tried, or covered by a proof.

The proof leaves no price out and rounds nothing. The stations' expected profits are ratios of polynomials between
a few prices. Whether such a ratio exceeds a number anywhere between two of them is the question whether a
polynomial has a root there, which Sturm's theorem answers in whole numbers.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.grid.certificates.polynomials import Number, Polynomial, positive_on

MOST = 10.0  # the shared group's intercept in the money of all checks, as in the paper's instance
PRICE = Polynomial.of(0, 1)
RADIUS = 1e-9  # within which an exact solution for the lowest prices is looked for, where `shared` is 10
NAMES = (
    "station {}: intervals on which its distribution falls, or borders at which it jumps",
    "station {}: intervals on which a price it asks earns another profit",
    "station {}: intervals on which any price gains",
)
EXISTENCE = "distance to lowest prices that solve both equations exactly"


def unit_of(shared: float) -> float:
    """Return how much money one unit is, if it is to make `shared` 10; prices are divided by it, profits twice.

    So tolerances mean the same in every currency.
    """
    return shared / MOST


@dataclass(frozen=True)
class Ratio:
    """A ratio of two polynomials in the price."""

    top: Polynomial
    bottom: Polynomial

    def __add__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom)

    def times(self, factor: Polynomial) -> "Ratio":
        """Return the product with a polynomial."""
        return Ratio(self.top * factor, self.bottom)

    def below(self, bound: Number, low: Fraction, high: Fraction) -> bool:
        """Return whether the ratio stays below `bound` on [low, high], where the bottom must be positive."""
        return positive_on(self.bottom, low, high) and positive_on(bound * self.bottom - self.top, low, high)

    def falls(self, low: Fraction, high: Fraction) -> bool:
        """Return whether the ratio strictly falls on [low, high]."""
        slope = self.top.derivative() * self.bottom - self.top * self.bottom.derivative()
        return positive_on(self.bottom, low, high) and positive_on(-slope, low, high)

    def at(self, price: Fraction) -> Fraction:
        """Return the value."""
        return self.top(price) / self.bottom(price)


@dataclass(frozen=True)
class Game:
    """The price game with the lowest prices and profits that are claimed, all as fractions."""

    shared: Fraction
    loyal: tuple[Fraction, Fraction]
    lowest: tuple[Fraction, Fraction]
    profit: tuple[Fraction, Fraction]

    @property
    def taste(self) -> Fraction:
        """The price difference that the loyal group tolerates."""
        return self.loyal[0] - self.loyal[1]

    def borders(self, station: int) -> tuple[Fraction, Fraction, Fraction]:
        """Return where a station's distribution begins, changes its formula, and ends."""
        low = self.lowest[station]
        middle = self.lowest[1] + self.taste if station == 0 else self.lowest[0]
        return low, middle, low + self.taste

    def survival(self, station: int, near: Fraction, by: Fraction | int = 0) -> Ratio:
        """Return the probability that the station asks more than price + `by`, as it is for prices about `near`."""
        low, middle, end = self.borders(station)
        a, (b1, b2), d = self.shared, self.loyal, self.taste
        u1, u2 = self.profit
        place, p = near + by, PRICE + by
        if place < low or place > end:
            return Ratio(Polynomial.of(int(place < low)), Polynomial.of(1))
        if station == 0 and place < middle:  # the second station serves the shared group or nobody
            return Ratio(Polynomial.of(2 * u2), p * (a - p))
        if station == 0:  # it serves the shared group for sure, and perhaps the loyal group too
            q = p - d
            return Ratio(2 * u2 - q * (a - q), q * (b2 - q))
        if place < middle:  # the first station serves the loyal group or nobody
            return Ratio(Polynomial.of(2 * u1), (p + d) * (b2 - p))
        return Ratio(2 * u1 - p * (b1 - p), p * (a - p))

    def earned(self, station: int, near: Fraction) -> Ratio:
        """Return a station's expected profit, as it is for prices about `near`."""
        tolerated = -self.taste if station == 0 else self.taste
        total = Ratio(Polynomial.of(0), Polynomial.of(1))
        for worth, by in ((self.shared, Fraction(0)), (self.loyal[station], tolerated)):
            if near < worth:  # above what it is worth to them a group buys nothing
                total += self.survival(1 - station, near, by).times((worth - PRICE) * PRICE * Fraction(1, 2))
        return total

    def intervals(self, station: int) -> list[tuple[Fraction, Fraction]]:
        """Return the intervals of prices on which the station's expected profit is one ratio."""
        tolerated = self.taste if station == 0 else -self.taste
        rival = self.borders(1 - station)
        ends = {Fraction(0), self.shared, self.loyal[station], *self.borders(station)}
        ends |= set(rival) | {price + tolerated for price in rival}
        last = max(self.shared, self.loyal[station])
        return list(pairwise(sorted(price for price in ends if 0 <= price <= last)))


def price_proof(found: Any, tol: float = 1e-8) -> tuple[Certificate, ...]:
    """Prove that the closed form is an equilibrium for the numbers of `found`, taken as exact fractions.

    Of `found`, `shared`, `loyal`, `lowest` and `profit` are looked at; NaN is never certified. The distributions
    are those that the rival's indifference demands. Every price from 0 on is covered: between any two prices at
    which a formula changes a polynomial without a root shows that no price earns more than the claimed profit and
    `tol`, the largest jump of a probability, or gain or difference of profits where `shared` is 10, that counts as
    none. The last certificate shows that two lowest prices near the given ones, within 1e-9 in that money, make
    both distributions continuous exactly, because on the sides of a small square about them the two equations have
    the signs of Poincaré and Miranda.

    References
    ----------
    J. C. F. Sturm, on the number of real roots, 1829. C. Miranda, on a theorem of Brouwer, 1940.
    """
    unit, slack = Fraction(unit_of(found.shared)), Fraction(tol)
    names = [text.format(station + 1) for station in (0, 1) for text in NAMES]
    missing = (*(Certificate(name, math.nan, 0.0) for name in names), Certificate(EXISTENCE, math.nan, RADIUS))
    if not all(math.isfinite(v) for v in [*found.lowest, *found.profit]):
        return missing
    b1, b2 = (Fraction(float(v)) / unit for v in found.loyal)
    low1, low2 = (Fraction(float(v)) / unit for v in found.lowest)
    u1, u2 = (Fraction(float(v)) / unit**2 for v in found.profit)
    game = Game(Fraction(MOST), (b1, b2), (low1, low2), (u1, u2))
    if not 0 < low2 < low1 < low2 + game.taste:
        return missing
    counts = [count(game, station, slack) for station in (0, 1) for count in (_faults, _unequal, _gaining)]
    made = [Certificate(name, float(count), 0.0) for name, count in zip(names, counts, strict=True)]
    return (*made, Certificate(EXISTENCE, RADIUS if _solvable(game) else math.inf, RADIUS))


def _faults(game: Game, station: int, slack: Fraction) -> int:
    """Count intervals on which the distribution does not rise, and ends at which it is not continuous."""
    low, middle, end = game.borders(station)
    first, second = (game.survival(station, (a + b) / 2) for a, b in ((low, middle), (middle, end)))
    if not (positive_on(first.bottom, low, middle) and positive_on(second.bottom, middle, end)):
        return 5  # the formulas have a pole where they should be probabilities
    jumps = (first.at(low) - 1, first.at(middle) - second.at(middle), second.at(end))
    return sum(abs(jump) > slack for jump in jumps) + (not first.falls(low, middle)) + (not second.falls(middle, end))


def _unequal(game: Game, station: int, slack: Fraction) -> int:
    """Count intervals of the prices asked on which the profit is not the claimed one."""
    low, _, end = game.borders(station)
    asked = [pair for pair in game.intervals(station) if low <= pair[0] and pair[1] <= end]
    u = game.profit[station]
    faulty = 0
    for a, b in asked:
        earned = game.earned(station, (a + b) / 2)
        shortfall = Ratio(-earned.top, earned.bottom)
        faulty += not (earned.below(u + slack, a, b) and shortfall.below(slack - u, a, b))
    return faulty if asked else 1


def _gaining(game: Game, station: int, slack: Fraction) -> int:
    """Count the intervals, from price 0 on, on which some price earns more than claimed."""
    bound = game.profit[station] + slack
    return sum(not game.earned(station, (a + b) / 2).below(bound, a, b) for a, b in game.intervals(station))


def _equations(game: Game, low1: Polynomial, low2: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Return both continuity conditions, multiplied out; their zeros are the lowest prices."""
    a, (b1, b2), d = game.shared, game.loyal, game.taste
    end = low2 + d
    first = low1 * (a - low1) * (end * (a - end) - low2 * (b2 - low2)) - (a - low2) * low2 * end * (a - end)
    kept, won = (low1 + d) * (b2 - low1), low1 * (a - low1)
    return first, end * (b1 - end) * (kept - won) - (b1 - low1) * low1 * kept


def _solvable(game: Game) -> bool:
    """Return whether the equations have a zero in the square about the lowest prices.

    They are combined first so that each depends on one price only to first order. The first
    combination must then have opposite signs on the left and right side of the square, the second
    on the lower and upper side; a root of a polynomial on a side is excluded as everywhere here.
    """
    x, y = game.lowest
    r = Fraction(RADIUS)
    along = [[e.derivative()(v) for e in pair] for pair, v in _lines(game)]
    (f_x, g_x), (f_y, g_y) = along
    turn = f_x * g_y - f_y * g_x
    if turn == 0:
        return False

    def sides(low1: Polynomial, low2: Polynomial) -> tuple[Polynomial, Polynomial]:
        f, g = _equations(game, low1, low2)
        return (f * g_y - g * f_y) * (1 / turn), (g * f_x - f * g_x) * (1 / turn)

    fixed = {s: (Polynomial.of(x + s * r), Polynomial.of(y + s * r)) for s in (-1, 1)}
    return all(
        positive_on(sides(fixed[s][0], PRICE)[0] * s, y - r, y + r)
        and positive_on(sides(PRICE, fixed[s][1])[1] * s, x - r, x + r)
        for s in (-1, 1)
    )


def _lines(game: Game) -> list[tuple[tuple[Polynomial, Polynomial], Fraction]]:
    """Return the equations along the first and along the second lowest price, and where to take slopes."""
    x, y = game.lowest
    return [(_equations(game, PRICE, Polynomial.of(y)), x), (_equations(game, Polynomial.of(x), PRICE), y)]


def price_scan(found: Any, *, points: int = 4001, tol: float = 1e-8) -> tuple[Certificate, ...]:
    """Check a mixed equilibrium of the price game by scanning `points` prices that could be asked, with its `cdf`.

    Profits and prices among the values, and `tol` for them, are in that money in which `shared` is 10.
    """
    unit = unit_of(found.shared)
    loyalty = np.array(found.loyal) / unit
    made = []
    gap = float(loyalty[0] - loyalty[1])
    starts = [float(v) / unit for v in found.lowest]
    claimed = [float(v) / unit / unit for v in found.profit]
    if not all(math.isfinite(v) for v in [*starts, *claimed]):
        return tuple(Certificate(name, math.nan, tol) for name in ("distribution", "support", "deviation"))
    scan = np.linspace(0.0, float(np.maximum(MOST, loyalty[0])), points)

    def chance(station: int, price: FloatArray) -> FloatArray:
        return np.asarray(found.cdf(station, price * unit))

    for station in (0, 1):
        low = starts[station]
        support = np.linspace(low, low + gap, points)
        rises = chance(station, support)
        # Throughout, NumPy's max and not Python's, which loses NaN unless it comes first.
        faulty = np.max([abs(rises[0]), abs(rises[-1] - 1.0), np.max(-np.diff(rises)), -low, 0.0])
        earned = [_expected(station, loyalty, chance, p) for p in (support, scan)]
        name = f"station {station + 1}: "
        made.append(Certificate(name + "prices are a distribution, on a scan", float(faulty), tol))
        spread = float(np.max(np.abs(earned[0] - claimed[station])))
        made.append(Certificate(name + "the same profit at every price it asks, on a scan", spread, tol))
        gain = float(np.maximum(np.max(earned[1] - claimed[station]), 0.0))
        made.append(Certificate(name + "gain from any other price, on a scan", gain, tol))
    return tuple(made)


def _expected(station: int, loyal: FloatArray, cdf: Any, price: FloatArray) -> FloatArray:
    """Return the expected profit of a price against the rival's distribution, where `shared` is 10."""
    gap = float(loyal[0] - loyal[1])
    tolerated = price - gap if station == 0 else price + gap  # the rival's price that draws the loyal group
    wins_shared = 1.0 - cdf(1 - station, price)
    wins_loyal = 1.0 - cdf(1 - station, tolerated)
    with np.errstate(all="ignore"):  # a faulty distribution may hold anything: the certificate will say so
        sold = np.maximum(MOST - price, 0.0) * wins_shared + np.maximum(loyal[station] - price, 0.0) * wins_loyal
        return np.asarray(price * sold / 2.0)


def sequential_certificates(
    market: Any, played: Any, *, points: int = 601, tol: float = 1e-6
) -> tuple[Certificate, ...]:
    """Check sequential play by letting both stations try other prices: the gain of the follower and of the leader.

    Of what was `played`, `leader` and `prices` are looked at; NaN and infinity are never certified. The follower
    tries `points` prices and those at which a type changes station; the leader tries `points` prices, each
    answered in that way. Indifferent types go to the follower, and an indifferent follower does what the leader
    prefers.
    """
    worth, mass, leader = market.intercept, market.weight / (2.0 * market.curvature), played.leader
    names = ("gain of the follower from another price", "gain of the leader from another price")
    asked = [float(p) for p in (played.prices[leader], played.prices[1 - leader])]
    if not all(math.isfinite(p) for p in asked):
        return tuple(Certificate(name, math.nan, tol) for name in names)
    own, other = worth[:, leader], worth[:, 1 - leader]
    tried = np.linspace(0.0, float(worth.max()), points)

    def after(first: float, second: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both profits for one price of the leader and many of the follower."""
        stays = np.maximum(own - first, 0.0)[:, None]
        leaves = np.maximum(other[:, None] - second, 0.0)
        goes = leaves >= stays - 1e-9
        return first * (mass @ np.where(goes, 0.0, stays)), second * (mass @ np.where(goes, leaves, 0.0))

    def answered(first: float) -> tuple[float, float]:
        """Return the follower's best profit and what the leader then earns."""
        borders = first + other - own
        leading, following = after(first, np.append(tried, borders[borders >= 0.0]))
        best = float(following.max())
        return best, float(leading[following >= best - 1e-9].max())

    have = [float(v[0]) for v in after(asked[0], np.array([asked[1]]))]
    best = answered(asked[0])[0], np.max([answered(float(p))[1] for p in tried])
    gains = np.maximum(np.subtract(best, (have[1], have[0])), 0.0)
    return tuple(Certificate(name, float(gain), tol) for name, gain in zip(names, gains, strict=True))
