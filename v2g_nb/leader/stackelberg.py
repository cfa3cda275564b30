"""A leader who sets one price to followers with linear demand between bounds.

Follower i buys ``min(high_i, max(low_i, intercept_i - slope_i * price))``; the leader earns
``price * sales - cost / 2 * sales**2``. Between two neighbouring prices at which a follower reaches
a bound, sales are linear and the profit is concave, so its best price there is a closed formula.
There are at most two such prices a follower: the best price of all is found exactly by sorting.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.leader.certificates import leader_certificates as certificates_of
from v2g_nb.leader.certificates import simultaneous

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Followers:
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

    intercept: Any
    slope: Any
    low: Any
    high: Any

    def __post_init__(self) -> None:
        """Check the fields once."""
        object.__setattr__(self, "intercept", checks.array("intercept", self.intercept, shape=(None,)))
        n = len(self.intercept)
        object.__setattr__(self, "slope", checks.array("slope", self.slope, shape=(n,), low=0.0, open_low=True))
        object.__setattr__(self, "low", checks.array("low", self.low, shape=(n,), low=0.0))
        object.__setattr__(self, "high", checks.array("high", self.high, shape=(n,), low=0.0))
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
class LeaderResult:
    """The leader's best price and what follows from it.

    Parameters
    ----------
    price : float
        The best price.
    quantity : numpy.ndarray, shape (followers,)
        What each follower buys.
    sales : float
        Their sum.
    profit : float
        The leader's profit.
    peaks : numpy.ndarray
        Every price at which the profit has a local maximum, in rising order.
    converged : bool
        Always true: the method is direct.
    num_iter : int
        Number of pieces of the profit curve that were compared.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        Followers best off; slope of the profit; no better price on a grid; profit recomputed.
    """

    price: float
    quantity: FloatArray
    sales: float
    profit: float
    peaks: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A price that is an equilibrium in another sense than the leader's, and what follows from it.

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
    converged : bool
        Always true: the method is direct.
    num_iter : int
        Number of pieces of the demand curve; 1 for `capped_nash`, which needs none.
    residual : float
        The largest violation among the certificates.
    certificates : tuple of Certificate
        The defining conditions.
    """

    price: float
    quantity: FloatArray
    sales: float
    profit: float
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def demand(followers: Followers, price: Any) -> FloatArray:
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
    checks.instance("followers", followers, Followers)
    prices = checks.array("price", price)
    line = followers.intercept - followers.slope * prices[..., None]
    bought: FloatArray = np.clip(line, followers.low, followers.high)
    return bought


