"""A leader who sets one price to followers with linear demand between bounds.

Between two neighbouring prices at which a follower reaches a bound, sales are linear and the profit is
concave, so its best price there is a closed formula. There are at most two such prices a follower: the
best price of all is found exactly by sorting.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from v2g_nb.checks import FloatArray, Number
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.leader.certificates import competitive_certificates, leader_certificates, nash_certificates
from v2g_nb.leader.followers import Cost, Followers, LeaderResult, demand

Floor = Annotated[float, Number(low=0.0)]
Cap = Annotated[float, Number(low=0.0, infinite=True)]


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Sales between neighbouring breakpoints: ``intercept[k] - slope[k] * price`` from edges[k] to edges[k + 1]."""

    edges: FloatArray
    intercept: FloatArray
    slope: FloatArray


def _reach(followers: Followers) -> FloatArray:
    """Return the most that each buys at any price from 0 up: a `high` far above it would swallow `intercept`."""
    return np.minimum(followers.high, np.maximum(followers.low, followers.intercept))


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


def _range(followers: Followers, floor: float, cap: float) -> tuple[float, float]:
    """Return the lowest and the highest price worth looking at, or raise."""
    if cap < floor:
        raise InvalidInput(f"price_cap = {cap}: must be at least price_floor = {floor}")
    forced = float(followers.low.sum())
    if math.isinf(cap) and forced > 0:
        raise Infeasible(
            f"price_cap = inf while low sums to {forced:g}: followers who must buy pay any price, "
            "so the leader's profit has no maximum; give a price_cap or set low to 0"
        )
    choke = max(floor, float(np.max((followers.intercept - followers.low) / followers.slope)))
    return floor, min(cap, choke) if forced == 0 else cap


def _result(followers: Followers, a: float, price: float, peaks: FloatArray, pieces: int) -> LeaderResult:
    """Return what follows from a price, still without certificates."""
    quantity = demand(followers, price)
    total = float(quantity.sum())
    return LeaderResult(price, quantity, total, price * total - 0.5 * a * total**2, peaks, pieces, ())


def solve_leader(
    followers: Followers, cost: Cost, *, price_floor: Floor = 0.0, price_cap: Cap = math.inf
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
    a, (floor, top) = cost, _range(followers, price_floor, price_cap)
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
    result = _result(followers, a, price, _peaks(vertex, left, right), len(left))
    return replace(result, certificates=leader_certificates(followers, a, result, floor, price_cap))


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


def price_taking(followers: Followers, cost: Cost) -> LeaderResult:
    """Return the competitive price: the seller takes it as given and it equals the marginal cost of sales.

    Parameters
    ----------
    followers : Followers
        Their lines and bounds.
    cost : float
        a: selling S costs a S^2 / 2; at least 0.

    Returns
    -------
    LeaderResult
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
    a = cost
    top = max(a * float(_reach(followers).sum()), 1.0)
    pieces = _pieces(followers, 0.0, top)
    edge_sales = pieces.intercept - pieces.slope * pieces.edges[1:]
    k = int(np.argmax(pieces.edges[1:] - a * edge_sales >= 0))  # the first piece at whose end supply is enough
    A, B = pieces.intercept[k], pieces.slope[k]
    price = float(np.clip(a * A / (1 + a * B), pieces.edges[k], pieces.edges[k + 1]))
    result = _result(followers, a, price, np.zeros(0), len(pieces.intercept))
    return replace(result, certificates=competitive_certificates(followers, a, result))


def capped_nash(followers: Followers, cost: Cost, *, price_cap: Cap = math.inf) -> LeaderResult:
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
    LeaderResult
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
    _, price = _range(followers, 0.0, price_cap)
    result = _result(followers, cost, price, np.zeros(0), 0)
    return replace(result, certificates=nash_certificates(followers, cost, result, price_cap))
