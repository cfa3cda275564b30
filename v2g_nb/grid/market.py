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
                    f"intercept = {float(small)!r} at station {station}: must be at least half the largest, {large:g}, "
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