def profit(followers: Followers, cost: float, price: Any) -> FloatArray:
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
    a = checks.real("cost", cost, low=0.0)
    sales = demand(followers, price).sum(axis=-1)
    earned: FloatArray = np.asarray(price, dtype=np.float64) * sales - 0.5 * a * sales**2
    return earned


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Sales between neighbouring breakpoints: ``intercept[k] - slope[k] * price`` from edges[k] to edges[k + 1]."""

    edges: FloatArray
    intercept: FloatArray
    slope: FloatArray


def _reach(followers: Followers) -> FloatArray:
    """Return the most that each buys at any price from 0 up: a `high` far above it would swallow `intercept`."""
    most: FloatArray = np.minimum(followers.high, np.maximum(followers.low, followers.intercept))
    return most


def _pieces(followers: Followers, floor: float, top: float) -> _Pieces:
    """Return the pieces of the sales curve from `floor` to `top`, by a running sum over sorted events."""
    f, most = followers, _reach(followers)
    leaves_high, reaches_low = (f.intercept - most) / f.slope, (f.intercept - f.low) / f.slope
    at = np.concatenate([leaves_high, reaches_low])
    order = np.argsort(at, kind="stable")
    at = at[order]
    d_intercept = np.concatenate([f.intercept - most, f.low - f.intercept])[order]
    d_slope = np.concatenate([f.slope, -f.slope])[order]
    d_inside = np.concatenate([np.ones(len(f.slope)), -np.ones(len(f.slope))])[order]
    intercept = np.concatenate([[most.sum()], most.sum() + np.cumsum(d_intercept)])
    slope = np.concatenate([[0.0], np.cumsum(d_slope)])
    # Nobody between its bounds: the slope is 0, whatever rounding the running sum has left.
    slope[np.concatenate([[0.0], np.cumsum(d_inside)]) == 0] = 0.0
    first = int(np.searchsorted(at, floor, side="right"))
    last = max(first, int(np.searchsorted(at, top, side="left")))  # lower where floor and top meet at a breakpoint
    edges = np.concatenate([[floor], at[first:last], [top]])
    return _without_points(_Pieces(edges, intercept[first : last + 1], slope[first : last + 1]))


def _without_points(pieces: _Pieces) -> _Pieces:
    """Return the pieces with a length beyond rounding: one between two equal breakpoints has a vertex, but no price."""
    edges = pieces.edges
    wide = np.diff(edges) > 4.0 * np.finfo(np.float64).eps * edges[1:]
    if not wide.any():  # floor and top are one price, and the pieces there all have the same sales
        return pieces
    edges = np.concatenate([edges[:1], edges[:-1][wide][1:], edges[-1:]])
    return _Pieces(edges, pieces.intercept[wide], pieces.slope[wide])


def _range(followers: Followers, cost: float, floor: float, cap: float) -> tuple[float, float, float]:
    """Return cost, floor and the highest price worth looking at, or raise."""
    checks.instance("followers", followers, Followers)
    a = checks.real("cost", cost, low=0.0)
    low = checks.real("price_floor", floor, low=0.0)
    high = checks.real("price_cap", cap, low=0.0, infinite=True)
    if high < low:
        raise InvalidInput(f"price_cap = {high}: must be at least price_floor = {low}")
    forced = float(followers.low.sum())
    if math.isinf(high) and forced > 0:
        raise Infeasible(
            f"price_cap = inf while low sums to {forced:g}: followers who must buy pay any price, "
            "so the leader's profit has no maximum; give a price_cap or set low to 0"
        )
    choke = max(low, float(np.max((followers.intercept - followers.low) / followers.slope)))
    return a, low, min(high, choke) if forced == 0 else high


def solve_leader(
    followers: Followers, cost: float, *, price_floor: float = 0.0, price_cap: float = math.inf
) -> LeaderResult:
    """Return the price that earns the leader most, the followers answering (a Stackelberg equilibrium).

    The profit may have several peaks, so a search from one price upwards can stop at the wrong
    one; here every piece of the curve is looked at, in O(n log n) for n followers.

    Parameters
    ----------
    followers : Followers
        Their lines and bounds.
    cost : float
        a: selling S costs a S^2 / 2; at least 0.
    price_floor, price_cap : float
        Lowest and highest price allowed; 0 and none by default.

    Returns
    -------
    LeaderResult

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range, or the cap is below the floor.
    Infeasible
        If followers must buy (``low`` above 0) and no cap bounds the price.

    Examples
    --------
    >>> result = solve_leader(Followers([10.0, 10.0], [1.0, 1.0], [0.0, 0.0], [10.0, 10.0]), 0.5)
    >>> round(result.price, 6), round(result.profit, 6)
    (6.666667, 33.333333)

    References
    ----------
    Yoshihara and Namerikawa, equations (29) and (36).
    """
    a, floor, top = _range(followers, cost, price_floor, price_cap)
    pieces = _pieces(followers, floor, top)
    left, right = pieces.edges[:-1], pieces.edges[1:]
    A, B = pieces.intercept, pieces.slope
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = np.where(B > 0, A * (1 + a * B) / (B * (2 + a * B)), np.where(A > 0, np.inf, left))
    best = np.clip(vertex, left, right)
    sales = A - B * best
    earned = best * sales - 0.5 * a * sales**2
    price = float(best[int(np.argmax(earned))])
    price = _polished(followers, a, price, floor, top)
    quantity = demand(followers, price)
    total = float(quantity.sum())
    gained = price * total - 0.5 * a * total**2
    f = followers
    proofs = certificates_of(f.intercept, f.slope, f.low, f.high, a, floor, float(price_cap), price, quantity, gained)
    peaks = _peaks(vertex, left, right)
    return LeaderResult(price, quantity, total, gained, peaks, True, len(left), max(c.value for c in proofs), proofs)


def _polished(followers: Followers, a: float, price: float, floor: float, top: float) -> float:
    """Return the vertex again from sums of the few followers on this piece, free of the running sum's rounding."""
    line = followers.intercept - followers.slope * price
    scale = 1e-9 * (1.0 + np.abs(followers.intercept))
    if np.any(np.abs(line - followers.low) <= scale) or np.any(np.abs(line - followers.high) <= scale):
        return price  # at a kink: an endpoint, which is exact
    inside = (line > followers.low) & (line < followers.high)
    B = float(followers.slope[inside].sum())
    A = float(np.where(inside, followers.intercept, np.clip(line, followers.low, followers.high)).sum())
    return min(max(A * (1 + a * B) / (B * (2 + a * B)), floor), top) if B > 0 else price


