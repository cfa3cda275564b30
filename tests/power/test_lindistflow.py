"""A radial feeder: flows and voltages by hand, a dispatch against another solver, prices against differences."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v2g_nb.city import ieee123, scenario
from v2g_nb.errors import Infeasible, InvalidInput
from v2g_nb.power import DispatchProblem, RadialFeeder, lindistflow, solve_dispatch

# root - a - b, and a branch a - c, lines given in any direction
SMALL = RadialFeeder(
    4, [0, 2, 1], [1, 1, 3], [0.01, 0.02, 0.03], [0.02, 0.01, 0.0], [900.0, np.inf, np.inf], names=list("rabc")
)
LOAD, REACTIVE = [0.0, 100.0, 200.0, 300.0], [0.0, 50.0, 0.0, 100.0]


def test_flows_and_voltages_by_hand():
    result = lindistflow(SMALL, LOAD, REACTIVE).require()
    assert result.active_kw.tolist() == pytest.approx([600.0, 200.0, 300.0])
    assert result.reactive_kvar.tolist() == pytest.approx([150.0, 0.0, 100.0])
    a = 1.0 - 2 * (0.01 * 0.6 + 0.02 * 0.15)
    expected = np.sqrt([1.0, a, a - 2 * 0.02 * 0.2, a - 2 * 0.03 * 0.3])
    assert result.voltage_pu == pytest.approx(expected)


def test_lines_point_away_from_the_root():
    assert SMALL.tails.tolist() == [0, 1, 1]
    assert SMALL.heads.tolist() == [1, 2, 3]
    assert SMALL.order.tolist()[0] == 0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), buses=st.integers(1, 40))
def test_random_forests_hold_their_certificates(seed: int, buses: int):
    """Some buses hang on an earlier one, others begin an island; loads may feed in."""
    rng = np.random.default_rng(seed)
    parent = [int(rng.integers(0, k)) if k and rng.random() > 0.2 else -1 for k in range(buses)]
    child = [k for k in range(buses) if parent[k] >= 0]
    ends = [((k, parent[k]) if rng.random() < 0.5 else (parent[k], k)) for k in child]
    tails, heads = [e[0] for e in ends], [e[1] for e in ends]
    size = len(child)
    tree = RadialFeeder(buses, tails, heads, rng.uniform(0, 0.002, size), rng.uniform(0, 0.002, size), [np.inf] * size)
    assert len(tree.roots) == buses - size
    lindistflow(tree, rng.normal(0, 50, buses), rng.normal(0, 20, buses)).require()


def test_voltages_are_linear_in_squares_only_because_losses_are_neglected():
    """The exact branch flow of one line: the linear model is right to first order, and not beyond."""

    def exact(p: float, r: float) -> float:
        # V^2 of the far end solves v^2 + (2 r p - 1) v + r^2 p^2 = 0 for a resistive line
        return (1 - 2 * r * p + np.sqrt((1 - 2 * r * p) ** 2 - 4 * (r * p) ** 2)) / 2

    line = RadialFeeder(2, [0], [1], [0.1], [0.0], [np.inf])
    errors = [lindistflow(line, [0, p], [0, 0]).voltage_pu[1] ** 2 - exact(p / 1e3, 0.1) for p in (10, 100, 1000)]
    assert errors[1] / errors[0] == pytest.approx(100, rel=0.1)  # quadratic in the load
    assert errors[2] > 0.01


def sweeps(tree: RadialFeeder, p: np.ndarray, q: np.ndarray, charging: float = 0.0) -> np.ndarray:
    """Return the exact squared voltages (branch flow with losses), by backward and forward sweeps."""
    v = np.ones(tree.num_buses)
    current = np.zeros(tree.num_lines)
    for _ in range(200):
        active, reactive = p / 1e3, q / 1e3 - charging * v
        flows = np.zeros((2, tree.num_lines))
        for bus in tree.order[::-1].tolist():
            line = tree.upward[bus]
            if line < 0:
                continue
            flows[0, line] = active[bus] + tree.resistance[line] * current[line]
            flows[1, line] = reactive[bus] + tree.reactance[line] * current[line]
            active[tree.parent[bus]] += flows[0, line]
            reactive[tree.parent[bus]] += flows[1, line]
        for bus in tree.order.tolist():
            line = tree.upward[bus]
            if line >= 0:
                r, x = tree.resistance[line], tree.reactance[line]
                above = v[tree.parent[bus]]
                current[line] = (flows[0, line] ** 2 + flows[1, line] ** 2) / above
                v[bus] = above - 2 * (r * flows[0, line] + x * flows[1, line]) + (r * r + x * x) * current[line]
    return v


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_linear_model_never_shows_too_low_a_voltage(seed: int):
    """The theorem of the chapter: with constant loads, feeding in or not, its voltages are an upper bound."""
    rng = np.random.default_rng(seed)
    buses = 12
    parent = [int(rng.integers(0, k)) for k in range(1, buses)]
    size = buses - 1
    r, x = rng.uniform(0, 0.02, size), rng.uniform(0, 0.02, size)
    tree = RadialFeeder(buses, parent, range(1, buses), r, x, [np.inf] * size)
    p, q = rng.normal(50, 100, buses), rng.normal(20, 60, buses)
    linear = lindistflow(tree, p, q).voltage_pu ** 2
    assert (linear >= sweeps(tree, p, q) - 1e-12).all()


def test_the_upper_bound_needs_loads_that_do_not_react():
    """Without that hypothesis: shunt capacitance, left out of the linear model, lifts the true voltage above it."""
    tree = RadialFeeder(2, [0], [1], [0.02], [0.05], [np.inf])
    p, q = np.array([0.0, 100.0]), np.array([0.0, 50.0])
    linear = lindistflow(tree, p, q).voltage_pu ** 2
    assert linear[1] > sweeps(tree, p, q)[1]
    assert linear[1] < sweeps(tree, p, q, charging=0.05)[1]


def test_a_loop_is_named_by_its_buses():
    with pytest.raises(InvalidInput, match="line 3 from bus 'c' to 'b' closes a loop"):
        RadialFeeder(4, [0, 1, 1, 3], [1, 2, 3, 2], [0] * 4, [0] * 4, [1] * 4, names=list("rabc"))
    with pytest.raises(InvalidInput, match="closes a loop"):
        RadialFeeder(2, [0, 1], [1, 0], [0, 0], [0, 0], [1, 1])
    with pytest.raises(InvalidInput, match="closes a loop"):
        RadialFeeder(1, [0], [0], [0], [0], [1])
    with pytest.raises(InvalidInput, match="would fall to zero"):
        lindistflow(SMALL, [0, 0, 0, 1e5], [0] * 4)


def test_what_cannot_be_shed_or_sent_back_is_named():
    """Reactive load is always served, and the source takes nothing back."""
    line = RadialFeeder(2, [0], [1], [0.01], [0.01], [1.0])
    for load, reactive in ((0.1, 10.0), (-1.0, 0.0)):
        with pytest.raises(Infeasible, match=r"serves the reactive load and keeps .* an import of at least 0"):
            solve_dispatch(DispatchProblem(line, [0.0, load], [0.0, reactive], [], [], [], [], [], 0.1))


def test_the_reactive_load_is_named_where_it_pulls_a_voltage_down():
    with pytest.raises(InvalidInput, match=r"load_kw = .*, load_kvar = .*must be less"):
        lindistflow(SMALL, [0] * 4, [0, 0, 0, 1e5])


PROBLEM = DispatchProblem(SMALL, LOAD, REACTIVE, [3], [0.25], [1e-3], [200.0], [50.0], 0.1, import_kw=2000.0)


def test_without_binding_limits_all_prices_are_the_import_price():
    result = solve_dispatch(PROBLEM).require()
    assert result.dlmp == pytest.approx([0.1] * 4)
    assert result.import_kw == pytest.approx(600.0)
    assert result.cost == pytest.approx(60.0)


def test_a_full_line_parts_the_prices():
    """Bus c needs 300 kW, the line to it carries 250: its price is the generator's, the others' the import's."""
    tight = replace(SMALL, rating_kva=[900.0, np.inf, 250.0])
    result = solve_dispatch(replace(PROBLEM, feeder=tight, load_kvar=[0, 0, 0, 0])).require()
    assert result.generation_kw == pytest.approx([50.0], abs=1e-6)
    assert result.dlmp == pytest.approx([0.1, 0.1, 0.1, 0.25 + 1e-3 * 50])
    assert result.line_price[2].sum() == pytest.approx(0.2)  # the line's rent per kWh is the difference


