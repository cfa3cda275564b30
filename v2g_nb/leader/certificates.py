"""Whether a price is the leader's best and the quantities are the followers' best, from the definition alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb.certificate import Certificate

FloatArray = NDArray[np.float64]
GRID_WORK = 4_000_000  # followers x prices looked at in the search of a better price
CHUNK = 100_000  # of that, in one array
TOLERANCE = 1e-9


def bought(intercept: FloatArray, slope: FloatArray, low: FloatArray, high: FloatArray, price: float) -> FloatArray:
    """Return what each follower buys at `price`: its line, cut off at its box."""
    return np.minimum(np.maximum(intercept - slope * price, low), high)


def price_slope(
    intercept: FloatArray, slope: FloatArray, low: FloatArray, high: FloatArray, cost: float, price: float
) -> float:
    """Return the derivative of the leader's profit with respect to the price, away from kinks."""
    line = intercept - slope * price
    total = np.minimum(np.maximum(line, low), high).sum()
    inside = slope[(line > low) & (line < high)].sum()
    return float(total - inside * price + cost * total * inside)


def follower_regret(
    intercept: FloatArray, slope: FloatArray, low: FloatArray, high: FloatArray, price: float, quantity: NDArray[Any]
) -> Certificate:
    """Return by how much a step along a follower's marginal utility, cut off at its box, still moves it."""
    q = np.asarray(quantity, dtype=np.float64)
    # What is bought for nothing, not `high`: a limit that nobody reaches would make every error look small.
    size = float(np.max(bought(intercept, slope, low, high, 0.0), initial=0.0)) or 1.0
    gain = intercept - slope * price - q  # marginal utility, in units of quantity
    moved = float(np.max(np.abs(q - np.minimum(np.maximum(q + gain, low), high))))
    return Certificate("what a follower would still change", moved / size, TOLERANCE, "of the largest quantity")


def profit_stated(cost: float, price: float, quantity: NDArray[Any], profit: float) -> Certificate:
    """Return how far the stated profit is from the one that price and quantities give."""
    sales = float(np.sum(quantity))
    off = abs(float(profit) - (price * sales - 0.5 * cost * sales**2)) / (abs(float(profit)) or 1.0)
    return Certificate("profit stated against profit recomputed", off, TOLERANCE, "of the profit")


def simultaneous(
    intercept: FloatArray,
    slope: FloatArray,
    low: FloatArray,
    high: FloatArray,
    cost: float,
    cap: float,
    price: float,
    quantity: NDArray[Any],
    profit: float,
    condition: str,
) -> tuple[Certificate, ...]:
    """Return the conditions of an equilibrium in which nobody moves first.

    The seller's is one of two: "price against marginal cost" for one that takes the price as given,
    "what a higher price would earn" for one that sets it while quantities stand.
    """
    sales = float(np.sum(quantity))
    most = float(bought(intercept, slope, low, high, 0.0).sum())
    if condition == "price against marginal cost":
        seller = abs(price - cost * sales) / (cost * most or 1.0)
    else:
        room = cap - price if np.isfinite(cap) else 1.0
        seller = max(room, 0.0) * sales / max(most, 1.0) + max(price - cap, 0.0)
    return (
        Certificate(condition, seller, TOLERANCE, "of the largest sales"),
        follower_regret(intercept, slope, low, high, price, quantity),
        profit_stated(cost, price, quantity, profit),
    )


def leader_certificates(
    intercept: FloatArray,
    slope: FloatArray,
    low: FloatArray,
    high: FloatArray,
    cost: float,
    floor: float,
    cap: float,
    price: float,
    quantity: NDArray[Any],
    profit: float,
) -> tuple[Certificate, ...]:
    """Return four conditions: followers best off, the price a local optimum, no better price, profit as stated.

    The local optimum is tested by the slopes of the profit a little to the left and right of the
    price, relative to what is sold at the lowest price; it notices an error of the price that
    changes the profit only in second order. The search over prices tells the highest peak from others.
    """
    step = TOLERANCE * max(abs(price), min(1.0, float(np.max(np.abs(intercept) / slope))))  # a price may be tiny
    sold = float(bought(intercept, slope, low, high, floor).sum()) * (1.0 + cost * float(slope.sum())) or 1.0
    right = price_slope(intercept, slope, low, high, cost, price + step) if price + step < cap else 0.0
    left = price_slope(intercept, slope, low, high, cost, price - step) if price - step > floor else 0.0
    beyond = max(price - cap, floor - price, 0.0) * sold
    local = max(right, -left, beyond) / sold if np.isfinite(price) else float("nan")

    own = float(bought(intercept, slope, low, high, price).sum())
    now = price * own - 0.5 * cost * own**2
    choke = max(floor, float(np.max((intercept - low) / slope)))  # above it sales stay at their least
    end = cap if np.isfinite(cap) and low.sum() > 0 else min(cap, choke)
    prices = np.linspace(floor, end, max(3, min(2001, GRID_WORK // len(intercept))))
    best = now
    for some in np.array_split(prices, max(1, prices.size * len(intercept) // CHUNK)):
        total = np.minimum(np.maximum(intercept - slope * some[:, None], low), high).sum(axis=1)
        best = max(best, float(np.max(some * total - 0.5 * cost * total**2)))
    scale = abs(best) or 1.0
    return (
        follower_regret(intercept, slope, low, high, price, quantity),
        Certificate("slope of the profit against the price, upwards", local, 10 * TOLERANCE, "of sales"),
        Certificate("profit at a better price of a grid", (best - now) / scale, TOLERANCE, "of the profit"),
        profit_stated(cost, price, quantity, profit),
    )
