"""Certificates of the room: deviations scanned, loads and voltages recomputed, nothing taken from a solver."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.methods.certificates import Certificate

__all__ = [
    "backward_induction_certificates",
    "limit_certificates",
    "price_equilibrium_certificates",
    "smaller_fail_certificate",
]

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
        Intercept of the group that values both stations alike.
    loyal : sequence of float, length 2
        Intercepts of the other group at the first and second station.
    lowest, profit : sequence of float, length 2
        Lowest price and expected profit of each station. NaN is allowed and never certified.
    cdf : callable
        ``cdf(station, prices)`` is the probability of a price of at most `prices`.
    points : int
        Prices to scan.
    tolerance : float
        Largest violation, in units of profit or probability.

    Returns
    -------
    tuple of Certificate

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> from v2g_nb.grid.mixed_prices import mixed_prices
    >>> found = mixed_prices()
    >>> checked = price_equilibrium_certificates(10.0, (12.0, 9.0), found.lowest, found.profit, found.cdf)
    >>> all(c.holds for c in checked)
    True
    """
    checks.real("shared", shared, low=0.0, open_low=True)
    loyalty = checks.array("loyal", loyal, shape=(2,), low=0.0)
    checks.function("cdf", cdf)
    checks.integer("points", points, low=10)
    checks.real("tolerance", tolerance, low=0.0)
    for name, given in (("lowest", lowest), ("profit", profit)):
        if isinstance(given, str) or np.shape(given) != (2,):
            raise checks.complain(name, given, "two numbers")
    made = []
    gap = float(loyalty[0] - loyalty[1])
    if not all(math.isfinite(v) for v in [*lowest, *profit]):
        return tuple(Certificate(name, math.nan, tolerance) for name in ("distribution", "support", "deviation"))
    scan = np.linspace(0.0, float(max(shared, loyalty[0])), points)
    for station in (0, 1):
        low = float(lowest[station])
        support = np.linspace(low, low + gap, points)
        rises = cdf(station, support)
        faulty = max(abs(float(rises[0])), abs(float(rises[-1]) - 1.0), float(np.max(-np.diff(rises))), -low, 0.0)
        earned = [_expected(station, shared, loyalty, cdf, p) for p in (support, scan)]
        name = f"station {station + 1}: "
        made.append(Certificate(name + "prices are a distribution", faulty, tolerance))
        spread = float(np.max(np.abs(earned[0] - profit[station])))
        made.append(Certificate(name + "the same profit at every price it asks", spread, tolerance))
        gain = float(np.max(earned[1] - profit[station]))
        made.append(Certificate(name + "gain from any other price", max(gain, 0.0), tolerance))
    return tuple(made)


def _expected(station: int, shared: float, loyal: FloatArray, cdf: Any, price: FloatArray) -> FloatArray:
    """Return the expected profit of a price against the rival's distribution."""
    gap = float(loyal[0] - loyal[1])
    tolerated = price - gap if station == 0 else price + gap  # the rival's price that draws the loyal group
    wins_shared = 1.0 - cdf(1 - station, price)
    wins_loyal = 1.0 - cdf(1 - station, tolerated)
    sold = np.maximum(shared - price, 0.0) * wins_shared + np.maximum(loyal[station] - price, 0.0) * wins_loyal
    earned: FloatArray = price * sold / 2.0
    return earned


def backward_induction_certificates(
    market: Any,
    prices: Sequence[float],
    station: Sequence[int],
    bought: Sequence[float],
    incentive: float,
    surcharge: float,
    *,
    points: int = 2001,
    tolerance: float = 1e-6,
) -> tuple[Certificate, ...]:
    """Check the two lower levels of the game by trying other choices.

    Each type tries `points` amounts at both stations; each blind station tries `points` prices,
    expecting every vehicle.

    Parameters
    ----------
    market : ChargingMarket
        Types, with `intercept`, `curvature` and `weight`.
    prices : sequence of float, length 2
        Prices asked.
    station : sequence of int, length types
        Where each type charges (0 or 1).
    bought : sequence of float, length types
        How much each type buys.
    incentive, surcharge : float
        Money per unit that the operator pays the second and takes from the first station.
    points : int
        Choices tried.
    tolerance : float
        Largest gain that still counts as none, in units of payoff.

    Returns
    -------
    tuple of Certificate
        Gain and marginal value of the types, gain and marginal profit of each blind station.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> from v2g_nb.grid.market import repaired_market
    >>> checked = backward_induction_certificates(repaired_market(), [5.5, 4.25], [0, 0], [2.25, 3.25], 0.0, 0.0)
    >>> [c.holds for c in checked]
    [True, True, True, True, True, True]
    """
    if not all(hasattr(market, name) for name in ("intercept", "curvature", "weight")):
        raise checks.complain("market", market, "a ChargingMarket")
    types = len(market.intercept)
    checks.real("incentive", incentive)
    checks.real("surcharge", surcharge)
    checks.integer("points", points, low=10)
    checks.real("tolerance", tolerance, low=0.0)
    for name, given, length in (("prices", prices, 2), ("bought", bought, types), ("station", station, types)):
        if isinstance(given, str) or np.shape(given) != (length,):
            raise checks.complain(name, given, f"{length} numbers")
    at = checks.array("station", station, shape=(types,), low=0.0, high=1.0, whole=True).astype(int)
    asked, amount = np.asarray(prices, dtype=float), np.asarray(bought, dtype=float)
    made = list(_type_certificates(market, asked, at, amount, points, tolerance))
    for j, bonus in ((0, -float(surcharge)), (1, float(incentive))):
        made += _station_certificates(market, j, float(asked[j]), bonus, points, tolerance)
    return tuple(made)


