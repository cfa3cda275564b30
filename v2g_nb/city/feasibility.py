"""Why does an instance have no solution? A linear program that pays for what is missing."""

from typing import Any

import numpy as np
from scipy import optimize, sparse

from v2g_nb.checks import FloatArray
from v2g_nb.city.market import KW
from v2g_nb.city.program import CityProgram
from v2g_nb.errors import Infeasible

LINPROG: Any = optimize.linprog  # its stubs know no sparse matrices
MISSING = 1e-6  # MW or Mvar
SHOWN = 8  # buses named in a message


def infeasibility(program: CityProgram) -> Infeasible | None:
    """Return the error that names what cannot be served, and where; None if a point keeps all limits."""
    reactive = _missing(program, "reactive_balance")
    if reactive is not None and np.abs(reactive).max() <= MISSING:
        return None
    if reactive is not None:
        return Infeasible(_reactive_words(program, reactive))
    charging = _missing(program, "charged")
    if charging is not None:
        return Infeasible(_charging_words(program, charging))
    return Infeasible(
        "model: no point keeps all limits of the feeder, even if no station charged and reactive power were free"
    )


def _missing(program: CityProgram, block: str) -> FloatArray | None:
    """Return how much is missing in each row of a block at least, or None if that alone would not help."""
    rows, (height, width) = program.rows[block], program.matrix.shape
    count = rows.stop - rows.start
    more = sparse.eye_array(height).tocsc()[:, rows]
    ends = zip((program.lower, program.upper), (0.0, np.inf), strict=True)
    bounds = np.column_stack([np.append(end, np.full(2 * count, other)) for end, other in ends])
    matrix = sparse.hstack([program.matrix, more, -more])
    cost = np.append(np.zeros(width), np.ones(2 * count))
    answer = LINPROG(cost, A_eq=matrix, b_eq=program.right, bounds=bounds)
    if answer.status != 0:
        return None
    return np.asarray(answer.x[width : width + count] - answer.x[width + count :])


def _islands(program: CityProgram) -> list[list[int]]:
    """Return the buses of each tree of the feeder."""
    tree = program.model.market.grid.feeder
    root = np.arange(tree.num_buses)
    for bus in tree.order[tree.parent[tree.order] >= 0].tolist():
        root[bus] = root[tree.parent[bus]]
    return [np.flatnonzero(root == top).tolist() for top in tree.roots.tolist()]


def _reactive_words(program: CityProgram, missing: FloatArray) -> str:
    names = program.model.market.grid.feeder.names or ()
    for buses in _islands(program):
        short = KW / program.model.period_h * float(np.abs(missing[buses]).sum())
        if short > KW * MISSING:
            named = [repr(names[bus]) for bus in buses]
            rest = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
            kind = "the feeder" if 0 in buses else f"the island of buses {', '.join(named[:SHOWN])}{rest}"
            return f"model: {kind} lacks {short:.1f} kvar of reactive power: give a generator there a reactive range"
    return "model: reactive power and voltages cannot be balanced within the feeder's limits"


def _charging_words(program: CityProgram, missing: FloatArray) -> str:
    model = program.model
    named = [
        f"station {station.node} (bus {station.bus!r}) {abs(kw):.1f} kW"
        for station, kw in zip(model.stations, (KW / model.period_h * missing).tolist(), strict=True)
        if abs(kw) > KW * MISSING
    ]
    words = ", ".join(named) or "some station"
    return f"model: charging that drivers need cannot be served; missing at least: {words}"
