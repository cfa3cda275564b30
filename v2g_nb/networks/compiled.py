"""Gradient projection for large networks: the loops of ``kernel.py``, driven from here."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from v2g_nb.checks import FloatArray
from v2g_nb.networks import kernel
from v2g_nb.networks.path_flows import ENOUGH, SWEEPS
from v2g_nb.networks.paths import PathFlows, PathIterate
from v2g_nb.networks.roads import Demand, IntArray, RoadNetwork
from v2g_nb.networks.shortest_paths import by_origin, unreachable

ShortArray = NDArray[np.int32]  # link numbers take half the memory
ROOM = 4_000_000  # links of new paths that are collected in one go


class Roads:
    """The network as the kernel reads it; links out of node n are ``out[first_out[n]:first_out[n + 1]]``."""

    def __init__(self, network: RoadNetwork) -> None:
        self.out = np.argsort(network.tails, kind="stable")
        self.first_out = np.searchsorted(network.tails[self.out], np.arange(network.num_nodes + 1))
        self.graph = (network.tails, network.heads, self.first_out, self.out, network.first_through)
        columns = (network.free_flow_time, network.capacity, network.b, network.power, network.fixed_cost)
        self.constants = np.column_stack(columns)
        self.state = np.zeros((network.num_links, 3))
        self.set_flow(np.zeros(network.num_links))

    def set_flow(self, flow: FloatArray) -> None:
        """Give the links these flows, and costs and slopes that go with them."""
        kernel.set_flows(self.constants, self.state, flow)


class Columns:
    """The paths of all rows, with the search for new ones."""

    def __init__(self, network: RoadNetwork, demand: Demand) -> None:
        groups = by_origin(network, demand)
        self.demand = demand
        self.roads = Roads(network)
        self.rows: IntArray = np.array([row for rows in groups.values() for row in rows], dtype=np.int64)
        self.origins: IntArray = np.array(list(groups), dtype=np.int64)
        self.first_row: IntArray = np.cumsum([0, *map(len, groups.values())])
        self.destinations = demand.destinations[self.rows]
        self.volumes = demand.volumes[self.rows]
        self.least = np.empty(self.rows.size)
        longest = int(np.max(np.diff(self.first_row), initial=1)) * network.num_nodes
        self.room = max(min(ROOM, self.rows.size * network.num_nodes), longest)
        self.row: IntArray = np.empty(0, dtype=np.int64)  # path k serves row row[k]; sorted
        self.first_path: IntArray = np.zeros(self.rows.size + 1, np.int64)
        self.first: IntArray = np.zeros(1, np.int64)
        self.links = np.empty(0, np.int32)
        self.flow = np.empty(0)

    def search(self) -> None:
        """Find each row's least cost, and add a path where no known one is as cheap."""
        rows, lengths, links = [], [], []
        start = 0
        while start < self.origins.size:
            new_row, new_length = np.empty(self.rows.size, np.int64), np.empty(self.rows.size, np.int64)
            new_links = np.empty(self.room, np.int32)
            trips = (self.origins, self.first_row, self.destinations)
            known = (self.first_path, self.first, self.links)
            start, paths, used = kernel.search(
                *self.roads.graph, self.roads.state, *known, *trips, start, self.least, new_row, new_length, new_links
            )
            rows.append(new_row[:paths])
            lengths.append(new_length[:paths])
            links.append(new_links[:used].copy())
        if np.isinf(self.least).any():
            raise unreachable(self.demand, int(self.rows[np.isinf(self.least)].min()))
        if rows and sum(map(len, rows)):
            self._keep(
                np.concatenate([self.row, *rows]),
                np.concatenate([np.diff(self.first), *lengths]),
                np.concatenate([self.links, *links]),
                np.concatenate([self.flow, np.zeros(sum(map(len, rows)))]),
            )

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

    def link_flow(self) -> FloatArray:
        """Return the path flows summed on each link."""
        carried = np.repeat(self.flow, np.diff(self.first))
        return np.bincount(self.links, weights=carried, minlength=len(self.roads.state)).astype(np.float64)

    def iterate(self, flow: FloatArray, gap: float) -> PathIterate:
        """Return flows, gap and the used paths, rows numbered as in the demand."""
        order = np.argsort(self.rows)
        used = self.flow > 0.0
        lengths = np.diff(self.first)
        first = np.concatenate([[0], np.cumsum(lengths[used])])
        links = self.links[np.repeat(used, lengths)]
        paths = PathFlows(self.rows[self.row[used]], first, links.astype(np.int64), self.flow[used])
        return PathIterate(flow, gap, self.least[order], paths)


def compiled_gradient_projection(network: RoadNetwork, demand: Demand) -> Iterator[PathIterate]:
    """Yield the same kind of iterates as ``gradient_projection``, for arguments that are checked."""
    columns = Columns(network, demand)
    roads = columns.roads
    columns.search()
    columns.flow[:] = columns.volumes
    in_path, in_best = np.empty(network.num_links, np.int64), np.empty(network.num_links, np.int64)
    while True:
        roads.set_flow(columns.link_flow())
        columns.search()
        flow, cost = roads.state[:, kernel.FLOW].copy(), roads.state[:, kernel.COST]
        total = float(flow @ cost)
        gap = (total - float(columns.volumes @ columns.least)) / total if total > 0 else 0.0
        yield columns.iterate(flow, gap)
        paths = (columns.first_path, columns.first, columns.links, columns.flow)
        for _ in range(SWEEPS):
            if kernel.sweep(roads.constants, roads.state, *paths, in_path, in_best) <= ENOUGH * gap * total:
                break
        columns.drop_empty()
