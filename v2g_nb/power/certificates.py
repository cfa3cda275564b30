"""Certificates of power flows and dispatches, computed branch by branch and by walking the tree.

Currents are summed without an admittance matrix, loads and prices along a feeder without one linear system.
"""

import cmath
import math
import sys
from typing import Any

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.power.feeder import DispatchProblem, RadialFeeder
from v2g_nb.power.network import PowerNetwork

ROUNDING = 64 * sys.float_info.epsilon  # of the powers that cancel at a bus
FLOW_TOL = 1e-9  # per unit
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
    columns = [[float(v) for v in given] for given in (magnitude_pu, angle_deg)]
    voltage = [cmath.rect(m, math.radians(a)) for m, a in zip(*columns, strict=True)]
    outflow, turnover = _outflow(network, voltage)
    limit = max(tol * min(1.0, _scheduled(network)), ROUNDING * max(turnover))
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
        Certificate("voltage set-points held", held, tol, "pu"),
    )


def _worse(sofar: float, value: float) -> float:
    """Return the larger size; NaN stays."""
    return math.nan if math.isnan(value) or math.isnan(sofar) else max(sofar, abs(value))


def _scheduled(network: PowerNetwork) -> float:
    """Return the largest scheduled power [pu]."""
    largest = 0.0
    for k, kind in enumerate(network.kind):
        made = 0.0 if kind == "slack" else abs(network.generation_mw[k])
        largest = max(largest, made, abs(network.demand_mw[k]), abs(network.demand_mvar[k]))
    return float(largest / network.base_mva)


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
    feeder: RadialFeeder, load_kw: Any, load_kvar: Any, flow: Any, source_voltage_pu: float
) -> tuple[Certificate, ...]:
    """Check a linear flow against the loads beyond each line, and its voltages against the drops on the way."""
    flows = np.asarray(flow.active_kw), np.asarray(flow.reactive_kvar)
    return _physics(feeder, (load_kw, load_kvar), flows, _squares(flow.voltage_pu), source_voltage_pu, FLOW_TOL)


def _physics(
    tree: RadialFeeder,
    loads: tuple[Any, Any],
    flows: tuple[FloatArray, FloatArray],
    squared: FloatArray,
    source_voltage_pu: float,
    tol: float,
) -> tuple[Certificate, ...]:
    """Compare flows with the loads beyond each line, and squared voltages with the drops; equations (9b) to (9e)."""
    wrong_p, wrong_q = (_beyond(tree, load) - flow for load, flow in zip(loads, flows, strict=True))
    drop = 2.0 * (tree.resistance * flows[0] + tree.reactance * flows[1]) / tree.base_kva
    wrong_v = squared[tree.tails] - drop - squared[tree.heads]
    start = np.abs(squared[tree.root] - source_voltage_pu**2)
    return (
        Certificate("active flows carry the loads beyond", _largest(wrong_p / tree.base_kva), tol, "pu"),
        Certificate("reactive flows carry the loads beyond", _largest(wrong_q / tree.base_kva), tol, "pu"),
        Certificate("squared voltages fall as the flows say", _largest(np.append(wrong_v, start)), tol, "pu"),
    )


def _beyond(tree: RadialFeeder, load: Any) -> FloatArray:
    """Return for each line the load of all buses beyond it, gathered from the leaves inwards."""
    total, flow = np.array(load, dtype=np.float64), np.zeros(tree.num_lines)
    for bus in tree.order[::-1].tolist():
        if tree.parent[bus] >= 0:
            flow[tree.upward[bus]] = total[bus]
            total[tree.parent[bus]] += total[bus]
    return flow