def _peaks(vertex: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the local maxima: vertices inside a piece, and edges that both neighbours climb towards."""
    falls, rises = vertex <= left, vertex >= right
    inner = vertex[~falls & ~rises]
    shared = right[:-1][rises[:-1] & falls[1:]]
    ends = [left[:1][falls[:1]], right[-1:][rises[-1:]]]
    return np.unique(np.concatenate([inner, shared, *ends]))


def price_taking(followers: Followers, cost: float) -> Outcome:
    """Return the competitive price: the seller takes it as given and it equals the marginal cost of sales.

    Parameters
    ----------
    followers : Followers
        Their lines and bounds.
    cost : float
        a: selling S costs a S^2 / 2; at least 0.

    Returns
    -------
    Outcome
        With price = a x sales, the only such price because sales fall with it.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> result = price_taking(Followers([10.0, 10.0], [1.0, 1.0], [0.0, 0.0], [10.0, 10.0]), 0.5)
    >>> round(result.price, 6), round(result.profit, 6)
    (5.0, 25.0)
    """
    checks.instance("followers", followers, Followers)
    a = checks.real("cost", cost, low=0.0)
    top = max(a * float(_reach(followers).sum()), 1.0)
    pieces = _pieces(followers, 0.0, top)
    edge_sales = pieces.intercept - pieces.slope * pieces.edges[1:]
    k = int(np.argmax(pieces.edges[1:] - a * edge_sales >= 0))  # the first piece at whose end supply is enough
    A, B = pieces.intercept[k], pieces.slope[k]
    price = float(np.clip(a * A / (1 + a * B), pieces.edges[k], pieces.edges[k + 1]))
    quantity = demand(followers, price)
    return _outcome(followers, a, price, quantity, len(pieces.intercept), "price against marginal cost", math.inf)


def capped_nash(followers: Followers, cost: float, *, price_cap: float = math.inf) -> Outcome:
    """Return the equilibrium in which price and quantities are chosen at the same time.

    Given the quantities, a higher price always earns more, so the price stands at its cap or sales
    are 0. Without a cap only the second is left.

    Parameters
    ----------
    followers : Followers
        Their lines and bounds.
    cost : float
        a: selling S costs a S^2 / 2; at least 0.
    price_cap : float
        Highest price allowed; none by default.

    Returns
    -------
    Outcome
        At the cap, or at the lowest price at which nobody buys where that is lower.

    Raises
    ------
    InvalidInput
        If an argument is of the wrong kind or out of range.
    Infeasible
        If followers must buy and no cap bounds the price.

    Examples
    --------
    >>> crowd = Followers([10.0, 10.0], [1.0, 1.0], [0.0, 0.0], [10.0, 10.0])
    >>> capped_nash(crowd, 0.5).sales, capped_nash(crowd, 0.5, price_cap=8.0).sales
    (0.0, 4.0)
    """
    a, _, price = _range(followers, cost, 0.0, price_cap)
    quantity = demand(followers, price)
    return _outcome(followers, a, price, quantity, 1, "what a higher price would earn", float(price_cap))


def _outcome(
    followers: Followers, a: float, price: float, quantity: FloatArray, pieces: int, condition: str, cap: float
) -> Outcome:
    total = float(quantity.sum())
    gained = price * total - 0.5 * a * total**2
    f = followers
    proofs = simultaneous(f.intercept, f.slope, f.low, f.high, a, cap, price, quantity, gained, condition)
    return Outcome(price, quantity, total, gained, True, pieces, max(c.value for c in proofs), proofs)
