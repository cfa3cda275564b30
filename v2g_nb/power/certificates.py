"""Certificates of power flows and dispatches, computed branch by branch and by walking the tree.

Currents are summed without an admittance matrix, loads and prices along a feeder without one linear system.
"""

import cmath
import math
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray, IntArray
from v2g_nb.power.feeder import DispatchProblem, RadialFeeder
from v2g_nb.power.network import PowerNetwork

ROUNDING = 64 * sys.float_info.epsilon  # of the powers that cancel at a bus
DISPATCH_TOL = 1e-6  # per unit, and $/kWh


def power_flow_certificates(
    network: PowerNetwork, magnitude_pu: Any, angle_deg: Any, tol: float = 1e-9
) -> tuple[Certificate, ...]:
    """Check voltages [pu, degrees] against Kirchhoff's law and the set-points; NaN is allowed and never certified.

    The current of each branch comes from its pi circuit behind an ideal transformer, one branch after the other;
    the sum at each bus gives the power that the bus must draw or feed in. `tol` is a mismatch [pu] where powers of
    1 pu are scheduled; if the largest of them is less, this much of it, and never less than rounding makes of the
    powers that cancel at a bus. A magnitude that is not positive is no voltage: the set-points fail by infinity.
    """
    magnitude, angle = np.asarray(magnitude_pu, dtype=float), np.deg2rad(np.asarray(angle_deg, dtype=float))
    voltage, kind = magnitude * np.exp(1j * angle), np.array(network.kind)
    outflow, turnover = _outflow(network, voltage.tolist())
    shunt = (network.shunt_mw - 1j * network.shunt_mvar) * np.abs(voltage) ** 2 / network.base_mva
    gap = voltage * np.conj(outflow) + shunt - network.scheduled_pu
    held = _largest((magnitude - network.set_point_pu)[kind != "pq"], angle[kind == "slack"])
    limit = max(tol * min(1.0, network.largest_power_pu), ROUNDING * max(turnover))
    return (
        Certificate("active power balance at every bus", _largest(gap.real[kind != "slack"]), limit, "pu"),
        Certificate("reactive power balance at load buses", _largest(gap.imag[kind == "pq"]), limit, "pu"),
        Certificate("voltage set-points held", math.inf if np.any(magnitude <= 0.0) else held, tol, "pu"),
    )


def _outflow(network: PowerNetwork, voltage: list[complex]) -> tuple[list[complex], list[float]]:
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


def flow_certificates(
    feeder: RadialFeeder, loads: tuple[Any, Any], flow: Any, source_voltage_pu: float, tol: float = 1e-9
) -> tuple[Certificate, ...]:
    """Check a linear flow against the active and reactive loads beyond each line, and its voltages against the drops.

    Equations (9b) to (9e) of the city paper; `tol` is per unit.
    """
    wrong_p, wrong_q = _beyond(feeder, loads[0]) - flow.active_kw, _beyond(feeder, loads[1]) - flow.reactive_kvar
    drop = 2.0 * (feeder.resistance * flow.active_kw + feeder.reactance * flow.reactive_kvar) / feeder.base_kva
    squared = _squares(flow.voltage_pu)
    wrong_v = squared[feeder.tails] - drop - squared[feeder.heads]
    start = squared[feeder.root] - source_voltage_pu**2
    return (
        Certificate("active flows carry the loads beyond", _largest(wrong_p / feeder.base_kva), tol, "pu"),
        Certificate("reactive flows carry the loads beyond", _largest(wrong_q / feeder.base_kva), tol, "pu"),
        Certificate("squared voltages fall as the flows say", _largest(wrong_v, start), tol, "pu"),
    )


def _beyond(tree: RadialFeeder, load: Any) -> FloatArray:
    """Return for each line the load of all buses beyond it, gathered from the leaves inwards."""
    total, flow = np.array(load, dtype=np.float64), np.zeros(tree.num_lines)
    for bus in tree.order[::-1].tolist():
        if tree.parent[bus] >= 0:
            flow[tree.upward[bus]] = total[bus]
            total[tree.parent[bus]] += total[bus]
    return flow


def _largest(*values: Any) -> float:
    """Return the largest magnitude; NaN where one is NaN."""
    return float(np.max(np.abs(np.concatenate([np.ravel(v) for v in values])), initial=0.0))


def _squares(magnitudes: Any) -> FloatArray:
    """Return the squares of magnitudes; NaN where one is negative, so that it cannot pass for its opposite."""
    given = np.asarray(magnitudes, dtype=np.float64)
    return np.where(given < 0.0, np.nan, given) ** 2