def _largest(values: FloatArray) -> float:
    """Return the largest magnitude; NaN where one is NaN."""
    return float(np.max(np.abs(values), initial=0.0))


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
    physics = _physics(tree, (net, net_q), (p, q), v, problem.source_voltage_pu, DISPATCH_TOL)
    # What flows cannot show: a root has no line above it, so its own tree must balance.
    tops = np.array([np.sum(net[members]) for members in _trees(tree)] + [np.sum(net_q[k]) for k in _trees(tree)])
    side = 2.0 * np.pi * np.arange(problem.facets) / problem.facets
    spare = tree.rating_kva[:, None] - np.outer(p, np.cos(side)) - np.outer(q, np.sin(side))
    low, high = problem.lowest_pu**2, problem.highest_pu**2
    beyond_limits = [
        *(-spare / base).clip(min=0.0).ravel(),
        *(v - high).clip(min=0.0),
        *(low - v).clip(min=0.0),
        *_outside(out, 0.0, problem.capacity_kw, base),
        *_outside(gq, -problem.reactive_kvar, problem.reactive_kvar, base),
        *_outside(shed, 0.0, problem.load_kw.clip(min=0.0), base),
        *_outside(np.array([p0]), 0.0, problem.import_kw, base),
        *_outside(np.array([q0]), -problem.import_kvar, problem.import_kvar, base),
        *(tops / base),
    ]
    at, root = problem.generator_bus, tree.root
    asked = problem.cost_per_kwh + problem.cost_slope * out
    regret = [
        *_regret(w[at] - asked, out, 0.0, problem.capacity_kw, base),
        *_regret(u[at], gq, -problem.reactive_kvar, problem.reactive_kvar, base),
        *_regret(w - problem.shed_cost_per_kwh, shed, 0.0, problem.load_kw.clip(min=0.0), base),
        *_regret(w[[root]] - problem.import_cost_per_kwh, np.array([p0]), 0.0, problem.import_kw, base),
        *_regret(u[[root]], np.array([q0]), -problem.import_kvar, problem.import_kvar, base),
    ]
    # Squared voltage of a bus counts in every line above it.
    lifted = _beyond(tree, s) / base
    rise = w[tree.heads] - w[tree.tails] - 2.0 * tree.resistance * lifted - nu @ np.cos(side)
    rise_q = u[tree.heads] - u[tree.tails] - 2.0 * tree.reactance * lifted - nu @ np.sin(side)
    free = np.array([np.sum(s[members]) for members in _trees(tree)[1:]]) / base
    slack = np.where(np.isfinite(spare), np.minimum(np.abs(nu), np.abs(spare) / base), np.abs(nu))
    # a positive multiplier stands at the lower limit, a negative one at the upper
    away = np.where(s > 0.0, v - low, high - v)
    unused = [*slack.ravel(), *np.minimum(np.abs(s) / base, np.abs(away)), *(-nu).clip(min=0.0).ravel()]
    return (
        *physics,
        Certificate("limits are kept, and every tree balances", _largest(np.array(beyond_limits)), DISPATCH_TOL, "pu"),
        Certificate("outputs are best at the prices", _largest(np.array(regret)), DISPATCH_TOL, "$/kWh"),
        Certificate("prices rise along lines as limits say", _largest(np.append(rise, free)), DISPATCH_TOL, "$/kWh"),
        Certificate("reactive prices rise along lines likewise", _largest(rise_q), DISPATCH_TOL, "$/kvarh"),
        Certificate("limits have a price only where they bind", _largest(np.array(unused)), DISPATCH_TOL, "pu"),
    )


def _outside(value: FloatArray, low: Any, high: Any, base: float) -> FloatArray:
    """Return by how much values leave their bounds, per unit."""
    return np.asarray((np.maximum(low - value, 0.0) + np.maximum(value - high, 0.0)) / base)


def _regret(gain: FloatArray, value: FloatArray, low: Any, high: Any, base: float) -> FloatArray:
    """Return the natural residual: at a positive gain the output should stand at its upper bound, and so on."""
    scaled = value / base
    best = np.minimum(np.maximum(scaled + gain, np.asarray(low) / base), np.asarray(high) / base)
    return scaled - best


def _trees(tree: RadialFeeder) -> list[list[int]]:
    """Return the buses of each tree, in the order of the roots."""
    home = {int(root): k for k, root in enumerate(tree.roots)}
    members: list[list[int]] = [[] for _ in home]
    for bus in tree.order.tolist():
        if tree.parent[bus] >= 0:
            home[bus] = home[int(tree.parent[bus])]
        members[home[bus]].append(bus)
    return members
