"""Bad input for networks, feeders, power flows and dispatches."""

import numpy as np

from tests.bad_input.kinds import also, call, integer, other
from v2g_nb.power import (
    DispatchProblem,
    PowerNetwork,
    RadialFeeder,
    lindistflow,
    newton_iterates,
    solve_dispatch,
    solve_power_flow,
)

COLUMNS = {
    "bus": [1, 2, 3],
    "kind": ["slack", "pv", "pq"],
    "demand_mw": [0.0, 0.0, 50.0],
    "demand_mvar": [0.0, 0.0, 20.0],
    "shunt_mw": [0.0, 0.0, 0.0],
    "shunt_mvar": [0.0, 0.0, 5.0],
    "generation_mw": [0.0, 20.0, 0.0],
    "set_point_pu": [1.0, 1.01, 1.0],
    "from_bus": [1, 2],
    "to_bus": [2, 3],
    "resistance_pu": [0.01, 0.02],
    "reactance_pu": [0.1, 0.2],
    "charging_pu": [0.0, 0.1],
    "tap": [1.0, 0.98],
    "shift_deg": [0.0, 1.0],
    "rating_mva": [100.0, np.inf],
}
NETWORK = PowerNetwork(**COLUMNS)
FLOW = solve_power_flow(NETWORK)
LESS = {name: also(good, good[:-1]) for name, good in COLUMNS.items() if name not in ("bus", "from_bus")}
KIND = also(COLUMNS["kind"], "slack", ["slack", "pv"], ["pq", "pv", "pq"], ["slack", "pv", "load"])
TREE = RadialFeeder(2, [0], [1], [0.01], [0.01], [500.0])
LOAD = also([0.0, 100.0], [1.0])
BUS, ONE, PART = also([1], [2], [-1]), also([0.5], [0.5, 0.5]), also([0.01], [0.1, 0.1])
PROBLEM = DispatchProblem(TREE, [0.0, 100.0], [0.0, 10.0], [1], [0.2], [0.0], [50.0], [20.0], 0.1)

CALLS = [
    call(
        PowerNetwork,
        **LESS
        | {
            "bus": also([1, 2, 3], [1, 2, 2]),
            "kind": KIND,
            "from_bus": also([1, 2], [1, 7]),
            "to_bus": also([2, 3], [2, 7], [2]),
        },
        base_mva=100.0,
    ),
    call(NETWORK.place, bus=integer(2).also(9)),
    call(NETWORK.with_demand, added=other({3: 1 + 1j}, None, [1.0], {9: 1.0}, {3: "much"}, {3: float("nan")})),
    call(NETWORK.with_ratings, ratings=other({(1, 2): 50.0}, None, [1.0], {(1, 9): 1.0}, {(1, 2): 0.0}, {(2, 3): "x"})),
    call(FLOW.voltage, bus=integer(2).also(9)),
    call(newton_iterates, network=NETWORK),
    call(solve_power_flow, network=NETWORK, tol=1e-11, max_iter=20),
    call(
        RadialFeeder,
        num_buses=2,
        tails=also([0], [2], [-1]),
        heads=also([1], [2], [-1], [1, 0]),
        resistance=PART,
        reactance=PART,
        rating_kva=also([500.0], [0.1, 0.1]),
        root=also(0, 2),
        base_kva=1000.0,
        names=also(["a", "b"], ["a"], ["a", ""]),
    ),
    call(lindistflow, feeder=TREE, load_kw=LOAD, load_kvar=LOAD, source_voltage_pu=1.0),
    call(
        DispatchProblem,
        feeder=TREE,
        load_kw=LOAD,
        load_kvar=LOAD,
        generator_bus=BUS,
        **dict.fromkeys(("cost_per_kwh", "cost_slope", "capacity_kw", "reactive_kvar"), ONE),
        **dict.fromkeys(("import_cost_per_kwh", "import_kw", "import_kvar", "shed_cost_per_kwh"), 0.1),
        source_voltage_pu=1.0,
        lowest_pu=also(0.9, 1.2),
        highest_pu=also(1.1, 0.5),
        facets=8,
    ),
    call(solve_dispatch, problem=PROBLEM),
]
