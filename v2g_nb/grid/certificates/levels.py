"""Certificates of the three levels: other choices tried, limits compared, smaller instruments refuted."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate

FloatArray = NDArray[np.float64]


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
        raise checks.invalid("market", market, "a ChargingMarket")
    types = len(market.intercept)
    checks.real("incentive", incentive)
    checks.real("surcharge", surcharge)
    checks.integer("points", points, low=10)
    checks.real("tolerance", tolerance, low=0.0)
    for name, given, length in (("prices", prices, 2), ("bought", bought, types), ("station", station, types)):
        if isinstance(given, str) or np.shape(given) != (length,):
            raise checks.invalid(name, given, f"{length} numbers, not shape {np.shape(given)}")
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
    marginal = np.where(
        amount > 0.0, np.abs(margin - 2.0 * market.curvature * amount), np.maximum(margin, 0.0) - amount
    )
    yield Certificate("marginal value of energy equals its price", float(np.max(marginal)), tolerance)


def _station_certificates(
    market: Any, station: int, price: float, bonus: float, points: int, tolerance: float
) -> Iterator[Certificate]:
    sells = market.weight / (2.0 * market.curvature)
    worth = market.intercept[:, station]

    def profit(p: float) -> float:
        return (p + bonus) * float(sells @ np.maximum(worth - p, 0.0))

    # NumPy's maximum, since Python's max loses NaN unless it comes first.
    best = np.max([profit(p) for p in np.linspace(0.0, float(market.intercept.max()), points)])
    name = f"blind station {station + 1}: "
    gain = float(np.maximum(best - profit(price), -price))
    yield Certificate(name + "gain from another price", gain, tolerance)
    slope = float(sells @ (worth - 2.0 * price - bonus))
    steep = abs(slope) if price != 0.0 else float(np.maximum(slope, 0.0))
    yield Certificate(name + "marginal profit is 0", steep, tolerance)


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
            raise checks.invalid(name, given, "a sequence of numbers")
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
        The network at smaller instruments; NaN where it cannot carry the loads.
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
        raise checks.invalid("witnesses", witnesses, "a sequence of pairs")
    good = 0
    for voltages, loadings in witnesses:
        good += all(c.value <= 0.0 for c in limit_certificates(voltages, loadings, limits))
    return Certificate(f"smaller instruments that would do, of {len(witnesses)} tried", float(good), 0.0)
