"""Whether a price is the leader's best and the quantities are the followers' best, from the definition alone."""

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.leader.followers import Followers, LeaderResult, demand, profit

GRID_WORK = 4_000_000  # followers x prices looked at in the search of a better price
CHUNK = 100_000  # of that, in one array
TOLERANCE = 1e-9


def price_slope(followers: Followers, cost: float, price: float) -> float:
    """Return the derivative of the leader's profit with respect to the price, away from kinks."""
    line = followers.intercept - followers.slope * price
    total = demand(followers, price).sum()
    inside = followers.slope[(line > followers.low) & (line < followers.high)].sum()
    return float(total - inside * price + cost * total * inside)


def follower_regret(followers: Followers, result: LeaderResult) -> Certificate:
    """Return by how much a step along a follower's marginal utility, cut off at its box, still moves it."""
    f, q = followers, result.quantity
    # What is bought for nothing, not `high`: a limit that nobody reaches would make every error look small.
    size = float(np.max(demand(f, 0.0))) or 1.0
    gain = f.intercept - f.slope * result.price - q  # marginal utility, in units of quantity
    moved = float(np.max(np.abs(q - np.clip(q + gain, f.low, f.high))))
    return Certificate("what a follower would still change", moved / size, TOLERANCE, "of the largest quantity")


def profit_stated(cost: float, result: LeaderResult) -> Certificate:
    """Return how far the stated profit is from the one that price and quantities give."""
    sales = float(np.sum(result.quantity))
    off = abs(result.profit - (result.price * sales - 0.5 * cost * sales**2)) / (abs(result.profit) or 1.0)
    return Certificate("profit stated against profit recomputed", off, TOLERANCE, "of the profit")


def competitive_certificates(followers: Followers, cost: float, result: LeaderResult) -> tuple[Certificate, ...]:
    """Return the conditions of an equilibrium in which the seller, too, takes the price as given."""
    most = float(demand(followers, 0.0).sum())
    off = abs(result.price - cost * float(np.sum(result.quantity))) / (cost * most or 1.0)
    seller = Certificate("price against marginal cost", off, TOLERANCE, "of the largest sales")
    return seller, follower_regret(followers, result), profit_stated(cost, result)


def nash_certificates(followers: Followers, cost: float, result: LeaderResult, cap: float) -> tuple[Certificate, ...]:
    """Return the conditions of an equilibrium in which the seller sets the price while quantities stand."""
    most = float(demand(followers, 0.0).sum())
    room = cap - result.price if np.isfinite(cap) else 1.0
    off = max(room, 0.0) * float(np.sum(result.quantity)) / max(most, 1.0) + max(result.price - cap, 0.0)
    seller = Certificate("what a higher price would earn", off, TOLERANCE, "of the largest sales")
    return seller, follower_regret(followers, result), profit_stated(cost, result)


def leader_certificates(
    followers: Followers, cost: float, result: LeaderResult, floor: float, cap: float
) -> tuple[Certificate, ...]:
    """Return four conditions: followers best off, the price a local optimum, no better price, profit as stated.

    The local optimum is tested by the slopes of the profit a little to the left and right of the
    price, relative to what is sold at the lowest price; it notices an error of the price that
    changes the profit only in second order. The search over prices tells the highest peak from others.
    """
    f, price = followers, result.price
    step = TOLERANCE * max(abs(price), min(1.0, float(np.max(np.abs(f.intercept) / f.slope))))  # a price may be tiny
    sold = float(demand(f, floor).sum()) * (1.0 + cost * float(f.slope.sum())) or 1.0
    right = price_slope(f, cost, price + step) if price + step < cap else 0.0
    left = price_slope(f, cost, price - step) if price - step > floor else 0.0
    beyond = max(price - cap, floor - price, 0.0) * sold
    local = max(right, -left, beyond) / sold if np.isfinite(price) else float("nan")

    now = float(profit(f, cost, price))
    choke = max(floor, float(np.max((f.intercept - f.low) / f.slope)))  # above it sales stay at their least
    end = cap if np.isfinite(cap) and f.low.sum() > 0 else min(cap, choke)
    prices = np.linspace(floor, end, max(3, min(2001, GRID_WORK // len(f.intercept))))
    parts = np.array_split(prices, max(1, prices.size * len(f.intercept) // CHUNK))
    best = max(now, *(float(np.max(profit(f, cost, some))) for some in parts))
    return (
        follower_regret(f, result),
        Certificate("slope of the profit against the price, upwards", local, 10 * TOLERANCE, "of sales"),
        Certificate(
            "profit at a better price of a grid", (best - now) / (abs(best) or 1.0), TOLERANCE, "of the profit"
        ),
        profit_stated(cost, result),
    )
