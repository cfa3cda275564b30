"""LinDistFlow: flows and voltages of given loads on a radial feeder."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.linalg import splu

from v2g_nb import checks
from v2g_nb.certificate import Certificate, Result
from v2g_nb.checks import FloatArray
from v2g_nb.errors import InvalidInput
from v2g_nb.power.certificates import flow_certificates
from v2g_nb.power.feeder import NetLoad, Positive, RadialFeeder
from v2g_nb.power.feeder_rows import picks


@dataclass(frozen=True, eq=False)
class LinDistFlowResult(Result):
    """Flows into the head of each line [kW, kvar] and voltage magnitudes of the buses [pu]."""

    active_kw: FloatArray
    reactive_kvar: FloatArray
    voltage_pu: FloatArray
    certificates: tuple[Certificate, ...]


def lindistflow(
    feeder: RadialFeeder, load_kw: NetLoad, load_kvar: NetLoad, *, source_voltage_pu: Positive = 1.0
) -> LinDistFlowResult:
    """Return flows and voltages of given loads, losses neglected.

    Parameters
    ----------
    feeder : RadialFeeder
        Buses and lines.
    load_kw, load_kvar : array_like, shape (buses,)
        Net active and reactive load of each bus; negative where it feeds in.
    source_voltage_pu : float
        Voltage of every root, above 0.

    Returns
    -------
    LinDistFlowResult

    Raises
    ------
    InvalidInput
        If a load has the wrong length, the voltage is not above 0, or the loads would pull the
        squared voltage of a bus to zero or below.

    Examples
    --------
    >>> feeder = RadialFeeder(2, [0], [1], [0.05], [0.0], [np.inf])
    >>> lindistflow(feeder, [0.0, 1000.0], [0.0, 0.0]).voltage_pu.round(6).tolist()
    [1.0, 0.948683]

    References
    ----------
    Equations (9b) to (9e) of the city paper.
    """
    tree, p, q = feeder, load_kw, load_kvar
    inner = np.flatnonzero(tree.parent >= 0)
    squared = np.full(tree.num_buses, source_voltage_pu**2)
    active, reactive = np.zeros(tree.num_lines), np.zeros(tree.num_lines)
    if tree.num_lines:
        # Balance of the inner buses gives the flows; the same matrix, transposed, the voltages.
        matrix = (picks(tree.heads, len(p)) - picks(tree.tails, len(p)))[inner]
        factor = splu(matrix.tocsc())
        active, reactive = factor.solve(p[inner]), factor.solve(q[inner])
        drop = 2.0 * (tree.resistance * active + tree.reactance * reactive) / tree.base_kva
        squared[inner] -= splu(matrix.T.tocsc()).solve(drop)
    if (squared <= 0.0).any():
        bus = int(np.argmin(squared))
        raise InvalidInput(
            f"load_kw = {checks.shown(p)}, load_kvar = {checks.shown(q)}: must be less: the voltage of bus "
            f"{tree.names[bus]!r} would fall to zero"
        )
    draft = LinDistFlowResult(active, reactive, np.sqrt(squared), ())
    return replace(draft, certificates=flow_certificates(tree, (p, q), draft, source_voltage_pu))
