"""Is a dispatch least-cost at its own prices? Checked limit by limit, and by walking the tree."""

from typing import Any

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.power.flow_certificates import beyond, flow_certificates, largest, numbers, squares

TOLERANCE = 1e-6  # per unit, and $/kWh
WANTED = (
    *("feeder", "load_kw", "load_kvar", "generator_bus", "cost_per_kwh", "cost_slope", "capacity_kw", "reactive_kvar"),
    *("import_cost_per_kwh", "import_kw", "import_kvar", "shed_cost_per_kwh"),
    *("source_voltage_pu", "lowest_pu", "highest_pu", "facets"),
)


def dispatch_certificates(
    problem: Any,
    *,
    generation_kw: Any,
    reactive_kvar: Any,
    import_kw: float,
    import_kvar: float,
    shed_kw: Any,
    active_kw: Any,
    line_kvar: Any,
    voltage_pu: Any,
    dlmp: Any,
    reactive_price: Any,
    voltage_price: Any,
    line_price: Any,
) -> tuple[Certificate, ...]:
    """Check a dispatch and its prices: physics, limits, and nobody who would gain by another output.

    Parameters
    ----------
    problem : object
        A dispatch problem, with the fields of ``DispatchProblem``.
    generation_kw, reactive_kvar : array_like, shape (generators,)
        Output.
    import_kw, import_kvar : float
        Import at the source.
    shed_kw : array_like, shape (buses,)
        Load not served.
    active_kw, line_kvar : array_like, shape (lines,)
        Flows into each line's head.
    voltage_pu, dlmp, reactive_price, voltage_price : array_like, shape (buses,)
        Voltages, prices and multipliers.
    line_price : array_like, shape (lines, facets)
        Multipliers of the lines' polygons.

    Returns
    -------
    tuple of Certificate
        Eight: three of the physics, limits, outputs optimal at the prices, prices fall and rise
        along lines as the multipliers say (active, reactive), multipliers only where limits bind.

    Raises
    ------
    InvalidInput
        If an array has the wrong shape, or `problem` lacks a field.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from v2g_nb.power.feeder import RadialFeeder
    >>> none = np.empty(0)
    >>> problem = SimpleNamespace(
    ...     feeder=RadialFeeder(1, [], [], [], [], []), load_kw=np.array([5.0]), load_kvar=np.array([0.0]),
    ...     generator_bus=none.astype(int), cost_per_kwh=none, cost_slope=none, capacity_kw=none, reactive_kvar=none,
    ...     import_cost_per_kwh=0.1, import_kw=9.0, import_kvar=9.0, shed_cost_per_kwh=30.0, source_voltage_pu=1.0,
    ...     lowest_pu=0.9, highest_pu=1.1, facets=4)
    >>> proof = dispatch_certificates(
    ...     problem, generation_kw=none, reactive_kvar=none, import_kw=5.0, import_kvar=0.0, shed_kw=[0.0],
    ...     active_kw=none, line_kvar=none, voltage_pu=[1.0], dlmp=[0.1], reactive_price=[0.0], voltage_price=[0.0],
    ...     line_price=np.empty((0, 4)))
    >>> all(c.holds for c in proof)
    True

    References
    ----------
    Equation (9) of the city paper.
    """
    if any(not hasattr(problem, name) for name in WANTED):
        raise checks.invalid("problem", problem, "a dispatch problem")
    tree = problem.feeder
    n, m, g = tree.num_buses, tree.num_lines, len(problem.generator_bus)
    out, gq = numbers("generation_kw", generation_kw, g), numbers("reactive_kvar", reactive_kvar, g)
    p0, q0 = _number("import_kw", import_kw), _number("import_kvar", import_kvar)
    shed = numbers("shed_kw", shed_kw, n)
    p, q = numbers("active_kw", active_kw, m), numbers("line_kvar", line_kvar, m)
    v = squares("voltage_pu", voltage_pu, n)
    w, u = numbers("dlmp", dlmp, n), numbers("reactive_price", reactive_price, n)
    s = numbers("voltage_price", voltage_price, n)
    nu = np.asarray(line_price)
    if nu.dtype.kind not in "iuf" or nu.shape != (m, problem.facets):
        raise checks.invalid("line_price", line_price, f"an array of shape {(m, problem.facets)}")
    base = tree.base_kva
    made = np.bincount(problem.generator_bus, weights=out, minlength=n)
    made_q = np.bincount(problem.generator_bus, weights=gq, minlength=n)
    net, net_q = problem.load_kw - shed - made, problem.load_kvar - made_q
    net[tree.root] -= p0
    net_q[tree.root] -= q0
    physics = flow_certificates(
        tree,
        net,
        net_q,
        active_kw=p,
        reactive_kvar=q,
        voltage_pu=np.sqrt(v),
        source_voltage_pu=problem.source_voltage_pu,
        tolerance=TOLERANCE,
    )
    # What flow_certificates cannot see: a root has no line above it, so its own tree must balance.
    tops = np.array([np.sum(net[members]) for members in _trees(tree)] + [np.sum(net_q[k]) for k in _trees(tree)])
    side = 2.0 * np.pi * np.arange(problem.facets) / problem.facets
    room = tree.rating_kva[:, None] - np.outer(p, np.cos(side)) - np.outer(q, np.sin(side))
    low, high = problem.lowest_pu**2, problem.highest_pu**2
    beyond_limits = [
        *(-room / base).clip(min=0.0).ravel(),
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
    lifted = beyond(tree, s) / base
    rise = w[tree.heads] - w[tree.tails] - 2.0 * tree.resistance * lifted - nu @ np.cos(side)
    rise_q = u[tree.heads] - u[tree.tails] - 2.0 * tree.reactance * lifted - nu @ np.sin(side)
    free = np.array([np.sum(s[members]) for members in _trees(tree)[1:]]) / base
    slack = np.where(np.isfinite(room), np.minimum(np.abs(nu), np.abs(room) / base), np.abs(nu))
    # a positive multiplier stands at the lower limit, a negative one at the upper
    away = np.where(s > 0.0, v - low, high - v)
    unused = [*slack.ravel(), *np.minimum(np.abs(s) / base, np.abs(away)), *(-nu).clip(min=0.0).ravel()]
    return (
        *physics,
        Certificate("limits are kept, and every tree balances", largest(np.array(beyond_limits)), TOLERANCE, "pu"),
        Certificate("outputs are best at the prices", largest(np.array(regret)), TOLERANCE, "$/kWh"),
        Certificate("prices rise along lines as limits say", largest(np.append(rise, free)), TOLERANCE, "$/kWh"),
        Certificate("reactive prices rise along lines likewise", largest(rise_q), TOLERANCE, "$/kvarh"),
        Certificate("limits have a price only where they bind", largest(np.array(unused)), TOLERANCE, "pu"),
    )


def _number(name: str, value: Any) -> float:
    if isinstance(value, (bool, str)) or np.ndim(value) != 0 or np.asarray(value).dtype.kind not in "iuf":
        raise checks.invalid(name, value, "a number")
    return float(value)


def _outside(value: FloatArray, low: Any, high: Any, base: float) -> FloatArray:
    """Return by how much values leave their bounds, per unit."""
    outside: FloatArray = (np.maximum(low - value, 0.0) + np.maximum(value - high, 0.0)) / base
    return outside


def _regret(gain: FloatArray, value: FloatArray, low: Any, high: Any, base: float) -> FloatArray:
    """Return the natural residual: at a positive gain the output should stand at its upper bound, and so on."""
    scaled = value / base
    best = np.minimum(np.maximum(scaled + gain, np.asarray(low) / base), np.asarray(high) / base)
    residual: FloatArray = scaled - best
    return residual


def _trees(tree: Any) -> list[list[int]]:
    """Return the buses of each tree, in the order of the roots."""
    home = {int(root): k for k, root in enumerate(tree.roots)}
    members: list[list[int]] = [[] for _ in home]
    parent = tree.parent
    for bus in tree.order.tolist():
        if parent[bus] >= 0:
            home[bus] = home[int(parent[bus])]
        members[home[bus]].append(bus)
    return members
