"""What vehicles buy and where, and what a station earns: the two lower levels of the game.

Equations (6)-(10) and (13) of the paper, in closed form.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput
from v2g_nb.grid.market import ChargingMarket, paper_market, repaired_market  # noqa: F401 - examples

FloatArray = NDArray[np.float64]


def _prices(market: Any, prices: Any) -> FloatArray:
    checks.instance("market", market, ChargingMarket)
    return checks.array("prices", prices, shape=(2,))


def consumption(market: ChargingMarket, prices: Any) -> FloatArray:
    """Return how much each type would buy at each station.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.

    Returns
    -------
    numpy.ndarray, shape (types, 2)
        x_ij = (a_ij - p_j) / (2 b_i), or 0 where the price is above the first unit's value.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> consumption(paper_market(), [5.5, 4.75]).tolist()
    [[2.25, 2.625], [3.25, 2.125]]

    References
    ----------
    Maximiser of equation (9) of the paper.
    """
    p = _prices(market, prices)
    bought: FloatArray = np.maximum(market.intercept - p, 0.0) / (2.0 * market.curvature[:, None])
    return bought


def surplus(market: ChargingMarket, prices: Any) -> FloatArray:
    """Return each type's payoff at each station, per vehicle.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.

    Returns
    -------
    numpy.ndarray, shape (types, 2)
        b_i x_ij^2, the paper's (9) at its maximum.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> surplus(paper_market(), [5.5, 4.75])[0].tolist()
    [5.0625, 6.890625]

    References
    ----------
    Equations (9) and (13) of the paper.
    """
    bought = consumption(market, prices)
    payoff: FloatArray = market.curvature[:, None] * bought**2
    return payoff


def choose(market: ChargingMarket, prices: Any, *, ties: int = 0) -> NDArray[np.intp]:
    """Return the station that each type prefers.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.
    ties : {0, 1}
        Station that an indifferent type takes. Differences below 1e-9 count as indifference.

    Returns
    -------
    numpy.ndarray of int, shape (types,)
        0 for the first station, 1 for the second.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> choose(paper_market(), [5.5, 4.75]).tolist()
    [1, 0]
    """
    p = _prices(market, prices)
    checks.integer("ties", ties, low=0, high=1)
    return _prefers_second(np.maximum(market.intercept - p, 0.0), ties).astype(np.intp)


def station_loads(market: ChargingMarket, prices: Any, *, ties: int = 0) -> FloatArray:
    """Return the energy that each station sells.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.
    ties : {0, 1}
        Station that an indifferent type takes.

    Returns
    -------
    numpy.ndarray, shape (2,)

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> station_loads(repaired_market(), [5.5, 4.25]).tolist()
    [5.5, 0.0]
    """
    p = _prices(market, prices)
    checks.integer("ties", ties, low=0, high=1)
    return unchecked_loads(market, p, ties)


def unchecked_loads(market: ChargingMarket, p: FloatArray, ties: int) -> FloatArray:
    """Return what :func:`station_loads` does, for loops that have checked their arguments once."""
    margin = np.maximum(market.intercept - p, 0.0)
    at_second = _prefers_second(margin, ties)
    sold = market.weight / (2.0 * market.curvature)
    return np.array([sold[~at_second] @ margin[~at_second, 0], sold[at_second] @ margin[at_second, 1]])


def _prefers_second(margin: FloatArray, ties: int) -> NDArray[np.bool_]:
    # With the same curvature at both stations, the larger margin a - p is the larger payoff.
    preferred: NDArray[np.bool_] = margin[:, 1] - margin[:, 0] > (-1e-9 if ties else 1e-9)
    return preferred


def profits(market: ChargingMarket, prices: Any, *, ties: int = 0, incentive: float = 0.0) -> FloatArray:
    """Return what each station earns.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.
    ties : {0, 1}
        Station that an indifferent type takes.
    incentive : float
        Money that the operator adds per unit which the second station sells.

    Returns
    -------
    numpy.ndarray, shape (2,)

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> profits(repaired_market(), [5.5, 4.25]).tolist()
    [30.25, 0.0]

    References
    ----------
    Equation (10) of the paper; with an incentive, (12) with its sign corrected.
    """
    checks.real("incentive", incentive)
    earned: FloatArray = (_prices(market, prices) + np.array([0.0, incentive])) * station_loads(
        market, prices, ties=ties
    )
    return earned


def value_of_energy(market: ChargingMarket, prices: Any, *, ties: int = 0) -> float:
    """Return what all energy bought is worth to those who use it: total welfare, payments cancel.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.
    ties : {0, 1}
        Station that an indifferent type takes.

    Returns
    -------
    float

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> value_of_energy(repaired_market(), [5.5, 4.25])
    45.875
    """
    at = choose(market, prices, ties=ties)
    rows = np.arange(len(at))
    bought = consumption(market, prices)[rows, at]
    worth = market.intercept[rows, at] * bought - market.curvature * bought**2
    return float(market.weight @ worth)


def blind_price(market: ChargingMarket, station: int, *, incentive: float = 0.0) -> float:
    """Return the best price of a station that knows no rival and expects every vehicle.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    station : {0, 1}
        Which station.
    incentive : float
        Money that the operator adds per unit sold; negative for a surcharge.

    Returns
    -------
    float
        (mean intercept - incentive) / 2, not below 0; the mean weights type i by w_i / b_i.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind, or a surcharge is so large that a type would buy nothing at
        that price.

    Examples
    --------
    >>> blind_price(repaired_market(), 0), blind_price(repaired_market(), 1, incentive=1.5)
    (5.5, 3.5)

    References
    ----------
    Equation (12) of the paper, second level, without its capacity.
    """
    checks.instance("market", market, ChargingMarket)
    checks.integer("station", station, low=0, high=1)
    checks.real("incentive", incentive)
    weight = market.weight / market.curvature
    price = float((weight @ market.intercept[:, station] / weight.sum() - incentive) / 2.0)
    if price > market.intercept[:, station].min():
        raise InvalidInput(f"incentive = {incentive}: must be larger, at the price {price:g} a type buys nothing")
    return max(price, 0.0)
