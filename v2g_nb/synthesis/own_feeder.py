"""A reader's own feeder from two CSV files: lines and loads, in ohm, kVA and kW."""

import re
from typing import Any, NamedTuple

import numpy as np

from v2g_nb import checks
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput
from v2g_nb.power.feeder import RadialFeeder
from v2g_nb.synthesis.own_tables import read_table

LINE = ("from_bus", "to_bus", "r_ohm", "x_ohm", "rating_kva")
LOAD = ("bus", "load_kw", "load_kvar")


class OwnFeeder(NamedTuple):
    """A feeder with its loads, shape (buses,), in the order of ``feeder.names``."""

    feeder: RadialFeeder
    load_kw: FloatArray
    load_kvar: FloatArray


def read_feeder(lines: Any, loads: Any, *, source: str, nominal_kv: float) -> OwnFeeder:
    r"""Read a radial feeder from a table of lines and a table of loads.

    Parameters
    ----------
    lines : str or path-like
        CSV file with the columns from_bus, to_bus, r_ohm, x_ohm and rating_kva (empty for none);
        ohms are those of one phase of a balanced three-phase line.
    loads : str or path-like
        CSV file with the columns bus, load_kw and load_kvar; several rows of one bus are added,
        buses without a row have no load.
    source : str
        The bus that the grid feeds.
    nominal_kv : float
        Nominal voltage between two phases [kV], from 0.001 to 150.

    Returns
    -------
    OwnFeeder
        On a base of 1000 kVA.

    Raises
    ------
    InvalidInput
        If a file cannot be read, a bus is unknown, a line closes a loop, or a bus hangs on no line that
        leads to the source; the message names file, row and column, or the bus.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder) / "lines.csv", Path(folder) / "loads.csv"
    ...     _ = a.write_text("from_bus,to_bus,r_ohm,x_ohm,rating_kva\nhill,mill,0.016,0.008,\n")
    ...     _ = b.write_text("bus,load_kw,load_kvar\nmill,30,5\n")
    ...     own = read_feeder(a, b, source="hill", nominal_kv=0.4)
    >>> own.feeder.resistance.round(6), own.load_kw
    (array([0.1]), array([ 0., 30.]))
    """
    checks.text("source", source)
    base_ohm = checks.real("nominal_kv", nominal_kv, low=1e-3, high=150.0) ** 2  # kV^2 / MVA, on a base of 1 MVA
    tables = {}
    for name, path, columns in (("lines", lines, LINE), ("loads", loads, LOAD)):
        try:
            tables[name] = read_table(path, columns)
        except InvalidInput as error:
            raise InvalidInput(str(error).replace("path =", f"{name} =", 1)) from None
    place: dict[str, int] = {}
    ends, values = [], []
    rows = tables["lines"]
    for row in rows.rows:
        for column in ("from_bus", "to_bus"):
            if not row.cells[column]:
                raise rows.fault(row, column, "must name a bus")
        ends.append([place.setdefault(row.cells[c], len(place)) for c in ("from_bus", "to_bus")])
        open_end = not row.cells["rating_kva"]
        rating = np.inf if open_end else rows.number(row, "rating_kva", low=0.0, open_low=True)
        values.append([*(rows.number(row, c, low=0.0) / base_ohm for c in ("r_ohm", "x_ohm")), rating])
    if source not in place:
        raise InvalidInput(f"source = {source!r}: must be a bus of {rows.name}, one of {', '.join(place)}")
    (tails, heads), (r, x, rating_kva) = np.array(ends).T, np.array(values).T
    try:
        feeder = RadialFeeder(len(place), tails, heads, r, x, rating_kva, root=place[source], names=tuple(place))
    except InvalidInput as error:
        loop = re.match(r"tails, heads: line (\d+) (.*)", str(error))  # the number of a line: the reader has rows
        said = f", row {rows.rows[int(loop[1])].number}: the line {loop[2]}" if loop else f": {error}"
        raise InvalidInput(f"{rows.name}{said}") from None
    if len(feeder.roots) > 1:
        lost = list(place)[int(feeder.roots[1])]
        raise InvalidInput(f"{rows.name}: bus {lost!r} must hang on a line that leads to the source {source!r}")
    load = np.zeros((2, len(place)))
    rows = tables["loads"]
    for row in rows.rows:
        if row.cells["bus"] not in place:
            raise rows.fault(row, "bus", f"must be a bus of {tables['lines'].name}: {', '.join(place)}")
        load[:, place[row.cells["bus"]]] += [rows.number(row, c) for c in ("load_kw", "load_kvar")]
    return OwnFeeder(feeder, load[0], load[1])