def _type_certificates(
    market: Any, prices: FloatArray, at: NDArray[Any], amount: FloatArray, points: int, tolerance: float
) -> Iterator[Certificate]:
    rows = np.arange(len(at))
    margin = market.intercept[rows, at] - prices[at]
    have = margin * amount - market.curvature * amount**2
    tried = np.linspace(0.0, np.max(market.intercept / market.curvature[:, None]), points)[:, None]
    best = np.full(len(at), -np.inf)
    for j in (0, 1):
        payoff = (market.intercept[:, j] - prices[j]) * tried - market.curvature * tried**2
        best = np.maximum(best, np.max(payoff, axis=0))
    yield Certificate("gain of a type from another station or amount", float(np.max(best - have)), tolerance)
    # A gain is of second order in an error of the amount, so the marginal value is checked as well.
    marginal = np.where(amount > 0.0, np.abs(margin - 2.0 * market.curvature * amount), np.maximum(margin, 0.0) - amount)
    yield Certificate("marginal value of energy equals its price", float(np.max(marginal)), tolerance)


def _station_certificates(
    market: Any, station: int, price: float, bonus: float, points: int, tolerance: float
) -> Iterator[Certificate]:
    sells = market.weight / (2.0 * market.curvature)
    worth = market.intercept[:, station]

    def profit(p: float) -> float:
        return (p + bonus) * float(sells @ np.maximum(worth - p, 0.0))

    gain = max(profit(p) for p in np.linspace(0.0, float(market.intercept.max()), points)) - profit(price)
    name = f"blind station {station + 1}: "
    yield Certificate(name + "gain from another price", gain if math.isnan(price) else max(gain, -price), tolerance)
    slope = float(sells @ (worth - 2.0 * price - bonus))
    yield Certificate(name + "marginal profit is 0", abs(slope) if price != 0.0 else max(slope, 0.0), tolerance)


def limit_certificates(
    magnitude_pu: Sequence[float],
    loading: Sequence[float],
    limits: tuple[float, float, float],
    tolerance: float = 1e-9,
) -> tuple[Certificate, ...]:
    """Check voltages and currents against the operator's limits.

    Parameters
    ----------
    magnitude_pu : sequence of float
        Voltage at each bus [pu]. NaN is allowed and never certified.
    loading : sequence of float
        Current of each branch over its rating.
    limits : tuple of float
        Lowest and highest voltage [pu], highest loading (may be infinite).
    tolerance : float
        Largest violation that still counts as none.

    Returns
    -------
    tuple of Certificate

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> [c.holds for c in limit_certificates([0.95, 1.0], [0.5], (0.93, 1.06, 1.0))]
    [True, True]
    """
    checks.real("tolerance", tolerance, low=0.0)
    low, high, most = checks.array("limits", limits, shape=(3,), infinite=True)
    for name, given in (("magnitude_pu", magnitude_pu), ("loading", loading)):
        if isinstance(given, str) or len(np.shape(given)) != 1 or not len(given):
            raise checks.complain(name, given, "a sequence of numbers")
    voltage, used = np.asarray(magnitude_pu, dtype=float), np.asarray(loading, dtype=float)
    outside = np.max(np.maximum(low - voltage, voltage - high))
    over = np.max(used - most) if math.isfinite(most) else np.max(0.0 * used)
    names = ("voltages within their limits", "currents within their limits")
    pairs = zip(names, (outside, over), ("pu", "of rating"), strict=True)
    return tuple(Certificate(n, float(np.maximum(v, 0.0)), tolerance, unit) for n, v, unit in pairs)


def smaller_fail_certificate(
    witnesses: Sequence[tuple[Sequence[float], Sequence[float]]], limits: tuple[float, float, float]
) -> Certificate:
    """Check that the network violates a limit at each smaller instrument that was tried.

    Parameters
    ----------
    witnesses : sequence of (voltages, loadings)
        The network at smaller instruments.
    limits : tuple of float
        As in :func:`limit_certificates`.

    Returns
    -------
    Certificate
        Its value is the number of smaller instruments that would do, its tolerance 0.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> smaller_fail_certificate([([0.92], [0.5])], (0.93, 1.06, 1.0)).holds
    True
    """
    if isinstance(witnesses, str) or not isinstance(witnesses, Sequence):
        raise checks.complain("witnesses", witnesses, "a sequence of pairs")
    good = 0
    for voltages, loadings in witnesses:
        good += all(c.value <= 0.0 for c in limit_certificates(voltages, loadings, limits))
    return Certificate(f"smaller instruments that would do, of {len(witnesses)} tried", float(good), 0.0)
