"""Do flows, voltages and prices of a feeder add up? Checked by walking the tree."""

from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.power.feeder import RadialFeeder

BOOKS = 1e-9  # per unit


def flow_certificates(
    feeder: RadialFeeder,
    load_kw: Any,
    load_kvar: Any,
    *,
    active_kw: Any,
    reactive_kvar: Any,
    voltage_pu: Any,
    source_voltage_pu: float,
    tolerance: float = BOOKS,
) -> tuple[Certificate, ...]:
    """Check flows against the loads beyond each line, and voltages against the drops on the way.

    Parameters
    ----------
    feeder : RadialFeeder
        Buses and lines.
    load_kw, load_kvar : array_like, shape (buses,)
        Net load of each bus.
    active_kw, reactive_kvar : array_like, shape (lines,)
        Flows into each line's head.
    voltage_pu : array_like, shape (buses,)
        Voltage magnitudes.
    source_voltage_pu : float
        Voltage of the fed root; other roots may have any.
    tolerance : float
        Per unit.

    Returns
    -------
    tuple of Certificate
        Three: active flows, reactive flows, squared voltages, each per unit.

    Raises
    ------
    InvalidInput
        If an array has the wrong shape.

    Examples
    --------
    >>> feeder = RadialFeeder(2, [0], [1], [0.05], [0.0], [np.inf])
    >>> proof = flow_certificates(feeder, [0, 1000], [0, 0], active_kw=[1000.0], reactive_kvar=[0.0],
    ...                           voltage_pu=[1.0, 0.9**0.5], source_voltage_pu=1.0)
    >>> [c.holds for c in proof]
    [True, True, True]

    References
    ----------
    Equations (9b) to (9e) of the city paper.
    """
    tree = checks.instance("feeder", feeder, RadialFeeder)
    limit = checks.real("tolerance", tolerance, low=0.0)
    source = checks.real("source_voltage_pu", source_voltage_pu, low=0.0, open_low=True)
    p, q = numbers("load_kw", load_kw, tree.num_buses), numbers("load_kvar", load_kvar, tree.num_buses)
    active = numbers("active_kw", active_kw, tree.num_lines)
    reactive = numbers("reactive_kvar", reactive_kvar, tree.num_lines)
    squared = squares("voltage_pu", voltage_pu, tree.num_buses)
    wrong_p, wrong_q = (beyond(tree, load) - flow for load, flow in ((p, active), (q, reactive)))
    drop = 2.0 * (tree.resistance * active + tree.reactance * reactive) / tree.base_kva
    wrong_v = squared[tree.tails] - drop - squared[tree.heads]
    start = np.abs(squared[tree.root] - source**2)
    return (
        Certificate("active flows carry the loads beyond", largest(wrong_p / tree.base_kva), limit, "pu"),
        Certificate("reactive flows carry the loads beyond", largest(wrong_q / tree.base_kva), limit, "pu"),
        Certificate("squared voltages fall as the flows say", largest(np.append(wrong_v, start)), limit, "pu"),
    )


def beyond(tree: RadialFeeder, load: FloatArray) -> FloatArray:
    """Return for each line the load of all buses beyond it, gathered from the leaves inwards."""
    total = load.copy()
    parent, upward = tree.parent, tree.upward
    flow = np.zeros(tree.num_lines)
    for bus in tree.order[::-1].tolist():
        if parent[bus] >= 0:
            flow[upward[bus]] = total[bus]
            total[parent[bus]] += total[bus]
    return flow


def largest(values: FloatArray) -> float:
    """Return the largest magnitude; NaN where one is NaN."""
    return float(np.max(np.abs(values), initial=0.0))


def squares(name: str, value: Any, length: int) -> FloatArray:
    """Return the squares of magnitudes; NaN where one is negative, so that it cannot pass for its opposite."""
    given = numbers(name, value, length)
    return np.where(given < 0.0, np.nan, given) ** 2


def numbers(name: str, value: Any, length: int) -> FloatArray:
    """Return an array in which a NaN may stand: what cannot be computed must fail, not raise."""
    given = np.asarray(value, dtype=np.float64) if np.asarray(value).dtype.kind in "iuf" else None
    if given is None or given.shape != (length,):
        raise checks.invalid(name, value, f"an array of {length} numbers")
    return given
