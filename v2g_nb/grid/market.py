"""Groups of electric vehicles that choose one of two stations by price and by taste, and what stations earn.

Equations (6)-(10) and (13) of the paper, in closed form. Prices are money per unit of energy and loads are
units of energy, both in the paper's units, which it does not name.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb.arguments import Model, Record
from v2g_nb.checks import Array, FloatArray, Whole
from v2g_nb.errors import InvalidInput

Station = Annotated[int, Whole(low=0, high=1)]
Prices = Annotated[Any, Array("2")]
PerType = Annotated[Any, Array("types", low=0.0, open_low=True)]
INDIFFERENT = 1e-9  # differences below this decide nothing


@dataclass(frozen=True, eq=False)
class ChargingMarket(Model):
    """Types of vehicles and what energy is worth to each at the two stations.

    A vehicle of type i at station j that buys x values it at a_ij x - b_i x^2.

    Parameters
    ----------
    intercept : array_like, shape (types, 2)
        Value a_ij of the first unit of energy at each station. At each station every entry is at
        least half the largest: then a blind station's best price leaves no type without demand.
    curvature : array_like, shape (types,)
        How fast the value falls (b_i, the paper's a_2), above 0.
    weight : array_like, shape (types,)
        Mass of each type, above 0.

    Raises
    ------
    InvalidInput
        If shapes do not fit or an entry is out of range.

    Examples
    --------
    >>> ChargingMarket([[10, 8], [12, 9]], [1, 1], [1, 1]).tastes.tolist()
    [2.0, 3.0]

    References
    ----------
    Equations (9) and (13) of the paper.
    """

    intercept: Annotated[Any, Array("types 2", low=0.0, open_low=True)]
    curvature: PerType
    weight: PerType

    def _relations(self) -> None:
        for station in (0, 1):
            least, most = self.intercept[:, station].min(), self.intercept[:, station].max()
            if least < most / 2:
                raise InvalidInput(
                    f"intercept = {float(least)!r} at station {station}: must be at least half the largest, {most:g}, "
                    "so that a blind station's best price leaves no type without demand"
                )

    @property
    def tastes(self) -> FloatArray:
        """How much more the first unit is worth at the first station than at the second."""
        return np.asarray(self.intercept[:, 0] - self.intercept[:, 1])


def paper_market(*, repaired: bool = False) -> ChargingMarket:
    """Return the two groups of the paper's equation (13), as printed or with one number changed.

    Parameters
    ----------
    repaired : bool
        Whether EV1 values the second station at 8 instead of 10.

    Returns
    -------
    ChargingMarket

    Raises
    ------
    InvalidInput
        If `repaired` is neither True nor False.

    Examples
    --------
    >>> paper_market().intercept.tolist(), paper_market(repaired=True).tastes.tolist()
    ([[10.0, 10.0], [12.0, 9.0]], [2.0, 3.0])

    References
    ----------
    Equation (13) of the paper.
    """
    return ChargingMarket([[10.0, 8.0 if repaired else 10.0], [12.0, 9.0]], [1.0, 1.0], [1.0, 1.0])


def fleet_market(types: Annotated[int, Whole(low=1)], rng: np.random.Generator) -> ChargingMarket:
    """Return many types spread around the repaired market, with the same total mass of two.

    The first unit is worth 9.5 to 12.5 at the first station and 1 to 3.5 less at the second.

    Parameters
    ----------
    types : int
        Number of types.
    rng : numpy.random.Generator
        Where the tastes are drawn from.

    Returns
    -------
    ChargingMarket

    Raises
    ------
    InvalidInput
        If `types` is below 1 or `rng` is no generator.

    Examples
    --------
    >>> fleet_market(200, np.random.default_rng(1)).intercept.shape
    (200, 2)
    """
    near = rng.uniform(9.5, 12.5, types)
    far = near - rng.uniform(1.0, 3.5, types)
    return ChargingMarket(np.column_stack([near, far]), np.ones(types), np.full(types, 2.0 / types))


@dataclass(frozen=True, eq=False)
class VehicleChoices(Record):
    """What vehicles buy and where at given prices, and what stations earn.

    Parameters
    ----------
    prices : numpy.ndarray, shape (2,)
        Price at each station.
    amount, surplus : numpy.ndarray, shape (types, 2)
        How much each type would buy at each station, x_ij = (a_ij - p_j) / (2 b_i) or 0 where the price is
        above the first unit's value, and its payoff there per vehicle, b_i x_ij^2.
    station : numpy.ndarray of int, shape (types,)
        The station that each type prefers: 0 for the first, 1 for the second.
    bought : numpy.ndarray, shape (types,)
        How much each type buys there.
    loads, profit : numpy.ndarray, shape (2,)
        What each station sells and earns.
    value : float
        What all energy bought is worth to those who use it: total welfare, payments cancel.
    """

    prices: FloatArray
    amount: FloatArray
    surplus: FloatArray
    station: NDArray[np.intp]
    bought: FloatArray
    loads: FloatArray
    profit: FloatArray
    value: float


def choices(market: ChargingMarket, prices: Prices, *, ties: Station = 0, incentive: float = 0.0) -> VehicleChoices:
    """Return what vehicles buy and where, and what the stations earn: the lowest level of the game.

    Parameters
    ----------
    market : ChargingMarket
        Types.
    prices : array_like, shape (2,)
        Price at each station.
    ties : {0, 1}
        Station that an indifferent type takes. Differences below 1e-9 count as indifference.
    incentive : float
        Money that the operator adds per unit which the second station sells.

    Returns
    -------
    VehicleChoices

    Raises
    ------
    InvalidInput
        If an argument is not of that kind.

    Examples
    --------
    >>> made = choices(paper_market(), [5.5, 4.75])
    >>> made.amount.tolist(), made.station.tolist()
    ([[2.25, 2.625], [3.25, 2.125]], [1, 0])
    >>> choices(paper_market(repaired=True), [5.5, 4.25]).profit.tolist()
    [30.25, 0.0]

    References
    ----------
    Equations (9), (10) and (13) of the paper; with an incentive, (12) with its sign corrected.
    """
    amount = np.maximum(market.intercept - prices, 0.0) / (2.0 * market.curvature[:, None])
    station = prefers_second(market, prices, ties).astype(np.intp)
    rows = np.arange(len(station))
    bought, loads = amount[rows, station], station_loads(market, prices, ties)
    worth = market.intercept[rows, station] * bought - market.curvature * bought**2
    return VehicleChoices(
        prices,
        amount,
        market.curvature[:, None] * amount**2,
        station,
        bought,
        loads,
        (prices + np.array([0.0, incentive])) * loads,
        float(market.weight @ worth),
    )


def prefers_second(market: ChargingMarket, prices: FloatArray, ties: int) -> NDArray[np.bool_]:
    """Return which types prefer the second station."""
    # With the same curvature at both stations, the larger margin a - p is the larger payoff.
    margin = np.maximum(market.intercept - prices, 0.0)
    return np.asarray(margin[:, 1] - margin[:, 0] > (-INDIFFERENT if ties else INDIFFERENT))


def station_loads(market: ChargingMarket, prices: FloatArray, ties: int) -> FloatArray:
    """Return the energy that each station sells."""
    margin = np.maximum(market.intercept - prices, 0.0)
    at_second = prefers_second(market, prices, ties)
    sold = market.weight / (2.0 * market.curvature)
    return np.array([sold[~at_second] @ margin[~at_second, 0], sold[at_second] @ margin[at_second, 1]])


def blind_price(market: ChargingMarket, station: Station, *, incentive: float = 0.0) -> float:
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
    >>> market = paper_market(repaired=True)
    >>> blind_price(market, 0), blind_price(market, 1, incentive=1.5)
    (5.5, 3.5)

    References
    ----------
    Equation (12) of the paper, second level, without its capacity.
    """
    weight = market.weight / market.curvature
    price = float((weight @ market.intercept[:, station] / weight.sum() - incentive) / 2.0)
    if price > market.intercept[:, station].min():
        raise InvalidInput(f"incentive = {incentive}: must be larger, at the price {price:g} a type buys nothing")
    return max(price, 0.0)