def test_a_voltage_limit_parts_the_prices_by_the_resistance_shared():
    """Only bus c is at its limit, so prices rise on the way to c, and bus b pays what a pays."""
    weak = replace(PROBLEM, lowest_pu=0.985, load_kvar=[0, 0, 0, 0], reactive_kvar=[0.0], import_kvar=0.0)
    result = solve_dispatch(weak).require()
    assert result.voltage_pu.min() == pytest.approx(0.985)
    w = result.dlmp
    assert w[0] == pytest.approx(0.1)
    assert w[2] == pytest.approx(w[1])
    assert (w[1] - w[0]) / (w[3] - w[1]) == pytest.approx(0.01 / 0.03)


FEEDER = ieee123()


@pytest.mark.parametrize("level", [1.0, 1.5])
def test_prices_are_the_derivatives_of_the_cost(level: float):
    problem = scenario("base", level=level).market.grid
    result = solve_dispatch(problem).require()
    for name in ("150", "25", "83", "114", "66", "300"):
        costs = []
        for step in (0.01, -0.01):
            load = problem.load_kw.copy()
            load[FEEDER.bus(name)] += step
            costs.append(solve_dispatch(replace(problem, load_kw=load)).cost)
        assert result.dlmp[FEEDER.bus(name)] == pytest.approx((costs[0] - costs[1]) / 0.02, rel=1e-5)


