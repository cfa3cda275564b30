"""Followers with linear demand between bounds, what a price brings, and what a solution holds.

Follower i buys ``min(high_i, max(low_i, intercept_i - slope_i * price))``; the leader earns
``price * sales - cost / 2 * sales**2``.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from v2g_nb.arguments import Model
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import Array, FloatArray, Number
from v2g_nb.errors import InvalidInput

Cost = Annotated[float, Number(low=0.0)]
Amounts = Annotated[FloatArray, Array("followers", low=0.0)]
Prices = Annotated[FloatArray | float, Array()]


@dataclass(frozen=True, eq=False)
class Followers(Model):
    """Followers with linear demand between bounds.

    Parameters
    ----------
    intercept : array_like, shape (followers,)
        What each would buy at price 0 if nothing bounded it.
    slope : array_like, shape (followers,)
        How much less each buys for each unit of price; above 0.
    low, high : array_like, shape (followers,)
        The least and the most that each buys; 0 <= low <= high.

    Raises
    ------
    InvalidInput
        If there is no follower, a slope is not positive, or a `low` is negative or above its `high`.

    Examples
    --------
    >>> Followers([10.0, 8.0], [1.0, 1.0], [0.0, 0.0], [4.0, 9.0]).breakpoints
    array([-1.,  6.,  8., 10.])
    """

    intercept: Annotated[FloatArray, Array("followers")]
    slope: Annotated[FloatArray, Array("followers", low=0.0, open_low=True)]
    low: Amounts
    high: Amounts

    def _relations(self) -> None:
        """Refuse crossed bounds."""
        crossed = np.nonzero(self.low > self.high)[0]
        if len(crossed):
            i = crossed[0]
            raise InvalidInput(f"low[{i}] = {self.low[i]}: must be at most high[{i}] = {self.high[i]}")

    @property
    def breakpoints(self) -> FloatArray:
        """The prices at which a follower reaches a bound, in rising order."""
        ends = [(self.intercept - self.high) / self.slope, (self.intercept - self.low) / self.slope]
        return np.sort(np.concatenate(ends))


@dataclass(frozen=True, eq=False)
class LeaderResult(Result):
    """A price, the leader's best or an equilibrium in another sense, and what follows from it.

    Parameters
    ----------
    price : float
        The price.
    quantity : numpy.ndarray, shape (followers,)
        What each follower buys.
    sales : float
        Their sum.
    profit : float
        The seller's profit.
    peaks : numpy.ndarray
        Every price at which a leader's profit has a local maximum, in rising order; empty where nobody leads.
    num_pieces : int
        Number of pieces of the curve that were compared; 0 for `capped_nash`, which needs none.
    certificates : tuple of Certificate
        Of a leader: followers best off; slope of the profit; no better price on a grid; profit recomputed.
        Otherwise: the seller's condition; followers best off; profit recomputed.
    """

    price: float
    quantity: FloatArray
    sales: float
    profit: float
    peaks: FloatArray
    num_pieces: int
    certificates: tuple[Certificate, ...]


def demand(followers: Followers, price: Prices) -> FloatArray:
    """Return what each follower buys at each price.

    Parameters
    ----------
    followers : Followers
        Their lines and bounds.
    price : float or array_like
        One price or several.

    Returns
    -------
    numpy.ndarray, shape of `price` + (followers,)

    Raises
    ------
    InvalidInput
        If `followers` is no Followers or a price is not finite.

    Examples
    --------
    >>> demand(Followers([10.0, 8.0], [1.0, 1.0], [0.0, 0.0], [4.0, 9.0]), 5.0)
    array([4., 3.])
    """
    line = followers.intercept - followers.slope * np.asarray(price)[..., None]
    bought: FloatArray = np.clip(line, followers.low, followers.high)
    return bought


def profit(followers: Followers, cost: Cost, price: Prices) -> FloatArray:
    """Return the leader's profit at each price, the followers answering.

    Parameters
    ----------
    followers : Followers
        Their lines and bounds.
    cost : float
        a: selling S costs a S^2 / 2; at least 0.
    price : float or array_like
        One price or several.

    Returns
    -------
    numpy.ndarray, shape of `price`

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> profit(Followers([10.0], [1.0], [0.0], [10.0]), 0.0, [4.0, 5.0, 6.0])
    array([24., 25., 24.])
    """
    sales = demand(followers, price).sum(axis=-1)
    return np.asarray(price * sales - 0.5 * cost * sales**2)
