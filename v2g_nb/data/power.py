"""Power-network test cases, as tables."""

import csv
from importlib.resources import files
from typing import Any

import numpy as np


def load_case(name: str) -> dict[str, Any]:
    """Return the columns of a test case, as a power network takes them; a branch without rating has an infinite one.

    "case9" is the nine-bus system in Anderson and Fouad's numbering; "case14" and "case30" are the IEEE systems.

    >>> case = load_case("case9")
    >>> dict(zip(case["bus"].tolist(), case["demand_mw"].tolist()))[5]
    125.0
    """
    return {**_table(name + "_bus"), **_table(name + "_branch"), "base_mva": 100.0}


def _table(name: str) -> dict[str, Any]:
    lines = (files(__package__) / f"power_{name}.csv").read_text(encoding="utf-8").splitlines()
    header, *rows = csv.reader(lines)
    return {key: _column(key, [row[k] for row in rows]) for k, key in enumerate(header)}


def _column(key: str, cells: list[str]) -> Any:
    if key == "kind":
        return cells
    if key in ("bus", "from_bus", "to_bus"):
        return np.array([int(cell) for cell in cells])
    return np.array([float(cell) if cell else np.inf for cell in cells])