def test_the_dispatch_agrees_with_another_solver():
    """The same program with flat costs, written out row by row and solved by the simplex of HiGHS."""
    from scipy.optimize import linprog

    problem = scenario("stress").market.grid
    flat = replace(problem, cost_slope=np.zeros(8), facets=8)
    result = solve_dispatch(flat).require()
    tree = flat.feeder
    n, m, g = tree.num_buses, tree.num_lines, 8
    # variables: g, reactive, p0, q0, shed, P, Q, V
    size = 2 * g + 2 + n + 2 * m + n
    start = dict(zip("gqpzsPQV", np.cumsum([0, g, g, 1, 1, n, m, m]), strict=True))
    equal, right = [], []
    for bus in range(n):
        for made, source, flow, load in (("g", "p", "P", flat.load_kw), ("q", "z", "Q", flat.load_kvar)):
            row = np.zeros(size)
            row[start[made] + np.flatnonzero(flat.generator_bus == bus)] = 1
            row[start[flow] + np.flatnonzero(tree.heads == bus)] = 1
            row[start[flow] + np.flatnonzero(tree.tails == bus)] = -1
            if bus == tree.root:
                row[start[source]] = 1
            if made == "g":
                row[start["s"] + bus] = 1
            equal.append(row)
            right.append(load[bus])
    for line in range(m):
        row = np.zeros(size)
        row[start["V"] + tree.heads[line]], row[start["V"] + tree.tails[line]] = 1, -1
        row[start["P"] + line] = 2 * tree.resistance[line] / 1e3
        row[start["Q"] + line] = 2 * tree.reactance[line] / 1e3
        equal.append(row)
        right.append(0.0)
    polygon, limit = [], []
    for side in range(8):
        for line in range(m):
            row = np.zeros(size)
            row[start["P"] + line], row[start["Q"] + line] = np.cos(side * np.pi / 4), np.sin(side * np.pi / 4)
            polygon.append(row)
            limit.append(tree.rating_kva[line])
    bounds = [(0, c) for c in flat.capacity_kw] + [(-c, c) for c in flat.reactive_kvar]
    bounds += [(0, flat.import_kw), (-flat.import_kvar, flat.import_kvar)]
    bounds += [(0, max(load, 0)) for load in flat.load_kw] + [(None, None)] * (2 * m)
    bounds += [(0.9**2, 1.1**2) if bus != tree.root else (1.03**2, 1.03**2) for bus in range(n)]
    cost = np.zeros(size)
    cost[:g], cost[start["p"]], cost[start["s"] : start["s"] + n] = flat.cost_per_kwh, 0.12, 38.53
    other = linprog(cost, polygon, limit, equal, right, bounds, method="highs")
    assert result.cost == pytest.approx(other.fun, rel=1e-8)


