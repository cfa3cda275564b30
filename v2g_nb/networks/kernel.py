"""The compiled loops of gradient projection: trees, new paths, balancing sweeps.

Importing this module imports numba; the first call of each function compiles it (some seconds),
later ones find the machine code in numba's cache.
"""

from typing import Any

import numpy as np
from numba import njit

# The same numbers, with the same meaning, as in gradient_projection.py; numba takes them as constants.
OVERSHOT = 0.9
ROUNDING = 1e-12
TIE = 1e-14


# Few wide arrays instead of many narrow ones, and no tuples of arrays: numba counts references to
# every array that it takes out of a tuple, which costs the sweep a factor of ten.
TIME, CAPACITY, B, POWER, FIXED = range(5)  # columns of `constants`, a row a link
FLOW, COST, SLOPE = range(3)  # columns of `state`, a row a link


@njit(cache=True)
def set_flow(constants: Any, state: Any, link: int, flow: float) -> None:
    """Give a link a flow, and the cost and slope that go with it."""
    capacity = constants[link, CAPACITY]
    load = flow / capacity
    power = constants[link, POWER]
    scale = constants[link, TIME] * constants[link, B]
    if power == 4.0:
        cube = load * load * load
        grown = cube * load
        steep = 4.0 * cube
    elif power == 0.0:
        grown = 1.0
        steep = 0.0
    else:
        grown = load**power
        steep = power * max(load, 1e-9 if power < 1.0 else 0.0) ** (power - 1.0)
    state[link, FLOW] = flow
    state[link, COST] = constants[link, FIXED] + constants[link, TIME] + scale * grown
    state[link, SLOPE] = scale * steep / capacity


@njit(cache=True)
def set_flows(constants: Any, state: Any, flow: Any) -> None:
    """Give every link its flow."""
    for link in range(flow.size):
        set_flow(constants, state, link, flow[link])


