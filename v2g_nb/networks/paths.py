"""Path flows, all paths of all rows in four flat arrays."""

from dataclasses import dataclass

import numpy as np

from v2g_nb.checks import FloatArray
from v2g_nb.networks.roads import IntArray


@dataclass(frozen=True, eq=False)
class PathFlows:
    """Path k of row ``row[k]`` carries ``flow[k]`` [veh/h] along ``links[first[k]:first[k + 1]]``."""

    row: IntArray
    first: IntArray
    links: IntArray
    flow: FloatArray

    def of_row(self, row: int) -> list[tuple[IntArray, float]]:
        """Return links and flow of each path of one row of the demand."""
        found = np.flatnonzero(self.row == row)
        return [(self.links[self.first[k] : self.first[k + 1]], float(self.flow[k])) for k in found]

    def link_flow(self, num_links: int) -> FloatArray:
        """Return the sum of the path flows on each link [veh/h]."""
        carried = np.repeat(self.flow, np.diff(self.first))
        return np.bincount(self.links, weights=carried, minlength=num_links).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PathIterate:
    """One iterate of gradient projection.

    ``flow`` [veh/h] and ``gap`` (relative) are of the links; ``least`` holds the cost of a cheapest
    path [min] for each of the demand's rows that use roads; ``paths`` the path flows behind.
    """

    flow: FloatArray
    gap: float
    least: FloatArray
    paths: PathFlows
