"""Certificates of a power flow: currents summed branch by branch, not through an admittance matrix."""

import cmath
import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate

ROUNDING = 64 * sys.float_info.epsilon  # of the powers that cancel at a bus


def power_flow_certificates(
    network: Any, magnitude_pu: Sequence[float], angle_deg: Sequence[float], tolerance: float = 1e-9
) -> tuple[Certificate, ...]:
    """Check a voltage profile against Kirchhoff's law and the set-points.

    The current of each branch comes from its pi circuit behind an ideal transformer, one branch
    after the other; the sum at each bus gives the power that the bus must draw or feed in.

    Parameters
    ----------
    network : PowerNetwork
        The network, or anything with its columns.
    magnitude_pu, angle_deg : array_like, shape (n,)
        Voltage at each bus [pu, degrees]. NaN is allowed and never certified.
    tolerance : float
        Largest mismatch that still counts as holding [pu], where powers of 1 pu are scheduled; if the
        largest of them is less, this much of it, and never less than rounding makes of the powers that
        cancel at a bus.

    Returns
    -------
    tuple of Certificate
        Balance of active power (all buses but the slack), of reactive power (pq buses), set-points
        (magnitudes of slack and pv buses, angle of the slack bus in radians). A magnitude that is not
        positive is no voltage: the set-points fail by infinity.

    Raises
    ------
    InvalidInput
        If an argument is not of that kind or shape.

    Examples
    --------
    >>> from v2g_nb.power.network import PowerNetwork
    >>> lone = PowerNetwork(bus=[1, 2], kind=["slack", "pq"], demand_mw=[0, 0], demand_mvar=[0, 0],
    ...     shunt_mw=[0, 0], shunt_mvar=[0, 0], generation_mw=[0, 0], set_point_pu=[1, 1],
    ...     from_bus=[1], to_bus=[2], resistance_pu=[0.01], reactance_pu=[0.1], charging_pu=[0],
    ...     tap=[1], shift_deg=[0], rating_mva=[100])
    >>> [c.holds for c in power_flow_certificates(lone, [1.0, 1.0], [0.0, 0.0])]
    [True, True, True]
    """
    if not all(hasattr(network, name) for name in ("bus", "kind", "from_bus", "to_bus", "base_mva")):
        raise checks.invalid("network", network, "a PowerNetwork")
    checks.real("tolerance", tolerance, low=0.0)
    n = len(network.bus)
    columns = []
    for name, given in (("magnitude_pu", magnitude_pu), ("angle_deg", angle_deg)):
        found = np.asarray(given, dtype=float)
        if found.shape != (n,):
            raise checks.invalid(name, given, f"an array of shape ({n},)")
        columns.append([float(v) for v in found])
    voltage = [cmath.rect(m, math.radians(a)) for m, a in zip(*columns, strict=True)]
    outflow, turnover = _outflow(network, voltage)
    limit = max(tolerance * min(1.0, _scheduled(network)), ROUNDING * max(turnover))
    active, reactive, held = 0.0, 0.0, 0.0
    for k, kind in enumerate(network.kind):
        if columns[0][k] <= 0.0:
            held = math.inf
        power = voltage[k] * outflow[k].conjugate() * network.base_mva
        shunt = complex(network.shunt_mw[k], -network.shunt_mvar[k]) * abs(voltage[k]) ** 2
        wanted = complex(network.generation_mw[k] - network.demand_mw[k], -network.demand_mvar[k])
        gap = (power + shunt - wanted) / network.base_mva
        if kind != "slack":
            active = _worse(active, gap.real)
        if kind == "pq":
            reactive = _worse(reactive, gap.imag)
        else:
            held = _worse(held, columns[0][k] - network.set_point_pu[k])
        if kind == "slack":
            held = _worse(held, math.radians(columns[1][k]))
    return (
        Certificate("active power balance at every bus", active, limit, "pu"),
        Certificate("reactive power balance at load buses", reactive, limit, "pu"),
        Certificate("voltage set-points held", held, tolerance, "pu"),
    )


def _worse(sofar: float, value: float) -> float:
    """Return the larger size; NaN stays."""
    return math.nan if math.isnan(value) or math.isnan(sofar) else max(sofar, abs(value))


def _scheduled(network: Any) -> float:
    """Return the largest scheduled power [pu]."""
    largest = 0.0
    for k, kind in enumerate(network.kind):
        made = 0.0 if kind == "slack" else abs(network.generation_mw[k])
        largest = max(largest, made, abs(network.demand_mw[k]), abs(network.demand_mvar[k]))
    return float(largest / network.base_mva)


def _outflow(network: Any, voltage: list[complex]) -> tuple[list[complex], list[float]]:
    """Return the current that leaves each bus into its branches, and the powers that cancel in it [pu]."""
    leaving = [0j] * len(voltage)
    turnover = [0.0] * len(voltage)
    place = {int(b): k for k, b in enumerate(network.bus)}
    for b in range(len(network.from_bus)):
        start, end = place[int(network.from_bus[b])], place[int(network.to_bus[b])]
        ratio = cmath.rect(network.tap[b], math.radians(network.shift_deg[b]))
        behind = voltage[start] / ratio  # the voltage between the ideal transformer and the pi circuit
        impedance = complex(network.resistance_pu[b], network.reactance_pu[b])
        series = (behind - voltage[end]) / impedance
        half = 0.5j * network.charging_pu[b]
        leaving[start] += (series + half * behind) / ratio.conjugate()
        leaving[end] += half * voltage[end] - series
        through = (abs(behind) + abs(voltage[end])) / abs(impedance)
        turnover[start] += abs(voltage[start]) * (through + abs(half * behind)) / abs(ratio)
        turnover[end] += abs(voltage[end]) * (through + abs(half * voltage[end]))
    return leaving, turnover
