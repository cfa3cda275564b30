"""Gradient projection for large networks: the steps of ``plain.py`` over arrays, compiled by numba.

Importing this module imports numba; the first call of each function compiles it (some seconds),
later ones find the machine code in numba's cache.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.networks.plain import ENOUGH, SWEEPS, relative_gap
from v2g_nb.networks.roads import AssignmentIterate, Demand, PathFlows, RoadNetwork
from v2g_nb.networks.shortest_paths import by_origin, unreachable

ShortArray = NDArray[np.int32]  # link numbers take half the memory
CAPACITY_OF_SEARCH = 4_000_000  # links of new paths that are collected in one go
# The same numbers, with the same meaning, as in plain.py. numba takes them as constants, and would not
# see in its cache that they changed elsewhere.
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
def grow_tree(star: Any, first_out: Any, first_through: int, state: Any, origin: int) -> tuple[Any, Any]:
    """Return each node's least cost from `origin` and the link by which it is reached, by Dijkstra with a heap.

    Links out of node n, and where they lead, are ``star[first_out[n]:first_out[n + 1]]``.
    """
    least, via = np.full(first_out.size - 1, np.inf), np.empty(first_out.size - 1, np.int64)
    keys, nodes = np.empty(len(star) + 1), np.empty(len(star) + 1, np.int64)
    least[origin], keys[0], nodes[0] = 0.0, 0.0, origin
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
            link, head = star[place, 0], star[place, 1]
            longer = reached + state[link, COST]
            if longer < least[head]:
                least[head], via[head] = longer, link
                i = size
                size += 1
                while i > 0 and keys[(i - 1) // 2] > longer:
                    keys[i], nodes[i] = keys[(i - 1) // 2], nodes[(i - 1) // 2]
                    i = (i - 1) // 2
                keys[i], nodes[i] = longer, head
    return least, via


@njit(cache=True)
def path_cost(state: Any, first: Any, links: Any, path: int) -> float:
    """Return the cost of a path, whose links are ``links[first[path]:first[path + 1]]``."""
    total = 0.0
    for place in range(first[path], first[path + 1]):
        total += state[links[place], COST]
    return total


@njit(cache=True)
def search(
    tails: Any, star: Any, first_out: Any, first_through: int, state: Any, first_path: Any, first: Any, links: Any,
    origins: Any, first_row: Any, destinations: Any, start: int, least: Any, room: int,
) -> tuple[int, Any, Any, Any]:  # fmt: skip
    """Fill `least` and find new paths from origin number `start` on, as far as `room` for their links suffices.

    Returns the origin to go on with, and of the new paths the rows, numbers of links, and links.
    """
    num_nodes = first_out.size - 1
    new_row, new_length = np.empty(least.size, np.int64), np.empty(least.size, np.int64)
    new_links = np.empty(room, np.int32)
    paths, used, o = 0, 0, start
    while o < origins.size and used + (first_row[o + 1] - first_row[o]) * num_nodes <= room:
        reached, via = grow_tree(star, first_out, first_through, state, origins[o])
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
            new_row[paths], new_length[paths] = row, used - begin
            paths += 1
        o += 1
    return o, new_row[:paths], new_length[:paths], new_links[:used].copy()


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
    constants: Any, state: Any, first: Any, links: Any, path: int, best: int, in_path: Any, in_best: Any, volume: float
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


class Columns:
    """The paths of all rows, with the search for new ones."""

    def __init__(self, network: RoadNetwork, demand: Demand) -> None:
        groups = by_origin(network, demand)
        self.demand = demand
        out = np.argsort(network.tails, kind="stable")
        first_out = np.searchsorted(network.tails[out], np.arange(network.num_nodes + 1))
        star = np.column_stack([out, network.heads[out]])
        self.graph = (network.tails, star, first_out, network.first_through)
        columns = (network.free_flow_time, network.capacity, network.b, network.power, network.fixed_cost)
        self.constants, self.state = np.column_stack(columns), np.zeros((network.num_links, 3))
        self.rows: IntArray = np.array([row for rows in groups.values() for row in rows], dtype=np.int64)
        self.origins: IntArray = np.array(list(groups), dtype=np.int64)
        self.first_row: IntArray = np.cumsum([0, *map(len, groups.values())])
        self.destinations = demand.destinations[self.rows]
        self.least = np.empty(self.rows.size)
        longest = int(np.max(np.diff(self.first_row), initial=1)) * network.num_nodes
        self.room = max(min(CAPACITY_OF_SEARCH, self.rows.size * network.num_nodes), longest)
        self.row: IntArray = np.empty(0, dtype=np.int64)  # path k serves row row[k]; sorted
        self.first_path: IntArray = np.zeros(self.rows.size + 1, np.int64)
        self.first: IntArray = np.zeros(1, np.int64)
        self.links, self.flow = np.empty(0, np.int32), np.empty(0)
        self.sum_up()

    def sum_up(self) -> None:
        """Give the links the flows of the paths on them, and costs and slopes that go with these."""
        carried = np.repeat(self.flow, np.diff(self.first))
        flow = np.bincount(self.links, weights=carried, minlength=len(self.state)).astype(np.float64)
        set_flows(self.constants, self.state, flow)

    def search(self) -> None:
        """Find each row's least cost, and add a path where no known one is as cheap."""
        found = [(self.row, np.diff(self.first), self.links)]
        start = 0
        while start < self.origins.size:
            known = (self.first_path, self.first, self.links)
            trips = (self.origins, self.first_row, self.destinations)
            start, *new = search(*self.graph, self.state, *known, *trips, start, self.least, self.room)
            found.append(tuple(new))
        if np.isinf(self.least).any():
            raise unreachable(self.demand, int(self.rows[np.isinf(self.least)].min()))
        row, lengths, links = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if len(row) > len(self.row):
            self._keep(row, lengths, links, np.concatenate([self.flow, np.zeros(len(row) - len(self.row))]))

    def drop_empty(self) -> None:
        """Forget the paths without flow."""
        used = self.flow > 0.0
        if not used.all():
            lengths = np.diff(self.first)
            self._keep(self.row[used], lengths[used], self.links[np.repeat(used, lengths)], self.flow[used])

    def _keep(self, row: IntArray, lengths: IntArray, links: ShortArray, flow: FloatArray) -> None:
        """Store paths sorted by row."""
        order = np.argsort(row, kind="stable")
        begins = np.cumsum(lengths) - lengths
        first = np.concatenate([[0], np.cumsum(lengths[order])])
        # Entry j of the sorted links stands at: where its path began, plus its place in the path.
        places = np.repeat(begins[order] - first[:-1], lengths[order]) + np.arange(first[-1])
        self.row = row[order]
        self.first_path = np.searchsorted(self.row, np.arange(self.rows.size + 1))
        self.first, self.links, self.flow = first, links[places], flow[order]

    def iterate(self) -> tuple[AssignmentIterate, float]:
        """Return flows, gap and the used paths, rows numbered as in the demand; and the total cost."""
        used, lengths = self.flow > 0.0, np.diff(self.first)
        first = np.concatenate([[0], np.cumsum(lengths[used])])
        links = self.links[np.repeat(used, lengths)].astype(np.int64)
        paths = PathFlows(self.rows[self.row[used]], first, links, self.flow[used])
        flow, least = self.state[:, FLOW].copy(), self.least[np.argsort(self.rows)]
        total = float(flow @ self.state[:, COST])
        return AssignmentIterate(flow, relative_gap(self.demand, total, least), least, paths), total


def compiled_gradient_projection(network: RoadNetwork, demand: Demand) -> Iterator[AssignmentIterate]:
    """Yield the same kind of iterates as ``gradient_projection``."""
    columns = Columns(network, demand)
    columns.search()
    columns.flow[:] = demand.volumes[columns.rows]
    in_path, in_best = np.empty(network.num_links, np.int64), np.empty(network.num_links, np.int64)
    while True:
        columns.sum_up()
        columns.search()
        reached, total = columns.iterate()
        yield reached
        paths = (columns.first_path, columns.first, columns.links, columns.flow)
        for _ in range(SWEEPS):
            if sweep(columns.constants, columns.state, *paths, in_path, in_best) <= ENOUGH * reached.gap * total:
                break
        columns.drop_empty()