@njit(cache=True)
def grow_tree(
    heads: Any,
    first_out: Any,
    out: Any,
    first_through: int,
    state: Any,
    origin: int,
    least: Any,
    via: Any,
    keys: Any,
    nodes: Any,
) -> None:
    """Fill `least` and `via` with the cheapest tree from `origin`; `keys` and `nodes` are a binary heap's room."""
    least[:] = np.inf
    least[origin] = 0.0
    keys[0] = 0.0
    nodes[0] = origin
    size = 1
    while size > 0:
        reached, node = keys[0], nodes[0]
        size -= 1
        last_key, last_node = keys[size], nodes[size]
        i = 0
        while 2 * i + 1 < size:
            child = 2 * i + 1
            if child + 1 < size and keys[child + 1] < keys[child]:
                child += 1
            if keys[child] >= last_key:
                break
            keys[i], nodes[i] = keys[child], nodes[child]
            i = child
        keys[i], nodes[i] = last_key, last_node
        if reached > least[node] or (node < first_through and node != origin):
            continue
        for place in range(first_out[node], first_out[node + 1]):
            link = out[place]
            head = heads[link]
            longer = reached + state[link, COST]
            if longer < least[head]:
                least[head] = longer
                via[head] = link
                i = size
                size += 1
                while i > 0 and keys[(i - 1) // 2] > longer:
                    keys[i], nodes[i] = keys[(i - 1) // 2], nodes[(i - 1) // 2]
                    i = (i - 1) // 2
                keys[i], nodes[i] = longer, head


@njit(cache=True)
def path_cost(state: Any, first: Any, links: Any, path: int) -> float:
    """Return the cost of a path, whose links are ``links[first[path]:first[path + 1]]``."""
    total = 0.0
    for place in range(first[path], first[path + 1]):
        total += state[links[place], COST]
    return total


@njit(cache=True)
def search(
    tails: Any,
    heads: Any,
    first_out: Any,
    out: Any,
    first_through: int,
    state: Any,
    first_path: Any,
    first: Any,
    links: Any,
    origins: Any,
    first_row: Any,
    destinations: Any,
    start: int,
    least: Any,
    new_row: Any,
    new_length: Any,
    new_links: Any,
) -> tuple[int, int, int]:
    """Fill `least` and the new paths from origin number `start` on, as far as there is room.

    Returns the origin to go on with, and how many paths and links have been written.
    """
    num_nodes = first_out.size - 1
    reached = np.empty(num_nodes)
    via = np.empty(num_nodes, np.int64)
    keys = np.empty(tails.size + 1)
    nodes = np.empty(tails.size + 1, np.int64)
    paths = 0
    used = 0
    for o in range(start, origins.size):
        rows = first_row[o + 1] - first_row[o]
        if used + rows * num_nodes > new_links.size or paths + rows > new_row.size:
            return o, paths, used
        grow_tree(heads, first_out, out, first_through, state, origins[o], reached, via, keys, nodes)
        for row in range(first_row[o], first_row[o + 1]):
            least[row] = reached[destinations[row]]
            if np.isinf(least[row]):
                continue
            cheapest = np.inf
            for path in range(first_path[row], first_path[row + 1]):
                cheapest = min(cheapest, path_cost(state, first, links, path))
            if cheapest <= least[row] * (1.0 + TIE):
                continue
            begin = used
            node = destinations[row]
            while node != origins[o]:
                new_links[used] = via[node]
                used += 1
                node = tails[via[node]]
            new_links[begin:used] = new_links[begin:used][::-1].copy()
            new_row[paths] = row
            new_length[paths] = used - begin
            paths += 1
    return origins.size, paths, used


@njit(cache=True)
def compare(
    state: Any, first: Any, links: Any, path: int, best: int, in_path: Any, in_best: Any
) -> tuple[float, float]:
    """Return cost difference and sum of slopes over the links that only one of two paths uses."""
    gain = 0.0
    steep = 0.0
    for place in range(first[path], first[path + 1]):
        link = links[place]
        if in_best[link] != best:
            gain += state[link, COST]
            steep += state[link, SLOPE]
    for place in range(first[best], first[best + 1]):
        link = links[place]
        if in_path[link] != path:
            gain -= state[link, COST]
            steep += state[link, SLOPE]
    return gain, steep


@njit(cache=True)
def shift(
    constants: Any,
    state: Any,
    first: Any,
    links: Any,
    path: int,
    best: int,
    in_path: Any,
    in_best: Any,
    volume: float,
) -> float:
    """Move drivers from one path to another, update the links that differ, and return the new cost difference."""
    gain = 0.0
    for place in range(first[path], first[path + 1]):
        link = links[place]
        if in_best[link] != best:
            set_flow(constants, state, link, max(state[link, FLOW] - volume, 0.0))
            gain += state[link, COST]
    for place in range(first[best], first[best + 1]):
        link = links[place]
        if in_path[link] != path:
            set_flow(constants, state, link, max(state[link, FLOW] + volume, 0.0))
            gain -= state[link, COST]
    return gain


@njit(cache=True)
def sweep(
    constants: Any, state: Any, first_path: Any, first: Any, links: Any, flow: Any, in_path: Any, in_best: Any
) -> float:
    """Balance every row once, as `balance` of ``gradient_projection`` does; return what was overpaid.

    Paths of row k are ``first_path[k] .. first_path[k + 1]``; `in_path` and `in_best` mark links.
    """
    in_path[:] = -1
    in_best[:] = -1
    overpaid = 0.0
    for row in range(first_path.size - 1):
        begin, end = first_path[row], first_path[row + 1]
        if end - begin < 2:
            continue
        best = begin
        cheapest = np.inf
        for path in range(begin, end):
            cost = path_cost(state, first, links, path)
            if cost < cheapest:
                best, cheapest = path, cost
        for place in range(first[best], first[best + 1]):
            in_best[links[place]] = best
        for path in range(begin, end):
            if path == best or flow[path] == 0.0:
                continue
            for place in range(first[path], first[path + 1]):
                in_path[links[place]] = path
            gain, steep = compare(state, first, links, path, best, in_path, in_best)
            overpaid += flow[path] * max(gain, 0.0)
            step = gain / steep if steep > 0.0 else np.sign(gain) * np.inf
            step = min(max(step, -flow[best]), flow[path])
            move = step
            while move != 0.0:
                flow[path] -= move
                flow[best] += move
                now = shift(constants, state, first, links, path, best, in_path, in_best, move)
                if now * gain >= 0.0 or abs(now) < max(OVERSHOT * abs(gain), ROUNDING * cheapest):
                    break
                step /= 2.0  # too far: take back half of what has been moved
                move = -step
    return overpaid
