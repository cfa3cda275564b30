"""Certificates of the price game: every price that a station could ask is tried."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.grid.certificates.money import MOST, unit_of

FloatArray = NDArray[np.float64]


def price_equilibrium_certificates(
    shared: float,
    loyal: Sequence[float],
    lowest: Sequence[float],
    profit: Sequence[float],
    cdf: Callable[[int, FloatArray], FloatArray],
    *,
    points: int = 4001,
    tolerance: float = 1e-8,
) -> tuple[Certificate, ...]:
    """Check a mixed equilibrium of the price game by scanning every price that could be asked.

    Parameters
    ----------
    shared : float
        Intercept of the group that values both stations alike, from 1e-100 to 1e100.
    loyal : sequence of float, length 2
        Intercepts of the other group at the first and second station.
    lowest, profit : sequence of float, length 2
        Lowest price and expected profit of each station. NaN is allowed and never certified.
    cdf : callable
        ``cdf(station, prices)`` is the probability of a price of at most `prices`.
    points : int
        Prices to scan.
    tolerance : float
        Largest violation of a probability, or of a profit in that money in which `shared` is 10.

    Returns
    -------
    tuple of Certificate
        Profits and prices among their values are in that money too.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> from v2g_nb.grid.random_prices import mixed_prices
    >>> found = mixed_prices()
    >>> checked = price_equilibrium_certificates(10.0, (12.0, 9.0), found.lowest, found.profit, found.cdf)
    >>> all(c.holds for c in checked)
    True
    """
    unit = unit_of(shared)
    loyalty = checks.array("loyal", loyal, shape=(2,), low=0.0) / unit
    checks.function("cdf", cdf)
    checks.integer("points", points, low=10)
    checks.real("tolerance", tolerance, low=0.0)
    for name, given in (("lowest", lowest), ("profit", profit)):
        if isinstance(given, str) or np.shape(given) != (2,):
            raise checks.invalid(name, given, "two numbers")
    made = []
    gap = float(loyalty[0] - loyalty[1])
    starts = [float(v) / unit for v in lowest]
    claimed = [float(v) / unit / unit for v in profit]
    if not all(math.isfinite(v) for v in [*starts, *claimed]):
        return tuple(Certificate(name, math.nan, tolerance) for name in ("distribution", "support", "deviation"))
    scan = np.linspace(0.0, float(np.maximum(MOST, loyalty[0])), points)

    def chance(station: int, price: FloatArray) -> FloatArray:
        return cdf(station, price * unit)

    for station in (0, 1):
        low = starts[station]
        support = np.linspace(low, low + gap, points)
        rises = chance(station, support)
        # Throughout, NumPy's max and not Python's, which loses NaN unless it comes first.
        faulty = np.max([abs(rises[0]), abs(rises[-1] - 1.0), np.max(-np.diff(rises)), -low, 0.0])
        earned = [_expected(station, loyalty, chance, p) for p in (support, scan)]
        name = f"station {station + 1}: "
        made.append(Certificate(name + "prices are a distribution, on a scan", float(faulty), tolerance))
        spread = float(np.max(np.abs(earned[0] - claimed[station])))
        made.append(Certificate(name + "the same profit at every price it asks, on a scan", spread, tolerance))
        gain = float(np.maximum(np.max(earned[1] - claimed[station]), 0.0))
        made.append(Certificate(name + "gain from any other price, on a scan", gain, tolerance))
    return tuple(made)


def _expected(station: int, loyal: FloatArray, cdf: Any, price: FloatArray) -> FloatArray:
    """Return the expected profit of a price against the rival's distribution, where `shared` is 10."""
    gap = float(loyal[0] - loyal[1])
    tolerated = price - gap if station == 0 else price + gap  # the rival's price that draws the loyal group
    wins_shared = 1.0 - cdf(1 - station, price)
    wins_loyal = 1.0 - cdf(1 - station, tolerated)
    with np.errstate(all="ignore"):  # a faulty distribution may hold anything: the certificate will say so
        sold = np.maximum(MOST - price, 0.0) * wins_shared + np.maximum(loyal[station] - price, 0.0) * wins_loyal
        earned: FloatArray = price * sold / 2.0
    return earned


def sequential_certificates(
    intercept: Any,
    weight: Any,
    leader: int,
    prices: Sequence[float],
    *,
    points: int = 601,
    tolerance: float = 1e-6,
) -> tuple[Certificate, ...]:
    """Check sequential play by letting both stations try other prices.

    The follower tries `points` prices and the borders at which a type changes station; the leader
    tries `points` prices, each answered in that way. Indifferent types go to the follower, and an
    indifferent follower does what the leader prefers.

    Parameters
    ----------
    intercept : array_like, shape (types, 2)
        Value of the first unit at each station.
    weight : array_like, shape (types,)
        Energy that each type buys per unit of margin.
    leader : {0, 1}
        Who moves first.
    prices : sequence of float, length 2
        Prices of the first and the second station. NaN and infinity are allowed and never certified.
    points : int
        Prices tried.
    tolerance : float
        Largest gain that still counts as none.

    Returns
    -------
    tuple of Certificate
        Gain of the follower, gain of the leader.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> reply = sequential_certificates([[10, 10], [12, 9]], [0.5, 0.5], 1, [4.9172, 1.9172], tolerance=1e-3)
    >>> [c.holds for c in reply]
    [True, True]
    """
    worth = checks.array("intercept", intercept, shape=(None, 2))
    mass = checks.array("weight", weight, shape=(len(worth),), low=0.0)
    checks.integer("leader", leader, low=0, high=1)
    checks.integer("points", points, low=10)
    checks.real("tolerance", tolerance, low=0.0)
    if isinstance(prices, str) or np.shape(prices) != (2,):
        raise checks.invalid("prices", prices, "two numbers")
    names = ("gain of the follower from another price", "gain of the leader from another price")
    asked = [float(p) for p in (prices[leader], prices[1 - leader])]
    if not all(math.isfinite(p) for p in asked):
        return tuple(Certificate(name, math.nan, tolerance) for name in names)
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
    return tuple(Certificate(name, float(gain), tolerance) for name, gain in zip(names, gains, strict=True))
