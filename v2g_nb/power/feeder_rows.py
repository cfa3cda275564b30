"""A feeder as rows of a sparse program, (9b) to (9f) of the city paper: for a dispatch alone, and for a whole city."""

from typing import Any

import numpy as np
from scipy import sparse

from v2g_nb.checks import FloatArray
from v2g_nb.power.feeder import RadialFeeder


class Blocks:
    """Named blocks of columns (with bounds) and rows (with right-hand sides), assembled once."""

    def __init__(self) -> None:
        self.columns: dict[str, slice] = {}
        self.rows: dict[str, slice] = {}
        self.lower: list[FloatArray] = []
        self.upper: list[FloatArray] = []
        self.right: list[FloatArray] = []
        self.entries: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        self.width = self.height = 0

    def variables(self, name: str, count: int, lower: Any = -np.inf, upper: Any = np.inf) -> None:
        """Add `count` columns."""
        self.columns[name] = slice(self.width, self.width + count)
        self.lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), (count,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), (count,)))
        self.width += count

    def equations(self, name: str, right: FloatArray, **terms: Any) -> None:
        """Add rows: the sum of one matrix times each named block is `right`, or what the solver makes of both."""
        self.rows[name] = slice(self.height, self.height + len(right))
        for block, matrix in terms.items():
            part = sparse.coo_array(matrix)
            self.entries[0].append(part.row + self.height)
            self.entries[1].append(part.col + self.columns[block].start)
            self.entries[2].append(part.data)
        self.right.append(np.asarray(right, dtype=np.float64))
        self.height += len(right)

    def matrix(self) -> Any:
        """Return all rows as one matrix."""
        data, row, column = (np.concatenate(self.entries[k]) for k in (2, 0, 1))
        return sparse.csc_array((data, (row, column)), shape=(self.height, self.width))


def picks(rows: Any, count: int) -> Any:
    """Return the matrix that adds column j to row ``rows[j]``."""
    where = np.asarray(rows, dtype=np.int64)
    return sparse.coo_array((np.ones(len(where)), (where, np.arange(len(where)))), shape=(count, len(where)))


def add_feeder_rows(
    blocks: Blocks,
    feeder: RadialFeeder,
    source_voltage_pu: float,
    active_balance: tuple[FloatArray, dict[str, Any]],
    reactive_balance: tuple[FloatArray, dict[str, Any]],
    *,
    unit_kw: float,
    hours: float = 1.0,
) -> None:
    """Add balances, voltage drops along lines, and the source's voltage.

    Of each balance come the load and what else serves it, as matrices by block, both times `hours`. Columns
    ``active``, ``line_reactive`` (of lines), ``import``, ``import_reactive`` and ``voltage`` (squared) must be there.
    """
    n, m = feeder.num_buses, feeder.num_lines
    into, out, source = picks(feeder.heads, n), picks(feeder.tails, n), picks([feeder.root], n)
    flows, imports = (into - out) * hours, source * hours
    load, serves = active_balance
    blocks.equations("active_balance", load, active=flows, **{"import": imports}, **serves)
    load, serves = reactive_balance
    blocks.equations("reactive_balance", load, line_reactive=flows, import_reactive=imports, **serves)
    scale = 2.0 * unit_kw / feeder.base_kva
    r, x = (sparse.diags_array(scale * value) for value in (feeder.resistance, feeder.reactance))
    blocks.equations("drop", np.zeros(m), voltage=(into - out).T, active=r, line_reactive=x)
    blocks.equations("source_voltage", np.array([source_voltage_pu**2]), voltage=source.T)


def rated_lines(feeder: RadialFeeder) -> Any:
    """Return the lines that have a rating."""
    return np.flatnonzero(np.isfinite(feeder.rating_kva))


def polygon_sides(feeder: RadialFeeder, angles: FloatArray) -> tuple[Any, Any]:
    """Return what active and reactive flows make on each side of the rated lines' polygons, side after side."""
    pick = sparse.eye_array(feeder.num_lines).tocsr()[rated_lines(feeder)]
    return sparse.vstack([np.cos(a) * pick for a in angles]), sparse.vstack([np.sin(a) * pick for a in angles])
