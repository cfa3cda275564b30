"""Compiled inner loops of the storage game: one store's exact best response, sweeps, dual Newton.

Importing this module imports numba, where it is installed; without it the same loops run in plain Python.
"""

from typing import Any

import numpy as np

try:
    from numba import njit
except ImportError:

    def njit(**_: Any) -> Any:  # type: ignore[no-redef]
        """Leave the function as it is."""
        return lambda function: function


# Arrays are Any here: numba compiles for the types that it meets, and ignores annotations.

INFEASIBLE, SOLVED = 0, 1


@njit(cache=True)
def inverse(multiplier: float, cost: Any, slope: float, extra: Any, kink: Any, low: Any, high: Any) -> Any:
    """Return the flow at which marginal cost ``cost + slope x - extra max(0, kink - x)`` is `multiplier`."""
    x = (multiplier - cost) / slope
    if extra > 0.0 and x < kink:
        x = (multiplier - cost + extra * kink) / (slope + extra)
    return min(max(x, low), high)


@njit(cache=True)
def insert(place: Any, jump: Any, head: int, tail: int, at: float, by: float) -> int:
    """Insert a breakpoint into the sorted part [head, tail) and return the new tail."""
    k = tail
    while k > head and place[k - 1] > at:
        place[k] = place[k - 1]
        jump[k] = jump[k - 1]
        k -= 1
    place[k] = at
    jump[k] = by
    return tail + 1


@njit(cache=True)
def walk(place: Any, jump: Any, head: int, tail: int, left: float, wanted: Any) -> tuple[int, float, float]:
    """Return where the piecewise linear level function reaches `wanted`: (index, multiplier, slope).

    Jumps that cancel leave a slope of rounding on a flat stretch. Dividing by it can lead anywhere,
    so the multiplier is kept on the stretch, where the level is `wanted` up to rounding throughout.
    """
    value, rise, j = left, 0.0, head
    while j < tail:
        rise += jump[j]
        if j + 1 == tail:
            return j, place[j], rise
        reached = value + rise * (place[j + 1] - place[j])
        if reached >= wanted and rise > 0.0:
            return j, min(max(place[j] + (wanted - value) / rise, place[j]), place[j + 1]), rise
        value = reached
        j += 1
    return tail, 0.0, 0.0


@njit(cache=True)
def respond(
    cost: Any, slope: float, extra: Any, kink: Any, low: Any, high: Any, store: Any, flow: Any, group: Any, work: Any
) -> int:
    """Write the least-cost flows of one store over its slots; return SOLVED or INFEASIBLE.

    Forward, the level that is reached is kept as a function of one multiplier: piecewise linear,
    increasing, cut off where the store is empty or full. Each cut remembers its multiplier.
    Backward, the multiplier of a slot is that of the next slot, clipped into its two cuts.

    `store` is (level at the start, lowest, highest, target, value of level below the target and
    above it); `group` gets, for each slot, the number of its run of equal multipliers, negative
    where that multiplier is fixed from outside and not by a level that has to be met.
    """
    level, floor, ceiling, target, below, above = store
    n = len(cost)
    place, jump, cut_low, cut_high = work[0], work[1], work[2], work[3]
    head = tail = 0
    left = right = level
    tiny = 1e-9 * (1.0 + abs(ceiling))
    for t in range(n):
        left += low
        right += high
        if high > low:
            shift = extra[t] if kink[t] > low else 0.0
            steep = 1.0 / (slope + shift)
            tail = insert(place, jump, head, tail, cost[t] + slope * low - shift * (kink[t] - low), steep)
            if shift > 0.0 and kink[t] < high:
                tail = insert(place, jump, head, tail, cost[t] + slope * kink[t], 1.0 / slope - steep)
                steep = 1.0 / slope
            over = shift * max(0.0, kink[t] - high)
            tail = insert(place, jump, head, tail, cost[t] + slope * high - over, -steep)
        cut_low[t], cut_high[t] = -np.inf, np.inf
        if right < floor - tiny or left > ceiling + tiny:
            return INFEASIBLE
        if left < floor:
            j, at, rise = walk(place, jump, head, tail, left, floor)
            cut_low[t], left = at, floor
            head = j
            place[head], jump[head] = at, rise
        if right > ceiling:
            j, at, rise = walk(place, jump, head, tail, left, ceiling)
            cut_high[t], right = at, ceiling
            place[j + 1], jump[j + 1] = at, -rise
            tail = j + 2
    if right < target - tiny and np.isinf(below):
        return INFEASIBLE
    multiplier, pinned = above, False
    if left < target:
        at_target = below
        if right >= target:
            _, at_target, _ = walk(place, jump, head, tail, left, target)
        if at_target > above:
            multiplier, pinned = min(at_target, below), at_target < below
    run = 1
    for t in range(n - 1, -1, -1):
        if multiplier < cut_low[t] or multiplier > cut_high[t]:
            multiplier = min(max(multiplier, cut_low[t]), cut_high[t])
            pinned = True
            run += 1
        flow[t] = inverse(multiplier, cost[t], slope, extra[t], kink[t], low, high)
        group[t] = run if pinned else -run
    return SOLVED


