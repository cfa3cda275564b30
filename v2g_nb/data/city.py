"""The city's tables: Sioux Falls, the IEEE 123-bus feeder, and what other programs found on them."""

import csv
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks

TABLES = (
    "city_path",
    "ieee123_branches",
    "ieee123_capacitors",
    "ieee123_line_codes",
    "ieee123_loads",
    "ieee123_opendss",
    "ieee123_places",
    "sioux_falls_links",
    "sioux_falls_nodes",
    "sioux_falls_trips",
)
WORDS = ("name", "kind", "bus", "from_bus", "to_bus", "phases", "line_code", "closed", "connection")


def load_table(name: str) -> dict[str, NDArray[Any]]:
    """Return a table of the city as named columns.

    Parameters
    ----------
    name : str
        Such as ``sioux_falls_links``; SOURCES.md says where each comes from.

    Returns
    -------
    dict of str to numpy.ndarray
        Strings for names and buses, floats for numbers (NaN where a cell is empty).

    Raises
    ------
    InvalidInput
        If there is no such table.

    Examples
    --------
    >>> load_table("sioux_falls_links")["capacity_veh_per_h"][:2]
    array([25900.20064, 23403.47319])
    """
    checks.choice("name", name, TABLES)
    return {key: column.copy() for key, column in _read(name).items()}


@cache
def _read(name: str) -> dict[str, NDArray[Any]]:
    text = (files("v2g_nb.data") / f"{name}.csv").read_text(encoding="utf-8")
    header, *rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    columns: dict[str, NDArray[Any]] = {}
    for place, key in enumerate(header):
        cells = [row[place] for row in rows]
        columns[key] = np.array(cells) if key in WORDS else np.array([float(c) if c else np.nan for c in cells])
    return columns
