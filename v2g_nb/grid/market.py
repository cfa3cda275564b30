"""Groups of electric vehicles that choose one of two stations by price and by taste.

The paper's equations (6)-(10) and (13). Prices are money per unit of energy and loads are units of
energy, both in the paper's units, which it does not name.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.errors import InvalidInput

__all__ = [
    "ChargingMarket",
    "blind_price",
    "choose",
    "consumption",
    "fleet_market",
    "paper_market",
    "profits",
    "repaired_market",
    "station_loads",
    "surplus",
    "value_of_energy",
]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChargingMarket:
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

    intercept: Any
    curvature: Any
    weight: Any

    def __post_init__(self) -> None:
        """Check the columns and freeze them."""
        intercept = checks.array("intercept", self.intercept, shape=(None, 2), low=0.0, open_low=True)
        object.__setattr__(self, "intercept", intercept)
        for name in ("curvature", "weight"):
            column = checks.array(name, getattr(self, name), shape=(len(intercept),), low=0.0, open_low=True)
            object.__setattr__(self, name, column)
        for station in (0, 1):
            small, large = intercept[:, station].min(), intercept[:, station].max()
            if small < large / 2:
                raise InvalidInput(
                    f"intercept = {small:g} at station {station}: must be at least half the largest there, {large:g}, "
                    "so that a blind station's best price leaves no type without demand"
                )
        for column in (self.intercept, self.curvature, self.weight):
            column.setflags(write=False)

    @property
    def tastes(self) -> FloatArray:
        """How much more the first unit is worth at the first station than at the second."""
        gap: FloatArray = self.intercept[:, 0] - self.intercept[:, 1]
        return gap


def paper_market() -> ChargingMarket:
    """Return the two groups exactly as the paper's equation (13) has them.

    Returns
    -------
    ChargingMarket

    Examples
    --------
    >>> paper_market().intercept.tolist()
    [[10.0, 10.0], [12.0, 9.0]]

    References
    ----------
    Equation (13) of the paper.
    """
    return ChargingMarket([[10.0, 10.0], [12.0, 9.0]], [1.0, 1.0], [1.0, 1.0])


def repaired_market() -> ChargingMarket:
    """Return the market with one number of (13) changed: EV1 values the second station at 8, not 10.

    Returns
    -------
    ChargingMarket

    Examples
    --------
    >>> repaired_market().tastes.tolist()
    [2.0, 3.0]
    """
    return ChargingMarket([[10.0, 8.0], [12.0, 9.0]], [1.0, 1.0], [1.0, 1.0])


def fleet_market(types: int, rng: np.random.Generator) -> ChargingMarket:
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
    checks.integer("types", types, low=1)
    checks.generator("rng", rng)
    near = rng.uniform(9.5, 12.5, types)
    far = near - rng.uniform(1.0, 3.5, types)
    return ChargingMarket(np.column_stack([near, far]), np.ones(types), np.full(types, 2.0 / types))


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
    payoff: FloatArray = market.curvature[:, None] * consumption(market, prices) ** 2
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
    earned: FloatArray = (_prices(market, prices) + [0.0, incentive]) * station_loads(market, prices, ties=ties)
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
        If a surcharge is so large that a type would buy nothing at that price.

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