@njit(cache=True)
def sweep(order: Any, together: bool, price_rule: Any, players: Any, flows: Any, total: Any) -> Any:
    """Let the stores of `order` respond one after the other, or all to the same total; change in place.

    Return the number of a store without a feasible plan, or -1.
    """
    offset, slope, shortfall, wanted = price_rule
    first, stop, low, high, stores = players
    slots = len(offset)
    work = np.empty((4, 4 * slots + 8))
    flow, group = np.empty(slots), np.empty(slots, np.int64)
    cost, kink = np.empty(slots), np.empty(slots)
    seen = total.copy() if together else total
    for i in order:
        a, b = first[i], stop[i]
        n = b - a
        for t in range(n):
            others = seen[a + t] - flows[i, a + t]
            cost[t] = offset[a + t] + slope * others
            kink[t] = wanted[a + t] - others
        extra = shortfall[a:b]
        done = respond(cost[:n], 2.0 * slope, extra, kink[:n], low[i], high[i], stores[i], flow[:n], group[:n], work)
        if done != SOLVED:
            return i
        for t in range(n):
            total[a + t] += flow[t] - flows[i, a + t]
            flows[i, a + t] = flow[t]
    return -1


@njit(cache=True)
def respond_to_price(
    price: Any, slope: float, players: Any, flows: Any, total: Any, curve: Any, turn: Any
) -> tuple[float, int]:
    """Let every store respond to one price vector, with its own curvature `slope`; write all results.

    `total` gets the sum of flows, `curve` minus its derivative by the price, `turn` that derivative
    applied to each store's own flows. Return (the stores' summed cost, first infeasible store or -1).
    """
    first, stop, low, high, stores = players
    slots = len(price)
    work = np.empty((4, 4 * slots + 8))
    group = np.empty(slots, np.int64)
    nothing = np.zeros(slots)
    free = np.empty(slots, np.int64)
    total[:] = 0.0
    curve[:] = 0.0
    turn[:] = 0.0
    value = 0.0
    for i in range(len(first)):
        a, b = first[i], stop[i]
        n = b - a
        flow = flows[i, a:b]
        done = respond(price[a:b], slope, nothing[:n], nothing[:n], low[i], high[i], stores[i], flow, group[:n], work)
        if done != SOLVED:
            return value, i
        level = stores[i, 0]
        for t in range(n):
            total[a + t] += flow[t]
            value += price[a + t] * flow[t] + 0.5 * slope * flow[t] * flow[t]
            level += flow[t]
        missing = stores[i, 3] - level
        if np.isinf(stores[i, 4]):
            value += stores[i, 5] * missing
        else:
            value += stores[i, 4] * max(0.0, missing) - stores[i, 5] * max(0.0, -missing)
        add_curve(flow, group[:n], low[i], high[i], a, slope, curve, turn, free)
    return value, -1


@njit(cache=True)
def add_curve(
    flow: Any, group: Any, low: Any, high: Any, a: int, slope: float, curve: Any, turn: Any, free: Any
) -> None:
    """Add one store's derivative: within a run whose level is fixed, free flows only trade places."""
    n = len(flow)
    t = 0
    while t < n:
        run, count, mean = group[t], 0, 0.0
        while t < n and group[t] == run:
            if low < flow[t] < high:
                free[count] = t
                mean += flow[t]
                count += 1
            t += 1
        mean = mean / count if run > 0 and count > 0 else 0.0
        share = 1.0 / (slope * count) if run > 0 and count > 0 else 0.0
        for j in range(count):
            row = a + free[j]
            curve[row, row] += 1.0 / slope
            turn[row] += (flow[free[j]] - mean) / slope
            if share > 0.0:
                for k in range(count):
                    curve[row, a + free[k]] -= share