def test_impossible_limits_are_named():
    with pytest.raises(Infeasible, match="even with all active load shed"):
        solve_dispatch(replace(PROBLEM, lowest_pu=1.05, highest_pu=1.1))


PAIR = RadialFeeder(2, [0], [1], [0.1], [0.1], [10.0], base_kva=1e5)
NARROW = RadialFeeder(2, [0], [1], [0.01], [0.0], [10.0], base_kva=1e5)


@pytest.mark.parametrize(
    "problem",
    [
        DispatchProblem(PAIR, [50, 0.1], [-30, -30], [1], [0.2], [0], [1e4], [20], 0.1, import_kvar=0, lowest_pu=0.98),
        DispatchProblem(NARROW, [200, 200], [-30, 0], [], [], [], [], [], 0.1, 0, 0, lowest_pu=0.98),
        DispatchProblem(
            RadialFeeder(1, [], [], [], [], [], base_kva=1e5), [200], [0.5], [], [], [], [], [], 0.1, 100, 0
        ),
    ],
)
def test_where_clarabel_makes_no_progress_nothing_is_returned(problem: DispatchProblem):
    """Reactive load that nothing serves, of 1e-4 per unit: its last iterate had NaN voltages and a cost of 1e53."""
    with pytest.raises(Infeasible):
        solve_dispatch(problem)


@pytest.mark.parametrize("base", [1e2, 1e3, 1e4, 1e5])
@pytest.mark.parametrize("cost", [0.2, 5.0, 50.0])
def test_one_bus_without_load_needs_nothing(base: float, cost: float):
    bus = RadialFeeder(1, [], [], [], [], [], base_kva=base)
    result = solve_dispatch(DispatchProblem(bus, [0], [0], [0], [cost], [0], [1e4], [0], 0.1, 100, 100)).require()
    assert result.cost == pytest.approx(0.0, abs=1e-3)


def test_more_facets_come_closer_to_the_circle():
    """Eight sides around the circle overstate a line's rating by up to 8.2 %, thirty-two by .5 %."""
    for facets, over in ((8, 0.0824), (12, 0.0353), (32, 0.0048)):
        assert 1 / np.cos(np.pi / facets) - 1 == pytest.approx(over, abs=1e-4)
    line = RadialFeeder(2, [0], [1], [0.0], [0.0], [100.0])
    served = {}
    for facets in (8, 32):
        # a load in the direction of a corner of the eight
        load_kvar = [0, 100 * np.sin(np.pi / 8)]
        problem = DispatchProblem(line, [0, 200], load_kvar, [], [], [], [], [], 0.1, facets=facets)
        served[facets] = 200 - solve_dispatch(problem).shed_kw.sum()
    circle = 100 * np.cos(np.pi / 8)
    assert served[8] > served[32] > circle * (1 - 1e-6)
