"""The calibrated instance of the feeder: its generators, its one tight line, its import."""

from dataclasses import replace
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.city.feeder import Feeder
from v2g_nb.power.dispatch import DispatchProblem

# Bus, first $/kWh, $/kWh per kW, kW, kvar. The paper names none of these; they are calibrated so that
# its headline numbers come out, which shows that they can, and nothing more.
GENERATORS = (
    ("25", 0.15, 5e-4, 200.0, 500.0),
    ("40", 0.12, 5e-5, 1200.0, 900.0),
    ("47", 0.99, 4e-5, 591.0, 500.0),
    ("54", 0.15, 5e-4, 750.0, 700.0),
    ("63", 0.99, 4e-5, 72.0, 300.0),
    ("97", 0.15, 5e-4, 540.0, 900.0),
    ("108", 0.99, 4e-5, 1036.0, 500.0),
    ("89", 0.15, 1e-3, 475.0, 500.0),
)
TIGHT_LINE, TIGHT_KVA = ("67", "72"), 740.0
IMPORT_COST, IMPORT_KW, IMPORT_KVAR = 0.12, 1950.0, 6000.0
SHED_COST = 38.53
SOURCE_PU, LOWEST_PU, HIGHEST_PU = 1.03, 0.9, 1.1


def calibrated_dispatch(feeder: Feeder, *, level: float = 1.0, charging_kw: Any = None) -> DispatchProblem:
    """Return the dispatch problem of the calibrated instance.

    Parameters
    ----------
    feeder : Feeder
        The IEEE 123-bus feeder.
    level : float
        Factor on all household loads, at least 0; the stress case has 1.5.
    charging_kw : array_like, shape (buses,), optional
        What charging stations take besides (negative where they feed in); nothing by default.

    Returns
    -------
    DispatchProblem

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or the feeder lacks a generator's bus.

    Examples
    --------
    >>> from v2g_nb.city.feeder import ieee123
    >>> problem = calibrated_dispatch(ieee123(), level=1.5)
    >>> float(problem.load_kw.sum()), len(problem.generator_bus)
    (5235.0, 8)
    """
    network = checks.instance("feeder", feeder, Feeder)
    factor = checks.real("level", level, low=0.0)
    tree = network.radial
    extra = np.zeros(tree.num_buses) if charging_kw is None else charging_kw
    more = checks.array("charging_kw", extra, shape=(tree.num_buses,))
    buses, first, slope, capacity, reactive = zip(*GENERATORS, strict=True)
    tight = {network.bus(name) for name in TIGHT_LINE}
    rating = tree.rating_kva.copy()
    for line, pair in enumerate(zip(tree.tails.tolist(), tree.heads.tolist(), strict=True)):
        if set(pair) == tight:
            rating[line] = TIGHT_KVA
    return DispatchProblem(
        replace(tree, rating_kva=rating),
        factor * network.load_kw + more,
        factor * network.load_kvar - network.capacitor_kvar,
        [network.bus(name) for name in buses],
        first,
        slope,
        capacity,
        reactive,
        IMPORT_COST,
        IMPORT_KW,
        IMPORT_KVAR,
        SHED_COST,
        SOURCE_PU,
        LOWEST_PU,
        HIGHEST_PU,
    )