def dispatch_certificates(problem: DispatchProblem, dispatch: Any) -> tuple[Certificate, ...]:
    """Check a dispatch and its prices: physics, limits, and nobody who would gain by another output.

    Eight: three of the physics, limits, outputs optimal at the prices, prices rise along lines as the multipliers
    say (active, reactive), multipliers only where limits bind.
    """
    tree, base = problem.feeder, problem.feeder.base_kva
    n = tree.num_buses
    out, gq, p0, q0 = dispatch.generation_kw, dispatch.reactive_kvar, dispatch.import_kw, dispatch.import_kvar
    p, q, shed, v = dispatch.active_kw, dispatch.line_kvar, dispatch.shed_kw, _squares(dispatch.voltage_pu)
    w, u, s, nu = dispatch.dlmp, dispatch.reactive_price, dispatch.voltage_price, dispatch.line_price
    made = np.bincount(problem.generator_bus, weights=out, minlength=n)
    made_q = np.bincount(problem.generator_bus, weights=gq, minlength=n)
    net, net_q = problem.load_kw - shed - made, problem.load_kvar - made_q
    net[tree.root] -= p0
    net_q[tree.root] -= q0
    flow = SimpleNamespace(active_kw=p, reactive_kvar=q, voltage_pu=dispatch.voltage_pu)
    physics = flow_certificates(tree, (net, net_q), flow, problem.source_voltage_pu, DISPATCH_TOL)
    # What flows cannot show: a root has no line above it, so its own tree must balance.
    trees = _tree_of_bus(tree)
    tops = [np.bincount(trees, weights=values) / base for values in (net, net_q)]
    side = 2.0 * np.pi * np.arange(problem.facets) / problem.facets
    spare = tree.rating_kva[:, None] - np.outer(p, np.cos(side)) - np.outer(q, np.sin(side))
    low, high = problem.lowest_pu**2, problem.highest_pu**2
    at, root, kvar = problem.generator_bus, tree.root, problem.reactive_kvar
    outputs = (  # what a little more would gain, how much it is, its bounds
        (w[at] - problem.cost_per_kwh - problem.cost_slope * out, out, 0.0, problem.capacity_kw),
        (u[at], gq, -kvar, kvar),
        (w - problem.shed_cost_per_kwh, shed, 0.0, problem.load_kw.clip(min=0.0)),
        (w[root] - problem.import_cost_per_kwh, p0, 0.0, problem.import_kw),
        (u[root], q0, -problem.import_kvar, problem.import_kvar),
    )
    outside = [np.maximum(np.maximum(least - x, x - most), 0.0) / base for _, x, least, most in outputs]
    voltages = np.maximum(np.maximum(v - high, low - v), 0.0)
    # The natural residual: at a positive gain an output should stand at its upper bound, and so on.
    regret = [x / base - np.clip(x / base + gain, least / base, most / base) for gain, x, least, most in outputs]
    # Squared voltage of a bus counts in every line above it.
    lifted = _beyond(tree, s) / base
    rise = w[tree.heads] - w[tree.tails] - 2.0 * tree.resistance * lifted - nu @ np.cos(side)
    rise_q = u[tree.heads] - u[tree.tails] - 2.0 * tree.reactance * lifted - nu @ np.sin(side)
    free = np.bincount(trees, weights=s)[1:] / base
    slack = np.where(np.isfinite(spare), np.minimum(np.abs(nu), np.abs(spare) / base), np.abs(nu))
    # a positive multiplier stands at the lower limit, a negative one at the upper
    away = np.where(s > 0.0, v - low, high - v)
    unused = [slack, np.minimum(np.abs(s) / base, np.abs(away)), (-nu).clip(min=0.0)]
    limits = [(-spare / base).clip(min=0.0), voltages, *outside, *tops]
    return (
        *physics,
        Certificate("limits are kept, and every tree balances", _largest(*limits), DISPATCH_TOL, "pu"),
        Certificate("outputs are best at the prices", _largest(*regret), DISPATCH_TOL, "$/kWh"),
        Certificate("prices rise along lines as limits say", _largest(rise, free), DISPATCH_TOL, "$/kWh"),
        Certificate("reactive prices rise along lines likewise", _largest(rise_q), DISPATCH_TOL, "$/kvarh"),
        Certificate("limits have a price only where they bind", _largest(*unused), DISPATCH_TOL, "pu"),
    )


def _tree_of_bus(tree: RadialFeeder) -> IntArray:
    """Return which tree each bus belongs to, in the order of the roots."""
    home = np.zeros(tree.num_buses, dtype=np.int64)
    home[tree.roots] = np.arange(len(tree.roots))
    for bus in tree.order.tolist():
        if tree.parent[bus] >= 0:
            home[bus] = home[tree.parent[bus]]
    return home
