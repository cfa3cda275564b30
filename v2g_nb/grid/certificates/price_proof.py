"""A proof that two price distributions are an equilibrium: no price is left out, and nothing is rounded.

The stations' expected profits are ratios of polynomials between a few border prices. Whether such a
ratio exceeds a number anywhere between two borders is the question whether a polynomial has a root
there, which Sturm's theorem answers in whole numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.grid.certificates.money import MOST, unit_of
from v2g_nb.grid.certificates.polynomials import Number, Polynomial, positive_on

PRICE = Polynomial.of(0, 1)
RADIUS = 1e-9  # within which an exact solution for the lowest prices is looked for, where `shared` is 10
NAMES = (
    "station {}: intervals on which its distribution falls, or borders at which it jumps",
    "station {}: intervals on which a price it asks earns another profit",
    "station {}: intervals on which any price gains",
)
EXISTENCE = "distance to lowest prices that solve both equations exactly"


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


def price_proof(
    shared: float,
    loyal: Sequence[float],
    lowest: Sequence[float],
    profit: Sequence[float],
    *,
    tolerance: float = 1e-8,
) -> tuple[Certificate, ...]:
    """Prove that the closed form is an equilibrium for these numbers, taken as exact fractions.

    The distributions are those that the rival's indifference demands. Every price from 0 on is
    covered: on each interval between border prices a polynomial without a root shows that no price
    earns more than the claimed profit and the tolerance. The last certificate shows that two lowest
    prices near the given ones, within 1e-9 in that money in which `shared` is 10, make both
    distributions continuous exactly, because on the sides of a small square about them the two
    equations have the signs of Poincaré and Miranda.

    Parameters
    ----------
    shared : float
        Intercept of the group that values both stations alike, from 1e-100 to 1e100.
    loyal : sequence of float, length 2
        Intercepts of the other group at the first and second station.
    lowest, profit : sequence of float, length 2
        Lowest price and expected profit of each station. NaN is allowed and never certified.
    tolerance : float
        Largest jump of a probability, or gain or difference of profits in that money, that counts as none.

    Returns
    -------
    tuple of Certificate

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> from v2g_nb.grid.random_prices import mixed_prices
    >>> found = mixed_prices()
    >>> all(c.holds for c in price_proof(10.0, (12.0, 9.0), found.lowest, found.profit))
    True

    References
    ----------
    J. C. F. Sturm, on the number of real roots, 1829. C. Miranda, on a theorem of Brouwer, 1940.
    """
    unit = Fraction(unit_of(shared))
    loyalty = checks.array("loyal", loyal, shape=(2,), low=0.0)
    slack = Fraction(checks.real("tolerance", tolerance, low=0.0))
    for name, given in (("lowest", lowest), ("profit", profit)):
        if isinstance(given, str) or np.shape(given) != (2,):
            raise checks.invalid(name, given, "two numbers")
    names = [text.format(station + 1) for station in (0, 1) for text in NAMES]
    missing = (*(Certificate(name, math.nan, 0.0) for name in names), Certificate(EXISTENCE, math.nan, RADIUS))
    if not all(math.isfinite(v) for v in [*lowest, *profit]):
        return missing
    b1, b2 = (Fraction(float(v)) / unit for v in loyalty)
    low1, low2 = (Fraction(float(v)) / unit for v in lowest)
    u1, u2 = (Fraction(float(v)) / unit**2 for v in profit)
    game = Game(Fraction(MOST), (b1, b2), (low1, low2), (u1, u2))
    if not 0 < low2 < low1 < low2 + game.taste:
        return missing
    counts = [count(game, station, slack) for station in (0, 1) for count in (_faults, _unequal, _gaining)]
    made = [Certificate(name, float(count), 0.0) for name, count in zip(names, counts, strict=True)]
    return (*made, Certificate(EXISTENCE, RADIUS if _solvable(game) else math.inf, RADIUS))


def _faults(game: Game, station: int, slack: Fraction) -> int:
    """Count intervals on which the distribution does not rise, and borders at which it is not continuous."""
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
