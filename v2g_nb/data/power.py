"""Power-network test cases, as tables."""

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g_nb import checks

CASES = ("case9", "case14", "case30")


@dataclass(frozen=True, eq=False)
class CaseTables:
    """Columns of a test case by name: `bus` and `branch` tables, and the base power [MVA].

    Parameters
    ----------
    bus, branch : dict of str to numpy.ndarray
        Columns, named with their units; a branch without rating has an infinite one.
    base_mva : float
        Base of the per-unit values [MVA].

    Raises
    ------
    InvalidInput
        If a table is no dict or the base is not positive.

    Examples
    --------
    >>> CaseTables({"bus": [1]}, {"from_bus": []}, 100.0).base_mva
    100.0
    """

    bus: dict[str, NDArray[Any]]
    branch: dict[str, NDArray[Any]]
    base_mva: float

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.instance("bus", self.bus, dict)
        checks.instance("branch", self.branch, dict)
        checks.real("base_mva", self.base_mva, low=0.0, open_low=True)


def load_case(name: str) -> CaseTables:
    """Return one of the test cases.

    Parameters
    ----------
    name : {"case9", "case14", "case30"}
        The nine-bus system in Anderson and Fouad's numbering, or the IEEE 14- or 30-bus system.

    Returns
    -------
    CaseTables

    Raises
    ------
    InvalidInput
        If there is no such case.

    Examples
    --------
    >>> case = load_case("case9")
    >>> dict(zip(case.bus["bus"].tolist(), case.bus["demand_mw"].tolist()))[5]
    125.0
    """
    checks.choice("name", name, CASES)
    return CaseTables(_table(name + "_bus"), _table(name + "_branch"), 100.0)


def _table(name: str) -> dict[str, NDArray[Any]]:
    lines = (files(__package__) / f"power_{name}.csv").read_text(encoding="utf-8").splitlines()
    header, *rows = csv.reader(lines)
    return {key: _column(key, [row[k] for row in rows]) for k, key in enumerate(header)}


def _column(key: str, cells: list[str]) -> NDArray[Any]:
    if key == "kind":
        return np.array(cells)
    if key in ("bus", "from_bus", "to_bus"):
        return np.array([int(cell) for cell in cells])
    return np.array([float(cell) if cell else np.inf for cell in cells])
